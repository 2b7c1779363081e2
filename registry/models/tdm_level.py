"""Drug levels: infliximab and antibodies to it, in one sample."""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar

from sqlalchemy import CheckConstraint, Index, Numeric, PrimaryKeyConstraint, Text, text

from registry.models.base import REFERENCE, Base, PatientRecord, column, comparator_of, variable
from registry.variables import Kind, Redaction, Variable


class TdmLevel(PatientRecord):
    """One row per patient, day of sampling and assay; a level below or above a limit keeps it."""

    __tablename__ = "tdm_level"
    # By which the limits that an assay reports are found.
    indexes: ClassVar[tuple[Index, ...]] = tuple(
        Index(
            None,
            "assay",
            f"{measured}_comparator",
            measured,
            postgresql_where=text(f"{measured}_comparator is not null"),
        )
        for measured in ("ifx_ug_ml", "ada_au_ml")
    )

    sampled_on = variable(Variable("Sampled on", Kind.DATE, required=True))
    ifx_ug_ml = variable(
        Variable(
            "Infliximab",
            Kind.MEASURED,
            unit="ug/mL",
            minimum=Decimal(0),
            maximum=Decimal(200),
            meaning="<x and >x are kept with their limit",
        )
    )
    ifx_ug_ml_comparator = comparator_of("ifx_ug_ml")
    ada_au_ml = variable(
        Variable(
            "Antibodies to infliximab",
            Kind.MEASURED,
            unit="AU/mL",
            minimum=Decimal(0),
            maximum=Decimal(10000),
            meaning="<x and >x are kept with their limit",
        )
    )
    ada_au_ml_comparator = comparator_of("ada_au_ml")
    assay = variable(
        Variable(
            "Assay",
            Kind.TEXT,
            meaning="thresholds for antibodies depend on it",
            redaction=Redaction.FREE_TEXT,
        )
    )


class Assay(Base):
    """One row per assay; a level's new assay adds itself, its cut-offs come from the laboratory."""

    __tablename__ = "assay"
    __table_args__ = (
        CheckConstraint("ada_high_from > ada_positive_from", name="high_above_positive"),
        {"schema": REFERENCE, "comment": "One row per assay of infliximab and its antibodies"},
    )

    name = variable(
        Variable("Assay", Kind.TEXT, required=True, redaction=Redaction.CLINICAL), primary_key=True
    )
    drug_tolerant = variable(
        Variable(
            "Drug tolerant",
            Kind.FLAG,
            meaning="whether antibodies are found in the presence of drug; empty = not known",
        )
    )
    ada_positive_from = variable(
        Variable(
            "Antibodies are positive from",
            Kind.NUMBER,
            minimum=Decimal(0),
            above_minimum=True,
            meaning="in the assay's own unit; empty = not known",
        )
    )
    ada_high_from = variable(
        Variable(
            "Antibodies are high-titre from",
            Kind.NUMBER,
            minimum=Decimal(0),
            above_minimum=True,
            meaning="in the assay's own unit; empty = not known",
        )
    )


class TdmThreshold(Base):
    """One row per version, time and phenotype of a therapeutic trough threshold."""

    __tablename__ = "tdm_threshold"
    __table_args__ = (
        PrimaryKeyConstraint("version", "timepoint", "phenotype"),
        {"schema": REFERENCE, "comment": "Therapeutic thresholds of the infliximab trough"},
    )

    version = column(Text, comment="edition of the thresholds")
    timepoint = column(Text, comment="week_2, week_6, week_14, maintenance")
    phenotype = column(
        Text,
        comment="any, perianal_fistulising, or remission_week_14, to which no level is held",
    )
    purpose = column(Text, comment="what the threshold is held to predict")
    ifx_ug_ml = column(Numeric, comment="trough of infliximab (ug/mL)")
    source = column(Text, comment="guideline or publication")
