"""Endoscopies with the CDEIS."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from sqlalchemy.orm import Mapped

from registry.models.base import PatientRecord, variable
from registry.variables import Kind, Variable


class Endoscopy(PatientRecord):
    """One row per patient and day of endoscopy."""

    __tablename__ = "endoscopy"

    performed_on: Mapped[date] = variable(Variable("Performed on", Kind.DATE, required=True))
    cdeis: Mapped[Decimal | None] = variable(
        Variable(
            "CDEIS",
            Kind.NUMBER,
            unit="points",
            minimum=Decimal(0),
            maximum=Decimal(44),
            meaning="Crohn's Disease Endoscopic Index of Severity",
        )
    )
