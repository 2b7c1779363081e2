-- One row per laboratory value of an analyte that has a usual range: the value in the analyte's own
-- unit, on which side of the range it lies, and which slip would explain it. Explained first by
-- another unit of the analyte, then by a decimal point one place away, then by a prefix (a
-- thousand), then by two places.
-- Source: usual ranges are this registry's choice, wide enough for a sick child.
-- @own_value: the value in the analyte's own unit
-- @own_unit: the analyte's own unit
-- @as_entered: the value as it was entered, with its operator
-- @outside: low or high where the value lies outside; empty where it does not, or a limit proves
-- nothing
-- @likely_unit: another unit in which the value would be usual
-- @likely_value: what the value would be with that unit or decimal point, in the own unit
create view lab_against_usual as
select
    h.patient_id,
    h.record_id,
    h.collected_on,
    h.analyte,
    h.value,
    h.unit,
    h.own_value,
    h.own_unit,
    concat(h.value_comparator, trim_scale(h.value)) as as_entered,
    h.outside,
    unit.likely_unit,
    coalesce(unit.likely_value, slip.likely_value) as likely_value,
    jsonb_build_object(
        'analyte',
        h.analyte,
        'on',
        h.collected_on,
        'value',
        concat(h.value_comparator, trim_scale(h.value)),
        'unit',
        h.unit,
        'low',
        trim_scale(h.usual_low),
        'high',
        trim_scale(h.usual_high),
        'own_unit',
        h.own_unit,
        'likely_unit',
        unit.likely_unit,
        'likely',
        trim_scale(coalesce(unit.likely_value, slip.likely_value))
    ) as facts
from lab_in_own_unit h
left join lateral (
    select o.unit as likely_unit, h.value * o.factor as likely_value
    from analyte_unit o
    where
        h.outside is not null
        and o.analyte = h.analyte
        and o.factor <> h.factor
        and h.value * o.factor between h.usual_low and h.usual_high
    order by o.factor, o.unit
    limit 1
) unit on true
left join lateral (
    select h.own_value * s.factor as likely_value
    from (values (1, 0.1), (1, 10), (2, 0.001), (2, 1000), (3, 0.01), (3, 100)) s (place, factor)
    where
        h.outside is not null
        and unit.likely_unit is null
        and h.value > 0
        and h.own_value * s.factor between h.usual_low and h.usual_high
    order by s.place
    limit 1
) slip on true;
