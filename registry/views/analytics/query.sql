-- One row per query about a value: each record that fails a rule of plausibility, and whatever people
-- asked. Their words are not here, since they may tell of a child what no analysis needs.
-- Source: the rules of plausibility and the steps of people; states as in OpenClinica.
-- @query: name of the query, stays while the record has this value there
-- @rule: rule that the value fails; empty where a person asked
-- @state: new, updated, resolution_proposed, closed or not_applicable
-- @mended: whether the value is no longer what the query was about
-- @steps: how often people took a step in it
create view query as
select
    n.study_id as patient_id,
    q.query,
    q.rule,
    q.from_table,
    q.record_id,
    q.column_name,
    q.value,
    q.state,
    q.mended,
    q.steps
from query q
join patient_number n using (patient_id)
where q.patient_id not in (select patient_id from withdrawn_use);
