-- One row per visit and item of haematocrit, ESR or albumin with a laboratory value of that day
-- that decides it; failed when the item has other points.
-- @says: The item {item} has {points} points, but {analyte} of {value} {unit} on that day gives
-- {expected}.
-- @do: Correct the item or the laboratory value.
-- @category: plausibleAtemporal
-- @from: PCDAI: Hyams et al., J Pediatr Gastroenterol Nutr 1991;12:439-447; haematocrit by age and
-- sex
create view pcdai_laboratory_item as
with scored as (
    select patient_id, record_id, visited_on, 'hematocrit' as item, 'HCT' as analyte,
        hematocrit as points
    from pcdai_visit
    where hematocrit is not null
    union all
    select patient_id, record_id, visited_on, 'esr', 'ESR', esr
    from pcdai_visit
    where esr is not null
    union all
    select patient_id, record_id, visited_on, 'albumin', 'ALB', albumin
    from pcdai_visit
    where albumin is not null
),
held as (
    select
        s.*,
        l.record_id as lab_record_id,
        concat(l.value_comparator, trim_scale(l.value)) as measured,
        l.unit,
        b.reading::numeric as expected
    from scored s
    join patient p on p.patient_id = s.patient_id
    join lab_result l
        on l.patient_id = s.patient_id
        and l.collected_on = s.visited_on
        and l.analyte = s.analyte
    join analyte_unit u on u.analyte = l.analyte and u.unit = l.unit
    -- A value known by its limit alone lies in a band only if the limit proves it. With "limit 1"
    -- (there is never more) the values of a visit are found before their bands.
    cross join lateral (
        select b.reading
        from score_band b
        where
            b.measure = s.item
            and b.sex in ('any', p.sex)
            and b.years @> extract(year from age(s.visited_on, p.birth_date))::integer
            and b.band @> case l.value_comparator
                when '<' then numrange(null, l.value * u.factor)
                when '>' then numrange(l.value * u.factor, null, '()')
                else numrange(l.value * u.factor, l.value * u.factor, '[]')
            end
        limit 1
    ) b
)
select
    patient_id,
    'pcdai_visit' as from_table,
    record_id,
    visited_on as record_on,
    item as about,
    item as column_name,
    trim_scale(points)::text as value,
    'lab_result' as with_table,
    lab_record_id as with_record_id,
    points <> expected as failed,
    jsonb_build_object(
        'item',
        item,
        'points',
        trim_scale(points),
        'analyte',
        analyte,
        'value',
        measured,
        'unit',
        unit,
        'expected',
        expected
    ) as facts
from held;
