"""The registry's number of a child whose study id is known.

By itself, for most commands ask it: what is said of an id that is no child's is loaded when one is.
"""

from __future__ import annotations

from sqlalchemy import Connection, text

from registry.errors import NotFound
from registry.parsing.meant import did_you_mean
from registry.words import tr


def patient_number(connection: Connection, study_id: str) -> int:
    """The registry's number of a patient. Raises NotFound for a study id that is no patient's."""
    number = connection.execute(
        text(
            "select patient_id from clinical.patient "
            "join reference.patient_number using (patient_id) where study_id = :study_id"
        ),
        {"study_id": study_id},
    ).scalar_one_or_none()
    if number is None:
        from registry.records.study_ids import find_meant, merged, shown_id

        meant = list(merged(connection, [study_id]).values()) or find_meant(connection, study_id)
        raise NotFound(
            tr("There is no patient {patient}.", patient=shown_id(connection, study_id)),
            cure=did_you_mean(meant) or tr("Study ids are listed by: registry patient list"),
        )
    return int(number)
