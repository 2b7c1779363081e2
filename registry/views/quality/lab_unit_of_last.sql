-- One row per value of an analyte that does not move tenfold from one sample to the next, within
-- its usual range and with another such value beside it; failed when it is many times more or less
-- than the last and another unit would bring it near. As with weights it is not when the value
-- before the last, or the next, agrees with it.
-- @says: {analyte} of {value} {unit} is far from {last} {own_unit} of {last_on}; in {likely_unit}
-- it would be like it. Is the unit right?
-- @do: Correct the unit or the value.
-- @category: plausibleUnitConceptIds
-- @from: this registry's choice
create view lab_unit_of_last as
with usual as (
    select patient_id, record_id, collected_on, analyte, value, value_comparator, unit, own_value,
        own_unit, fold
    from lab_in_own_unit
    where fold is not null and outside is null and own_value > 0
),
neighbours as (
    select
        *,
        lag(own_value) over course as last_value,
        lag(collected_on) over course as last_on,
        lag(record_id) over course as last_record_id,
        lag(own_value, 2) over course as twice_value,
        lead(own_value) over course as next_value
    from usual
    window course as (partition by patient_id, analyte order by collected_on)
),
judged as (
    select
        *,
        far_apart(own_value, last_value, fold)
        and far_apart(own_value, twice_value, fold) is not false
        and far_apart(own_value, next_value, fold) is not false as is_far
    from neighbours
    where last_value is not null
)
select
    j.patient_id,
    'lab_result' as from_table,
    j.record_id,
    j.collected_on as record_on,
    j.analyte as about,
    'unit' as column_name,
    j.unit as value,
    'lab_result' as with_table,
    j.last_record_id as with_record_id,
    u.likely_unit is not null as failed,
    jsonb_build_object(
        'analyte',
        j.analyte,
        'value',
        concat(j.value_comparator, trim_scale(j.value)),
        'unit',
        j.unit,
        'last',
        trim_scale(j.last_value),
        'own_unit',
        j.own_unit,
        'last_on',
        j.last_on,
        'likely_unit',
        u.likely_unit
    ) as facts
from judged j
left join lateral (
    select u.unit as likely_unit
    from analyte_unit u
    where
        j.is_far
        and u.analyte = j.analyte
        and not far_apart(j.value * u.factor, j.last_value, j.fold)
    order by u.unit
    limit 1
) u on true;
