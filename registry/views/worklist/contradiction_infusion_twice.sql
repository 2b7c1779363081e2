-- One row per infusion that follows another so closely that the two may be one.
-- Source: this registry's choice.
create view contradiction_infusion_twice as
select
    p.patient_id,
    'infusion_twice' as rule,
    p.infused_on as record_on,
    null::text as about,
    null::date as due_on,
    'infusion' as from_table,
    p.record_id as from_record_id,
    jsonb_build_object(
        'before_on', p.infused_on - p.interval_days, 'on', p.infused_on, 'days', p.interval_days
    ) as facts
from planned_infusion p
cross join worklist_setting s
where p.interval_days < s.infusion_twice_days;
