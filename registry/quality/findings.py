"""Lists the records that failed a rule of plausibility."""

from __future__ import annotations

from sqlalchemy import Connection

from registry.errors import NotFound, there_are
from registry.records.patient_number import patient_number
from registry.records.plausibility import Finding, read_findings
from registry.views import plausibility
from registry.words import tr


def list_findings(
    connection: Connection, *, rule: str | None = None, patient: str | None = None
) -> list[Finding]:
    """The findings of one rule or all, of one patient (a study id) or everyone.

    Raises NotFound for a rule or a patient that is not there.
    """
    if rule is not None:
        require_rule(rule)
    number = None if patient is None else patient_number(connection, patient)
    return read_findings(connection, None if rule is None else [rule], number)


def require_rule(rule: str) -> None:
    """Raises NotFound for a rule of plausibility that is not there."""
    names = plausibility.rules()
    if rule not in names:
        raise NotFound(tr("There is no rule {name}.", name=rule), cure=there_are(names))
