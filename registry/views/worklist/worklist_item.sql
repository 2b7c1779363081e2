-- One row per definition and item: what every rule of the worklist finds, whether it is asked for
-- or not. Where nothing depends on the definition a rule finds it once and it stands for all.
-- Source: the rules in the files beside this one.
-- @rule: name of the rule
-- @record_on: date of the record that the item hangs on; empty when on none
-- @about: what tells the item from others of its rule and date; empty when nothing has to
-- @due_on: day by which it is to be done; empty when it has none
-- @from_table: table of the record that the item hangs on
-- @from_record_id: number of that record
-- @facts: what the words of the rule are filled with
create view worklist_item as
with of_every_definition as (
    select patient_id, rule, record_on, about, due_on, from_table, from_record_id, facts
    from visit_overdue
    union all
    select patient_id, rule, record_on, about, due_on, from_table, from_record_id, facts
    from infusion_overdue
    union all
    select patient_id, rule, record_on, about, due_on, from_table, from_record_id, facts
    from level_overdue
    union all
    select patient_id, rule, record_on, about, due_on, from_table, from_record_id, facts
    from dose_drifted
    union all
    select patient_id, rule, record_on, about, due_on, from_table, from_record_id, facts
    from silent
    union all
    select patient_id, rule, record_on, about, due_on, from_table, from_record_id, facts
    from query_raised
    union all
    select patient_id, rule, record_on, about, due_on, from_table, from_record_id, facts
    from consent_due
    union all
    select * from implausible
)
select d.name as definition, i.*
from of_every_definition i
cross join definition d
union all
select definition, patient_id, rule, record_on, about, due_on, from_table, from_record_id, facts
from week14_window
union all
select definition, patient_id, rule, record_on, about, due_on, from_table, from_record_id, facts
from level_missing_at_loss
union all
select definition, patient_id, rule, record_on, about, due_on, from_table, from_record_id, facts
from response_without_remission
union all
select definition, patient_id, rule, record_on, about, due_on, from_table, from_record_id, facts
from low_trough
union all
select definition, patient_id, rule, record_on, about, due_on, from_table, from_record_id, facts
from gene_test_missing;
