-- One row per record with a date; failed when it lies before the birth. The database refuses such
-- a record, so that none can be found unless somebody went round it.
-- @says: A record of {on} ({table}) lies before the birth on {born_on}.
-- @do: Correct the date or the birth.
-- @category: plausibleAfterBirth
-- @from: records of one child that cannot all be right
create view before_birth as
select
    p.patient_id,
    r.from_table,
    r.from_record_id as record_id,
    p.birth_date as record_on,
    null::text as about,
    r.column_name,
    r.dated_on::text as value,
    null::text as with_table,
    null::bigint as with_record_id,
    s.first_on < p.birth_date and r.dated_on < p.birth_date as failed,
    jsonb_build_object(
        'born_on',
        p.birth_date,
        'on',
        r.dated_on,
        'table',
        r.from_table
    ) as facts
from (
    select patient_id, from_table, from_record_id, column_name, dated_on from dated_record
    union all
    select patient_id, 'follow_up_end', record_id, 'ended_on', ended_on from follow_up_end
) r
join patient p on p.patient_id = r.patient_id
-- By it the records of hardly any child are looked at one by one.
join contact_span s on s.patient_id = p.patient_id;
