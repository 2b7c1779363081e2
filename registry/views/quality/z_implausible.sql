-- One row per Z-score of height or BMI, entered or else computed; failed when it is beyond what
-- the WHO takes for possible.
-- @says: A Z-score of {score} for {measure} is implausible: check height, weight, date and birth.
-- @do: Correct height, weight, date or birth.
-- @category: plausibleValue
-- @from: WHO Anthro and AnthroPlus: flags of implausible Z-scores
create view z_implausible as
with scored as (
    select z.patient_id, z.record_id, z.measured_on, x.*
    from anthropometry_z z
    cross join lateral (
        values
            ('height', 'height_z', z.height_z, z.height_z_source),
            ('BMI', 'bmi_z', z.bmi_z, z.bmi_z_source)
    ) x (measure, column_name, score, score_source)
)
select
    s.patient_id,
    'anthropometry' as from_table,
    s.record_id,
    s.measured_on as record_on,
    s.measure as about,
    case
        when s.score_source = 'entered' then s.column_name
        when s.measure = 'height' then 'height_cm'
        else 'weight_kg'
    end as column_name,
    trim_scale(round(s.score, 2))::text as value,
    null::text as with_table,
    null::bigint as with_record_id,
    abs(s.score) > l.value as failed,
    jsonb_build_object(
        'measure',
        s.measure,
        'score',
        trim_scale(round(s.score, 2))
    ) as facts
from scored s
join entry_limit l on l.key = 'z_implausible_' || lower(s.measure)
where s.score is not null;
