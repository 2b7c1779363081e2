-- One row per entered Z-score of height or BMI that can be computed as well; failed when the two
-- are far apart.
-- @says: The entered Z-score of {measure}, {entered}, is {difference} SD from the {computed}
-- computed by the WHO's reference; the entered one is kept.
-- @do: Correct the Z-score, or the height, weight, date or birth.
-- @category: plausibleAtemporal
-- @from: WHO growth references; how far is this registry's choice
create view z_entered as
with scored as (
    select z.patient_id, z.record_id, z.measured_on, x.*
    from anthropometry_z z
    cross join lateral (
        values
            ('height', 'height_z', z.height_z, z.height_z_source, z.computed_height_z),
            ('BMI', 'bmi_z', z.bmi_z, z.bmi_z_source, z.computed_bmi_z)
    ) x (measure, column_name, score, score_source, computed)
)
select
    s.patient_id,
    'anthropometry' as from_table,
    s.record_id,
    s.measured_on as record_on,
    s.measure as about,
    s.column_name,
    trim_scale(s.score)::text as value,
    null::text as with_table,
    null::bigint as with_record_id,
    abs(s.score - s.computed) > l.value as failed,
    jsonb_build_object(
        'measure',
        s.measure,
        'entered',
        trim_scale(s.score),
        'difference',
        trim_scale(round(abs(s.score - s.computed), 2)),
        'computed',
        trim_scale(round(s.computed, 2))
    ) as facts
from scored s
join entry_limit l on l.key = 'z_difference'
where s.score_source = 'entered' and s.computed is not null;
