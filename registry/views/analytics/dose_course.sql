-- One row per definition and infusion up to the data cut: its place in the course, dose per kg,
-- interval, and whether it intensifies the treatment.
-- Source: the infusions, by the rule of intensification.
-- @dose_mg_per_kg: dose per kg of body weight (mg/kg)
create view dose_course as
select
    i.definition,
    n.study_id as patient_id,
    i.record_id,
    i.number,
    i.infused_on,
    i.dose_mg,
    i.weight_kg,
    i.dose_mg / i.weight_kg as dose_mg_per_kg,
    i.interval_days,
    i.dose_raised,
    i.interval_shortened,
    i.intensified,
    i.product
from infusion_step i
join patient_number n using (patient_id)
where i.patient_id not in (select patient_id from withdrawn_use);
