-- One row per change of a patient's state, with the run that found it.
-- @found_at: when the run that found the change was done
create view status_transition as
select
    t.definition,
    n.study_id as patient_id,
    t.from_state,
    t.to_state,
    t.on_date,
    t.run_id,
    r.finished_at as found_at
from status_transition t
join patient_number n using (patient_id)
join derivation_run r using (run_id);
