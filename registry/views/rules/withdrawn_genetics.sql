-- One row per patient whose gene findings research may not use: all was withdrawn, or these were.
-- Source: the consents, on the day of the last derivation.
create view withdrawn_genetics as
with asked as (
    select distinct patient_id from consent where withdrawn_on is not null and scope = 'genetics'
)
select patient_id
from withdrawn_use
union
select a.patient_id
from registry_setting s
cross join asked a
cross join lateral (
    select genetics_withdrawn
    from research_consent r
    where r.patient_id = a.patient_id and r.definition = s.default_definition
    offset 0
) r
where r.genetics_withdrawn;
