-- One row per patient whose data may not leave the centre: consent to sharing was refused or withdrawn,
-- or consents are needed, as the registry's default definition has it, and none to sharing is there.
-- Source: the consents, on the day of the last derivation; that sharing is asked for where research is
-- is this registry's choice.
create view withdrawn_sharing as
with held as (
    select d.name, d.consent_required
    from registry_setting s
    join definition d on d.name = s.default_definition
),
-- Few withdraw: they alone are judged, each by a lookup.
asked as (
    select distinct patient_id from consent where withdrawn_on is not null and scope = 'sharing'
)
select a.patient_id
from held h
cross join asked a
cross join lateral (
    select sharing_withdrawn
    from research_consent r
    where r.patient_id = a.patient_id and r.definition = h.name
    offset 0
) r
where r.sharing_withdrawn
union
select p.patient_id
from held h
join patient p on h.consent_required
left join lateral (
    select shared
    from research_consent r
    where r.patient_id = p.patient_id and r.definition = h.name
    offset 0
) r on true
where r.shared is not true;
