-- One row per definition and patient who started infliximab, with the week-14 PCDAI (W): nearest
-- to day 98 in its window; a score up to the day of infusion 4 before one after it, then the
-- nearer, then the earlier; never after the end of observation.
-- Source: the study's methods (the score is taken before infusion 4); the window is this
-- registry's choice.
-- @methods response: The week-14 score is the nearest to day {week14_target_day} from day
-- {week14_from_day} to day {week14_to_day}, not after the end of observation; one on or before the day
-- of the fourth infusion comes before one after it.
-- @parameters: week14_target_day, week14_from_day, week14_to_day
-- @rule no_week14_pcdai: Week-14 PCDAI (W)
-- @found if week14_on: {week14_pcdai} on {week14_on}, day {week14_day}
-- @found: none
-- @limit: nearest to day {week14_target_day} within {week14_from_day} to {week14_to_day}, not after
-- infusion 4 if possible
-- @record if week14_on: pcdai_visit week14_on
-- @excluded: No PCDAI at week 14
-- @value week14_day: week14_on - start_on
-- @week14_id: number of the record of the visit
create view week14_score as
select
    o.*,
    w.record_id as week14_id,
    w.visited_on as week14_on,
    w.score as week14_pcdai
from baseline_score o
join definition d on d.name = o.definition
left join lateral (
    select v.record_id, v.visited_on, v.score
    from pcdai_visit v
    where
        v.patient_id = o.patient_id
        and v.visited_on between o.start_on + d.week14_from_day and o.start_on + d.week14_to_day
        and v.visited_on <= o.end_on
    order by
        coalesce(v.visited_on <= o.infusion_4_on, false) desc,
        abs(v.visited_on - (o.start_on + d.week14_target_day)),
        v.visited_on
    limit 1
) w on true;
