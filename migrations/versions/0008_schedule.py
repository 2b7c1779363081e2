"""Nightly runs as they ended."""

from __future__ import annotations

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Goes there."""


def downgrade() -> None:
    """Goes back."""
