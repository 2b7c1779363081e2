-- One row per course of a drug that is still open after the death, or was stopped or begun after
-- it.
-- Source: records of one child that cannot all be right.
create view contradiction_drug_after_death as
select
    m.patient_id,
    case
        when m.started_on > e.ended_on then 'drug_begun_after_death'
        when m.stopped_on_precision is null then 'drug_open_after_death'
        else 'drug_stopped_after_death'
    end as rule,
    m.started_on as record_on,
    m.drug as about,
    null::date as due_on,
    'medication' as from_table,
    m.record_id as from_record_id,
    jsonb_build_object(
        'ended_on',
        e.ended_on,
        'drug',
        m.drug,
        'started_on',
        m.started_on,
        'stopped_on',
        m.stopped_on
    ) as facts
from follow_up_end e
join medication m on m.patient_id = e.patient_id
where
    e.reason = 'died'
    and (m.stopped_on_precision is null or m.stopped_on > e.ended_on or m.started_on > e.ended_on);
