-- One row per query about a value: each record that fails a rule, and whatever people asked. A query
-- of a value that has been mended, so that nothing is found any more, is closed by itself.
-- Source: the rules of plausibility and the steps of people; states as in OpenClinica.
-- @mended: whether the value is no longer what the query was about
-- @steps: how often people took a step in it
-- @last_step_id: number of the last of these steps
create view query as
with step as (
    select distinct on (patient_id, query)
        *,
        count(*) over (partition by patient_id, query) as steps
    from query_step
    order by patient_id, query, step_id desc
)
select
    f.patient_id,
    f.finding as query,
    f.rule,
    f.from_table,
    f.record_id,
    f.column_name,
    f.value,
    f.facts,
    f.state,
    false as mended,
    coalesce(s.steps, 0) as steps,
    s.step_id as last_step_id
from finding f
left join step s on s.patient_id = f.patient_id and s.query = f.finding
union all
select
    s.patient_id,
    s.query,
    s.rule,
    s.from_table,
    s.record_id,
    s.column_name,
    s.value,
    null::jsonb as facts,
    case when m.mended then 'closed' else s.state end as state,
    m.mended,
    s.steps,
    s.step_id as last_step_id
from step s
cross join lateral (
    select
        s.rule is not null
        or value_there(s.from_table, s.patient_id, s.record_id, s.column_name)
        is distinct from coalesce(s.value, '') as mended
) m
-- With offset 0 only the patient's own records are looked at, for the few who have steps.
left join lateral (
    select true as stands
    from finding f
    where f.patient_id = s.patient_id and f.finding = s.query
    offset 0
) f on true
where f.stands is null;
