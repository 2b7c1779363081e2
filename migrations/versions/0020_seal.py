"""Seals: a chain of hashes over the audit; a child who leaves, and what then stays."""

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
TABLES = ("secret", "seal", "sealed_row", "erasure")
# Those that are new, and those that are as they were before in another way.
FUNCTIONS = (
    "audit.make_seal",
    "audit.refuse_but_emptying",
    "audit.erase_patient",
    "reference.refuse_erased",
    "audit.without_ids",
)
CHANGED = {
    "derived.refuse_change": ("0002_triggers", "REFUSE_CHANGE"),
    "reference.complete_change_set": ("0004_audit", "COMPLETE_CHANGE_SET"),
}
FIX_SEARCH_PATH = "alter function {} set search_path = pg_catalog, pg_temp"


def upgrade() -> None:
    """Goes there; what the audit holds is sealed by the first seal."""
    for name in ("seal", "erasure"):
        statements = (HERE.parent / "sql" / f"0020_{name}.sql").read_text(encoding="utf-8")
        op.get_bind().exec_driver_sql(statements.replace("%", "%%"))
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
    for function in (*FUNCTIONS, *CHANGED):
        op.execute(FIX_SEARCH_PATH.format(function))


def migration(name: str) -> ModuleType:
    """Another migration, which made the functions as they were."""
    found = importlib.util.spec_from_file_location(name, HERE / f"{name}.py")
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


def downgrade() -> None:
    """Goes back; the seals are lost, who is erased stays so, for the replay too."""
    op.execute(f"drop function {', '.join(FUNCTIONS)} cascade")
    op.execute(
        "drop function audit.leaves, audit.merkle_roots, audit.seal_hash, audit.registry_mark, "
        "audit.id_hash, audit.tables_of_patients, audit.names_one, audit.count_values"
    )
    op.execute("drop table audit.seal, audit.sealed_row, audit.secret, audit.erasure")
    for name, (module, constant) in CHANGED.items():
        made: str = getattr(migration(module), constant)
        op.execute(made.replace("create function", "create or replace function"))
        op.execute(FIX_SEARCH_PATH.format(name))
