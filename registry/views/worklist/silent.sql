-- One row per patient of whom nothing has been recorded for too long, with follow-up not ended.
-- Source: this registry's choice.
-- @rule silent: The child was last seen or heard of on {last_on}, {days} days ago. Nothing else is
-- asked for.
-- @do: Call the family; enter what has happened since, or the end of follow-up.
-- @from: this registry's choice
-- @place: 180
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
