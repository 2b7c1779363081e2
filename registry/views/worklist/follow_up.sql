-- One row per patient: whether the child is still followed up, and when it was last heard of.
-- Source: the clinical tables; how long a silence may last is this registry's choice.
-- @ended_on: day on which follow-up ended; empty when it goes on
-- @end_reason: why it ended
-- @last_record_on: date of the last record of the child being seen or heard of
-- @silent: whether follow-up goes on and nothing has been recorded for too long
-- @once: read by the rule of silence and the list
create view follow_up as
select
    p.patient_id,
    e.ended_on,
    e.reason as end_reason,
    r.last_record_on,
    e.ended_on is null
        and coalesce(today() - r.last_record_on > s.silent_days, false) as silent
from patient p
cross join worklist_setting s
left join follow_up_end e on e.patient_id = p.patient_id
join contact_span r on r.patient_id = p.patient_id;
