-- One row per patient on infliximab without a level of infliximab for too long: since the last
-- one, or without any since the day of the first. While an infusion is overdue no level is asked
-- for, because a trough is drawn before one.
-- Source: this registry's choice; the study had levels for about half of its children.
-- @rule level_overdue: The last level of infliximab is of {last_on}; the next was due by {due_on}.
-- @do: Draw a trough before the infusion planned for {planned_on}, or enter one not yet entered.
-- @from: doi 10.21037/tp-2025-344: 34 of 69 children had levels; how often they are due is this
-- registry's choice
-- @place: 140
-- @rule first_level_overdue: There is no level of infliximab; infliximab was begun on {last_on} and
-- one was due by {due_on}.
-- @do: Draw a trough before the infusion planned for {planned_on}, or enter one not yet entered.
-- @from: doi 10.21037/tp-2025-344: 34 of 69 children had levels; how often they are due is this
-- registry's choice
-- @place: 141
create view level_overdue as
with measured as (
    select
        i.patient_id,
        case when t.record_id is null then 'first_level_overdue' else 'level_overdue' end as rule,
        coalesce(t.sampled_on, i.first_infused_on) as record_on,
        coalesce(t.sampled_on + s.level_interval_days, i.first_infused_on + s.level_first_day)
            as due_on,
        case when t.record_id is not null then 'tdm_level' end as from_table,
        t.record_id as from_record_id,
        i.next_planned_on,
        s.level_grace_days
    from last_infusion i
    cross join worklist_setting s
    left join lateral (
        select t.record_id, t.sampled_on
        from tdm_level t
        where t.patient_id = i.patient_id and t.ifx_ug_ml is not null
        order by t.sampled_on desc, t.record_id
        limit 1
    ) t on true
    where today() <= i.next_planned_on + s.infusion_grace_days
)
select
    patient_id,
    rule,
    record_on,
    null::text as about,
    due_on,
    from_table,
    from_record_id,
    jsonb_build_object(
        'last_on', record_on, 'due_on', due_on, 'planned_on', next_planned_on
    ) as facts
from measured
where today() > due_on + level_grace_days;
