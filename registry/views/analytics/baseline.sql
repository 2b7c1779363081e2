-- One row per eligible patient and definition: what is known at t0, values beside their levels, and
-- the days of concomitant treatment.
-- Phenotype: the last assessment on or before t0. Laboratory values and anthropometry: the last
-- value in the window before t0, laboratory values in the analyte's own unit, Z-scores entered or
-- computed. A date of onset or diagnosis known to the month or year stands for the middle of it.
-- Concomitant treatment counts from t0 to the end of observation: stop minus start, courses that
-- overlap each other once, an open course to the end, one begun before t0 from t0; no course means
-- no drug. A stop known to the month or year stands for the middle of it; of a course whose stop is
-- unknown the first day counts, or nothing, by the definition. It is acquired after t0: held fixed it carries immortal-time bias.
-- Source: the clinical tables at the stored t0, held to the cut-offs of the definition.
-- @methods covariates: Covariates are those known at the first infusion: laboratory values and
-- anthropometry the last on its day or up to {covariate_window_days:day|days} before it, the phenotype
-- by the last Paris classification up to it.
-- @methods covariates: Very early onset is before the age of {veo_before_years} years; the first dose
-- is high from {dose_from_mg_per_kg} mg/kg; a BMI Z-score of at most {bmi_z_at_most} is low.
-- @methods covariates if duration_origin=onset: The duration of disease counts from its onset and is
-- long from {duration_from_months} months.
-- @methods covariates if duration_origin=diagnosis: The duration of disease counts from its diagnosis
-- and is long from {duration_from_months} months.
-- @methods covariates: A baseline PCDAI is mild from {severity_mild_from}, moderate from
-- {severity_moderate_from} and severe from {severity_severe_from}; below mild it has no level. High
-- are CRP above {crp_above} mg/L, ESR above {esr_above} mm/h, white cells above {wbc_above} and
-- platelets above {plt_above} ×10⁹/L, low are haemoglobin below {hb_below} and albumin below
-- {alb_below} g/L.
-- @methods covariates: As fixed covariates, treatment beside infliximab is what was given up to the end
-- of observation: an immunomodulator for more than {im_min_days:day|days}, a glucocorticoid, or
-- neither. These are decided after the first infusion and carry immortal-time bias. An empty value is
-- missing, never no.
-- @parameters: covariate_window_days, veo_before_years, dose_from_mg_per_kg, bmi_z_at_most,
-- duration_origin, duration_from_months, severity_mild_from, severity_moderate_from,
-- severity_severe_from, crp_above, esr_above, wbc_above, plt_above, hb_below, alb_below, im_min_days
-- @age_at_start_years: age at t0 (years of 365.25 days)
-- @onset_known_to: day, month or year; what is derived from the onset is as coarse
-- @onset_age_years: completed years of age at onset
-- @duration_before_start_days: days from onset (or diagnosis, by the definition) to t0
-- @duration_before_start_months: the same in months
-- @initial_dose_mg: dose of the first infusion (mg)
-- @initial_weight_kg: weight at the first infusion (kg)
-- @initial_dose_mg_per_kg: dose of the first infusion per kg (mg/kg)
-- @upper_gi_location: Paris upper disease, L4a, L4b or L4ab; empty = none
-- @severity: remission, mild, moderate or severe by the baseline PCDAI
-- @phenotype_assessed_on: day of the assessment that counts; empty without one
-- @prior_surgery: an operation before t0
-- @infusions: infusions within the observation
-- @cdeis: CDEIS of the last endoscopy on or before t0 (points)
-- @crp: CRP (mg/L)
-- @crp_comparator: < or > when crp is a limit
-- @esr: ESR (mm/h)
-- @esr_comparator: < or > when esr is a limit
-- @wbc: white cells (10^9/L)
-- @wbc_comparator: < or > when wbc is a limit
-- @hb: haemoglobin (g/L)
-- @hb_comparator: < or > when hb is a limit
-- @plt: platelets (10^9/L)
-- @plt_comparator: < or > when plt is a limit
-- @alb: albumin (g/L)
-- @alb_comparator: < or > when alb is a limit
-- @immunomodulator_days: days on azathioprine, mercaptopurine or methotrexate
-- @glucocorticoid_days: days on a glucocorticoid
-- @stops_known_to: day, month, year or unknown: the least known stop of the courses of either class
-- that matter; the days and what is derived from them are as coarse; empty where none has stopped
create view baseline as
with known as (
    select
        s.definition,
        n.study_id as patient_id,
        p.centre,
        p.sex,
        p.birth_date,
        s.start_on,
        (s.start_on - p.birth_date) / (12 * days_per_month()) as age_at_start_years,
        onset.onset_on,
        case when onset.onset_on is not null then p.onset_on_precision end as onset_known_to,
        extract(year from age(onset.onset_on, p.birth_date))::integer as onset_age_years,
        duration.days as duration_before_start_days,
        months(duration.days) as duration_before_start_months,
        i.dose_mg as initial_dose_mg,
        i.weight_kg as initial_weight_kg,
        i.dose_mg / i.weight_kg as initial_dose_mg_per_kg,
        z.height_z,
        z.bmi_z,
        s.baseline_pcdai,
        pcdai_severity(
            s.baseline_pcdai,
            d.severity_mild_from,
            d.severity_moderate_from,
            d.severity_severe_from
        ) as severity,
        s.week14_pcdai,
        f.assessed_on as phenotype_assessed_on,
        f.location,
        f.upper_gi,
        f.behaviour,
        f.perianal,
        f.growth,
        exists (
            select from surgery o where o.patient_id = s.patient_id and o.performed_on < s.start_on
        ) as prior_surgery,
        (
            select count(*)
            from infusion c
            where c.patient_id = s.patient_id and c.infused_on between s.start_on and s.end_on
        ) as infusions,
        e.cdeis,
        l.crp * (own.factors -> ('CRP ' || l.crp_unit))::numeric as crp,
        l.crp_comparator,
        l.esr * (own.factors -> ('ESR ' || l.esr_unit))::numeric as esr,
        l.esr_comparator,
        l.wbc * (own.factors -> ('WBC ' || l.wbc_unit))::numeric as wbc,
        l.wbc_comparator,
        l.hb * (own.factors -> ('HGB ' || l.hb_unit))::numeric as hb,
        l.hb_comparator,
        l.plt * (own.factors -> ('PLT ' || l.plt_unit))::numeric as plt,
        l.plt_comparator,
        l.alb * (own.factors -> ('ALB ' || l.alb_unit))::numeric as alb,
        l.alb_comparator,
        coalesce(m.immunomodulator_days, 0) as immunomodulator_days,
        coalesce(m.glucocorticoid_days, 0) as glucocorticoid_days,
        m.stops_known_to,
        s.induction_outcome,
        s.time_days,
        s.event,
        s.censor_reason,
        d.veo_before_years,
        d.duration_from_months,
        d.dose_from_mg_per_kg,
        d.bmi_z_at_most,
        d.crp_above,
        d.esr_above,
        d.wbc_above,
        d.hb_below,
        d.plt_above,
        d.alb_below,
        d.im_min_days
    from lor_status s
    join definition d on d.name = s.definition
    join patient p using (patient_id)
    join patient_number n using (patient_id)
    -- A day after the data cut is not seen; one known to the month or year is never after t0.
    cross join lateral (
        select
            date_in_period(p.onset_on, p.onset_on_precision, p.birth_date, s.start_on) as onset_on,
            date_in_period(
                p.diagnosed_on, p.diagnosed_on_precision, p.birth_date, s.start_on
            ) as diagnosed_on
    ) day
    cross join lateral (
        select case when day.onset_on <= d.cut_on then day.onset_on end as onset_on
    ) onset
    cross join lateral (
        select case when day.diagnosed_on <= d.cut_on then day.diagnosed_on end as diagnosed_on
    ) diagnosis
    cross join lateral (
        select
            s.start_on - case d.duration_origin
                when 'onset' then onset.onset_on
                else diagnosis.diagnosed_on
            end as days
    ) duration
    -- What is asked of one child stands as an aggregate of the child's rows: one row, so that the
    -- server leaves a join out of whose columns a reader asks for none. The number is the patient's,
    -- not the status's, of which there are several a child: for these it would keep each answer.
    left join lateral (
        select max(i.dose_mg) as dose_mg, max(i.weight_kg) as weight_kg
        from infusion i
        where i.patient_id = p.patient_id and i.infused_on = s.start_on
    ) i on true
    left join lateral (
        select
            max(t.assessed_on) as assessed_on,
            max(t.location) as location,
            max(t.upper_gi) as upper_gi,
            max(t.behaviour) as behaviour,
            bool_or(t.perianal) as perianal,
            max(t.growth) as growth
        from (
            select t.*
            from phenotype t
            where t.patient_id = p.patient_id and t.assessed_on <= s.start_on
            order by t.assessed_on desc
            limit 1
        ) t
    ) f on true
    left join lateral (
        select (array_agg(y.cdeis order by y.performed_on desc))[1] as cdeis
        from endoscopy y
        where
            y.patient_id = p.patient_id and y.performed_on <= s.start_on and y.cdeis is not null
    ) e on true
    -- Every result of the window, the last first: the first of an analyte is the one that counts.
    left join lateral (
        select
            (array_agg(r.value) filter (where r.analyte = 'CRP'))[1] as crp,
            (array_agg(r.unit) filter (where r.analyte = 'CRP'))[1] as crp_unit,
            (array_agg(r.comparator) filter (where r.analyte = 'CRP'))[1] as crp_comparator,
            (array_agg(r.value) filter (where r.analyte = 'ESR'))[1] as esr,
            (array_agg(r.unit) filter (where r.analyte = 'ESR'))[1] as esr_unit,
            (array_agg(r.comparator) filter (where r.analyte = 'ESR'))[1] as esr_comparator,
            (array_agg(r.value) filter (where r.analyte = 'WBC'))[1] as wbc,
            (array_agg(r.unit) filter (where r.analyte = 'WBC'))[1] as wbc_unit,
            (array_agg(r.comparator) filter (where r.analyte = 'WBC'))[1] as wbc_comparator,
            (array_agg(r.value) filter (where r.analyte = 'HGB'))[1] as hb,
            (array_agg(r.unit) filter (where r.analyte = 'HGB'))[1] as hb_unit,
            (array_agg(r.comparator) filter (where r.analyte = 'HGB'))[1] as hb_comparator,
            (array_agg(r.value) filter (where r.analyte = 'PLT'))[1] as plt,
            (array_agg(r.unit) filter (where r.analyte = 'PLT'))[1] as plt_unit,
            (array_agg(r.comparator) filter (where r.analyte = 'PLT'))[1] as plt_comparator,
            (array_agg(r.value) filter (where r.analyte = 'ALB'))[1] as alb,
            (array_agg(r.unit) filter (where r.analyte = 'ALB'))[1] as alb_unit,
            (array_agg(r.comparator) filter (where r.analyte = 'ALB'))[1] as alb_comparator
        from (
            select
                -- A unit without a factor says nothing.
                case
                    when (r.analyte, r.unit) in (select u.analyte, u.unit from analyte_unit u)
                        then r.analyte
                end as analyte,
                r.value,
                r.unit,
                r.value_comparator as comparator
            from lab_result r
            where
                r.patient_id = p.patient_id
                and r.collected_on between s.start_on - d.covariate_window_days and s.start_on
            order by r.collected_on desc, r.analyte desc
        ) r
    ) l on true
    -- What brings a value of a unit to the analyte's own.
    left join (
        select jsonb_object_agg(u.analyte || ' ' || u.unit, u.factor) as factors
        from analyte_unit u
    ) own on true
    -- One pass over what takes its time of each child: growth and courses of drugs. Here too a reader
    -- who asks for no column has the join left out, since no child can be met twice; of one
    -- definition, which reaches into the joins by the equality before, the server sees that by `|| ''`
    -- only: the definition it puts in is no column. The study id is there so that a reader of one
    -- child reaches into them.
    left join (
        select
            s.definition,
            s.patient_id,
            n.study_id,
            (array_agg(a.height_z order by a.measured_on desc) filter (
                where a.height_z is not null
            ))[1] as height_z,
            (array_agg(a.bmi_z order by a.measured_on desc) filter (where a.bmi_z is not null))[1]
                as bmi_z
        from lor_status s
        join patient_number n using (patient_id)
        join definition d on d.name = s.definition
        join z_score a
            on a.patient_id = s.patient_id
            and a.measured_on between s.start_on - d.covariate_window_days and s.start_on
        where s.eligible
        group by s.definition, s.patient_id, n.study_id
    ) z
        on z.patient_id = s.patient_id
        and z.study_id = n.study_id
        and z.definition = s.definition
        and z.definition = s.definition || ''
    left join (
        select
            definition,
            patient_id,
            study_id,
            sum(greatest(to_on - greatest(from_on, reached_on), 0)) filter (
                where drug_class = 'immunomodulator'
            ) as immunomodulator_days,
            sum(greatest(to_on - greatest(from_on, reached_on), 0)) filter (
                where drug_class = 'glucocorticoid'
            ) as glucocorticoid_days,
            -- A course that has ended before t0 does not matter, if that is sure.
            coarsest(array_agg(stop_known_to) filter (where from_on < least(stopped_by, end_on)))
                as stops_known_to
        from (
            -- How far the courses of its class that began before a course reach.
            select
                *,
                max(to_on) over (
                    partition by definition, patient_id, study_id, drug_class
                    order by from_on
                    rows between unbounded preceding and 1 preceding
                ) as reached_on
            from (
                select
                    s.definition,
                    s.patient_id,
                    n.study_id,
                    s.end_on,
                    c.drug_class,
                    c.stop_known_to,
                    c.stopped_by,
                    greatest(c.started_on, s.start_on) as from_on,
                    least(c.counts_until, s.end_on) as to_on
                from lor_status s
                join patient_number n using (patient_id)
                join drug_course c on c.definition = s.definition and c.patient_id = s.patient_id
                where s.eligible and c.drug_class in ('immunomodulator', 'glucocorticoid')
            ) taken
        ) following
        group by definition, patient_id, study_id
    ) m
        on m.patient_id = s.patient_id
        and m.study_id = n.study_id
        and m.definition = s.definition
        and m.definition = s.definition || ''
    where s.eligible
)
select
    definition,
    patient_id,
    centre,
    start_on,
    birth_date,
    age_at_start_years,
    sex,
    sex = 'female' as sex_female,
    onset_on,
    onset_known_to,
    onset_age_years,
    onset_age_years < veo_before_years as veo_cd,
    duration_before_start_days,
    duration_before_start_months,
    duration_before_start_months >= duration_from_months as duration_ge_6_months,
    initial_dose_mg,
    initial_weight_kg,
    initial_dose_mg_per_kg,
    initial_dose_mg >= dose_from_mg_per_kg * initial_weight_kg as initial_dose_ge_7,
    height_z,
    bmi_z,
    bmi_z <= bmi_z_at_most as bmi_z_low,
    phenotype_assessed_on,
    perianal,
    baseline_pcdai,
    severity,
    case when severity <> 'remission' then severity in ('moderate', 'severe') end
        as severity_moderate_severe,
    location,
    case when location <> 'none' then location = 'L2' end as location_l2,
    upper_gi as upper_gi_location,
    case when phenotype_assessed_on is not null then upper_gi is not null end as upper_gi,
    behaviour,
    behaviour in ('B2', 'B3', 'B2B3') as behaviour_b2_b3,
    growth,
    growth = 'G1' as growth_delay,
    crp,
    crp_comparator,
    is_above(crp, crp_comparator, crp_above) as crp_high,
    esr,
    esr_comparator,
    is_above(esr, esr_comparator, esr_above) as esr_high,
    wbc,
    wbc_comparator,
    is_above(wbc, wbc_comparator, wbc_above) as wbc_high,
    hb,
    hb_comparator,
    is_below(hb, hb_comparator, hb_below) as hb_low,
    plt,
    plt_comparator,
    is_above(plt, plt_comparator, plt_above) as plt_high,
    alb,
    alb_comparator,
    is_below(alb, alb_comparator, alb_below) as alb_low,
    cdeis,
    prior_surgery,
    infusions,
    week14_pcdai,
    induction_outcome,
    induction_outcome = 'response' as response_without_remission,
    immunomodulator_days,
    glucocorticoid_days,
    stops_known_to,
    immunomodulator_days = 0 and glucocorticoid_days = 0 as ifx_monotherapy,
    glucocorticoid_days > 0 as ifx_with_glucocorticoid,
    immunomodulator_days > im_min_days as im_over_6_months,
    time_days,
    event,
    censor_reason
from known;
