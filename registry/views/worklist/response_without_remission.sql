-- One row per definition and patient who responded without remission at week 14, has not lost
-- response nor come into remission since, and lacks a later PCDAI or a level since week 14.
-- Source: the published study, Table 3: this group lost response most often.
-- @rule response_without_remission: Week 14 brought response without remission (PCDAI {pcdai} on
-- {week14_on}): the group that lost response most often. Since then there are {visits} PCDAI and
-- {levels} levels.
-- @do: See the child again: a PCDAI and a level of infliximab by {until}.
-- @from: doi 10.21037/tp-2025-344, Table 3; the days until the review are this registry's choice
-- @place: 90
create view response_without_remission as
select
    l.definition,
    l.patient_id,
    'response_without_remission' as rule,
    l.week14_on as record_on,
    null::text as about,
    l.week14_on + s.review_days as due_on,
    'pcdai_visit' as from_table,
    w.record_id as from_record_id,
    jsonb_build_object(
        'pcdai',
        trim_scale(l.week14_pcdai),
        'week14_on',
        l.week14_on,
        'until',
        l.week14_on + s.review_days,
        'visits',
        v.visits,
        'levels',
        t.levels
    ) as facts
from loss_of_response l
join definition d on d.name = l.definition
cross join worklist_setting s
join pcdai_visit w on w.patient_id = l.patient_id and w.visited_on = l.week14_on
cross join lateral (
    select count(*) as visits, coalesce(bool_or(v.score < d.remission_below), false) as remission
    from pcdai_visit v
    where v.patient_id = l.patient_id and v.visited_on > l.week14_on
) v
cross join lateral (
    select count(*) as levels
    from tdm_level t
    where
        t.patient_id = l.patient_id
        and t.ifx_ug_ml is not null
        and t.sampled_on >= l.week14_on
) t
where
    l.induction_outcome = 'response'
    and not l.event
    and not v.remission
    and (v.visits = 0 or t.levels = 0);
