-- One row per anthropometry record with a weight: Z-score of weight for age by the LMS method. WHO
-- has no weight for age past 120 months, where puberty parts children of one age.
-- Source: WHO Child Growth Standards 2006 (0-60 months) and WHO Growth Reference 2007 (61-120
-- months), with the WHO's restricted rule beyond 3 SD; a month is 30.4375 days.
-- @weight_z: Z-score of weight for age, computed; empty past 120 months of age
create view weight_z as
with aged as (
    select
        a.patient_id,
        a.record_id,
        a.measured_on,
        a.weight_kg::double precision as weight,
        p.sex,
        (a.measured_on - p.birth_date) / days_per_month()::double precision as age_months
    from anthropometry a
    join patient p using (patient_id)
    where a.weight_kg is not null
),
referenced as (
    -- "offset 0" makes the month one value, which the server can look up once and remember.
    select g.*, part, i.l, i.m, i.s, i.l_change, i.m_change, i.s_change
    from aged g
    cross join lateral (
        select floor(age_months)::integer as month, age_months - floor(age_months) as part
        offset 0
    ) age
    left join lateral (
        select * from growth_interval i
        where i.measure = 'weight' and i.sex = g.sex and i.month = age.month
        limit 1
    ) i on true
)
select
    patient_id,
    record_id,
    measured_on,
    restricted_score(weight, l + part * l_change, m + part * m_change, s + part * s_change)
        ::numeric(8, 4) as weight_z
from referenced;
