"""Endoscopies with the CDEIS."""

from __future__ import annotations

from decimal import Decimal

from registry.models.base import PatientRecord, variable
from registry.variables import Kind, Variable


class Endoscopy(PatientRecord):
    """One row per patient and day of endoscopy."""

    __tablename__ = "endoscopy"

    performed_on = variable(Variable("Performed on", Kind.DATE, required=True))
    cdeis = variable(
        Variable(
            "CDEIS",
            Kind.NUMBER,
            unit="points",
            minimum=Decimal(0),
            maximum=Decimal(44),
            meaning="Crohn's Disease Endoscopic Index of Severity",
        )
    )
