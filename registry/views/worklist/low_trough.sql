-- One row per definition and patient whose last level that tells shows a low trough, when nothing
-- has been intensified since: no dose per kg raised over that of the infusion before the sample,
-- no interval shortened, no immunomodulator, other biologic or small molecule begun. A trough of
-- week 2 or 6 counts until infusion 4 is given.
-- Source: the thresholds of reference.tdm_threshold, each with its own; what counts as
-- intensification is the definition's.
-- @rule low_trough: The last trough that tells ({trough} ug/mL on {sampled_on}) is below
-- {threshold}; nothing has been intensified since.
-- @do: Decide on a higher dose, a shorter interval or an immunomodulator by the next infusion;
-- enter what is done, or a new level.
-- @from: threshold: {threshold_source}; action: guideline as told in the discussion of doi
-- 10.21037/tp-2025-344
-- @place: 50
create view low_trough as
with newest as (
    select distinct on (r.definition, r.patient_id) r.*
    from level_reading r
    where r.tells
    order by r.definition, r.patient_id, r.sampled_on desc, r.assay nulls last
),
low as (
    select n.*, d.intensification_dose_mg_per_kg, b.dose_mg, b.weight_kg
    from newest n
    join definition d on d.name = n.definition
    join lateral (
        select b.dose_mg, b.weight_kg
        from infusion b
        where b.patient_id = n.patient_id and b.infused_on < n.sampled_on
        order by b.infused_on desc
        limit 1
    ) b on true
    where n.trough_level = 'below' or n.low_between_infusions
)
select
    l.definition,
    l.patient_id,
    'low_trough' as rule,
    l.sampled_on as record_on,
    null::text as about,
    i.next_planned_on as due_on,
    'tdm_level' as from_table,
    l.record_id as from_record_id,
    jsonb_build_object(
        'trough',
        coalesce(l.ifx_ug_ml_comparator, '') || trim_scale(l.ifx_ug_ml),
        'sampled_on',
        l.sampled_on,
        'threshold',
        trim_scale(l.threshold_ug_ml),
        'threshold_source',
        l.threshold_source
    ) as facts
from low l
join last_infusion i on i.patient_id = l.patient_id
where
    (l.timepoint in ('week_14', 'maintenance') or i.number_in_course < 4)
    and not exists (
        select
        from infusion r
        where
            r.patient_id = l.patient_id
            and r.infused_on >= l.sampled_on
            and r.dose_mg * l.weight_kg - l.dose_mg * r.weight_kg
            >= l.intensification_dose_mg_per_kg * r.weight_kg * l.weight_kg
    )
    and not exists (
        select
        from infusion_step r
        where
            r.definition = l.definition
            and r.patient_id = l.patient_id
            and r.interval_shortened
            and r.infused_on > l.sampled_on
    )
    and not exists (
        select
        from medication m
        join drug g on g.code = m.drug
        where
            m.patient_id = l.patient_id
            and m.started_on >= l.sampled_on
            and g.drug_class in ('immunomodulator', 'biologic', 'small_molecule')
    );
