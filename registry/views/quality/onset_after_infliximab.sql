-- One row per child with infliximab of whom the day of the first symptoms is known; failed when it
-- lies after the first infusion. Of a partial date the first day of its period counts.
-- @says: The first symptoms ({value}) lie after the first infusion ({start_on}).
-- @do: Correct the date of the first symptoms, or the first infusion.
-- @category: plausibleStartBeforeEnd
-- @from: records of one child that cannot all be right
create view onset_after_infliximab as
select
    i.patient_id,
    'patient' as from_table,
    null::bigint as record_id,
    i.first_infused_on as record_on,
    null::text as about,
    'onset_on' as column_name,
    p.onset_on::text as value,
    'infusion' as with_table,
    f.record_id as with_record_id,
    p.onset_on > i.first_infused_on as failed,
    jsonb_build_object(
        'value',
        as_known(p.onset_on, p.onset_on_precision),
        'start_on',
        i.first_infused_on
    ) as facts
from last_infusion i
join patient p on p.patient_id = i.patient_id
join infusion f on f.patient_id = i.patient_id and f.infused_on = i.first_infused_on
where p.onset_on is not null;
