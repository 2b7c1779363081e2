-- One row per query about a value: each record that fails a rule, and whatever people asked. A query
-- of a value that has been mended, so that nothing is found any more, is closed by itself.
-- Source: the rules of plausibility and the steps of people; states as in OpenClinica.
-- @mended: whether the value is no longer what the query was about
-- @steps: how often people took a step in it
-- @last_step_id: number of the last of these steps
create view query as
with told as (
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
        s.last_step_id,
        true as found
    from finding f
    left join last_step s on s.patient_id = f.patient_id and s.query = f.finding
    union all
    select
        patient_id,
        query,
        rule,
        from_table,
        record_id,
        column_name,
        value,
        null::jsonb as facts,
        state,
        mended,
        steps,
        last_step_id,
        false as found
    from last_step
),
known as (
    -- By the rule too, so that whoever asks for one has the others left alone.
    select *, bool_or(found) over (partition by patient_id, query, rule) as stands
    from told
)
select
    patient_id,
    query,
    rule,
    from_table,
    record_id,
    column_name,
    value,
    facts,
    state,
    mended,
    steps,
    last_step_id
from known
where found or not stands;
