-- One row per patient on infliximab: the first and the last infusion, and the day planned for the
-- next.
-- Source: the infusions.
-- @first_infused_on: day of the first infusion
-- @last_infused_on: day of the last infusion
-- @number_in_course: place of the last infusion in the child's course
-- @next_planned_on: day for which the next infusion is planned
-- @once: read by the rules of what is due
create view last_infusion as
select p.patient_id, i.*
from patient p
cross join lateral (
    -- A lookup by patient, whether one is asked for or all.
    select
        n.record_id,
        min(n.infused_on) over () as first_infused_on,
        n.infused_on as last_infused_on,
        n.number_in_course,
        n.next_planned_on
    from planned_infusion n
    where n.patient_id = p.patient_id
    order by n.infused_on desc
    limit 1
) i;
