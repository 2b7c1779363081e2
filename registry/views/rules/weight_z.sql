-- One row per anthropometry record with a weight: Z-score of weight for age by the LMS method. WHO
-- has no weight for age past 120 months, where puberty parts children of one age.
-- Source: WHO Child Growth Standards 2006 (0-60 months) and WHO Growth Reference 2007 (61-120
-- months), with the WHO's restricted rule beyond 3 SD; a month is 30.4375 days.
-- @weight_z: Z-score of weight for age, computed; empty past 120 months of age
create view weight_z as
select
    a.patient_id,
    a.record_id,
    a.measured_on,
    restricted_score(
        a.weight_kg::double precision,
        (this.l + part * (next.l - this.l))::double precision,
        (this.m + part * (next.m - this.m))::double precision,
        (this.s + part * (next.s - this.s))::double precision
    )::numeric(8, 4) as weight_z
from anthropometry a
join patient p using (patient_id)
cross join lateral (select (a.measured_on - p.birth_date) / 30.4375 as months) age
cross join lateral (select floor(months)::integer as month, months - floor(months) as part) lms
left join growth_reference this
    on this.measure = 'weight' and this.sex = p.sex and this.month = lms.month
left join growth_reference next
    on next.measure = 'weight' and next.sex = p.sex and next.month = lms.month + 1
where a.weight_kg is not null;
