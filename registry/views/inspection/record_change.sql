-- One row per change of a record: who changed what, when and why. Source: written by the
-- database's own triggers, so that no way of writing escapes it.
-- @audit_id: number of the change of a record
-- @patient_id: study id
-- @changed_at: when
-- @changed_by: who
-- @command: the command, or sql for a statement by hand
-- @reason: why; empty where a record was only entered
-- @table_name: table of the record
-- @record_id: the record's own number; empty for the patient himself
-- @operation: insert, update or delete
-- @row_version: version of the record afterwards; of a deleted one, the last
-- @old_values: column and value before, of the columns that changed
-- @new_values: column and value afterwards, of the columns that changed
create view record_change as
with change as (
    select c.*, s.study_id, m.made_at, m.made_by, m.command, m.reason
    from record_change c
    join patient_number s on s.patient_id = c.patient_id
    join change_set m on m.change_id = c.change_id
    -- A study id that is given is told by the patient who is entered under it.
    where not (c.table_name = 'patient_number' and c.operation = 'insert')
)
select
    c.audit_id,
    c.study_id as patient_id,
    c.made_at as changed_at,
    c.made_by as changed_by,
    c.command,
    c.reason,
    c.table_name,
    c.record_id,
    c.operation,
    c.row_version,
    (
        select jsonb_object_agg(o.key, o.value) from jsonb_each(c.old_values) o
        where o.key not in ('patient_id', 'record_id', 'row_version')
            and o.value is distinct from c.new_values -> o.key
    ) as old_values,
    (
        select jsonb_object_agg(n.key, n.value) from jsonb_each(c.new_values) n
        where n.key not in ('patient_id', 'record_id', 'row_version')
            and n.value is distinct from c.old_values -> n.key
    ) as new_values
from change c;
