-- One row per definition and infusion: dose per kg, and how it lies to the usual time. In induction
-- the day is held to the definition's days and tolerances, from then on the interval to the usual
-- ones.
-- Source: the study's methods for induction; the usual intervals are this registry's choice.
-- @dose_mg_per_kg: dose per kg of body weight (mg/kg)
-- @planned_day: day of the course for which the definition plans it; empty after induction
-- @tolerance_days: days that it may be off that day
-- @course_day: days since the first infusion
-- @timing_is: early, usual or late; empty for the first
create view infusion_usual as
with held as (
    select
        d.name as definition,
        i.*,
        p.number_in_course,
        p.interval_days,
        p.next_planned_on,
        i.infused_on - f.start_on as course_day,
        case p.number_in_course
            when 2 then d.induction_day_2
            when 3 then d.induction_day_3
            when 4 then d.induction_day_4
        end as planned_day,
        case p.number_in_course
            when 2 then d.induction_tolerance_2
            when 3 then d.induction_tolerance_3
            when 4 then d.induction_tolerance_4
        end as tolerance_days,
        l.interval_short,
        l.interval_long
    from infusion i
    join planned_infusion p using (patient_id, record_id)
    cross join definition d
    cross join (
        select
            max(value) filter (where key = 'interval_short') as interval_short,
            max(value) filter (where key = 'interval_long') as interval_long
        from entry_limit
    ) l
    cross join lateral (
        select min(c.infused_on) as start_on from infusion c where c.patient_id = i.patient_id
    ) f
)
select
    definition,
    patient_id,
    record_id,
    number_in_course,
    infused_on,
    dose_mg,
    weight_kg,
    product,
    dose_mg / weight_kg as dose_mg_per_kg,
    course_day,
    planned_day,
    tolerance_days,
    interval_days,
    case
        when number_in_course = 1 then null
        when course_day < planned_day - tolerance_days then 'early'
        when course_day > planned_day + tolerance_days then 'late'
        when number_in_course <= 4 then 'usual'
        when interval_days < interval_short then 'early'
        when interval_days > interval_long then 'late'
        else 'usual'
    end as timing_is,
    next_planned_on
from held;
