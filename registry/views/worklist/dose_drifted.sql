-- One row per patient whose dose per kg has fallen because the weight has risen: below the lowest
-- usual dose by a weight measured since the last infusion, which itself was not below it; or well
-- below that of infusion 4, the first of maintenance, though the dose in mg was not lowered.
-- The present weight is the last one measured since the last infusion, or else that infusion's own.
-- Source: the study's methods (5-10 mg/kg); how much is too much is this registry's choice.
-- @rule dose_below_lowest: {dose_mg} mg were {last_mg_per_kg} mg/kg on {last_on} and are
-- {now_mg_per_kg} mg/kg at the {weight_kg} kg of {weighed_on}, below {lowest_mg_per_kg}.
-- @do: Reckon the dose of the next infusion by the present weight.
-- @from: doi 10.21037/tp-2025-344: 5-10 mg/kg
-- @place: 70
-- @rule dose_drifted: {dose_mg} mg are {now_mg_per_kg} mg/kg at {weight_kg} kg ({weighed_on}),
-- {percent} % less than at infusion 4 ({first_mg_per_kg} mg/kg at {first_kg} kg).
-- @do: Reckon the dose of the next infusion by the present weight.
-- @from: doi 10.21037/tp-2025-344: dose by weight; how much is too much is this registry's choice
-- @place: 80
create view dose_drifted as
with weighed as (
    select
        i.patient_id,
        i.next_planned_on,
        l.record_id,
        l.infused_on,
        l.dose_mg,
        l.weight_kg,
        coalesce(a.weight_kg, l.weight_kg) as present_kg,
        coalesce(a.measured_on, l.infused_on) as weighed_on,
        f.dose_mg as first_dose_mg,
        f.weight_kg as first_kg
    from last_infusion i
    join infusion l on l.patient_id = i.patient_id and l.infused_on = i.last_infused_on
    left join lateral (
        select f.dose_mg, f.weight_kg
        from infusion f
        where f.patient_id = i.patient_id
        order by f.infused_on
        offset 3
        limit 1
    ) f on true
    left join lateral (
        select a.weight_kg, a.measured_on
        from anthropometry a
        where
            a.patient_id = i.patient_id
            and a.measured_on > i.last_infused_on
            and a.weight_kg is not null
        order by a.measured_on desc
        limit 1
    ) a on true
),
judged as (
    select
        w.*,
        s.dose_lowest_mg_per_kg,
        w.dose_mg >= s.dose_lowest_mg_per_kg * w.weight_kg
            and w.dose_mg < s.dose_lowest_mg_per_kg * w.present_kg as below_lowest,
        w.dose_mg >= w.first_dose_mg
            and w.dose_mg * w.first_kg * 100
            < w.first_dose_mg * w.present_kg * (100 - s.dose_drift_percent) as drifted
    from weighed w
    cross join worklist_setting s
)
select
    patient_id,
    case when below_lowest then 'dose_below_lowest' else 'dose_drifted' end as rule,
    infused_on as record_on,
    null::text as about,
    next_planned_on as due_on,
    'infusion' as from_table,
    record_id as from_record_id,
    jsonb_build_object(
        'dose_mg',
        trim_scale(dose_mg),
        'last_on',
        infused_on,
        'last_mg_per_kg',
        round(dose_mg / weight_kg, 1),
        'weight_kg',
        trim_scale(present_kg),
        'weighed_on',
        weighed_on,
        'now_mg_per_kg',
        round(dose_mg / present_kg, 1),
        'lowest_mg_per_kg',
        trim_scale(dose_lowest_mg_per_kg),
        'first_kg',
        trim_scale(first_kg),
        'first_mg_per_kg',
        round(first_dose_mg / first_kg, 1),
        'percent',
        round(100 - 100 * dose_mg * first_kg / (present_kg * first_dose_mg))
    ) as facts
from judged
where below_lowest or drifted;
