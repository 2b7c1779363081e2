-- One row per record of a child who died, but for gene findings, which may be reported later, and
-- drugs, which have rules of their own; failed when it is later than the death.
-- @says: The child died on {ended_on}, but {records} records are later; the first is of {on} in
-- {table}.
-- @do: Correct the date of death, or the records.
-- @category: plausibleBeforeDeath
-- @from: records of one child that cannot all be right
create view records_after_death as
with dated as (
    select
        r.patient_id,
        r.from_table,
        r.from_record_id,
        r.column_name,
        r.dated_on,
        e.ended_on,
        e.record_id as end_record_id,
        r.dated_on > e.ended_on as failed
    from follow_up_end e
    join dated_record r on r.patient_id = e.patient_id
    where e.reason = 'died' and r.from_table not in ('gene_finding', 'medication')
)
select
    patient_id,
    from_table,
    from_record_id as record_id,
    ended_on as record_on,
    null::text as about,
    column_name,
    dated_on::text as value,
    'follow_up_end' as with_table,
    end_record_id as with_record_id,
    failed,
    jsonb_build_object(
        'ended_on',
        ended_on,
        'records',
        count(*) over late,
        'on',
        first_value(dated_on) over course,
        'table',
        first_value(from_table) over course
    ) as facts
from dated
window
    late as (partition by patient_id, failed),
    course as (partition by patient_id, failed order by dated_on, from_table, from_record_id);
