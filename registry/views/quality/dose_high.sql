-- One row per infusion; failed when its dose per kg is above the usual by more than rounding to
-- whole vials explains. Held as a product, so that no quotient is rounded.
-- @says: Above the usual {low}-{high} mg/kg: {dose} mg for {weight} kg.
-- @do: Correct the dose or the weight, or confirm them.
-- @category: plausibleValueHigh
-- @from: doi 10.21037/tp-2025-344: 5-10 mg/kg; what rounding explains is this registry's choice
create view dose_high as
select
    i.patient_id,
    'infusion' as from_table,
    i.record_id,
    i.infused_on as record_on,
    null::text as about,
    'dose_mg' as column_name,
    trim_scale(i.dose_mg)::text as value,
    null::text as with_table,
    null::bigint as with_record_id,
    i.dose_mg * 100 > h.value * (100 + r.value) * i.weight_kg as failed,
    jsonb_build_object(
        'low',
        trim_scale(w.dose_lowest_mg_per_kg),
        'high',
        trim_scale(h.value),
        'dose',
        trim_scale(i.dose_mg),
        'weight',
        trim_scale(i.weight_kg)
    ) as facts
from infusion i
cross join worklist_setting w
join entry_limit h on h.key = 'dose_high'
join entry_limit r on r.key = 'dose_rounding';
