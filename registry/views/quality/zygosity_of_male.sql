-- One row per gene finding of a boy with a known zygosity, in a gene on the X; failed when it is
-- not hemizygous.
-- @says: {gene} lies on the X, of which a male has one: {zygosity} would be hemizygous.
-- @do: Correct the zygosity, the gene or the sex.
-- @category: plausibleGender
-- @from: a male has one X, and two of every other chromosome but Y
create view zygosity_of_male as
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
    zygosity <> 'hemizygous' as failed,
    jsonb_build_object(
        'gene',
        symbol,
        'chromosome',
        chromosome,
        'zygosity',
        zygosity
    ) as facts
from gene_of_finding
where chromosome = 'X' and sex = 'male' and zygosity <> 'unknown';
