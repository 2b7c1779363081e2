-- One row per patient on infliximab without a PCDAI for too long: since the last one, or without
-- any since the first infusion. It is listed from the day after the days of grace.
-- Source: this registry's choice.
-- @rule visit_overdue: The last PCDAI is of {last_on}; the next was due on {due_on}.
-- @do: Enter the PCDAI of the last visit, or see the child.
-- @from: this registry's choice
-- @place: 130
-- @rule first_visit_overdue: There is no PCDAI; infliximab was begun on {last_on} and one was due
-- by {due_on}.
-- @do: Enter the PCDAI of a visit, or see the child.
-- @from: this registry's choice
-- @place: 131
create view visit_overdue as
with seen as (
    select
        i.patient_id,
        case when v.record_id is null then 'first_visit_overdue' else 'visit_overdue' end as rule,
        coalesce(v.visited_on, i.first_infused_on) as record_on,
        case when v.record_id is not null then 'pcdai_visit' end as from_table,
        v.record_id as from_record_id
    from last_infusion i
    left join lateral (
        select v.record_id, v.visited_on
        from pcdai_visit v
        where v.patient_id = i.patient_id
        order by v.visited_on desc
        limit 1
    ) v on true
),
due as (
    select seen.*, seen.record_on + s.visit_interval_days as due_on, s.visit_grace_days
    from seen
    cross join worklist_setting s
)
select
    patient_id,
    rule,
    record_on,
    null::text as about,
    due_on,
    from_table,
    from_record_id,
    jsonb_build_object('last_on', record_on, 'due_on', due_on) as facts
from due
where today() > due_on + visit_grace_days;
