-- One row per patient whose first symptoms, or whose diagnosis, lie after the first infusion; of a
-- partial date the first day of its period.
-- Source: records of one child that cannot all be right.
create view contradiction_onset as
select
    i.patient_id,
    x.rule,
    i.first_infused_on as record_on,
    null::text as about,
    null::date as due_on,
    'patient' as from_table,
    null::bigint as from_record_id,
    jsonb_build_object('value', x.value, 'start_on', i.first_infused_on) as facts
from last_infusion i
join patient p on p.patient_id = i.patient_id
cross join lateral (
    values
        ('onset_after_infliximab', p.onset_on),
        ('diagnosis_after_infliximab', p.diagnosed_on)
) x (rule, value)
where x.value > i.first_infused_on;
