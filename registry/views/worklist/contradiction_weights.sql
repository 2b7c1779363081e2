-- One row per infusion whose weight is far from the one measured on the same day.
-- Source: records of one child that cannot all be right; how far is this registry's choice.
create view contradiction_weights as
select
    i.patient_id,
    'two_weights' as rule,
    i.infused_on as record_on,
    null::text as about,
    null::date as due_on,
    'infusion' as from_table,
    i.record_id as from_record_id,
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
where abs(i.weight_kg - a.weight_kg) * 100 > s.weight_differs_percent * a.weight_kg;
