"""Height and weight of a day, with entered Z-scores where there are any."""

from __future__ import annotations

from decimal import Decimal

from registry.covariates import MEASURES
from registry.models.base import PatientRecord, variable
from registry.variables import Kind, Variable

HEIGHT = Variable("Height", Kind.NUMBER, unit="cm", minimum=Decimal(30), maximum=Decimal(230))
WEIGHT = Variable("Weight", Kind.NUMBER, unit="kg", minimum=Decimal(1), maximum=Decimal(250))


def z_score(label: str) -> Variable:
    """An entered Z-score; the views compute one from the growth reference where it is empty."""
    return Variable(
        label,
        Kind.NUMBER,
        unit="SD",
        minimum=Decimal(-10),
        maximum=Decimal(10),
        meaning="entered; computed from the growth reference when empty",
        empty_tells=True,
    )


class Anthropometry(PatientRecord):
    """One row per patient and day of measurement."""

    __tablename__ = "anthropometry"

    measured_on = variable(Variable("Measured on", Kind.DATE, required=True))
    height_cm = variable(HEIGHT)
    weight_kg = variable(WEIGHT)
    height_z = variable(z_score(MEASURES["height_z"].label))
    bmi_z = variable(z_score(MEASURES["bmi_z"].label))
