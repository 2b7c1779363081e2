-- One row per record that fails a rule of plausibility, with the state of its query: what somebody
-- has confirmed, or held not to be the rule's, is answered for as long as the value stands.
-- Source: the rules of plausibility and the answers of people; states as in OpenClinica.
-- @finding: name of the finding, stays while what was found does
-- @state: state of its query; new until somebody answers
-- @answered: whether the query is settled although the record fails
create view finding as
with named as (
    select
        f.*,
        finding_key(f.rule, n.study_id, f.from_table, f.record_id, f.column_name, f.facts)
            as finding
    from plausibility f
    join patient_number n using (patient_id)
    where f.failed
)
select
    f.*,
    coalesce(s.state, 'new') as state,
    coalesce(s.state in ('closed', 'not_applicable'), false) as answered
from named f
left join lateral (
    select q.state
    from query_step q
    where q.patient_id = f.patient_id and q.query = f.finding
    order by q.step_id desc
    limit 1
) s on true;
