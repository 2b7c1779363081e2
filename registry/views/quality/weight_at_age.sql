-- One row per weight of a child, measured or taken at an infusion, beside the WHO's median of that
-- age: past 120 months, where the WHO has no weight for age, that of a child with the median height
-- and BMI; past 228 months that of 228. Held to the completed month, which is exact enough for
-- what is not plausible.
-- Source: WHO Child Growth Standards 2006, WHO Growth Reference 2007; how far off is too far is WHO's
-- flag of a Z-score, or this registry's choice where there is none.
-- @born_on: day of the birth
-- @median_kg: median weight of children of that age and sex (kg)
-- @age_months: completed months of age
-- @off_age: whether the weight is not plausible at that age
create view weight_at_age as
with aged as (
    select
        w.patient_id,
        w.record_id,
        w.place,
        w.weighed_on,
        w.weight_kg,
        p.sex,
        p.birth_date,
        least(floor((w.weighed_on - p.birth_date) / 30.4375)::integer, 228) as age_months
    from weighing w
    join patient p on p.patient_id = w.patient_id
),
referenced as (
    select a.*, g.l, g.m, g.s, coalesce(g.m, b.m * h.m * h.m / 10000) as median_kg
    from aged a
    left join growth_reference g
        on g.measure = 'weight' and g.sex = a.sex and g.position = 'any' and g.month = a.age_months
    left join growth_reference h
        on h.measure = 'height'
        and h.sex = a.sex
        and h.position = 'standing'
        and h.month = a.age_months
        and a.age_months > 120
    left join growth_reference b
        on b.measure = 'bmi'
        and b.sex = a.sex
        and b.position = 'standing'
        and b.month = a.age_months
        and a.age_months > 120
)
select
    r.patient_id,
    r.record_id,
    r.place,
    r.weighed_on,
    r.weight_kg,
    r.birth_date as born_on,
    r.age_months,
    r.median_kg,
    case
        when r.m is not null then
            abs(
                restricted_score(
                    r.weight_kg::double precision,
                    r.l::double precision,
                    r.m::double precision,
                    r.s::double precision
                )
            ) > z.value
        else
            r.weight_kg * 100 < low.value * r.median_kg
            or r.weight_kg * 100 > high.value * r.median_kg
    end as off_age
from referenced r
join entry_limit z on z.key = 'z_implausible_weight'
join entry_limit low on low.key = 'weight_of_median_low'
join entry_limit high on high.key = 'weight_of_median_high';
