-- One row per definition and patient: the whole status, with the record that decided it.
-- For a patient who is not eligible only t0, B and W are given, and without consent to research none.
-- Source: the study's methods.
-- @methods response: Remission is a score below {remission_below} at week 14.
-- @methods loss if time_zero=first_infusion: Time counts from the first infusion to the loss, or else
-- to the end of observation.
-- @methods loss if time_zero=week14_visit: Time counts from the day of the week-14 score to the loss,
-- or else to the end of observation.
-- @parameters: remission_below, time_zero
-- @rule induction_outcome: Induction outcome
-- @found if in_remission: remission
-- @found: response without remission
-- @limit: remission is W {line_remission}
-- @record: pcdai_visit week14_on
-- @entered unless fall: Week-14 score of {week14_on}: {week14_pcdai}{below}; without a baseline PCDAI
-- there is no response to judge.
-- @entered unless responded: Week-14 score of {week14_on}: {week14_pcdai}, primary non-response; it
-- fell by {fall}, a response is {response_drop} or more.
-- @entered if in_remission: Week-14 score of {week14_on}: {week14_pcdai}, remission; it fell by {fall}.
-- @entered: Week-14 score of {week14_on}: {week14_pcdai}, response without remission; it fell by
-- {fall}.
-- @part below if in_remission: ", {line_remission}"
-- @part line_remission: below {remission_below}
-- @part clock if time_zero=first_infusion: days from the first infusion
-- @part clock: days from the week-14 PCDAI
-- @value in_remission: week14_pcdai < remission_below
-- @once: read by the rules of a loss
create view loss_of_response as
select
    e.patient_id,
    e.definition,
    e.reason is null as eligible,
    e.reason,
    case when not e.no_research_consent then e.start_on end as start_on,
    case when not e.no_research_consent then e.baseline_on end as baseline_on,
    case when not e.no_research_consent then e.baseline_pcdai end as baseline_pcdai,
    case when not e.no_research_consent then e.week14_on end as week14_on,
    case when not e.no_research_consent then e.week14_pcdai end as week14_pcdai,
    case when e.reason is null then
        case when e.week14_pcdai < d.remission_below then 'remission' else 'response' end
    end as induction_outcome,
    case when e.reason is null then e.event_on is not null end as event,
    case when e.reason is null then e.event_on end as event_on,
    case when e.reason is null then e.event_pcdai end as event_pcdai,
    case when e.reason is null then e.end_on end as end_on,
    case when e.reason is null then
        coalesce(e.event_on, e.end_on)
        - case d.time_zero when 'week14_visit' then e.week14_on else e.start_on end
    end as time_days,
    case when e.reason is null and e.event_on is null then e.end_reason end as censor_reason,
    case when e.reason is null then e.last_negative_on end as last_negative_on,
    case
        when e.reason is not null then e.deciding_table
        when e.event_on is not null then 'pcdai_visit'
        else e.end_table
    end as deciding_table,
    case
        when e.reason is not null then e.deciding_record_id
        when e.event_on is not null then e.event_id
        else e.end_record_id
    end as deciding_record_id,
    case
        when e.reason is not null then e.deciding_on
        when e.event_on is not null then e.event_on
        else e.end_record_on
    end as deciding_on,
    d.hash as definition_hash
from eligibility e
join definition d on d.name = e.definition;
