-- One row per anthropometry record: Z-scores of height and BMI for age by the LMS method. An
-- entered Z-score wins over a computed one. A height below 24 months is taken as measured lying, from
-- then on as standing. No Z-score is computed past 228 months of age.
-- Source: WHO Child Growth Standards 2006 (0-60 months) and WHO Growth Reference 2007 (61-228
-- months), with the WHO's restricted rule for a BMI beyond 3 SD; a month is 30.4375 days.
-- @height_z_source: where height_z comes from: entered or computed; empty without a Z-score
-- @bmi_z_source: where bmi_z comes from: entered or computed; empty without a Z-score
-- @computed_height_z: Z-score of height for age by the growth reference, also where one is entered
-- @computed_bmi_z: Z-score of BMI for age by the growth reference, also where one is entered
-- @once: read by the rules of Z-scores
create view anthropometry_z as
with measured as (
    select
        a.patient_id,
        a.record_id,
        a.measured_on,
        a.height_z as entered_height_z,
        a.bmi_z as entered_bmi_z,
        a.height_cm::double precision as height,
        a.weight_kg::double precision / power(a.height_cm::double precision / 100, 2) as bmi,
        p.sex,
        (a.measured_on - p.birth_date) / 30.4375::double precision as age_months
    from anthropometry a
    join patient p using (patient_id)
),
aged as (
    -- "offset 0" makes the month one value, which the server can look up once and remember.
    select measured.*, age.*
    from measured
    cross join lateral (
        select
            floor(age_months)::integer as month,
            age_months - floor(age_months) as part
        offset 0
    ) age
),
referenced as (
    -- "limit 1" (there is never more) keeps this a lookup by key in the smallest and in the
    -- largest registry.
    select
        aged.*,
        h.l + part * h.l_change as height_l,
        h.m + part * h.m_change as height_m,
        h.s + part * h.s_change as height_s,
        b.l + part * b.l_change as bmi_l,
        b.m + part * b.m_change as bmi_m,
        b.s + part * b.s_change as bmi_s
    from aged
    left join lateral (
        select * from growth_interval g
        where g.measure = 'height' and g.sex = aged.sex and g.month = aged.month
        limit 1
    ) h on true
    left join lateral (
        select * from growth_interval g
        where g.measure = 'bmi' and g.sex = aged.sex and g.month = aged.month
        limit 1
    ) b on true
),
computed as (
    -- Height needs no restricted score: its L is 1, so that it is linear as it is.
    select
        *,
        lms_score(height, height_l, height_m, height_s)::numeric(8, 4) as computed_height_z,
        restricted_score(bmi, bmi_l, bmi_m, bmi_s)::numeric(8, 4) as computed_bmi_z
    from referenced
)
select
    patient_id,
    record_id,
    measured_on,
    coalesce(entered_height_z, computed_height_z) as height_z,
    case
        when entered_height_z is not null then 'entered'
        when computed_height_z is not null then 'computed'
    end as height_z_source,
    coalesce(entered_bmi_z, computed_bmi_z) as bmi_z,
    case
        when entered_bmi_z is not null then 'entered'
        when computed_bmi_z is not null then 'computed'
    end as bmi_z_source,
    computed_height_z,
    computed_bmi_z
from computed;
