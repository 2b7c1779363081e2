-- One row per patient whose data research may not use: consent was withdrawn, or it is needed and
-- not there, as the registry's default definition has it.
-- Source: the consents, on the day of the last derivation.
create view withdrawn_use as
with held as (
    select d.name, d.consent_required
    from registry_setting s
    join definition d on d.name = s.default_definition
),
-- Few withdraw: they alone are judged, each by a lookup.
asked as (
    select distinct patient_id
    from consent
    where withdrawn_on is not null and scope in ('registry', 'research')
)
select a.patient_id
from held h
cross join asked a
cross join lateral (
    select withdrawn_on
    from research_consent r
    where r.patient_id = a.patient_id and r.definition = h.name
    offset 0
) r
where r.withdrawn_on is not null
union
select p.patient_id
from held h
join patient p on h.consent_required
left join lateral (
    select withdrawn_on, consented
    from research_consent r
    where r.patient_id = p.patient_id and r.definition = h.name
    offset 0
) r on true
where r.withdrawn_on is not null or r.consented is not true;
