-- One row per definition and infusion up to the data cut: its place in the course, its interval, and
-- whether it intensifies the treatment.
-- After the fourth infusion an infusion intensifies when its dose per kg is up, or its interval
-- shorter than the one before, by the definition's amounts. Doses are held against each other as
-- products, so that no quotient is rounded.
-- Source: the study's outcomes after loss; the amounts are this registry's choice.
-- @methods levels: After the fourth infusion treatment is intensified by a dose per kg up by at least
-- {intensification_dose_mg_per_kg} mg/kg, or an interval shorter by at least
-- {intensification_interval_days:day|days}, against the infusion before.
-- @parameters: intensification_dose_mg_per_kg, intensification_interval_days
-- @number: place of the infusion in the course
-- @interval_days: days since the infusion before
-- @dose_raised: whether the dose per kg is up by the definition's amount
-- @interval_shortened: whether the interval is shorter by the definition's amount
-- @intensified: whether the infusion intensifies the treatment
create view infusion_step as
with stepped as (
    select
        d.name as definition,
        i.*,
        d.intensification_dose_mg_per_kg,
        d.intensification_interval_days,
        row_number() over course as number,
        lag(i.dose_mg) over course as dose_before,
        lag(i.weight_kg) over course as weight_before,
        i.infused_on - lag(i.infused_on) over course as interval_days,
        lag(i.infused_on) over course - lag(i.infused_on, 2) over course as interval_before
    from infusion i
    join definition d on i.infused_on <= d.cut_on
    window course as (partition by d.name, i.patient_id order by i.infused_on)
),
compared as (
    select
        *,
        number > 4
            and dose_mg * weight_before - dose_before * weight_kg
            >= intensification_dose_mg_per_kg * weight_kg * weight_before as dose_raised,
        number > 4 and interval_before - interval_days >= intensification_interval_days
            as interval_shortened
    from stepped
)
select
    definition,
    patient_id,
    record_id,
    number,
    infused_on,
    dose_mg,
    weight_kg,
    product,
    interval_days,
    dose_raised,
    interval_shortened,
    dose_raised or interval_shortened as intensified
from compared;
