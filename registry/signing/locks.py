"""Locks a child's records or a freeze, and lets them go again; the database refuses the changes."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import Connection, text

from registry.errors import NotFound, Refused
from registry.records.change import declare_change
from registry.records.patient_number import patient_number
from registry.words import tr

_LIST = """
select l.what, l.name, l.until_on, c.made_at as since, c.made_by as by, c.reason
from (
    select 'patient' as what, n.study_id as name, k.until_on, 'record_lock' as table_name,
        jsonb_build_object('patient_id', k.patient_id) as key
    from reference.record_lock k join reference.patient_number n using (patient_id)
    union all
    select 'freeze', k.freeze_name, null, 'freeze_lock',
        jsonb_build_object('freeze_name', k.freeze_name)
    from reference.freeze_lock k
) l
left join lateral (
    select s.* from audit.reference_change a join reference.change_set s using (change_id)
    where a.table_name = l.table_name and a.key = l.key order by a.audit_id desc limit 1
) c on true
order by 1, 2
"""


def locks(connection: Connection) -> list[dict[str, Any]]:
    """Everything that is locked, since when, by whom and why."""
    return [dict(row) for row in connection.execute(text(_LIST)).mappings()]


def lock_patient(
    connection: Connection, study_id: str, until: date | None, *, user: str, reason: str
) -> None:
    """Locks a child's records, or those up to a day. Refused where more is locked already."""
    number = patient_number(connection, study_id)
    declare_change(connection, user=user, command="lock", reason=reason)
    made = connection.execute(
        text(
            "insert into reference.record_lock as k (patient_id, until_on) "
            "values (:number, :until) on conflict (patient_id) do update "
            "set until_on = excluded.until_on "
            "where k.until_on < excluded.until_on "
            "or k.until_on is not null and excluded.until_on is null"
        ),
        {"number": number, "until": until},
    )
    if not made.rowcount:
        raise Refused(
            tr("The records of {patient} are locked already, as far or further.", patient=study_id),
            cure=tr(
                "To lock less, unlock first: registry unlock patient {patient}", patient=study_id
            ),
        )


def unlock_patient(connection: Connection, study_id: str, *, user: str, reason: str) -> None:
    """Lets a child's records go. NotFound where they are not locked."""
    number = patient_number(connection, study_id)
    declare_change(connection, user=user, command="unlock", reason=reason)
    gone = connection.execute(
        text("delete from reference.record_lock where patient_id = :number"), {"number": number}
    )
    if not gone.rowcount:
        raise NotFound(tr("The records of {patient} are not locked.", patient=study_id))


def lock_freeze(connection: Connection, name: str, *, user: str, reason: str) -> None:
    """Locks a freeze that is there. Refused where it is locked already."""
    declare_change(connection, user=user, command="lock", reason=reason)
    made = connection.execute(
        text("insert into reference.freeze_lock values (:name) on conflict do nothing"),
        {"name": name},
    )
    if not made.rowcount:
        raise Refused(tr("The freeze {name} is locked already.", name=name))


def unlock_freeze(connection: Connection, name: str, *, user: str, reason: str) -> None:
    """Lets a freeze go. NotFound where it is not locked."""
    declare_change(connection, user=user, command="unlock", reason=reason)
    gone = connection.execute(
        text("delete from reference.freeze_lock where freeze_name = :name"), {"name": name}
    )
    if not gone.rowcount:
        raise NotFound(tr("The freeze {name} is not locked.", name=name))
