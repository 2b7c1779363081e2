-- One row per height that is lower than the one before by more than measuring explains.
-- Source: children do not shrink; how much is this registry's choice.
create view contradiction_height as
with stepped as (
    select
        patient_id,
        record_id,
        measured_on,
        height_cm,
        lag(height_cm) over course as before_cm,
        lag(measured_on) over course as before_on
    from anthropometry
    where height_cm is not null
    window course as (partition by patient_id order by measured_on)
)
select
    h.patient_id,
    'height_falls' as rule,
    h.measured_on as record_on,
    null::text as about,
    null::date as due_on,
    'anthropometry' as from_table,
    h.record_id as from_record_id,
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
where h.before_cm - h.height_cm > s.height_falls_cm;
