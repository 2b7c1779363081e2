-- One row per gene finding with its zygosity, the child's sex and the gene as it is called today.
-- A symbol of today beats one that a gene was known by before.
-- Source: HGNC.
-- @zygosity: zygosity as entered
-- @symbol: symbol of today; empty for a gene that the registry does not know
-- @chromosome: chromosome of the gene; empty for a gene that the registry does not know
-- @once: read by the rules of zygosity
create view gene_of_finding as
select
    f.patient_id,
    f.record_id,
    f.reported_on,
    f.gene || ' ' || f.hgvs_c as about,
    f.zygosity,
    p.sex,
    g.symbol,
    g.chromosome
from gene_finding f
join patient p on p.patient_id = f.patient_id
left join lateral (
    select g.symbol, g.chromosome
    from gene g
    where g.symbol = upper(f.gene) or upper(f.gene) = any(g.previous_symbols)
    order by g.symbol = upper(f.gene) desc
    limit 1
) g on true;
