"""Endoscopies with the CDEIS."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import ClassVar

from sqlalchemy.orm import Mapped

from registry.models.base import PatientRecord, variable
from registry.variables import Kind, Variable


class Endoscopy(PatientRecord):
    """One row per patient and day of endoscopy."""

    __tablename__ = "endoscopy"
    file_name: ClassVar[str] = "endoscopies"
    natural_key: ClassVar[tuple[str, ...]] = ("performed_on",)
    not_before_birth: ClassVar[tuple[str, ...]] = ("performed_on",)

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
