-- One row per release, child and definition: in the cohort or why not, and how it went, in days from the
-- first infusion.
-- Source: the stored status.
-- @reason: first exclusion that holds; empty when eligible, not_told where it would tell an age that is
-- not told
-- @state: reason of exclusion, sustained_response or loss_of_response; not_told like the reason
-- @baseline_day: day of the baseline PCDAI
-- @week14_day: day of the week-14 PCDAI
-- @event_day: day of the loss of response
-- @end_day: last day of the observation
-- @last_negative_day: day of the last scored visit from week 14 on without a loss, before the loss
create view status as
select
    r.release,
    s.definition,
    r.child_id,
    r.age_years,
    s.eligible,
    case when r.age_years is null and s.reason = 'age_18_or_over' then 'not_told' else s.reason end
        as reason,
    s.baseline_on - r.start_on as baseline_day,
    s.baseline_pcdai,
    s.week14_on - r.start_on as week14_day,
    s.week14_pcdai,
    s.induction_outcome,
    s.event,
    s.event_on - r.start_on as event_day,
    s.event_pcdai,
    s.end_on - r.start_on as end_day,
    s.time_days,
    s.censor_reason,
    s.last_negative_on - r.start_on as last_negative_day,
    case when r.age_years is null and s.state = 'age_18_or_over' then 'not_told' else s.state end
        as state
from lor_status s
join released_child r using (patient_id);
