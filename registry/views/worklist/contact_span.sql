-- One row per patient: from when to when there are records of the child being seen or heard of.
-- Source: the clinical tables.
-- @first_on: date of the first record, the end of follow-up among them
-- @last_on: date of the last record, the end of follow-up among them
-- @last_record_on: date of the last of these records
-- @once: read by the rule of silence and those of dates that cannot be
create view contact_span as
select
    p.patient_id,
    least(r.first_on, e.ended_on) as first_on,
    greatest(r.last_on, e.ended_on) as last_on,
    r.last_on as last_record_on
from patient p
left join (
    select patient_id, min(dated_on) as first_on, max(dated_on) as last_on
    from dated_record
    group by patient_id
) r on r.patient_id = p.patient_id
left join follow_up_end e on e.patient_id = p.patient_id;
