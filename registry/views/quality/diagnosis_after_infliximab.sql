-- One row per child with infliximab of whom the day of the diagnosis is known; failed when it lies
-- after the first infusion. Of a partial date the first day of its period counts.
-- @says: The diagnosis ({value}) lies after the first infusion ({start_on}).
-- @do: Correct the date of diagnosis, or the first infusion.
-- @category: plausibleStartBeforeEnd
-- @from: records of one child that cannot all be right
create view diagnosis_after_infliximab as
select
    i.patient_id,
    'patient' as from_table,
    null::bigint as record_id,
    i.first_infused_on as record_on,
    null::text as about,
    'diagnosed_on' as column_name,
    p.diagnosed_on::text as value,
    'infusion' as with_table,
    f.record_id as with_record_id,
    p.diagnosed_on > i.first_infused_on as failed,
    jsonb_build_object(
        'value',
        as_known(p.diagnosed_on, p.diagnosed_on_precision),
        'start_on',
        i.first_infused_on
    ) as facts
from last_infusion i
join patient p on p.patient_id = i.patient_id
join infusion f on f.patient_id = i.patient_id and f.infused_on = i.first_infused_on
where p.diagnosed_on is not null;
