"""How many of the failed records are answered for, kept with a day's counts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Of the days before it nobody knows, and nothing was taken off then.
    op.add_column(
        "quality_run",
        sa.Column("answered", sa.BigInteger, nullable=False, server_default="0"),
        schema="derived",
    )
    op.alter_column("quality_run", "answered", server_default=None, schema="derived")


def downgrade() -> None:
    op.drop_column("quality_run", "answered", schema="derived")
