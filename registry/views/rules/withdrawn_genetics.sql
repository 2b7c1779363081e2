-- One row per patient whose gene findings research may not use: all was withdrawn, or these were.
-- Source: the consents, on the day of the last derivation.
create view withdrawn_genetics as
select patient_id
from withdrawn_use
union
select r.patient_id
from research_consent r
join registry_setting s on s.default_definition = r.definition
where r.genetics_withdrawn;
