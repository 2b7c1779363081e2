-- One row per query in which people took a step: the last one, and whether the value still stands.
-- What a rule found and finds no more is mended as well, but only `query` can tell.
-- Source: the steps of people.
-- @mended: whether the value is no longer what the query was about
-- @steps: how often people took a step in it
-- @last_step_id: number of the last of these steps
-- @once: read by the queries that people raised and those of rules
create view last_step as
with step as (
    select distinct on (patient_id, query)
        *,
        count(*) over (partition by patient_id, query) as steps
    from query_step
    order by patient_id, query, step_id desc
)
select
    s.patient_id,
    s.query,
    s.rule,
    s.from_table,
    s.record_id,
    s.column_name,
    s.value,
    case when m.mended then 'closed' else s.state end as state,
    m.mended,
    s.steps,
    s.step_id as last_step_id,
    s.change_id
from step s
cross join lateral (
    select s.rule is not null or was_mended(s.step_id) as mended
) m;
