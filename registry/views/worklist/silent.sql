-- One row per patient of whom nothing has been recorded for too long, with follow-up not ended.
-- Source: this registry's choice.
create view silent as
select
    patient_id,
    'silent' as rule,
    last_record_on as record_on,
    null::text as about,
    null::date as due_on,
    null::text as from_table,
    null::bigint as from_record_id,
    jsonb_build_object(
        'last_on', last_record_on, 'days', today() - last_record_on
    ) as facts
from follow_up
where silent;
