-- One row per eligible patient and definition with a trough of infliximab at week 14: of the
-- troughs in the week-14 window the nearest to its target day, then the earlier.
-- A level is a trough when drawn on the day of an infusion or shortly before it.
-- Source: the study's drug levels.
-- @infused_on: day of the infusion that the level precedes
-- @days_before_infusion: days from the sample to that infusion
-- @ifx_for_mean: infliximab for a mean (ug/mL): half the limit of a value below it, the limit of one above
-- @ifx_comparator: < or > when ifx_ug_ml is a limit
-- @censored: whether the value is a limit
create view tdm_week14 as
select
    s.definition,
    n.study_id as patient_id,
    s.event,
    t.sampled_on,
    t.assay,
    t.infused_on,
    t.infused_on - t.sampled_on as days_before_infusion,
    t.ifx_ug_ml,
    t.ifx_ug_ml_comparator as ifx_comparator,
    case t.ifx_ug_ml_comparator when '<' then t.ifx_ug_ml / 2 else t.ifx_ug_ml end
        as ifx_for_mean,
    t.ifx_ug_ml_comparator is not null as censored
from lor_status s
join definition d on d.name = s.definition
join patient_number n using (patient_id)
join lateral (
    select v.*, i.infused_on
    from tdm_level v
    join infusion i
        on i.patient_id = v.patient_id
        and i.infused_on between v.sampled_on and v.sampled_on + d.trough_days_before
        and i.infused_on <= d.data_cut
    where
        v.patient_id = s.patient_id
        and v.ifx_ug_ml is not null
        and v.sampled_on
            between s.start_on + d.week14_from_day and s.start_on + d.week14_to_day
    order by
        abs(v.sampled_on - (s.start_on + d.week14_target_day)),
        v.sampled_on,
        v.assay nulls last,
        i.infused_on
    limit 1
) t on true
where s.eligible;
