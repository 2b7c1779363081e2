"""Answers a gene finding: how it was read. Nothing is refused.

The syntax has been held to HGVS before the finding was written.
"""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import Connection, text

from registry.entry.answers.findings import Answer
from registry.words import tr

FINDING = text(
    "select f.gene, f.hgvs_c, rules.codon_of(f.hgvs_c) as codon, f.hgvs_p, f.hgvs_p_normalised, "
    "g.symbol, g.chromosome from clinical.gene_finding f left join reference.gene g "
    "on g.symbol = upper(f.gene) or upper(f.gene) = any(g.previous_symbols) "
    "where f.patient_id = :patient and f.record_id = :record "
    "order by g.symbol = upper(f.gene) desc limit 1"
)


class Finding(NamedTuple):
    """A finding as entered, with its normalised protein change and what is known of its gene.

    `symbol` and `chromosome` are None for a gene that the registry does not know.
    """

    gene: str
    hgvs_c: str
    codon: int | None
    hgvs_p: str | None
    hgvs_p_normalised: str | None
    symbol: str | None
    chromosome: str | None


def answer_gene(connection: Connection, patient: int, record: int, definition: str) -> Answer:
    """The finding as it was read; a symbol of before is pointed out."""
    row = connection.execute(FINDING, {"patient": patient, "record": record}).mappings().one()
    finding = Finding(**row)
    answer = Answer()
    answer.add("gene", tr("Gene"), finding.symbol or finding.gene, _gene(finding))
    answer.add("chromosome", tr("Chromosome"), finding.chromosome, _chromosome(finding))
    answer.add("hgvs_c", tr("DNA"), finding.hgvs_c)
    answer.add("hgvs_p", tr("Protein"), finding.hgvs_p_normalised, _protein(finding))
    none = tr("none: not a substitution in an exon")
    answer.add("codon", tr("Codon"), finding.codon, none if finding.codon is None else None)
    answer.warn(*_symbol(finding))
    return answer


def _symbol(finding: Finding) -> list[str]:
    if finding.symbol is None or finding.symbol == finding.gene:
        return []
    return [tr("{gene} is now {symbol}.", gene=finding.gene, symbol=finding.symbol)]


def _gene(finding: Finding) -> str:
    if finding.symbol in (None, finding.gene):
        return finding.gene
    return tr("{symbol}, entered as {gene}", symbol=finding.symbol, gene=finding.gene)


def _chromosome(finding: Finding) -> str:
    return finding.chromosome or tr("not known for this gene: zygosity is not held to it")


def _protein(finding: Finding) -> str:
    if finding.hgvs_p is None:
        return tr("none entered")
    if finding.hgvs_p == finding.hgvs_p_normalised:
        return finding.hgvs_p
    return tr(
        "{normalised}, entered as {entered}",
        normalised=finding.hgvs_p_normalised,
        entered=finding.hgvs_p,
    )
