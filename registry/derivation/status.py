"""Reads the stored status, and tells what is not there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, text

from registry.database.frozen import frozen_of
from registry.errors import NotFound
from registry.words import tr


def waiting_patients(connection: Connection, definition: str | None = None) -> int:
    """Patients that wait for a derivation of a definition; without one, of that most wait for.

    Nobody does in a freeze, which stays as it was derived.
    """
    if frozen_of(connection) is not None:
        return 0
    return int(
        connection.execute(
            text(
                "select coalesce(max(waiting), 0) from analytics.freshness "
                "where definition = coalesce(:definition, definition)"
            ),
            {"definition": definition},
        ).scalar_one()
    )


def require_patient(connection: Connection, patient: str) -> None:
    """Raises NotFound for a study id that is no patient's."""
    found = connection.execute(
        text(
            "select exists (select from clinical.patient join reference.patient_number "
            "using (patient_id) where study_id = :patient)"
        ),
        {"patient": patient},
    ).scalar_one()
    if not found:
        raise NotFound(
            tr("There is no patient {patient}.", patient=patient),
            cure=tr("Study ids are listed by: registry patient list"),
        )


def status_rows(
    connection: Connection, definition: str, columns: Sequence[str], patient: str | None = None
) -> list[dict[str, Any]]:
    """The stored status as rows of `columns`, by study id; of one patient or of all."""
    only = "" if patient is None else " and patient_id = :patient"
    rows = connection.execute(
        text(
            f"select {', '.join(columns)} from analytics.status "
            f"where definition = :definition{only} order by patient_id"
        ),
        {"definition": definition, **({} if patient is None else {"patient": patient})},
    ).mappings()
    return [dict(row) for row in rows]
