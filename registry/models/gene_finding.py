"""Findings in genes of monogenic inflammatory bowel disease."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Text
from sqlalchemy.orm import Mapped, mapped_column

from registry.models.base import PatientRecord, variable
from registry.variables import Kind, Redaction, Variable
from registry.vocabulary import ACMG_CLASSES, ZYGOSITIES


class GeneFinding(PatientRecord):
    """One row per patient, gene and change of the coding DNA."""

    __tablename__ = "gene_finding"

    reported_on: Mapped[date | None] = variable(Variable("Reported on", Kind.DATE))
    gene: Mapped[str] = variable(
        Variable(
            "Gene",
            Kind.TEXT,
            required=True,
            pattern="^[A-Za-z][A-Za-z0-9-]{0,19}$",
            meaning="HGNC symbol",
            redaction=Redaction.QUASI_IDENTIFIER,
        )
    )
    hgvs_c: Mapped[str] = variable(
        Variable(
            "Change of the coding DNA",
            Kind.TEXT,
            required=True,
            pattern="^([A-Za-z0-9_.]+(\\([A-Za-z0-9-]+\\))?:)?c\\.[^[:space:]]+$",
            meaning="HGVS, with or without a transcript, e.g. NM_001167.4:c.664C>T",
            redaction=Redaction.QUASI_IDENTIFIER,
        )
    )
    hgvs_p: Mapped[str | None] = variable(
        Variable(
            "Change of the protein",
            Kind.TEXT,
            pattern="^([A-Za-z0-9_.]+:)?p\\.[^[:space:]]+$",
            meaning="HGVS, as entered, e.g. p.R222X",
            redaction=Redaction.QUASI_IDENTIFIER,
        )
    )
    hgvs_p_normalised: Mapped[str | None] = mapped_column(
        Text, comment="the change of the protein in three letters, e.g. p.(Arg222Ter)"
    )
    zygosity: Mapped[str | None] = variable(Variable("Zygosity", Kind.CODE, codes=ZYGOSITIES))
    acmg_class: Mapped[str | None] = variable(Variable("ACMG class", Kind.CODE, codes=ACMG_CLASSES))
    diagnosis: Mapped[str | None] = variable(
        Variable(
            "Monogenic disease",
            Kind.TEXT,
            meaning="the disease found",
            redaction=Redaction.FREE_TEXT,
        )
    )
