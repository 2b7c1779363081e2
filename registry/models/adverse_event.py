"""Adverse events, whether or not a treatment caused them."""

from __future__ import annotations

from typing import ClassVar

from registry.models.base import PatientRecord, variable
from registry.models.constraints import InOrder
from registry.variables import Kind, Redaction, Variable
from registry.vocabulary import SEVERITIES
from registry.words import note


class AdverseEvent(PatientRecord):
    """One row per patient, day of onset and event."""

    __tablename__ = "adverse_event"
    in_order: ClassVar[tuple[InOrder, ...]] = (
        InOrder(
            "resolved_on",
            "started_on",
            "resolved_not_before_start",
            note("lies before the start"),
        ),
    )

    started_on = variable(Variable("Started on", Kind.DATE, required=True))
    term = variable(
        Variable(
            "Event",
            Kind.TEXT,
            required=True,
            meaning="in a few words, best as a preferred term of MedDRA; nothing that identifies",
            redaction=Redaction.FREE_TEXT,
        )
    )
    severity = variable(
        Variable(
            "Severity", Kind.CODE, required=True, codes=SEVERITIES, meaning="the grade of CTCAE"
        )
    )
    serious = variable(
        Variable(
            "Serious",
            Kind.FLAG,
            required=True,
            meaning="by ICH E2A: death, danger to life, hospital, lasting harm, birth defect, "
            "or as important",
        )
    )
    resolved_on = variable(
        Variable("Resolved on", Kind.DATE, meaning="empty = not resolved", empty_tells=True)
    )
