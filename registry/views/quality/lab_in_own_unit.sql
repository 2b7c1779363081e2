-- One row per laboratory value of an analyte that has a usual range: the value in the analyte's own
-- unit, the range, and on which side of it the value lies.
-- Source: usual ranges are this registry's choice, wide enough for a sick child.
-- @factor: what a value in its unit is multiplied with for the own unit
-- @own_unit: the analyte's own unit
-- @own_value: the value in the analyte's own unit
-- @usual_low: lower end of the usual range
-- @usual_high: upper end of the usual range
-- @outside: low or high where the value lies outside; empty where it does not, or a limit proves
-- nothing
create view lab_in_own_unit as
with usual as (
    select a.analyte, low.value as usual_low, high.value as usual_high
    from (select distinct analyte from analyte_unit) a
    join entry_limit low on low.key = 'usual_low_' || a.analyte
    join entry_limit high on high.key = 'usual_high_' || a.analyte
)
select
    l.patient_id,
    l.record_id,
    l.collected_on,
    l.analyte,
    l.value,
    l.value_comparator,
    l.unit,
    n.factor,
    n.own_unit,
    l.value * n.factor as own_value,
    u.usual_low,
    u.usual_high,
    case
        when is_below(l.value * n.factor, l.value_comparator, u.usual_low) then 'low'
        when is_above(l.value * n.factor, l.value_comparator, u.usual_high) then 'high'
    end as outside
from lab_result l
join analyte_unit n using (analyte, unit)
join usual u using (analyte);
