"""Monogenic findings, and the `gene_findings` rows."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from registry.synth.child import Child
from registry.synth.days import YEAR
from registry.synth.tables import Rows


@dataclass(frozen=True, slots=True)
class Variant:
    """A variant as laboratories write it; in each substitution the codon is ceil(c/3)."""

    gene: str
    hgvs_c: str
    hgvs_p: str
    acmg_class: str
    diagnosis: str


XLP2 = "X-linked lymphoproliferative syndrome type 2"
IPEX = "IPEX syndrome"
IL10R = "interleukin-10 receptor deficiency"
THES = "trichohepatoenteric syndrome"

X_LINKED = (
    Variant("XIAP", "c.664C>T", "p.R222X", "pathogenic", XLP2),
    Variant("XIAP", "NM_001167.4:c.664C>T", "p.(Arg222Ter)", "pathogenic", XLP2),
    Variant("XIAP", "c.1141C>T", "p.Arg381Ter", "pathogenic", XLP2),
    Variant("FOXP3", "c.758T>C", "p.L253P", "pathogenic", IPEX),
    Variant("FOXP3", "NM_014009.4:c.1150G>A", "p.(Ala384Thr)", "likely_pathogenic", IPEX),
)
RECESSIVE = (
    Variant("IL10RA", "c.301C>T", "p.R101W", "pathogenic", IL10R),
    Variant("IL10RA", "c.350G>A", "p.Arg117His", "likely_pathogenic", IL10R),
    Variant("IL10RA", "c.251C>T", "p.(Thr84Ile)", "pathogenic", IL10R),
    Variant("IL10RA", "c.421G>A", "p.G141R", "uncertain", ""),
    Variant("IL10RB", "c.477G>A", "p.W159*", "pathogenic", IL10R),
    Variant("IL10RB", "c.421G>T", "p.E141X", "likely_pathogenic", IL10R),
    Variant("TTC37", "c.751G>A", "p.G251R", "likely_pathogenic", THES),
    Variant("SKIC3", "c.2808G>A", "p.(Trp936Ter)", "pathogenic", THES),
)


def add_genes(rng: Random, rows: Rows, child: Child) -> None:
    """Add a finding in one of six children with onset before 6 years, and in few others."""
    early = child.onset - child.birth < 6 * YEAR
    if rng.random() > (0.16 if early else 0.012):
        return
    reported = child.start + rng.randint(-100, 900)
    if child.sex == "male" and rng.random() < 0.6:
        _add(rows, rng.choice(X_LINKED), "hemizygous", reported)
    elif rng.random() < 0.2:
        _add(rows, rng.choice(X_LINKED), "heterozygous", reported)
    elif rng.random() < 0.5:
        _add(rows, rng.choice(RECESSIVE), rng.choice(("homozygous", "", "unknown")), reported)
    else:
        first, second = rng.sample(RECESSIVE[:3], 2)
        for variant in (first, second):
            _add(rows, variant, "compound_heterozygous", reported)


def _add(rows: Rows, variant: Variant, zygosity: str, reported: int) -> None:
    carrier = zygosity == "heterozygous"
    cells = (
        rows.optional(reported) if reported >= rows.birth else "",
        variant.gene,
        variant.hgvs_c,
        variant.hgvs_p,
        zygosity,
        variant.acmg_class,
        "" if carrier else variant.diagnosis,
    )
    rows.add("gene_findings", cells, day=None, key=f"{variant.gene} {variant.hgvs_c}")
