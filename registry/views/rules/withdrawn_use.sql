-- One row per patient whose data research may not use: consent was withdrawn, or it is needed and
-- not there, as the registry's default definition has it.
-- Source: the consents, on the day of the last derivation.
create view withdrawn_use as
select p.patient_id
from patient p
join registry_setting s on true
join definition d on d.name = s.default_definition
left join research_consent r on r.patient_id = p.patient_id and r.definition = d.name
where r.withdrawn_on is not null or (d.consent_required and r.consented is not true);
