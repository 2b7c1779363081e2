-- One row per definition and patient: the derived status as last stored.
-- Source: the rules, by `registry derive`; freshness tells what is waiting.
-- @reason: first exclusion that holds; empty when eligible
create view status as
select
    s.definition,
    n.study_id as patient_id,
    s.eligible,
    s.reason,
    s.start_on,
    s.baseline_on,
    s.baseline_pcdai,
    s.week14_on,
    s.week14_pcdai,
    s.induction_outcome,
    s.event,
    s.event_on,
    s.event_pcdai,
    s.end_on,
    s.time_days,
    s.censor_reason,
    s.last_negative_on,
    s.state,
    s.deciding_table,
    s.deciding_record_id,
    s.deciding_on,
    s.definition_hash,
    s.run_id
from lor_status s
join patient_number n using (patient_id);
