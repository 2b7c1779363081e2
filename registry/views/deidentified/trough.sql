-- One row per release, definition and drug level: whether it is a trough, which one, and where it lies
-- against the therapeutic threshold. The assay is free text and not told.
-- Source: the view trough.
create view trough as
select
    r.release,
    t.definition,
    r.child_id,
    t.eligible,
    t.event,
    t.day,
    t.within_observation,
    t.after_event,
    t.infusion_number,
    t.days_to_infusion,
    t.is_trough,
    t.timepoint,
    t.ifx_ug_ml,
    t.ifx_ug_ml_comparator,
    t.censored,
    t.trough_level,
    t.low_between_infusions,
    t.threshold_ug_ml,
    t.drug_tolerant,
    t.ada_au_ml,
    t.ada_au_ml_comparator,
    t.ada_status
from trough t
join patient_number n on n.study_id = t.patient_id
join released_child r on r.patient_id = n.patient_id;
