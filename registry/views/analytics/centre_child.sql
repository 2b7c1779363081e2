-- One row per definition and registered patient: what centres are compared by, each from the rule or
-- the list that tells it of the child. What concerns records is of today, the rest of the stored
-- status. Children whose use was withdrawn are left out.
-- Source: the rules of status, the worklist and the rules of plausibility; that response is looked
-- at after a year is this registry's choice.
-- @first_year: of the cohort: lost (response, within twelve months of time zero), kept (followed for
-- twelve months without) or left (followed for less without); empty outside the cohort
-- @week14_scored: whether the PCDAI of week 14 is there; empty for whom an exclusion that comes
-- before it holds
-- @level_at_loss_ug_ml: infliximab in the sample that tells of the loss of response (ug/mL)
-- @level_at_loss_comparator: whether that is a limit of the assay: < or >
-- @lost: whether response was lost within the observation; empty outside the cohort
-- @seen_for_visits: on infliximab, with follow-up going on: ok, overdue (a PCDAI is, and nobody has
-- set that aside) or silent (nothing was heard for so long that only this is said); else empty
-- @deficits: records of the child that fail a rule of plausibility and are not answered for
create view centre_child as
-- Computed apart: beside their cost the server holds every way of joining the rest for as good.
with overdue as materialized (
    select distinct definition, patient_id
    from visit_work
    where not set_aside
),
deficit as materialized (
    select patient_id, count(*) as deficits
    from finding
    where not answered
    group by patient_id
),
withdrawn as materialized (
    select patient_id from withdrawn_use
)
select
    s.definition,
    n.study_id as patient_id,
    p.centre,
    case
        when not s.eligible then null
        when months(s.time_days) <= 12 and s.event then 'lost'
        when months(s.time_days) >= 12 then 'kept'
        else 'left'
    end as first_year,
    case
        when s.eligible or x.position >= w.position
            then s.reason is distinct from w.reason
    end as week14_scored,
    case when s.eligible then s.event end as lost,
    m.ifx_ug_ml as level_at_loss_ug_ml,
    m.ifx_ug_ml_comparator as level_at_loss_comparator,
    case
        when i.patient_id is null or f.ended_on is not null then null
        when f.silent then 'silent'
        when o.patient_id is not null then 'overdue'
        else 'ok'
    end as seen_for_visits,
    coalesce(q.deficits, 0) as deficits
from lor_status s
join patient p using (patient_id)
join patient_number n using (patient_id)
join exclusion w on w.reason = 'no_week14_pcdai'
left join exclusion x on x.reason = s.reason
left join lor_mechanism m on m.definition = s.definition and m.patient_id = n.study_id
left join last_infusion i on i.patient_id = s.patient_id
left join follow_up f on f.patient_id = s.patient_id
left join overdue o on o.definition = s.definition and o.patient_id = s.patient_id
left join deficit q on q.patient_id = s.patient_id
where s.patient_id not in (select patient_id from withdrawn);
