-- One row per definition and variable of the cohort: in how many patients it is known and missing.
-- Values are those of the baseline view, the 21 covariates are held to the definition; the trough
-- is that of week 14. A patient counts as missing where the view's column is empty.
-- Source: the baseline, its covariates and the drug levels of the eligible patients.
-- @position: order of the variable
-- @variable: column of the baseline view, or week14_trough
-- @known: patients in whom it is known
-- @missing: patients in whom it is missing
-- @patients: patients in the cohort
create view missing_values as
with patient_value as (
    select
        definition,
        v.*
    from baseline b
    left join tdm_week14 t using (definition, patient_id)
    cross join lateral (
        values
            (1, 'sex', b.sex is null),
            (2, 'onset_on', b.onset_on is null),
            (3, 'duration_before_start_days', b.duration_before_start_days is null),
            (4, 'initial_dose_mg_per_kg', b.initial_dose_mg_per_kg is null),
            (5, 'height_z', b.height_z is null),
            (6, 'bmi_z', b.bmi_z is null),
            (7, 'baseline_pcdai', b.baseline_pcdai is null),
            (8, 'week14_pcdai', b.week14_pcdai is null),
            (9, 'location', b.location is null),
            (10, 'behaviour', b.behaviour is null),
            (11, 'perianal', b.perianal is null),
            (12, 'growth', b.growth is null),
            (13, 'crp', b.crp is null),
            (14, 'esr', b.esr is null),
            (15, 'wbc', b.wbc is null),
            (16, 'hb', b.hb is null),
            (17, 'plt', b.plt is null),
            (18, 'alb', b.alb is null),
            (19, 'cdeis', b.cdeis is null),
            (20, 'week14_trough', t.patient_id is null)
    ) as v (position, variable, is_missing)
)

select
    definition,
    position,
    variable,
    count(*) filter (where not is_missing) as known,
    count(*) filter (where is_missing) as missing,
    count(*) as patients
from patient_value
group by definition, position, variable;
