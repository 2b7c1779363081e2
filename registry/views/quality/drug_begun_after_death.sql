-- One row per course of a drug of a child who died; failed when it was begun after the death.
-- @says: The child died on {ended_on}, but {drug} begins on {started_on}.
-- @do: Correct the beginning of {drug}, or the date of death.
-- @category: plausibleBeforeDeath
-- @from: records of one child that cannot all be right
create view drug_begun_after_death as
select
    m.patient_id,
    'medication' as from_table,
    m.record_id,
    m.started_on as record_on,
    m.drug as about,
    'started_on' as column_name,
    m.started_on::text as value,
    'follow_up_end' as with_table,
    e.record_id as with_record_id,
    m.started_on > e.ended_on as failed,
    jsonb_build_object(
        'ended_on',
        e.ended_on,
        'drug',
        m.drug,
        'started_on',
        m.started_on,
        'stopped_on',
        as_known(m.stopped_on, m.stopped_on_precision)
    ) as facts
from follow_up_end e
join medication m on m.patient_id = e.patient_id
where e.reason = 'died';
