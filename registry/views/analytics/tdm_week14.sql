-- One row per eligible patient and definition with a trough of infliximab at week 14: the level
-- drawn on the day of infusion 4 or shortly before it; of several the latest, of two assays on one
-- day the first by name.
-- Source: the study's drug levels.
-- @infused_on: day of the infusion that the level precedes
-- @days_before_infusion: days from the sample to that infusion
-- @ifx_for_mean: infliximab for a mean (ug/mL): half the limit of a value below it, the limit of one above
-- @ifx_ug_ml: infliximab (ug/mL), or its limit of quantification
-- @ifx_comparator: < or > when ifx_ug_ml is a limit
-- @censored: whether the value is a limit
create view tdm_week14 as
select
    s.definition,
    n.study_id as patient_id,
    s.event,
    t.sampled_on,
    t.assay,
    i.infused_on,
    i.infused_on - t.sampled_on as days_before_infusion,
    t.ifx_ug_ml,
    t.ifx_ug_ml_comparator as ifx_comparator,
    case t.ifx_ug_ml_comparator when '<' then t.ifx_ug_ml / 2 else t.ifx_ug_ml end
        as ifx_for_mean,
    t.ifx_ug_ml_comparator is not null as censored
from lor_status s
join definition d on d.name = s.definition
join patient_number n using (patient_id)
join infusion_step i
    on i.definition = s.definition and i.patient_id = s.patient_id and i.number = 4
join lateral (
    select v.*
    from tdm_level v
    where
        v.patient_id = s.patient_id
        and v.ifx_ug_ml is not null
        and v.sampled_on between i.infused_on - d.trough_days_before and i.infused_on
    order by v.sampled_on desc, v.assay nulls last
    limit 1
) t on true
where s.eligible;
