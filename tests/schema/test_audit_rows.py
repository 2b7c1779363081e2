"""The audit writes a statement's rows at once; they are those that row by row would be written."""

from __future__ import annotations

from sqlalchemy import Connection, text

from registry.importing.run import import_files
from tests.conftest import COHORT
from tests.schema.catalogue import CLINICAL_TABLES

# The obvious form: every row by itself, its values and its change asked for anew each time.
ROW_BY_ROW = """
create table audit.plain_change (like audit.record_change);
create function audit.record_row() returns trigger language plpgsql as $$
begin
    if tg_op = 'UPDATE' and (old.patient_id, to_jsonb(old) ->> 'record_id')
        is not distinct from (new.patient_id, to_jsonb(new) ->> 'record_id')
    then
        insert into audit.plain_change values (new.patient_id, 0, audit.current_change(true),
            tg_table_name, (to_jsonb(new) ->> 'record_id')::bigint, 'update', new.row_version,
            to_jsonb(old), to_jsonb(new));
        return null;
    end if;
    if tg_op <> 'INSERT' then
        insert into audit.plain_change values (old.patient_id, 0, audit.current_change(true),
            tg_table_name, (to_jsonb(old) ->> 'record_id')::bigint, 'delete', old.row_version,
            to_jsonb(old), null);
    end if;
    if tg_op <> 'DELETE' then
        insert into audit.plain_change values (new.patient_id, 0, audit.current_change(false),
            tg_table_name, (to_jsonb(new) ->> 'record_id')::bigint, 'insert', new.row_version,
            null, to_jsonb(new));
    end if;
    return null;
end
$$;
"""
TRIGGER = (
    "create trigger plain after insert or update or delete on {table} "
    "for each row execute function audit.record_row()"
)
HASH = """
select encode(sha256(convert_to(string_agg(r::text, E'\\n' order by r::text), 'UTF8')), 'hex')
from (select patient_id, change_id, table_name, record_id, operation, row_version,
    old_values, new_values from audit.{table}) r
"""
COUNTED = """
select table_name, operation, count(*) from audit.record_change group by 1, 2 order by 1, 2
"""
# Every kind of statement, of many rows, of records that come to have another child, and of none.
STATEMENTS = (
    "update clinical.lab_result set value = value + 1 where patient_id % 2 = 0",
    "update clinical.infusion i set patient_id = (select max(patient_id) from clinical.patient), "
    "infused_on = infused_on + 5000 where patient_id = (select min(patient_id) from "
    "clinical.patient)",
    "update clinical.patient set sex = 'female'",
    "update clinical.pcdai_visit set record_id = record_id + 1000000 where patient_id % 3 = 0",
    "update reference.patient_number set study_id = 'N-' || study_id",
    "update clinical.surgery set performed_on = performed_on where false",
    *(f"delete from clinical.{table}" for table in reversed(CLINICAL_TABLES)),
    "delete from reference.patient_number",
)


def test_rows_of_the_audit_are_those_of_the_obvious_form(database: Connection) -> None:
    database.exec_driver_sql(ROW_BY_ROW)
    for table in ("reference.patient_number", *(f"clinical.{name}" for name in CLINICAL_TABLES)):
        database.exec_driver_sql(TRIGGER.format(table=table))
    assert import_files(database, [COHORT]).errors == []
    database.execute(text("set local registry.reason = 'to see each of it in the audit'"))
    database.execute(text("alter table clinical.infusion drop constraint ck_infusion_infused_on"))
    for statement in STATEMENTS:
        database.exec_driver_sql(statement.replace("%", "%%"))
    seen = {
        (table, operation): number for table, operation, number in database.execute(text(COUNTED))
    }
    many = {"infusion", "lab_result", "patient", "patient_number", "pcdai_visit"}
    assert {table for table, operation in seen if operation == "insert"} >= many
    assert {table for table, operation in seen if operation == "delete"} >= many
    # The others had another number or child: they are taken out there and entered here.
    changed = {"lab_result", "patient", "patient_number"}
    assert {table for table, operation in seen if operation == "update"} == changed
    kept, plain = (
        database.exec_driver_sql(HASH.format(table=table)).scalar_one()
        for table in ("record_change", "plain_change")
    )
    assert kept == plain
