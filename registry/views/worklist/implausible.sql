-- One row per item about what is not plausible, answered or not. What has one name is one item, that
-- of the first record.
-- Source: the rules of plausibility.
-- @rule: name of the rule
-- @record_on: date of the record that the item hangs on; empty when on none
-- @about: what tells the item from others of its rule and date; empty when nothing has to
-- @due_on: always empty: it is not due on a day
-- @from_table: table of the record that the item hangs on
-- @from_record_id: number of that record
-- @facts: what the words of the rule are filled with
create view implausible as
select distinct on (patient_id, rule, record_on, about)
    patient_id,
    rule,
    record_on,
    about,
    null::date as due_on,
    from_table,
    record_id as from_record_id,
    facts || jsonb_build_object('query', finding) as facts
from finding
order by patient_id, rule, record_on, about, facts ->> 'on', from_table, record_id;
