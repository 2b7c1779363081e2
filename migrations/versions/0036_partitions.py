"""Nobody writes to a partition past the triggers of its table."""

from __future__ import annotations

from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

# Triggers that see a statement's rows stand at the whole table and run where a statement names it.
REFUSE = """
create function audit.refuse_partition() returns trigger language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
    raise exception using
        errcode = 'restrict_violation',
        message = format('%s.%s is a partition: its rows are written by way of the whole table',
            tg_table_schema, tg_table_name);
end
$$
"""


def upgrade() -> None:
    """Goes there."""
    op.get_bind().exec_driver_sql(REFUSE.replace("%", "%%"))


def downgrade() -> None:
    """Goes back; the tables are whole by then."""
    op.execute("drop function audit.refuse_partition()")
