-- One row per infusion on a day on which the child was also weighed; failed when the two weights
-- are far apart.
-- @says: Two weights on {on}: {infusion_kg} kg at the infusion, {measured_kg} kg measured.
-- @do: Correct the weight of the infusion or that of the measurement.
-- @category: plausibleAtemporal
-- @from: records of one child that cannot all be right; how far apart is this registry's choice
create view two_weights as
select
    i.patient_id,
    'infusion' as from_table,
    i.record_id,
    i.infused_on as record_on,
    null::text as about,
    'weight_kg' as column_name,
    trim_scale(i.weight_kg)::text as value,
    'anthropometry' as with_table,
    a.record_id as with_record_id,
    abs(i.weight_kg - a.weight_kg) * 100 > s.weight_differs_percent * a.weight_kg as failed,
    jsonb_build_object(
        'on',
        i.infused_on,
        'infusion_kg',
        trim_scale(i.weight_kg),
        'measured_kg',
        trim_scale(a.weight_kg)
    ) as facts
from infusion i
join anthropometry a on a.patient_id = i.patient_id and a.measured_on = i.infused_on
cross join worklist_setting s
where a.weight_kg is not null;
