-- One row per child; failed when another with the same birth date and sex, entered before, has an
-- id that differs in case, hyphens or leading zeros alone.
-- @says: {patient} and {other} may be one child: one birth date and sex, and ids that differ in
-- case, hyphens or leading zeros alone.
-- @do: If they are one child, enter the records under one id and void the other.
-- @category: plausibleUniqueness
-- @from: this registry's choice
-- @others: their birth dates and study ids
create view same_child as
with compared as (
    -- Few share a birth date and sex, so that few ids are compared.
    select
        p.patient_id,
        n.study_id,
        (
            array_agg(m.study_id order by m.patient_id)
            filter (where plain_id(m.study_id) = plain_id(n.study_id))
        )[1] as other_id
    from patient p
    join patient_number n on n.patient_id = p.patient_id
    left join patient o
        on o.birth_date = p.birth_date and o.sex = p.sex and o.patient_id < p.patient_id
    left join patient_number m on m.patient_id = o.patient_id
    group by p.patient_id, n.study_id
)
select
    patient_id,
    'patient' as from_table,
    null::bigint as record_id,
    null::date as record_on,
    null::text as about,
    'patient_id' as column_name,
    study_id as value,
    null::text as with_table,
    null::bigint as with_record_id,
    other_id is not null as failed,
    jsonb_build_object(
        'patient',
        study_id,
        'other',
        other_id
    ) as facts
from compared;
