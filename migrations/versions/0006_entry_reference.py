"""What an entry is answered from: bands of the PCDAI's items, chromosomes of genes, usual doses."""

from __future__ import annotations

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Goes there."""


def downgrade() -> None:
    """Goes back."""
