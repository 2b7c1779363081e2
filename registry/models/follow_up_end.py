"""The recorded end of a patient's follow-up."""

from __future__ import annotations

from registry.models.base import PatientRecord, variable
from registry.variables import Kind, Redaction, Variable
from registry.vocabulary import FOLLOW_UP_END_REASONS


class FollowUpEnd(PatientRecord):
    """At most one row per patient."""

    __tablename__ = "follow_up_end"

    ended_on = variable(Variable("Ended on", Kind.DATE, required=True))
    reason = variable(Variable("Reason", Kind.CODE, required=True, codes=FOLLOW_UP_END_REASONS))
    note = variable(Variable("Note", Kind.TEXT, empty_tells=True, redaction=Redaction.FREE_TEXT))
