"""Time stamps of the seals; what a leaf and a seal are made of, to be shown."""

from __future__ import annotations

import re
from pathlib import Path

from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"
# As they were before, in their own file.
BEFORE = ("leaves", "seal_hash")


def upgrade() -> None:
    statements = (SQL / "0024_stamp.sql").read_text(encoding="utf-8")
    op.get_bind().exec_driver_sql(statements.replace("%", "%%"))
    op.execute(
        "create trigger append_only before update or delete or truncate on audit.stamp "
        "for each statement execute function derived.refuse_change()"
    )
    op.execute(
        "create trigger own_change before insert on audit.stamp "
        "for each row execute function audit.own_change()"
    )
    op.execute("alter function audit.note_freezes set search_path = pg_catalog, pg_temp")


def downgrade() -> None:
    """Goes back; the stamps are lost, and rows of seals that they were sealed in say so."""
    before = (SQL / "0020_seal.sql").read_text(encoding="utf-8")
    for name in BEFORE:
        made = re.search(rf"create function audit\.{name}\(.*?\$\$.*?\$\$;", before, re.DOTALL)
        assert made is not None
        op.execute(made[0].replace("create function", "create or replace function"))
    op.execute("drop function audit.note_freezes cascade")
    op.execute("drop function audit.entries, audit.seal_words")
    op.execute("drop table audit.stamp")
