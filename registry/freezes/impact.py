"""Where one child stands: which freezes hold or held the child, which nights' reports name it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from registry.database.frozen import Place
from registry.freezes.store import Stored, freezes
from registry.records.patient_number import number_ever

# Whether there was a child, as of a commit; the audit keeps that there were rows also of who was
# erased.
HELD = """
select r.operation <> 'delete' from audit.record_change r
join audit.committed_change k using (change_id)
where r.patient_id = {number} and r.table_name = 'patient' and k.commit_number <= {commit}
order by r.audit_id desc limit 1
"""
_HELD = HELD.format(number=":number", commit=":commit")
_ERASED = """
select e.patient_id, m.made_at from audit.erasure e join reference.change_set m using (change_id)
where e.id_hash = audit.id_hash(e.id_salt, :id) order by e.change_id desc limit 1
"""
_REPORTS = """
select night_id as night, started_at, report_file from derived.scheduled_run
where audit.names_one(report::text, array[:id]) order by night_id
"""


@dataclass(frozen=True)
class Child:
    """A child by its number; `erased_at` where nothing of it is left."""

    patient_id: str
    number: int
    erased_at: datetime | None


def child_of(connection: Connection, study_id: str) -> Child:
    """The child of a study id, also one who was taken out or erased. NotFound without it."""
    erased = connection.execute(text(_ERASED), {"id": study_id}).one_or_none()
    if erased is not None:
        return Child(study_id, erased.patient_id, erased.made_at)
    return Child(study_id, number_ever(connection, study_id), None)


def holding(connection: Connection, child: Child) -> list[Stored]:
    """The freezes that held the child when they were made, the dropped ones too.

    One that was made of an earlier moment after the child was erased never did.
    """
    return [
        one
        for one in freezes(connection)
        if not (child.erased_at is not None and one.made_at > child.erased_at)
        and connection.scalar(
            text(_HELD), {"number": child.number, "commit": one.frozen.commit_number}
        )
    ]


def status_in(
    connection: Connection, place: Place, number: int, definition: str
) -> dict[str, Any] | None:
    """What a freeze has of the child's status."""
    statement = place.sql(
        "select state, event_on, end_on, time_days from derived.lor_status "
        "where patient_id = :number and definition = :definition"
    )
    found = connection.execute(text(statement), {"number": number, "definition": definition})
    row = found.mappings().one_or_none()
    return None if row is None else dict(row)


def reports_naming(connection: Connection, study_id: str) -> list[dict[str, Any]]:
    """Nights whose stored report names the child."""
    rows = connection.execute(text(_REPORTS), {"id": study_id}).mappings()
    return [dict(row) for row in rows]
