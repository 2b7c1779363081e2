"""An infusion of infliximab."""

from __future__ import annotations

from decimal import Decimal

from registry.models.anthropometry import WEIGHT
from registry.models.base import PatientRecord, variable
from registry.variables import Kind, Redaction, Variable


class Infusion(PatientRecord):
    """One row per patient and day of infusion; dose per kg and interval are always derived."""

    __tablename__ = "infusion"

    infused_on = variable(Variable("Infused on", Kind.DATE, required=True))
    dose_mg = variable(
        Variable(
            "Dose given",
            Kind.NUMBER,
            required=True,
            unit="mg",
            minimum=Decimal(0),
            above_minimum=True,
            maximum=Decimal(2000),
        )
    )
    weight_kg = variable(WEIGHT._replace(required=True, meaning="on the day of the infusion"))
    product = variable(
        Variable(
            "Product",
            Kind.TEXT,
            meaning="name of the originator or biosimilar",
            redaction=Redaction.FREE_TEXT,
        )
    )
