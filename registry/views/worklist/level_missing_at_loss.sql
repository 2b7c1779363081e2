-- One row per definition and patient who lost response, without a level of infliximab near enough
-- to the loss to tell why; from the loss until some time after the window has closed.
-- Source: the published study's discussion; the window is this registry's choice.
-- @rule level_at_loss_open: Response was lost on {event_on} (PCDAI {pcdai}) and no level lies from
-- {from} to {until}.
-- @do: Draw infliximab and antibodies before the next infusion, by {until}.
-- @from: doi 10.21037/tp-2025-344, discussion: a level tells why response was lost; the window is
-- this registry's choice
-- @place: 20
-- @rule level_at_loss_closed: Response was lost on {event_on} (PCDAI {pcdai}) and no level lies
-- from {from} to {until}.
-- @do: Ask the laboratory for a level from {from} to {until} and enter it; if there is none, set
-- this item aside.
-- @from: doi 10.21037/tp-2025-344, discussion: a level tells why response was lost; the window is
-- this registry's choice
-- @place: 170
create view level_missing_at_loss as
with lost as (
    select
        l.definition,
        l.patient_id,
        l.event_on,
        l.event_pcdai,
        l.deciding_record_id,
        l.event_on - mechanism_days_before() as from_on,
        l.event_on + mechanism_days_after() as until_on
    from loss_of_response l
    where l.event
)
select
    l.definition,
    l.patient_id,
    case when today() <= l.until_on then 'level_at_loss_open' else 'level_at_loss_closed' end
        as rule,
    l.event_on as record_on,
    null::text as about,
    l.until_on as due_on,
    'pcdai_visit' as from_table,
    l.deciding_record_id as from_record_id,
    jsonb_build_object(
        'event_on',
        l.event_on,
        'pcdai',
        trim_scale(l.event_pcdai),
        'from',
        l.from_on,
        'until',
        l.until_on
    ) as facts
from lost l
cross join worklist_setting s
where
    today() <= l.until_on + s.window_search_days
    and not exists (
        select
        from tdm_level t
        where
            t.patient_id = l.patient_id
            and t.ifx_ug_ml is not null
            and t.sampled_on between l.from_on and l.until_on
    );
