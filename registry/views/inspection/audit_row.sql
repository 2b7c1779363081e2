-- One row per row of the audit, of records, reference data, queries, items set aside, signatures, erasures
-- and time stamps alike: who changed what, when, by which command and why, and the seal that covers it. Source:
-- written by the database's own triggers, so that no way of writing escapes it.
-- @commit_number: place in the order of commits; empty for what was before there was an order
-- @change_id: number of the change set: one transaction
-- @changed_at: when
-- @changed_by: who, as the program was told
-- @login: login at the server
-- @command: the command, or sql for a statement by hand
-- @program_version: version of the program; empty for a statement by hand
-- @reason: why; empty where something was only entered
-- @summary: what the change came to, as the program said
-- @source: table of the audit that the row stands in
-- @row_number: number of the row there
-- @table_name: table of what was changed
-- @patient_id: study id; empty for what is of no patient, and of one who was erased
-- @patient_number: the registry's own number of the patient, which stays when he was erased
-- @is_erased: whether the patient was erased, so that the values are gone
-- @record_id: the record's own number
-- @key: key of a row of reference data
-- @operation: insert, update or delete
-- @old_values: column and value before, of the columns that changed
-- @new_values: column and value afterwards, of the columns that changed
-- @seal_number: the seal that covers it; empty as long as none does
create view audit_row as
with entry as (
    select 'record_change' as source, r.audit_id as row_number, r.change_id, r.patient_id, r.table_name,
        r.record_id, null::jsonb as key, r.operation, r.old_values, r.new_values
    from record_change r
    union all
    select 'reference_change', r.audit_id, r.change_id, null, r.table_name, null, r.key, r.operation,
        r.old_values, r.new_values
    from reference_change r
    union all
    select 'query_step', q.step_id, q.change_id, q.patient_id, 'query_step', q.record_id, null, 'insert',
        null, jsonb_strip_nulls(to_jsonb(q)) - array['step_id', 'change_id', 'record_id']
    from query_step q
    union all
    select 'worklist_dismissal', w.dismissal_id, w.change_id, w.patient_id, 'worklist_dismissal', null,
        null, 'insert', null, jsonb_strip_nulls(to_jsonb(w)) - array['dismissal_id', 'change_id']
    from worklist_dismissal w
    union all
    select 'signature', g.signature_id, g.change_id, g.patient_id, 'signature', null, null, 'insert',
        null, jsonb_strip_nulls(to_jsonb(g)) - array['signature_id', 'change_id']
    from signature g
    union all
    select 'erasure', e.patient_id, e.change_id, e.patient_id, 'erasure', null, null, 'insert', null,
        jsonb_build_object('values_removed', e.values_removed, 'audit_rows', e.audit_rows)
    from erasure e
    union all
    select 'stamp', t.stamp_number, t.change_id, null, 'stamp', null, null, 'insert', null,
        jsonb_build_object('seal_number', t.seal_number, 'authority', t.authority,
            'stamped_at', t.stamped_at)
    from stamp t
)
select
    m.commit_number,
    e.change_id,
    c.made_at as changed_at,
    c.made_by as changed_by,
    c.database_role as login,
    c.command,
    c.program_version,
    c.reason,
    c.summary,
    e.source,
    e.row_number,
    e.table_name,
    n.study_id as patient_id,
    e.patient_id as patient_number,
    e.patient_id is not null and x.patient_id is not null as is_erased,
    e.record_id,
    e.key,
    e.operation,
    (
        select jsonb_object_agg(o.key, o.value) from jsonb_each(e.old_values) o
        where o.key not in ('patient_id', 'record_id', 'row_version')
            and o.value is distinct from e.new_values -> o.key
    ) as old_values,
    (
        select jsonb_object_agg(w.key, w.value) from jsonb_each(e.new_values) w
        where w.key not in ('patient_id', 'record_id', 'row_version')
            and w.value is distinct from e.old_values -> w.key
    ) as new_values,
    s.seal_number
from entry e
join change_set c on c.change_id = e.change_id
left join committed_change m on m.change_id = e.change_id
left join seal s on m.commit_number between s.first_commit and s.last_commit
left join patient_number n on n.patient_id = e.patient_id
left join erasure x on x.patient_id = e.patient_id;
