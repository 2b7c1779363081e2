-- One row per gene finding that is hemizygous, in a gene that the registry knows; failed when it
-- does not lie on the X.
-- @says: Hemizygous, but {gene} lies on chromosome {chromosome}.
-- @do: Correct the zygosity, the gene or the sex.
-- @category: plausibleAtemporal
-- @from: a male has one X, and two of every other chromosome but Y
create view hemizygous_not_on_x as
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
    chromosome <> 'X' as failed,
    jsonb_build_object(
        'gene',
        symbol,
        'chromosome',
        chromosome,
        'zygosity',
        zygosity
    ) as facts
from gene_of_finding
where zygosity = 'hemizygous' and chromosome is not null;
