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
-- @once of_one: read by the rules of laboratory values
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
    h.likely_unit,
    h.likely_value,
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
        h.likely_unit,
        'likely',
        trim_scale(h.likely_value)
    ) as facts
from (
    -- Only what lies outside is held against slips: to ask it of every value is dear.
    select o.*, unit.likely_unit, coalesce(unit.likely_value, slip.likely_value) as likely_value
    from lab_in_own_unit o
    left join lateral (
        select u.unit as likely_unit, o.value * u.factor as likely_value
        from analyte_unit u
        where
            u.analyte = o.analyte
            and u.factor <> o.factor
            and o.value * u.factor between o.usual_low and o.usual_high
        order by u.factor, u.unit
        limit 1
    ) unit on true
    left join lateral (
        select o.own_value * s.factor as likely_value
        from (values (1, 0.1), (1, 10), (2, 0.001), (2, 1000), (3, 0.01), (3, 100)) s (place, factor)
        where
            unit.likely_unit is null
            and o.value > 0
            and o.own_value * s.factor between o.usual_low and o.usual_high
        order by s.place
        limit 1
    ) slip on true
    where o.outside is not null
    union all
    select *, null, null
    from lab_in_own_unit
    where outside is null
) h;
