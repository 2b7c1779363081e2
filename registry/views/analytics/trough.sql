-- One row per definition and drug level up to the data cut: whether it is a trough, which one, and
-- where it lies against the therapeutic threshold; drug levels of everybody, in the cohort or not.
-- Source: the drug levels as the rule of the trough reads them, and the stored status.
-- @day: days from t0 to the sample; negative before t0, empty without infliximab
-- @within_observation: whether the sample lies within the observation; empty when not eligible
-- @after_event: whether the sample was drawn on or after the day of the loss; empty when not
-- eligible
-- @timepoint: trough that the level is or precedes: week_2, week_6, week_14 or maintenance, by the
-- number of the infusion; empty without one
-- @ifx_ug_ml: infliximab in the sample (ug/mL)
-- @ifx_for_mean: infliximab for a mean (ug/mL): half the limit of a value below it, the limit of
-- one above
-- @censored: whether infliximab was reported as a limit
create view trough as
select
    l.definition,
    n.study_id as patient_id,
    l.record_id,
    s.eligible,
    s.event,
    l.sampled_on,
    l.sampled_on - s.start_on as day,
    case when s.eligible then l.sampled_on between s.start_on and s.end_on end
        as within_observation,
    case when s.eligible then coalesce(l.sampled_on >= s.event_on, false) end as after_event,
    l.infusion_number,
    l.next_infusion_on,
    l.days_to_infusion,
    l.is_trough,
    l.timepoint,
    l.ifx_ug_ml,
    l.ifx_ug_ml_comparator,
    case l.ifx_ug_ml_comparator when '<' then l.ifx_ug_ml / 2 else l.ifx_ug_ml end as ifx_for_mean,
    case when l.ifx_ug_ml is not null then l.ifx_ug_ml_comparator is not null end as censored,
    l.trough_level,
    l.low_between_infusions,
    l.phenotype_held_to,
    l.threshold_ug_ml,
    l.threshold_source,
    l.threshold_version,
    l.assay,
    l.drug_tolerant,
    l.ada_au_ml,
    l.ada_au_ml_comparator,
    l.ada_status
from lor_status s
join patient_number n using (patient_id)
cross join lateral (
    -- "offset 0" keeps this a lookup by patient, whether one is asked for or all.
    select *
    from level_reading r
    where r.patient_id = s.patient_id and r.definition = s.definition
    offset 0
) l
where s.reason is distinct from 'no_research_consent';
