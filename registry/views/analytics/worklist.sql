-- One row per definition and item of work: who needs what on the day of the worklist, why, by which
-- rule, and until when. The day is today, or that of the session's setting registry.today; what is
-- dated later is not seen. Overdue work is asked for only while follow-up goes on; of a child of
-- whom nothing has been heard for long only that is said.
-- Source: the rules of the worklist over the records as they are now; no derivation is needed.
-- @rank: place in the list, counted from the most urgent; what is set aside comes last
-- @item: name of the item, which stays the same from day to day
-- @kind: kind of work
-- @action: what to do
-- @why: why
-- @due_on: day by which it is to be done; empty when it has none
-- @days_overdue: days since that day; 0 when it has not passed
-- @source: where the rule comes from
-- @set_aside: whether someone has set the item aside for now
-- @set_aside_until: last day for which it is set aside; empty for good, or when it is not
-- @record_on: date of the record that the item hangs on; empty when on none
-- @from_table: table of that record
-- @facts: what the words were filled with
create view worklist as
select
    definition,
    row_number() over (
        partition by definition
        order by set_aside, place, due_on nulls last, study_id, item
    ) as rank,
    study_id as patient_id,
    centre,
    kind,
    action,
    why,
    due_on,
    days_overdue,
    rule,
    source,
    study_id || ':' || item as item,
    set_aside,
    case when set_aside then until_on end as set_aside_until,
    from_table,
    record_on,
    facts
from work;
