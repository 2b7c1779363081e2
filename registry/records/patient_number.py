"""The registry's number of a child whose study id is known.

By itself, for most commands ask it: what is said of an id that is no child's is loaded when one is.
"""

from __future__ import annotations

from sqlalchemy import Connection, text

from registry.errors import NotFound
from registry.parsing.meant import did_you_mean
from registry.words import tr

_EVER = """
select r.patient_id from audit.record_change r
where r.table_name = 'patient_number' and coalesce(r.new_values, r.old_values) ->> 'study_id' = :id
order by r.audit_id desc limit 1
"""


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
        raise no_patient(connection, study_id)
    return int(number)


def number_ever(connection: Connection, study_id: str) -> int:
    """The number of a patient, also of one who was taken out. Raises NotFound without it."""
    try:
        return patient_number(connection, study_id)
    except NotFound:
        number: int | None = connection.scalar(text(_EVER), {"id": study_id})
        if number is None:
            raise
        return number


def no_patient(connection: Connection, study_id: str) -> NotFound:
    """What to say of a study id that is no patient's."""
    from registry.records.study_ids import find_meant, merged, shown_id

    meant = list(merged(connection, [study_id]).values()) or find_meant(connection, study_id)
    return NotFound(
        tr("There is no patient {patient}.", patient=shown_id(connection, study_id)),
        cure=did_you_mean(meant) or tr("Study ids are listed by: registry patient list"),
    )
