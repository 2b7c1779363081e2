"""Further units that laboratories report in."""

from __future__ import annotations

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Goes there."""


def downgrade() -> None:
    """Goes back."""
