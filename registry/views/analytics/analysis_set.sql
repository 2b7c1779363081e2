-- One row per eligible patient and definition: time, event and the 21 covariates of the univariate
-- table as yes or no; null where the data do not say.
-- The last three covariates are acquired after t0: held fixed they carry immortal-time bias.
-- Source: the stored status and the baseline, held to the cut-offs of the definition.
create view analysis_set as
select
    s.definition,
    n.study_id as patient_id,
    s.start_on,
    s.time_days,
    s.event,
    s.censor_reason,
    s.induction_outcome,
    b.sex = 'female' as sex_female,
    b.onset_age_years < d.veo_before_years as veo_cd,
    b.duration_before_start_months >= d.duration_from_months as duration_ge_6_months,
    b.initial_dose_mg >= d.dose_from_mg_per_kg * b.initial_weight_kg as initial_dose_ge_7,
    b.bmi_z <= d.bmi_z_at_most as bmi_z_low,
    b.perianal,
    case b.severity
        when 'remission' then null
        else b.severity in ('moderate', 'severe')
    end as severity_moderate_severe,
    case when b.location <> 'none' then b.location = 'L2' end as location_l2,
    case when b.phenotype_assessed_on is not null then b.upper_gi is not null end as upper_gi,
    b.behaviour in ('B2', 'B3', 'B2B3') as behaviour_b2_b3,
    b.growth = 'G1' as growth_delay,
    is_above(l.crp, l.crp_comparator, d.crp_above) as crp_high,
    is_above(l.esr, l.esr_comparator, d.esr_above) as esr_high,
    is_above(l.wbc, l.wbc_comparator, d.wbc_above) as wbc_high,
    is_below(l.hb, l.hb_comparator, d.hb_below) as hb_low,
    is_above(l.plt, l.plt_comparator, d.plt_above) as plt_high,
    is_below(l.alb, l.alb_comparator, d.alb_below) as alb_low,
    s.induction_outcome = 'response' as response_without_remission,
    c.immunomodulator_days = 0 and c.glucocorticoid_days = 0 as ifx_monotherapy,
    c.glucocorticoid_days > 0 as ifx_with_glucocorticoid,
    c.immunomodulator_days > d.im_min_days as im_over_6_months
from lor_status s
join definition d on d.name = s.definition
join patient_number n using (patient_id)
join baseline b on b.definition = s.definition and b.patient_id = n.study_id
join baseline_laboratory l on l.definition = s.definition and l.patient_id = n.study_id
join concomitant_medication c on c.definition = s.definition and c.patient_id = n.study_id
where s.eligible;
