-- One row per infusion of a child whose follow-up has ended, but not by death; failed when it is
-- later than the end. In the worklist a child has one item, of the first.
-- @says: Follow-up ended on {ended_on} ({reason}), but infliximab was infused on {on}.
-- @do: Correct the end of follow-up or take it out, or correct the infusion.
-- @category: plausibleTemporal
-- @from: records of one child that cannot all be right
create view infusion_after_end as
select
    i.patient_id,
    'infusion' as from_table,
    i.record_id,
    e.ended_on as record_on,
    null::text as about,
    'infused_on' as column_name,
    i.infused_on::text as value,
    'follow_up_end' as with_table,
    e.record_id as with_record_id,
    i.infused_on > e.ended_on as failed,
    jsonb_build_object(
        'ended_on',
        e.ended_on,
        'reason',
        e.reason,
        'on',
        i.infused_on
    ) as facts
from follow_up_end e
join infusion i on i.patient_id = e.patient_id
where e.reason <> 'died';
