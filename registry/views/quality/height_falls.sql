-- One row per height with one before it; failed when it is lower by more than measuring explains.
-- @says: {height_cm} cm on {on} is less than {before_cm} cm on {before_on}.
-- @do: Correct one of the two heights.
-- @category: plausibleTemporal
-- @from: children do not shrink; how much is this registry's choice
create view height_falls as
with stepped as (
    select
        patient_id,
        record_id,
        measured_on,
        height_cm,
        lag(height_cm) over course as before_cm,
        lag(measured_on) over course as before_on,
        lag(record_id) over course as before_record_id
    from anthropometry
    where height_cm is not null
    window course as (partition by patient_id order by measured_on)
)
select
    h.patient_id,
    'anthropometry' as from_table,
    h.record_id,
    h.measured_on as record_on,
    null::text as about,
    'height_cm' as column_name,
    trim_scale(h.height_cm)::text as value,
    'anthropometry' as with_table,
    h.before_record_id as with_record_id,
    h.before_cm - h.height_cm > s.height_falls_cm as failed,
    jsonb_build_object(
        'height_cm',
        trim_scale(h.height_cm),
        'on',
        h.measured_on,
        'before_cm',
        trim_scale(h.before_cm),
        'before_on',
        h.before_on
    ) as facts
from stepped h
cross join worklist_setting s
where h.before_cm is not null;
