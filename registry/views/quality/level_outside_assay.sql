-- One row per level of infliximab or antibodies without an operator, of an assay that has reported
-- limits; failed when it is below the least that the assay ever reported as `<`, or above the most
-- that it reported as `>`: an assay gives no number outside what it measures.
-- @says: {measure} of {value} {unit} is outside what {assay} measures, {range}.
-- @do: Correct the level, its operator or the assay.
-- @category: plausibleValue
-- @from: the limits that levels of the same assay were reported with
-- @others: the limits that their levels were reported with
create view level_outside_assay as
with measured as (
    select l.patient_id, l.record_id, l.sampled_on, l.assay, x.*
    from tdm_level l
    cross join lateral (
        values
            ('ifx_ug_ml', 'Infliximab', 'ug/mL', l.ifx_ug_ml, l.ifx_ug_ml_comparator),
            ('ada_au_ml', 'Antibodies', 'AU/mL', l.ada_au_ml, l.ada_au_ml_comparator)
    ) x (column_name, measure, unit, value, comparator)
    where l.assay is not null and x.value is not null
),
-- Asked of each assay, of which there are few: an index has its least and its most.
reported as materialized (
    select a.name as assay, x.*
    from assay a
    cross join lateral (
        values
            (
                'ifx_ug_ml',
                (
                    select min(l.ifx_ug_ml)
                    from tdm_level l
                    where l.assay = a.name and l.ifx_ug_ml_comparator = '<'
                ),
                (
                    select max(l.ifx_ug_ml)
                    from tdm_level l
                    where l.assay = a.name and l.ifx_ug_ml_comparator = '>'
                )
            ),
            (
                'ada_au_ml',
                (
                    select min(l.ada_au_ml)
                    from tdm_level l
                    where l.assay = a.name and l.ada_au_ml_comparator = '<'
                ),
                (
                    select max(l.ada_au_ml)
                    from tdm_level l
                    where l.assay = a.name and l.ada_au_ml_comparator = '>'
                )
            )
    ) x (column_name, least, most)
    where x.least is not null or x.most is not null
)
select
    m.patient_id,
    'tdm_level' as from_table,
    m.record_id,
    m.sampled_on as record_on,
    concat(m.assay, ' ', m.measure) as about,
    m.column_name,
    trim_scale(m.value)::text as value,
    null::text as with_table,
    null::bigint as with_record_id,
    coalesce(m.value < r.least, false) or coalesce(m.value > r.most, false) as failed,
    jsonb_build_object(
        'measure',
        m.measure,
        'value',
        trim_scale(m.value),
        'unit',
        m.unit,
        'assay',
        m.assay,
        'range',
        concat_ws(' – ', '<' || trim_scale(r.least), '>' || trim_scale(r.most))
    ) as facts
from measured m
join reported r on r.assay = m.assay and r.column_name = m.column_name
where m.comparator is null;
