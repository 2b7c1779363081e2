-- One row per eligible patient and definition: the interval, in days on the definition's clock, in
-- which response was lost. A loss is seen at a visit, so it came after the last visit that showed
-- none and not after the first that shows it.
-- Left: the last scored visit at or below the threshold; without one from week 14 on the week-14
-- PCDAI, before which nobody can be seen to lose. Right: the visit that shows the loss; empty when
-- there is none, however long the patient was observed after the last visit.
-- Source: the stored status.
-- @origin_on: where the clock starts, by the definition's time_zero
-- @left_on: last day without a loss
-- @right_on: day on which the loss was seen; empty without one
-- @left_days: days from where the clock starts to left_on
-- @right_days: days from where the clock starts to right_on; empty without a loss
create view interval_censored as
with bounded as (
    select
        s.definition,
        n.study_id as patient_id,
        clock_starts_on(d.time_zero, s.start_on, s.week14_on) as origin_on,
        s.week14_on,
        coalesce(s.last_negative_on, s.week14_on) as left_on,
        s.event_on as right_on,
        s.last_negative_on,
        s.event,
        s.end_on
    from lor_status s
    join definition d on d.name = s.definition
    join patient_number n using (patient_id)
    where s.eligible
)
select
    definition,
    patient_id,
    origin_on,
    week14_on - origin_on as entry_days,
    left_on - origin_on as left_days,
    right_on - origin_on as right_days,
    left_on,
    right_on,
    last_negative_on,
    event,
    end_on
from bounded;
