-- One row per eligible patient and definition: the first of loss of response and of what rules it
-- out (infliximab stopped, transfer to adult care, death), or the time of censoring.
-- A loss on the last day of observation is a loss. Lost to follow-up, the end of exposure and the
-- data cut rule nothing out: they censor.
-- Source: the stored status.
-- @origin_on: where the clock starts, by the definition's time_zero
-- @ended_on: day of the event or of censoring
-- @event_type: loss_of_response, ifx_stopped, transferred_to_adult_care, died or censored
-- @event_code: 0 censored, 1 loss of response, 2 stopped, 3 transferred to adult care, 4 died
create view competing_events as
with followed as (
    select
        s.definition,
        n.study_id as patient_id,
        clock_starts_on(d.time_zero, s.start_on, s.week14_on) as origin_on,
        s.week14_on,
        coalesce(s.event_on, s.end_on) as ended_on,
        s.time_days,
        case
            when s.event then 'loss_of_response'
            when s.censor_reason in ('ifx_stopped', 'transferred_to_adult_care', 'died')
                then s.censor_reason
            else 'censored'
        end as event_type,
        s.censor_reason
    from lor_status s
    join definition d on d.name = s.definition
    join patient_number n using (patient_id)
    where s.eligible
)
select
    definition,
    patient_id,
    origin_on,
    ended_on,
    week14_on - origin_on as entry_days,
    time_days,
    months(time_days) as time_months,
    case event_type
        when 'censored' then 0
        when 'loss_of_response' then 1
        when 'ifx_stopped' then 2
        when 'transferred_to_adult_care' then 3
        when 'died' then 4
    end as event_code,
    event_type,
    censor_reason
from followed;
