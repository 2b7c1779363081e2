"""Audit: who changed what, when, why, from what to what."""

from __future__ import annotations

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Goes there."""


def downgrade() -> None:
    """Goes back."""
