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
    select v.patient_id, v.record_id, v.visited_on, s.item, s.points, l.record_id as lab_record_id,
        l.analyte, l.value, l.value_comparator, l.unit
    from pcdai_visit v
    join lab_result l on l.patient_id = v.patient_id and l.collected_on = v.visited_on
    join lateral (
        values
            ('hematocrit', 'HCT', v.hematocrit),
            ('esr', 'ESR', v.esr),
            ('albumin', 'ALB', v.albumin)
    ) s (item, analyte, points) on s.analyte = l.analyte and s.points is not null
    -- Before the visits are gone through.
    where l.analyte in ('HCT', 'ESR', 'ALB')
),
held as (
    select
        s.*,
        concat(s.value_comparator, trim_scale(s.value)) as measured,
        b.reading::numeric as expected
    from scored s
    join patient p on p.patient_id = s.patient_id
    -- A value known by its limit alone lies in a band only if the limit proves it. With "limit 1"
    -- (there is never more) the values of a visit are found before their bands.
    cross join lateral (
        select b.reading
        from analyte_unit u
        cross join score_band b
        where
            u.analyte = s.analyte
            and u.unit = s.unit
            and b.measure = s.item
            and b.sex in ('any', p.sex)
            and b.years @> extract(year from age(s.visited_on, p.birth_date))::integer
            and b.band @> case s.value_comparator
                when '<' then numrange(null, s.value * u.factor)
                when '>' then numrange(s.value * u.factor, null, '()')
                else numrange(s.value * u.factor, s.value * u.factor, '[]')
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
