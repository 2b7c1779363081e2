-- One row per definition and step of the flow: registered, started infliximab, each exclusion that
-- took someone out, in order, the cohort, its losses of response and its sustained responders.
-- Source: the stored status.
-- @position: place of the step in the flow
-- @step: registered, no_infliximab, started, excluded, eligible, events or responders
-- @reason: the exclusion, for the step excluded
-- @n: patients
create view cohort_flow as
with counted as (
    select
        d.name as definition,
        count(s.patient_id) as registered,
        count(*) filter (where s.reason = 'no_infliximab') as no_infliximab,
        count(*) filter (where s.eligible) as eligible,
        count(*) filter (where s.event) as events
    from definition d
    left join lor_status s on s.definition = d.name
    group by d.name
),
taken_out as (
    select definition, reason, count(*) as n
    from lor_status
    where reason <> 'no_infliximab'
    group by definition, reason
)
select c.definition, f.position, f.step, f.reason, f.n
from counted c
cross join lateral (
    values
        (1, 'registered', null::text, c.registered),
        (2, 'no_infliximab', null, c.no_infliximab),
        (3, 'started', null, c.registered - c.no_infliximab),
        (20, 'eligible', null, c.eligible),
        (21, 'events', null, c.events),
        (22, 'responders', null, c.eligible - c.events)
) as f (position, step, reason, n)
union all
select x.definition, 2 + o.position, 'excluded', x.reason, x.n
from taken_out x
join exclusion o using (reason);
