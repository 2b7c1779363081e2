"""Seals: a chain of hashes over the audit."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

HERE = Path(__file__).parent
TABLES = ("secret", "seal", "sealed_row")
FIX_SEARCH_PATHS = (
    "alter function audit.make_seal() set search_path = pg_catalog, pg_temp",
    "alter function reference.complete_change_set() set search_path = pg_catalog, pg_temp",
)


def upgrade() -> None:
    """Goes there; what the audit holds is sealed by the first seal."""
    op.get_bind().exec_driver_sql(
        (HERE.parent / "sql" / "0020_seal.sql").read_text(encoding="utf-8").replace("%", "%%")
    )
    for table in TABLES:
        op.execute(
            f"create trigger append_only before update or delete or truncate on audit.{table} "
            "for each statement execute function derived.refuse_change()"
        )
    for table in ("secret", "sealed_row"):
        op.execute(
            f"create trigger by_triggers_only before insert on audit.{table} "
            "for each statement execute function audit.refuse_by_hand()"
        )
    for statement in FIX_SEARCH_PATHS:
        op.execute(statement)


def migration(name: str) -> ModuleType:
    """Another migration, which made the functions as they were."""
    found = importlib.util.spec_from_file_location(name, HERE / f"{name}.py")
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


def downgrade() -> None:
    """Goes back; the seals are lost."""
    op.execute("drop function audit.make_seal, audit.seal_hash cascade")
    op.execute("drop function audit.leaves, audit.merkle_roots")
    op.execute("drop table audit.seal, audit.sealed_row, audit.secret")
    old: str = migration("0004_audit").COMPLETE_CHANGE_SET
    op.execute(old.replace("create function", "create or replace function"))
    op.execute(FIX_SEARCH_PATHS[1])
