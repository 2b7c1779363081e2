"""Paris classification of the disease at an assessment."""

from __future__ import annotations

from datetime import date

from sqlalchemy.orm import Mapped

from registry.covariates import MEASURES
from registry.models.base import PatientRecord, variable
from registry.variables import Kind, Variable
from registry.vocabulary import BEHAVIOURS, GROWTH, LOCATIONS, UPPER_GI


class Phenotype(PatientRecord):
    """One row per patient and day of assessment by the Paris classification."""

    __tablename__ = "phenotype"

    assessed_on: Mapped[date] = variable(Variable("Assessed on", Kind.DATE, required=True))
    location: Mapped[str | None] = variable(
        Variable(
            MEASURES["location"].label,
            Kind.CODE,
            codes=LOCATIONS,
            meaning="below the ligament of Treitz; none = upper disease alone",
        )
    )
    upper_gi: Mapped[str | None] = variable(
        Variable(
            "Paris upper disease",
            Kind.CODE,
            codes=UPPER_GI,
            meaning="empty = none",
            empty_tells=True,
        )
    )
    behaviour: Mapped[str | None] = variable(
        Variable(MEASURES["behaviour"].label, Kind.CODE, codes=BEHAVIOURS)
    )
    perianal: Mapped[bool | None] = variable(
        Variable(MEASURES["perianal"].label, Kind.FLAG, meaning="Paris p modifier")
    )
    growth: Mapped[str | None] = variable(Variable("Paris growth delay", Kind.CODE, codes=GROWTH))
