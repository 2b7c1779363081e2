-- One row per definition and item that an active rule of the worklist calls for, whatever people have
-- set aside. Overdue work is asked for only while follow-up goes on; of a child of whom nothing has
-- been heard for long only that is said.
-- Source: the rules of the worklist in the files beside this one.
-- @study_id: the child's study id
-- @place: place of the rule among the rules, the most urgent first
-- @kind: kind of work
-- @item: name of the item without the child's, which stays the same from day to day
-- @action: what to do
-- @why: why
-- @source: where the rule comes from
-- @due_on: day by which it is to be done; empty when it has none
-- @days_overdue: days since that day; 0 when it has not passed
-- @record_on: date of the record that the item hangs on; empty when on none
-- @from_table: table of that record
-- @facts: what the words were filled with
create view called_for as
select
    i.definition,
    i.patient_id,
    n.study_id,
    p.centre,
    r.place,
    r.kind,
    i.rule,
    concat_ws(
        ':', case when r.after_end then i.rule else r.kind end, i.record_on, i.about
    ) as item,
    filled(r.action, i.facts) as action,
    filled(r.why, i.facts) as why,
    filled(r.source, i.facts) as source,
    i.due_on,
    greatest(today() - i.due_on, case when i.due_on is not null then 0 end)
        as days_overdue,
    i.record_on,
    i.from_table,
    i.facts
from worklist_item i
join worklist_rule r on r.rule = i.rule and r.active
join follow_up f on f.patient_id = i.patient_id
join clinical.patient p on p.patient_id = i.patient_id
join patient_number n on n.patient_id = i.patient_id
where r.after_end or (f.ended_on is null and f.silent = (i.rule = 'silent'));
