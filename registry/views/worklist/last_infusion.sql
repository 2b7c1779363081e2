-- One row per patient on infliximab: the first and the last infusion, and the day planned for the
-- next.
-- Source: the infusions.
-- @first_infused_on: day of the first infusion
-- @last_infused_on: day of the last infusion
-- @number_in_course: place of the last infusion in the child's course
-- @next_planned_on: day for which the next infusion is planned
create view last_infusion as
select distinct on (patient_id)
    patient_id,
    record_id,
    min(infused_on) over (partition by patient_id) as first_infused_on,
    infused_on as last_infused_on,
    number_in_course,
    next_planned_on
from planned_infusion
order by patient_id, infused_on desc;
