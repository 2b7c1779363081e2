"""Answers a gene finding: how it was read, and what does not fit together. Nothing is refused.

The syntax has been held to HGVS before the finding was written.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, text

from registry.entry.facts import Answer
from registry.hgvs import codon_of, position_of
from registry.words import tr

FINDING = text(
    "select f.gene, f.hgvs_c, f.hgvs_p, f.hgvs_p_normalised, f.zygosity, f.diagnosis, p.sex, "
    "g.symbol, g.chromosome from clinical.gene_finding f "
    "join clinical.patient p using (patient_id) left join reference.gene g "
    "on g.symbol = upper(f.gene) or upper(f.gene) = any(g.previous_symbols) "
    "where f.patient_id = :patient and f.record_id = :record "
    "order by g.symbol = upper(f.gene) desc limit 1"
)


@dataclass(frozen=True)
class Finding:
    """A finding as entered, with its normalised protein change and what is known of its gene.

    `symbol` and `chromosome` are None for a gene that the registry does not know.
    """

    gene: str
    hgvs_c: str
    hgvs_p: str | None
    hgvs_p_normalised: str | None
    zygosity: str | None
    diagnosis: str | None
    sex: str
    symbol: str | None
    chromosome: str | None


def answer_gene(connection: Connection, patient: int, record: int, definition: str) -> Answer:
    """The finding as it was read; warnings where its parts do not fit."""
    row = connection.execute(FINDING, {"patient": patient, "record": record}).mappings().one()
    finding = Finding(**row)
    answer = Answer()
    answer.add("gene", tr("Gene"), finding.symbol or finding.gene, _gene(finding))
    answer.add("chromosome", tr("Chromosome"), finding.chromosome, _chromosome(finding))
    answer.add("hgvs_c", tr("DNA"), finding.hgvs_c)
    answer.add("hgvs_p", tr("Protein"), finding.hgvs_p_normalised, _protein(finding))
    codon = codon_of(finding.hgvs_c)
    none = tr("none: not a substitution in an exon")
    answer.add("codon", tr("Codon"), codon, none if codon is None else None)
    answer.warn(*check_gene(finding))
    return answer


def check_gene(finding: Finding) -> list[str]:
    """What does not fit together: codon and protein, zygosity and chromosome and sex, old symbols.

    Source: HGVS nomenclature (base by three is the codon); hemizygous fits a male and the X.
    """
    return [*_codon_against_protein(finding), *_hemizygous(finding), *_symbol(finding)]


def _codon_against_protein(finding: Finding) -> list[str]:
    codon = codon_of(finding.hgvs_c)
    position = None
    if finding.hgvs_p_normalised is not None:
        position = position_of(finding.hgvs_p_normalised)
    if codon is None or position is None or codon == position:
        return []
    return [
        tr(
            "{dna} lies in codon {codon}, but {protein} names codon {position}.",
            dna=finding.hgvs_c,
            codon=codon,
            protein=finding.hgvs_p_normalised,
            position=position,
        )
    ]


def _hemizygous(finding: Finding) -> list[str]:
    x_linked = finding.chromosome == "X"
    found = []
    if finding.zygosity == "hemizygous":
        if finding.sex != "male":
            found.append(tr("Hemizygous, but the patient is not male."))
        if finding.chromosome is not None and not x_linked:
            found.append(
                tr(
                    "Hemizygous, but {gene} lies on chromosome {chromosome}.",
                    gene=finding.symbol,
                    chromosome=finding.chromosome,
                )
            )
    elif x_linked and finding.sex == "male" and finding.zygosity not in (None, "unknown"):
        found.append(
            tr(
                "{gene} lies on the X, of which a male has one: {zygosity} would be hemizygous.",
                gene=finding.symbol,
                zygosity=finding.zygosity,
            )
        )
    return found


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
