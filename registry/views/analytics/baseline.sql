-- One row per eligible patient and definition: what is known at t0, values beside levels.
-- Phenotype: the last assessment on or before t0. Anthropometry: the last value in the window
-- before t0, entered or computed. A date of onset or diagnosis known to the month or year stands
-- for the middle of it.
-- Source: the clinical tables at the stored t0.
-- @age_at_start_years: age at t0 (years of 365.25 days)
-- @onset_known_to: day, month or year; what is derived from the onset is as coarse
-- @onset_age_years: completed years of age at onset
-- @duration_before_start_days: days from onset (or diagnosis, by the definition) to t0
-- @duration_before_start_months: the same in months
-- @initial_dose_mg: dose of the first infusion (mg)
-- @initial_weight_kg: weight at the first infusion (kg)
-- @initial_dose_mg_per_kg: dose of the first infusion per kg (mg/kg)
-- @severity: remission, mild, moderate or severe by the baseline PCDAI
-- @phenotype_assessed_on: day of the assessment that counts; empty without one
-- @prior_surgery: an operation before t0
-- @infusions: infusions within the observation
-- @cdeis: CDEIS of the last endoscopy on or before t0 (points)
create view baseline as
select
    s.definition,
    n.study_id as patient_id,
    p.centre,
    p.sex,
    p.birth_date,
    s.start_on,
    (s.start_on - p.birth_date) / 365.25 as age_at_start_years,
    onset.onset_on,
    p.onset_on_precision as onset_known_to,
    extract(year from age(onset.onset_on, p.birth_date))::integer as onset_age_years,
    duration.days as duration_before_start_days,
    months(duration.days) as duration_before_start_months,
    i.dose_mg as initial_dose_mg,
    i.weight_kg as initial_weight_kg,
    i.dose_mg / i.weight_kg as initial_dose_mg_per_kg,
    h.height_z,
    b.bmi_z,
    s.baseline_pcdai,
    case
        when s.baseline_pcdai >= d.severity_severe_from then 'severe'
        when s.baseline_pcdai >= d.severity_moderate_from then 'moderate'
        when s.baseline_pcdai >= d.severity_mild_from then 'mild'
        else 'remission'
    end as severity,
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
    s.event,
    s.time_days
from lor_status s
join definition d on d.name = s.definition
join patient p using (patient_id)
join patient_number n using (patient_id)
join infusion i on i.patient_id = s.patient_id and i.infused_on = s.start_on
cross join lateral (
    select
        date_in_period(p.onset_on, p.onset_on_precision, p.birth_date, s.start_on) as onset_on
) onset
cross join lateral (
    select
        s.start_on - case d.duration_origin
            when 'onset' then onset.onset_on
            else
                date_in_period(
                    p.diagnosed_on, p.diagnosed_on_precision, p.birth_date, s.start_on
                )
        end as days
) duration
left join lateral (
    select a.height_z
    from anthropometry_z a
    where
        a.patient_id = s.patient_id
        and a.measured_on between s.start_on - d.covariate_window_days and s.start_on
        and a.height_z is not null
    order by a.measured_on desc
    limit 1
) h on true
left join lateral (
    select a.bmi_z
    from anthropometry_z a
    where
        a.patient_id = s.patient_id
        and a.measured_on between s.start_on - d.covariate_window_days and s.start_on
        and a.bmi_z is not null
    order by a.measured_on desc
    limit 1
) b on true
left join lateral (
    select t.*
    from phenotype t
    where t.patient_id = s.patient_id and t.assessed_on <= s.start_on
    order by t.assessed_on desc
    limit 1
) f on true
left join lateral (
    select y.cdeis
    from endoscopy y
    where y.patient_id = s.patient_id and y.performed_on <= s.start_on and y.cdeis is not null
    order by y.performed_on desc
    limit 1
) e on true
where s.eligible;
