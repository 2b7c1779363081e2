"""Contraindications to infliximab and other illnesses."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped

from registry.models.base import PatientRecord, variable
from registry.variables import Kind, Variable
from registry.vocabulary import CONDITIONS


class Condition(PatientRecord):
    """One row per patient, condition and onset."""

    __tablename__ = "condition"
    file_name: ClassVar[str] = "conditions"
    natural_key: ClassVar[tuple[str, ...]] = ("condition", "onset_on")
    not_before_birth: ClassVar[tuple[str, ...]] = ("onset_on",)
    further_constraints: ClassVar[tuple[CheckConstraint, ...]] = (
        CheckConstraint("resolved_on >= onset_on", name="resolved_not_before_onset"),
    )

    condition: Mapped[str] = variable(
        Variable(
            "Condition",
            Kind.CODE,
            required=True,
            codes=CONDITIONS,
            meaning="contraindication or comorbidity",
        )
    )
    onset_on: Mapped[date] = variable(Variable("Onset", Kind.DATE, required=True))
    resolved_on: Mapped[date | None] = variable(
        Variable("Resolved on", Kind.DATE, meaning="empty = not resolved", empty_tells=True)
    )
