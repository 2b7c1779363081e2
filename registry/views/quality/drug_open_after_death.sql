-- One row per course of a drug of a child who died; failed when it was begun before and is still
-- open.
-- @says: The child died on {ended_on}, but {drug} from {started_on} has no end.
-- @do: Enter the day on which {drug} was stopped.
-- @category: plausibleBeforeDeath
-- @from: records of one child that cannot all be right
create view drug_open_after_death as
select
    m.patient_id,
    'medication' as from_table,
    m.record_id,
    m.started_on as record_on,
    m.drug as about,
    'stopped_on' as column_name,
    m.stopped_on::text as value,
    'follow_up_end' as with_table,
    e.record_id as with_record_id,
    m.stopped_on_precision is null and m.started_on <= e.ended_on as failed,
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
