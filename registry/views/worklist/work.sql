-- One row per definition and item of work, without its place in the list of all: so it can be asked
-- for one child. What somebody has set aside is marked.
-- Source: the rules of the worklist in the files beside this one.
-- @set_aside: whether someone has set the item aside for now
-- @until_on: last day for which it is set aside; empty for good, or when it is not
create view work as
select
    a.*,
    coalesce(q.settled, false)
    or w.patient_id is not null and coalesce(w.until_on >= today(), true)
        as set_aside,
    case when not coalesce(q.settled, false) then w.until_on end as until_on
from called_for a
left join lateral (
    select w.patient_id, w.until_on
    from worklist_dismissal w
    where w.patient_id = a.patient_id and w.item = a.item
    order by w.dismissal_id desc
    limit 1
) w on true
-- What is not plausible is for good aside when its query is settled.
left join lateral (
    select s.state in ('closed', 'not_applicable') as settled
    from query_step s
    where s.patient_id = a.patient_id and s.query = a.facts ->> 'query'
    order by s.step_id desc
    limit 1
) q on true;
