-- One row per laboratory value of an analyte that has a usual range: the value in the analyte's own
-- unit, the range, and on which side of it the value lies.
-- Source: usual ranges are this registry's choice, wide enough for a sick child.
-- @factor: what a value in its unit is multiplied with for the own unit
-- @own_unit: the analyte's own unit
-- @own_value: the value in the analyte's own unit
-- @usual_low: lower end of the usual range
-- @usual_high: upper end of the usual range
-- @fold: by how many times it may differ from one sample to the next; empty where it moves more
-- @outside: low or high where the value lies outside; empty where it does not, or a limit proves
-- nothing
-- @once: read by the rules of laboratory values
create view lab_in_own_unit as
with usual as (
    -- "offset 0" makes one table of what a unit is held to, so that a value is looked up once.
    select n.*, low.value as usual_low, high.value as usual_high, f.value as fold
    from analyte_unit n
    join entry_limit low on low.key = 'usual_low_' || n.analyte
    join entry_limit high on high.key = 'usual_high_' || n.analyte
    left join entry_limit f on f.key = 'lab_fold_' || n.analyte
    offset 0
)
select
    l.patient_id,
    l.record_id,
    l.collected_on,
    l.analyte,
    l.value,
    l.value_comparator,
    l.unit,
    u.factor,
    u.own_unit,
    l.value * u.factor as own_value,
    u.usual_low,
    u.usual_high,
    u.fold,
    case
        when is_below(l.value * u.factor, l.value_comparator, u.usual_low) then 'low'
        when is_above(l.value * u.factor, l.value_comparator, u.usual_high) then 'high'
    end as outside
from lab_result l
join usual u using (analyte, unit);
