"""The records, held to the replay of their audit, and the audit to itself."""

from __future__ import annotations

from sqlalchemy import Connection, text

from registry.audit.finding import Finding, Found
from registry.models import ENTITIES, PatientNumber, table_of

# A column that came later is no part of what the audit says: the row keeps its own value of it.
_RECORDS = """
select case when a.patient_id is null then 'row_not_in_audit'
    when t.patient_id is null then 'row_missing' else 'row_changed' end,
    coalesce(t.patient_id, a.patient_id) as patient_id, a.audit_id
from {table} t
full join audit.replay('{name}') a
    on a.patient_id = t.patient_id and coalesce(a.record_id, 0) = {record}
where t.patient_id is null or a.patient_id is null
    or to_jsonb(t) <> a.row_values
    and jsonb_populate_record(t, a.row_values) is distinct from t
"""
_REFERENCE = """
select case when a.key is null then 'row_not_in_audit'
    when t.key is null then 'row_missing' else 'row_changed' end, a.audit_id
from (
    select audit.picked(to_jsonb(r), array[{key}]) as key, r as stored from reference.{name} r
) t
full join audit.replay_reference('{name}') a on a.key = t.key
where t.key is null or a.key is null
    or jsonb_populate_record(t.stored, a.row_values) is distinct from t.stored
"""
_REFERENCE_TABLES = """
select c.relname, string_agg(quote_literal(a.attname), ', ')
from pg_trigger g join pg_proc p on p.oid = g.tgfoid and p.proname = 'record_reference'
join pg_class c on c.oid = g.tgrelid
join pg_index i on i.indrelid = c.oid and i.indisprimary
join pg_attribute a on a.attrelid = c.oid and a.attnum = any(i.indkey)
where g.tgname = 'audit_insert' group by c.relname order by 1
"""
# Each row of the audit begins where the one before it ended.
_CHAIN = """
with linked as (
    select patient_id, audit_id, table_name, operation, old_values,
        lag(operation) over record as operation_before,
        lag(new_values) over record as values_before
    from audit.record_change
    window record as (partition by table_name, patient_id, record_id order by audit_id)
)
select table_name, patient_id, audit_id from linked
where (operation = 'insert') <> (operation_before is null or operation_before = 'delete')
    or operation <> 'insert' and not old_values @> values_before and exists (
        select from jsonb_each(values_before) b
        where old_values ? b.key and old_values -> b.key <> b.value
    )
"""
_WITHOUT_CHANGE = """
select a.table_name, a.patient_id, a.audit_id from audit.record_change a
where not exists (select from reference.change_set c where c.change_id = a.change_id)
union all
select a.table_name, null, a.audit_id from audit.reference_change a
where not exists (select from reference.change_set c where c.change_id = a.change_id)
"""


def check_records(connection: Connection) -> list[Found]:
    """(kind, table, the patient's number, row of the audit) of every record that does not fit."""
    found = []
    for entity in (PatientNumber, *ENTITIES):
        table = table_of(entity)
        record = "t.record_id" if "record_id" in table.columns else "0"
        rows = connection.execute(
            text(_RECORDS.format(table=table.fullname, name=table.name, record=record))
        )
        found += [(kind, table.name, patient, audit) for kind, patient, audit in rows]
    for kind, statement in (("audit_broken", _CHAIN), ("change_set_missing", _WITHOUT_CHANGE)):
        found += [(kind, *row) for row in connection.execute(text(statement))]
    return found


def check_reference(connection: Connection) -> list[Finding]:
    """Rows of reference data that are not as their audit ends."""
    found = []
    for name, key in connection.execute(text(_REFERENCE_TABLES)).all():
        rows = connection.execute(text(_REFERENCE.format(name=name, key=key)))
        found += [Finding(kind, name, audit_id=audit) for kind, audit in rows]
    return found
