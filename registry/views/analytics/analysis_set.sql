-- One row per eligible patient and definition: time, event and the 21 covariates of the univariate
-- table as yes or no; null where the data do not say.
-- The last three covariates are acquired after t0: held fixed they carry immortal-time bias.
-- Source: the stored status and the levels of baseline.
create view analysis_set as
select
    definition,
    patient_id,
    start_on,
    time_days,
    event,
    censor_reason,
    induction_outcome,
    sex_female,
    veo_cd,
    duration_ge_6_months,
    initial_dose_ge_7,
    bmi_z_low,
    perianal,
    severity_moderate_severe,
    location_l2,
    upper_gi,
    behaviour_b2_b3,
    growth_delay,
    crp_high,
    esr_high,
    wbc_high,
    hb_low,
    plt_high,
    alb_low,
    response_without_remission,
    ifx_monotherapy,
    ifx_with_glucocorticoid,
    im_over_6_months
from baseline;
