-- One row per anthropometry record: Z-scores of height and BMI for age by the LMS method. A height
-- below 24 months is taken as measured lying, from then on as standing. No Z-score is computed past
-- 228 months of age.
-- Without "with", so that of who joins some of the records the scores of these alone are computed;
-- who names a score often has it computed often, and reads anthropometry_z.
-- Source: WHO Child Growth Standards 2006 (0-60 months) and WHO Growth Reference 2007 (61-228
-- months), with the WHO's restricted rule for a BMI beyond 3 SD; a month is 30.4375 days.
-- @entered_height_z: the entered Z-score of height
-- @entered_bmi_z: the entered Z-score of BMI
-- @computed_height_z: Z-score of height for age by the growth reference, also where one is entered
-- @computed_bmi_z: Z-score of BMI for age by the growth reference, also where one is entered
create view z_score as
select
    a.patient_id,
    a.record_id,
    a.measured_on,
    a.height_z as entered_height_z,
    a.bmi_z as entered_bmi_z,
    computed.height_z as computed_height_z,
    computed.bmi_z as computed_bmi_z,
    coalesce(a.height_z, computed.height_z) as height_z,
    coalesce(a.bmi_z, computed.bmi_z) as bmi_z
from anthropometry a
join patient p using (patient_id)
-- "offset 0" makes the month one value, which the server can look up once and remember.
cross join lateral (
    select floor(months)::integer as month, months - floor(months) as part
    from (
        values ((a.measured_on - p.birth_date) / days_per_month()::double precision)
    ) as age (months)
    offset 0
) age
-- "limit 1" (there is never more) keeps this a lookup by key in the smallest and in the largest
-- registry.
left join lateral (
    select * from growth_interval g
    where g.measure = 'height' and g.sex = p.sex and g.month = age.month
    limit 1
) h on true
left join lateral (
    select * from growth_interval g
    where g.measure = 'bmi' and g.sex = p.sex and g.month = age.month
    limit 1
) b on true
-- Height needs no restricted score: its L is 1, so that it is linear as it is.
cross join lateral (
    select
        lms_score(
            a.height_cm::double precision,
            h.l + age.part * h.l_change,
            h.m + age.part * h.m_change,
            h.s + age.part * h.s_change
        )::numeric(8, 4) as height_z,
        restricted_score(
            a.weight_kg::double precision / power(a.height_cm::double precision / 100, 2),
            b.l + age.part * b.l_change,
            b.m + age.part * b.m_change,
            b.s + age.part * b.s_change
        )::numeric(8, 4) as bmi_z
) computed;
