-- One row per patient with an infusion after the end of follow-up, and one with a visit after a
-- transfer or a loss to follow-up; after infliximab was stopped visits may go on. The first such
-- record is named. What lies after a death is told elsewhere.
-- Source: records of one child that cannot all be right.
create view contradiction_after_end as
select distinct on (e.patient_id, r.from_table)
    e.patient_id,
    case r.from_table when 'infusion' then 'infusion_after_end' else 'visit_after_end' end as rule,
    e.ended_on as record_on,
    null::text as about,
    null::date as due_on,
    r.from_table,
    r.from_record_id,
    jsonb_build_object('ended_on', e.ended_on, 'reason', e.reason, 'on', r.dated_on) as facts
from follow_up_end e
join dated_record r on r.patient_id = e.patient_id and r.dated_on > e.ended_on
where
    (r.from_table = 'infusion' and e.reason <> 'died')
    or (
        r.from_table = 'pcdai_visit'
        and e.reason in ('transferred_to_adult_care', 'lost_to_follow_up')
    )
order by e.patient_id, r.from_table, r.dated_on;
