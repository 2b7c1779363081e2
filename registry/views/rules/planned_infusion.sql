-- One row per infusion: its place in the child's course and the day planned for the next one.
-- Infusions 2, 3 and 4 are planned from the first. From then on the next is planned after the
-- interval that the child had last, at most the usual one: a longer interval is a delay and not a
-- plan, and one below the least is not taken for a plan either.
-- Source: the study's methods (weeks 0, 2, 6, then every 8); the limits are this registry's choice.
-- @number_in_course: place of the infusion in the child's course, 1 being the first
-- @interval_days: days since the infusion before; empty for the first
-- @next_planned_on: day for which the next infusion is planned
create view planned_infusion as
with numbered as (
    select
        patient_id,
        record_id,
        infused_on,
        (row_number() over course)::integer as number_in_course,
        first_value(infused_on) over course as start_on,
        infused_on - lag(infused_on) over course as interval_days
    from infusion
    window course as (partition by patient_id order by infused_on)
)
select
    n.patient_id,
    n.record_id,
    n.infused_on,
    n.number_in_course,
    n.interval_days,
    greatest(
        n.infused_on + s.infusion_interval_min_days,
        case n.number_in_course
            when 1 then n.start_on + s.infusion_2_day
            when 2 then n.start_on + s.infusion_3_day
            when 3 then n.start_on + s.infusion_4_day
            else n.infused_on + least(n.interval_days, s.infusion_interval_days)
        end
    ) as next_planned_on
from numbered n
cross join worklist_setting s;
