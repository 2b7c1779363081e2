"""Parameters of the worklist."""

from __future__ import annotations

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Goes there."""


def downgrade() -> None:
    """Goes back."""
