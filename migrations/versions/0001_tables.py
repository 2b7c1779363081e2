"""The tables, in SQL as the server keeps them."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

SQL = Path(__file__).parents[1] / "sql"
SCHEMAS = ("reference", "clinical", "derived")


def upgrade() -> None:
    for schema in SCHEMAS:
        statements = (SQL / f"0001_{schema}.sql").read_text(encoding="utf-8")
        # The driver reads a percent sign as the beginning of a parameter.
        op.get_bind().exec_driver_sql(statements.replace("%", "%%"))


def downgrade() -> None:
    for schema in reversed(SCHEMAS):
        op.execute(f"drop schema {schema} cascade")
