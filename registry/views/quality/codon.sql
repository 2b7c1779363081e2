-- One row per substitution in the coding part of an exon with a protein change that names a place;
-- failed when the base by three is not the codon.
-- @says: {dna} lies in codon {codon}, but {protein} names codon {position}.
-- @do: Correct the change of DNA or that of the protein.
-- @category: plausibleAtemporal
-- @from: HGVS nomenclature: base by three is the codon
create view codon as
select
    f.patient_id,
    'gene_finding' as from_table,
    f.record_id,
    f.reported_on as record_on,
    f.gene || ' ' || f.hgvs_c as about,
    'hgvs_p' as column_name,
    f.hgvs_p as value,
    null::text as with_table,
    null::bigint as with_record_id,
    codon_of(f.hgvs_c) <> protein_position(f.hgvs_p_normalised) as failed,
    jsonb_build_object(
        'dna',
        f.hgvs_c,
        'codon',
        codon_of(f.hgvs_c),
        'protein',
        f.hgvs_p_normalised,
        'position',
        protein_position(f.hgvs_p_normalised)
    ) as facts
from gene_finding f
where codon_of(f.hgvs_c) is not null and protein_position(f.hgvs_p_normalised) is not null;
