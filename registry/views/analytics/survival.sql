-- One row per eligible patient and definition: the time at risk, in days and months, with its
-- clock, its event and what is needed for delayed entry and interval censoring.
-- Source: the stored status.
-- @origin_on: where the clock starts, by the definition's time_zero
-- @time_months: days from time zero to the loss, or else to the end of observation, in months
-- @entry_days: days from time zero to the week-14 PCDAI; before it nobody can be seen to lose
create view survival as
select
    s.definition,
    n.study_id as patient_id,
    p.centre,
    s.start_on,
    case d.time_zero when 'week14_visit' then s.week14_on else s.start_on end as origin_on,
    s.week14_on,
    s.week14_on - case d.time_zero when 'week14_visit' then s.week14_on else s.start_on end
        as entry_days,
    s.end_on,
    s.time_days,
    months(s.time_days) as time_months,
    s.event,
    s.event_on,
    s.event_pcdai,
    s.censor_reason,
    s.last_negative_on,
    s.induction_outcome
from lor_status s
join definition d on d.name = s.definition
join patient p using (patient_id)
join patient_number n using (patient_id)
where s.eligible;
