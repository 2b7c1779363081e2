-- One row per definition: when it was last derived and how many patients wait for a derivation.
-- Source: the marks that the database sets at every change, and the day of the last derivation.
-- @derived_patients: patients with a stored status
-- @last_run_id: number of the last run
-- @last_run_at: when it was done
-- @waiting: patients changed since, or whose status may have moved with the day; all of them when
-- rules or parameters have changed
-- @stamp: hashes of the parameters and of the rules, by which a derivation today goes
-- @rules_changed: whether rules or parameters have changed since the last full derivation
create view freshness as
select
    d.name as definition,
    d.version,
    d.hash as definition_hash,
    x.stamp,
    (select count(*) from lor_status s where s.definition = d.name) as derived_patients,
    r.run_id as last_run_id,
    r.finished_at as last_run_at,
    d.derived_on,
    case
        when x.rules_changed then (select count(*) from patient)
        else
            (
                select count(*) from waiting_patient w where w.definition = d.name
            )
    end as waiting,
    x.rules_changed
from definition d
cross join lateral (
    select s.stamp, d.derived_hash is distinct from s.stamp as rules_changed
    from (
        select
            d.hash || ' ' || split_part(
                obj_description('rules'::regnamespace, 'pg_namespace'), ' ', 2
            ) as stamp
    ) s
) x
left join lateral (
    select run.run_id, run.finished_at
    from derivation_run run
    where d.name = any(run.definitions)
    order by run.run_id desc
    limit 1
) r on true;
