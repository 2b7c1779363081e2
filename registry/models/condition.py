"""Contraindications to infliximab and other illnesses."""

from __future__ import annotations

from typing import ClassVar

from registry.models.base import PatientRecord, variable
from registry.models.constraints import InOrder
from registry.variables import Kind, Variable
from registry.vocabulary import CONDITIONS
from registry.words import note


class Condition(PatientRecord):
    """One row per patient, condition and onset."""

    __tablename__ = "condition"
    in_order: ClassVar[tuple[InOrder, ...]] = (
        InOrder(
            "resolved_on",
            "onset_on",
            "resolved_not_before_onset",
            note("lies before the onset"),
        ),
    )

    condition = variable(
        Variable(
            "Condition",
            Kind.CODE,
            required=True,
            codes=CONDITIONS,
            meaning="contraindication or comorbidity",
        )
    )
    onset_on = variable(Variable("Onset", Kind.DATE, required=True))
    resolved_on = variable(
        Variable("Resolved on", Kind.DATE, meaning="empty = not resolved", empty_tells=True)
    )
