-- One row per visit of a child who was transferred or lost to follow-up; failed when it is later
-- than that. After infliximab was stopped visits may go on. In the worklist a child has one item,
-- of the first.
-- @says: Follow-up ended on {ended_on} ({reason}), but there is a visit of {on}.
-- @do: Correct the end of follow-up or take it out, or correct the visit.
-- @category: plausibleTemporal
-- @from: records of one child that cannot all be right
create view visit_after_end as
select
    v.patient_id,
    'pcdai_visit' as from_table,
    v.record_id,
    e.ended_on as record_on,
    null::text as about,
    'visited_on' as column_name,
    v.visited_on::text as value,
    'follow_up_end' as with_table,
    e.record_id as with_record_id,
    v.visited_on > e.ended_on as failed,
    jsonb_build_object(
        'ended_on',
        e.ended_on,
        'reason',
        e.reason,
        'on',
        v.visited_on
    ) as facts
from follow_up_end e
join pcdai_visit v on v.patient_id = e.patient_id
where e.reason in ('transferred_to_adult_care', 'lost_to_follow_up');
