-- One row per gene finding that is hemizygous; failed when the patient is not male.
-- @says: Hemizygous, but the patient is not male.
-- @do: Correct the zygosity, the gene or the sex.
-- @category: plausibleGender
-- @from: a male has one X, and two of every other chromosome but Y
create view hemizygous_not_male as
select
    patient_id,
    'gene_finding' as from_table,
    record_id,
    reported_on as record_on,
    about,
    'zygosity' as column_name,
    zygosity as value,
    null::text as with_table,
    null::bigint as with_record_id,
    sex <> 'male' as failed,
    jsonb_build_object(
        'gene',
        symbol,
        'chromosome',
        chromosome,
        'zygosity',
        zygosity
    ) as facts
from gene_of_finding
where zygosity = 'hemizygous';
