"""Findings in genes of monogenic inflammatory bowel disease."""

from __future__ import annotations

from sqlalchemy import Text

from registry.models.base import PatientRecord, column, variable
from registry.variables import Kind, Redaction, Variable
from registry.vocabulary import ACMG_CLASSES, ZYGOSITIES


class GeneFinding(PatientRecord):
    """One row per patient, gene and change of the coding DNA."""

    __tablename__ = "gene_finding"

    reported_on = variable(Variable("Reported on", Kind.DATE))
    gene = variable(
        Variable(
            "Gene",
            Kind.TEXT,
            required=True,
            pattern="^[A-Za-z][A-Za-z0-9-]{0,19}$",
            meaning="HGNC symbol",
            redaction=Redaction.QUASI_IDENTIFIER,
        )
    )
    hgvs_c = variable(
        Variable(
            "Change of the coding DNA",
            Kind.TEXT,
            required=True,
            pattern="^([A-Za-z0-9_.]+(\\([A-Za-z0-9-]+\\))?:)?c\\.[^[:space:]]+$",
            meaning="HGVS, with or without a transcript, e.g. NM_001167.4:c.664C>T",
            redaction=Redaction.QUASI_IDENTIFIER,
        )
    )
    hgvs_p = variable(
        Variable(
            "Change of the protein",
            Kind.TEXT,
            pattern="^([A-Za-z0-9_.]+:)?p\\.[^[:space:]]+$",
            meaning="HGVS, as entered, e.g. p.R222X",
            redaction=Redaction.QUASI_IDENTIFIER,
        )
    )
    hgvs_p_normalised = column(
        Text,
        nullable=True,
        comment="the change of the protein in three letters, e.g. p.(Arg222Ter)",
    )
    zygosity = variable(Variable("Zygosity", Kind.CODE, codes=ZYGOSITIES))
    acmg_class = variable(Variable("ACMG class", Kind.CODE, codes=ACMG_CLASSES))
    diagnosis = variable(
        Variable(
            "Monogenic disease",
            Kind.TEXT,
            meaning="the disease found",
            redaction=Redaction.FREE_TEXT,
        )
    )
