-- One row per assessment and part of the Paris classification with one before it; failed when it
-- goes back: a stricture or a penetration that is gone, perianal disease or growth delay that
-- never was.
-- @says: {part} went back from {before} ({before_on}) to {code} ({on}).
-- @do: Correct one of the two assessments.
-- @category: plausibleTemporal
-- @from: Paris classification: behaviour, perianal disease and growth delay never go back
create view phenotype_goes_back as
with assessed as (
    select f.patient_id, f.record_id, f.assessed_on, x.part, x.code
    from phenotype f
    cross join lateral (
        values
            ('behaviour', f.behaviour),
            ('perianal', case when f.perianal then 'yes' when not f.perianal then 'no' end),
            ('growth', f.growth)
    ) x (part, code)
    where x.code is not null
),
stepped as (
    select
        *,
        lag(code) over course as code_before,
        lag(assessed_on) over course as before_on,
        lag(record_id) over course as before_record_id
    from assessed
    window course as (partition by patient_id, part order by assessed_on)
)
select
    patient_id,
    'phenotype' as from_table,
    record_id,
    assessed_on as record_on,
    part as about,
    part as column_name,
    code as value,
    'phenotype' as with_table,
    before_record_id as with_record_id,
    (part = 'behaviour' and code_before in ('B2', 'B2B3') and code in ('B1', 'B3'))
    or (part = 'behaviour' and code_before in ('B3', 'B2B3') and code in ('B1', 'B2'))
    or (part = 'perianal' and code_before = 'yes' and code = 'no')
    or (part = 'growth' and code_before = 'G1' and code = 'G0') as failed,
    jsonb_build_object(
        'part',
        part,
        'code',
        code,
        'on',
        assessed_on,
        'before',
        code_before,
        'before_on',
        before_on
    ) as facts
from stepped
where code_before is not null;
