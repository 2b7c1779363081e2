"""Audit of reference data, change sets that cannot be borrowed, the order of commits."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

HERE = Path(__file__).parent

# Rows that are only ever added and carry their change need no other audit.
ONLY_ADDED = "exists (select from pg_trigger where tgrelid = c.oid and tgname = 'append_only')"

# Columns that are no part of what a definition means: how far it was derived.
APART = {"definition": ("derived_hash", "derived_on")}

# Table of reference -> the clinical table and pairs of columns by which it touches children.
TOUCHES = {
    "analyte_unit": ("lab_result", "analyte", "analyte", "unit", "unit"),
    "assay": ("tdm_level", "assay", "name"),
    "drug": ("medication", "drug", "code"),
    "growth_reference": ("patient", "sex", "sex"),
    "tdm_threshold": ("tdm_level",),
}

SEEN = {
    "insert": "referencing new table as new_rows",
    "update": "referencing old table as old_rows new table as new_rows",
    "delete": "referencing old table as old_rows",
}

# From the owner's own functions to those of whoever is connected: nobody's path is looked through.
FIX_SEARCH_PATHS = """
do $$
declare
    found regprocedure;
begin
    for found in
        select oid from pg_proc
        where pronamespace = any(array['audit', 'clinical', 'derived', 'reference']::regnamespace[])
            and prolang = (select oid from pg_language where lanname = 'plpgsql')
    loop
        execute format('alter function %s set search_path = pg_catalog, pg_temp', found);
    end loop;
end
$$
"""

# What stands there is the beginning of its audit.
BEGIN_REFERENCE = """
insert into audit.reference_change (change_id, table_name, key, operation, new_values)
select (select audit.current_change(false)), '{table}', audit.picked(to_jsonb(r), array[{key}]),
    'insert', to_jsonb(r) - array[{apart}]::text[]
from reference.{table} r order by to_jsonb(r)
"""
BEGIN_NUMBERS = """
insert into audit.record_change
    (patient_id, change_id, table_name, operation, row_version, new_values)
select n.patient_id, (select audit.current_change(false)), 'patient_number', 'insert',
    n.row_version, to_jsonb(n)
from reference.patient_number n order by n.patient_id
"""


def tables() -> list[tuple[str, str]]:
    """Every table of reference that is watched, with the columns of its key, quoted.

    Study ids are apart: their audit belongs to the child.
    """
    rows = op.get_bind().exec_driver_sql(
        "select c.relname, string_agg(quote_literal(a.attname), ', ' order by a.attnum) "
        "from pg_class c join pg_index i on i.indrelid = c.oid and i.indisprimary "
        "join pg_attribute a on a.attrelid = c.oid and a.attnum = any(i.indkey) "
        f"where c.relnamespace = 'reference'::regnamespace and c.relkind = 'r' "
        f"and c.relname <> 'patient_number' and not {ONLY_ADDED} group by c.relname order by 1"
    )
    return [(table, key) for table, key in rows]


def only_added() -> list[str]:
    """Every table of reference whose rows carry their change."""
    rows = op.get_bind().exec_driver_sql(
        "select c.relname from pg_class c join pg_attribute a on a.attrelid = c.oid "
        "and a.attname = 'change_id' where c.relnamespace = 'reference'::regnamespace "
        f"and c.relkind = 'r' and c.relname <> 'change_set' and {ONLY_ADDED} order by 1"
    )
    return [row[0] for row in rows]


def statement_trigger(name: str, event: str, table: str, call: str) -> None:
    """A trigger that runs once a statement and sees its rows as new_rows and old_rows."""
    op.execute(
        f"create trigger {name}_{event} after {event} on {table} {SEEN[event]} "
        f"for each statement execute function {call}"
    )


def clinical() -> list[str]:
    """Every table of records."""
    rows = op.get_bind().exec_driver_sql(
        "select relname from pg_class where relnamespace = 'clinical'::regnamespace "
        "and relkind in ('r', 'p') order by 1"
    )
    return [row[0] for row in rows]


def upgrade() -> None:
    """Goes there."""
    op.get_bind().exec_driver_sql(
        (HERE.parent / "sql" / "0014_audit.sql").read_text(encoding="utf-8").replace("%", "%%")
    )
    for table in clinical():
        name = f"clinical.{table}"
        op.execute(f"drop trigger audit_truncate on {name}")
        op.execute(f"drop trigger mark_changed_truncate on {name}")
        op.execute(
            f"create trigger audit_truncate before truncate on {name} "
            "for each statement execute function audit.refuse_truncation()"
        )
    op.execute("drop function audit.record_truncation")
    op.execute(
        "alter table reference.patient_number "
        "add column row_version integer not null default 1, "
        "add constraint ck_patient_number_row_version check (row_version > 0)"
    )
    op.execute(BEGIN_NUMBERS)
    for table, key in tables():
        apart = ", ".join(f"'{name}'" for name in APART.get(table, ()))
        op.execute(BEGIN_REFERENCE.format(table=table, key=key, apart=apart))
        op.execute(
            f"select audit.watch_reference('reference.{table}'{', ' if apart else ''}{apart})"
        )
    for event in SEEN:
        statement_trigger("audit", event, "reference.patient_number", "audit.record_rows()")
        for table, arguments in TOUCHES.items():
            listed = ", ".join(f"'{argument}'" for argument in arguments)
            statement_trigger(
                "mark_touched", event, f"reference.{table}", f"derived.mark_touched({listed})"
            )
    for event in ("update", "delete"):
        statement_trigger(
            "mark_changed", event, "reference.patient_number", "derived.mark_changed()"
        )
    op.execute(
        "create trigger next_row_version before update on reference.patient_number "
        "for each row execute function clinical.next_row_version()"
    )
    op.execute(
        "create trigger audit_truncate before truncate on reference.patient_number "
        "for each statement execute function audit.refuse_truncation()"
    )
    for table in ("reference_change", "committed_change"):
        op.execute(
            f"create trigger append_only before update or delete or truncate on audit.{table} "
            "for each statement execute function derived.refuse_change()"
        )
    for table in ("record_change", "reference_change", "committed_change"):
        op.execute(
            f"create trigger by_triggers_only before insert on audit.{table} "
            "for each statement execute function audit.refuse_by_hand()"
        )
    for table in only_added():
        op.execute(
            f"create trigger own_change before insert on reference.{table} "
            "for each row execute function audit.own_change()"
        )
    # What noted a change of the settings is noted as for all.
    op.execute("drop function reference.note_change_of_setting cascade")
    op.execute(FIX_SEARCH_PATHS)


def migration(name: str) -> ModuleType:
    """Another migration, which made the functions as they were."""
    found = importlib.util.spec_from_file_location(name, HERE / f"{name}.py")
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


def downgrade() -> None:
    """Goes back; what the audit knows of reference data is lost."""
    op.execute("set constraints all immediate")
    for table, _key in [*tables(), ("patient_number", "")]:
        for event in (*SEEN, "truncate"):
            op.execute(f"drop trigger audit_{event} on reference.{table}")
    op.execute("drop trigger next_row_version on reference.patient_number")
    op.execute("alter table reference.patient_number drop column row_version")
    op.execute("drop trigger taken_out on derived.lor_status")
    op.execute("alter table derived.lor_status drop column row_hash")
    op.execute("alter table derived.derivation_run drop column seen_commit")
    op.execute("drop table audit.reference_change, audit.committed_change")
    old = migration("0004_audit")
    for function in (old.CURRENT_CHANGE, old.RECORD_ROWS, old.RECORD_TRUNCATION):
        op.execute(function.replace("create function", "create or replace function"))
    for function in (
        "audit.refuse_truncation",
        "audit.refuse_by_hand",
        "audit.own_change",
        "audit.record_reference",
        "audit.number_commit",
        "audit.stamp_change_set",
        "derived.mark_touched",
        "derived.mark_touched_status",
    ):
        op.execute(f"drop function {function} cascade")
    for function in ("watch_reference", "replay", "replay_reference", "commit_at", "picked"):
        op.execute(f"drop function audit.{function}")
    for table in clinical():
        op.execute(
            f"create trigger audit_truncate before truncate on clinical.{table} "
            "for each statement execute function audit.record_truncation()"
        )
        op.execute(
            f"create trigger mark_changed_truncate after truncate on clinical.{table} "
            "for each statement execute function derived.mark_changed()"
        )
    op.execute(migration("0013_living_registry").NOTE_CHANGE)
    op.execute(
        "create trigger note_change after update on reference.registry_setting "
        "for each row execute function reference.note_change_of_setting()"
    )
    for event in ("update", "delete"):
        op.execute(f"drop trigger mark_changed_{event} on reference.patient_number")
    op.execute(
        "alter table reference.change_set alter column change_id set generated by default, "
        "alter column made_at set default now(), drop column transaction_id, "
        "drop column server, drop column database_role, drop column program_version"
    )
    # Study ids had no audit.
    op.execute("alter table audit.record_change disable trigger append_only")
    op.execute("delete from audit.record_change where table_name = 'patient_number'")
    op.execute("alter table audit.record_change enable trigger append_only")
    op.execute(
        "alter table audit.record_change alter column audit_id set generated by default, "
        "add constraint fk_record_change_change_id foreign key (change_id) "
        "references reference.change_set (change_id)"
    )
    op.execute(
        FIX_SEARCH_PATHS.replace("set search_path = pg_catalog, pg_temp", "reset search_path")
    )
