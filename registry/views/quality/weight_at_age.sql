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
-- @once: read by the rules of weights
create view weight_at_age as
with reference as (
    select
        sex,
        month,
        l::double precision,
        m::double precision,
        s::double precision,
        m as median_kg
    from growth_reference
    where measure = 'weight' and position = 'any'
    union all
    select h.sex, h.month, null, null, null, b.m * h.m * h.m / 10000
    from growth_reference h
    join growth_reference b using (sex, position, month)
    where h.measure = 'height' and b.measure = 'bmi' and position = 'standing' and month > 120
),
aged as (
    -- "offset 0" makes of the month and the weight one value each, for all that uses them.
    select w.*, p.sex, p.birth_date, a.age_months, a.kg
    from weighing w
    join patient p on p.patient_id = w.patient_id
    cross join lateral (
        select
            least(
                floor((w.weighed_on - p.birth_date) / days_per_month()::double precision)::integer,
                228
            ) as age_months,
            w.weight_kg::double precision as kg
        offset 0
    ) a
)
select
    a.patient_id,
    a.record_id,
    a.place,
    a.weighed_on,
    a.weight_kg,
    a.birth_date as born_on,
    a.age_months,
    r.median_kg,
    case
        when r.m is not null then abs(restricted_score(a.kg, r.l, r.m, r.s)) > z.value
        else
            a.weight_kg * 100 < low.value * r.median_kg
            or a.weight_kg * 100 > high.value * r.median_kg
    end as off_age
from aged a
left join reference r on r.sex = a.sex and r.month = a.age_months
join entry_limit z on z.key = 'z_implausible_weight'
join entry_limit low on low.key = 'weight_of_median_low'
join entry_limit high on high.key = 'weight_of_median_high';
