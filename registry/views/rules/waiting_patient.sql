-- One row per definition and patient whose stored status may differ from what the rules say today:
-- the patient's records have changed, or the day has moved on.
-- The day also brings consents to count or to end, whatever the data cut.
-- Without a data cut the day moves the end of an observation that is still open, and shows what is
-- dated after the last derivation; nothing else of a status depends on it. Where the day has gone
-- back everybody waits.
-- Source: the marks that the database sets at every change, and the day of the last derivation.
create view waiting_patient as
with moved as (
    select name, derived_on from definition where data_cut is null and derived_on <> today()
)
select d.name as definition, c.patient_id
from definition d
join changed_patient c on c.definition is null or c.definition = d.name
union
select m.name, s.patient_id
from moved m
join lor_status s on s.definition = m.name
where s.end_on = m.derived_on or m.derived_on > today()
union
select m.name, r.patient_id
from moved m
join (
    select patient_id, infused_on as dated_on from infusion
    union all
    select patient_id, visited_on from pcdai_visit
    union all
    select patient_id, ended_on from follow_up_end
) r on r.dated_on > m.derived_on and r.dated_on <= today()
union
select d.name, c.patient_id
from definition d
join (
    select patient_id, day
    from consent
    cross join lateral (values (signed_on), (withdrawn_on), (valid_until + 1)) x (day)
) c on c.day > least(d.derived_on, today()) and c.day <= greatest(d.derived_on, today())
-- Said once more, so that no consent is read on the day itself.
where d.derived_on <> today();
