-- One row per patient and consent that is to be asked for anew: the child came of age and has not
-- signed, the form has a new version, the consent has ended. Of each scope the last signed counts;
-- what was withdrawn is not asked for again.
-- Source: the consents, the forms in use and the centre's age of majority.
-- @rule consent_of_age: The patient is {age} years old, of age at {centre} since {age_of_majority}, and has
-- given no consent of their own.
-- @do: Ask the patient; enter what they sign, or that they withdraw.
-- @from: consent of a child ends with childhood; the age is the centre's
-- @place: 172
-- @after_end: yes
-- @rule consent_form_replaced: The consent to {scope} of {signed_on} was given on form {form_version}; since
-- {used_from} form {version} is in use.
-- @do: Ask for a consent on the form in use.
-- @from: the forms that this registry was told of
-- @place: 174
-- @after_end: yes
-- @rule consent_ended: The consent to {scope} of {signed_on} ended on {valid_until}.
-- @do: Ask for a new consent, or enter that it is withdrawn.
-- @from: the consents
-- @place: 176
-- @after_end: yes
create view consent_due as
with last_signed as (
    select distinct on (patient_id, scope) *
    from consent
    order by patient_id, scope, signed_on desc, record_id desc
),
standing as (
    select
        s.*,
        c.code as centre,
        c.age_of_majority,
        extract(year from age(today(), p.birth_date))::integer as years,
        row_number() over (partition by s.patient_id order by s.scope) = 1 as is_first
    from last_signed s
    join patient p using (patient_id)
    join centre c on c.code = p.centre
    where (s.withdrawn_on > today()) is not false
),
form_in_use as (
    select distinct on (scope) scope, version, used_from
    from consent_form
    where used_from <= today()
    order by scope, used_from desc, version
)
-- Read once, so that a condition on the child reaches the consents.
select s.patient_id, d.*
from standing s
left join form_in_use f using (scope)
cross join lateral (
    select
        'consent_of_age' as rule,
        null::date as record_on,
        null::text as about,
        null::date as due_on,
        null::text as from_table,
        null::bigint as from_record_id,
        jsonb_build_object(
            'age', s.years, 'centre', s.centre, 'age_of_majority', s.age_of_majority
        ) as facts
    where
        s.is_first
        and s.years >= s.age_of_majority
        and not exists (
            select from consent o where o.patient_id = s.patient_id and o.given_by = 'adult'
        )
    union all
    select
        'consent_form_replaced',
        s.signed_on,
        s.scope || ' ' || f.version,
        null,
        'consent',
        s.record_id,
        jsonb_build_object(
            'scope', s.scope,
            'signed_on', s.signed_on,
            'form_version', s.form_version,
            'used_from', f.used_from,
            'version', f.version
        )
    where s.form_version <> f.version and s.signed_on < f.used_from
    union all
    select
        'consent_ended',
        s.signed_on,
        s.scope,
        null,
        'consent',
        s.record_id,
        jsonb_build_object(
            'scope', s.scope, 'signed_on', s.signed_on, 'valid_until', s.valid_until
        )
    where s.valid_until < today()
) d;
