"""Operations."""

from __future__ import annotations

from registry.models.base import PatientRecord, variable
from registry.variables import Kind, Redaction, Variable


class Surgery(PatientRecord):
    """One row per patient, day and procedure."""

    __tablename__ = "surgery"

    performed_on = variable(Variable("Performed on", Kind.DATE, required=True))
    procedure = variable(
        Variable("Procedure", Kind.TEXT, required=True, redaction=Redaction.FREE_TEXT)
    )
