-- One row per release and child in it: the id that the child has there, and what the days and the
-- rarest values of the child are told by. Who has withdrawn since is not there any more.
-- Source: the ids that releases keep, the first infusion and the consents.
-- @release: name of the release
-- @child_id: id of the child in this release and in no other
-- @given_up: what is not told of the child, since too few share it
-- @smallest_group: so many children at least share what could find one of them
-- @start_on: day of the first infusion, from which all days are told
-- @age_years: completed years of age on that day; empty where too few share it
create view released_child as
select
    r.release,
    r.patient_id,
    r.child_id,
    r.given_up,
    r.smallest_group,
    i.start_on,
    case when 'birth_date' <> all(r.given_up) then
        extract(year from age(i.start_on, p.birth_date))::integer
    end as age_years
from release_child r
join patient p using (patient_id)
cross join lateral (
    select min(infused_on) as start_on from infusion where patient_id = r.patient_id
) i
where
    i.start_on is not null
    and r.patient_id not in (select patient_id from withdrawn_use)
    and r.patient_id not in (select patient_id from withdrawn_sharing);
