"""Paris classification of the disease at an assessment."""

from __future__ import annotations

from registry.covariates import MEASURES
from registry.models.base import PatientRecord, variable
from registry.variables import Kind, Variable
from registry.vocabulary import BEHAVIOURS, GROWTH, LOCATIONS, UPPER_GI


class Phenotype(PatientRecord):
    """One row per patient and day of assessment by the Paris classification."""

    __tablename__ = "phenotype"

    assessed_on = variable(Variable("Assessed on", Kind.DATE, required=True))
    location = variable(
        Variable(
            MEASURES["location"].label,
            Kind.CODE,
            codes=LOCATIONS,
            meaning="below the ligament of Treitz; none = upper disease alone",
        )
    )
    upper_gi = variable(
        Variable(
            "Paris upper disease",
            Kind.CODE,
            codes=UPPER_GI,
            meaning="empty = none",
            empty_tells=True,
        )
    )
    behaviour = variable(Variable(MEASURES["behaviour"].label, Kind.CODE, codes=BEHAVIOURS))
    perianal = variable(Variable(MEASURES["perianal"].label, Kind.FLAG, meaning="Paris p modifier"))
    growth = variable(Variable("Paris growth delay", Kind.CODE, codes=GROWTH))
