-- One row per patient whose next infusion is not recorded although its day and the days of grace
-- are over.
-- Source: the study's methods (weeks 0, 2, 6, then every 8); the days of grace are this registry's
-- choice.
-- @rule infusion_overdue: Infusion {number} was planned for {due_on}; the last is of {last_on}.
-- @do: Enter the infusion, or the end of infliximab; if neither was, call the family.
-- @from: doi 10.21037/tp-2025-344: weeks 0, 2, 6, then every 8; days of grace are this registry's
-- choice
-- @place: 60
create view infusion_overdue as
select
    i.patient_id,
    'infusion_overdue' as rule,
    i.last_infused_on as record_on,
    null::text as about,
    i.next_planned_on as due_on,
    'infusion' as from_table,
    i.record_id as from_record_id,
    jsonb_build_object(
        'number', i.number_in_course + 1, 'due_on', i.next_planned_on, 'last_on', i.last_infused_on
    ) as facts
from last_infusion i
cross join worklist_setting s
where today() > i.next_planned_on + s.infusion_grace_days;
