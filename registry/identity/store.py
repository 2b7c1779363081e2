"""Identities are read and written: by the functions of their schema, which keep who did and why.

Every function works on a connection on which `declare_change` has said who, by which command and
why; without a reason nothing is read. No error repeats a value.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, text

from registry.errors import NotFound, Refused
from registry.identity.person import Number, Person, checked
from registry.parsing.hospital_number import number_key
from registry.parsing.text import Unreadable
from registry.words import tr


@dataclass(frozen=True)
class Link:
    """That a hospital's number is a child's."""

    patient_id: str
    centre: str
    number: str


def listed(connection: Connection) -> list[dict[str, Any]]:
    """Whose identity is kept: study id, whether there is a name, centres that gave a number."""
    rows = connection.execute(text("select * from identity.kept()")).all()
    return [
        {"patient_id": row.study_id, "name": row.has_name, "numbers_of": ", ".join(row.centres)}
        for row in rows
    ]


def read(connection: Connection, patients: Sequence[str]) -> list[Person]:
    """The identities of these study ids, of those that have one."""
    rows = connection.execute(
        text("select * from identity.read(cast(:ids as text[]))"), {"ids": list(patients)}
    ).all()
    return [
        Person(
            row.study_id,
            row.name,
            row.birth_name,
            row.contact,
            row.identity_number,
            tuple(Number(**one) for one in row.numbers),
        )
        for row in rows
    ]


def show(connection: Connection, patient: str) -> Person:
    """One child's identity. Raises NotFound without."""
    for found in read(connection, [patient]):
        return found
    raise NotFound(
        tr("No identity is kept of {patient}.", patient=patient),
        cure=tr("Give one: registry identity add PATIENT"),
    )


def find(
    connection: Connection,
    *,
    centre: str | None,
    number: str | None,
    name: str | None,
    identity_number: str | None,
) -> list[str]:
    """The study ids of whom all that is given fits."""
    rows = connection.execute(
        text("select * from identity.find(:centre, :key, :name, :state)"),
        {
            "centre": centre,
            "key": None if number is None else key_of(number),
            "name": name,
            "state": identity_number,
        },
    )
    return list(rows.scalars())


def put(connection: Connection, patient: str, given: Mapping[str, str | None]) -> None:
    """Gives a child these values; None or an empty one empties, what is not given stays."""
    values = checked(given)
    if values:
        connection.execute(
            text("select identity.put(:patient, cast(:given as jsonb))"),
            {"patient": patient, "given": json.dumps(values)},
        )


def link(connection: Connection, links: Iterable[Link]) -> None:
    """Says whose these numbers are, of all or of none.

    A number that another child has in use is refused: first its use there is ended, or the two
    study ids are one child's. Raises Refused, which names children and centres but no number.
    """
    given = [
        {
            "centre": one.centre,
            "number": one.number.strip(),
            "number_key": key_of(one.number),
            "study_id": one.patient_id,
        }
        for one in links
    ]
    taken = set(
        connection.execute(
            text("select * from identity.link(cast(:given as jsonb))"),
            {"given": json.dumps(given)},
        ).scalars()
    )
    first: dict[tuple[str, str], str] = {}
    for one in given:
        other = first.setdefault((one["centre"], one["number_key"]), one["study_id"])
        if one["number_key"] in taken or other != one["study_id"]:
            raise Refused(
                tr(
                    "The number of {patient} at {centre} is another child's.",
                    patient=one["study_id"],
                    centre=one["centre"],
                ),
                cure=tr(
                    "If the hospital gave it anew: registry identity link PATIENT NUMBER --until "
                    "DAY for who had it. If both are one child: registry patient merge"
                ),
            )


def unlink(
    connection: Connection, patient: str, centre: str, number: str, until: date | None
) -> None:
    """Ends the use of a number, or takes it out where no day is given. Raises NotFound without."""
    done = connection.execute(
        text("select identity.unlink(:patient, :centre, :key, :until)"),
        {"patient": patient, "centre": centre, "key": key_of(number), "until": until},
    ).scalar_one()
    if not done:
        raise NotFound(
            tr("{patient} has no such number at {centre}.", patient=patient, centre=centre),
            cure=tr("Numbers are shown by: registry identity show PATIENT"),
        )


def void(connection: Connection, patient: str) -> None:
    """Takes a child's identity out; the identities' own audit keeps it. Raises NotFound without."""
    if not connection.execute(
        text("select identity.void(:patient)"), {"patient": patient}
    ).scalar_one():
        raise NotFound(tr("No identity is kept of {patient}.", patient=patient))


def audited(connection: Connection, patient: str | None) -> list[dict[str, Any]]:
    """Who read whom and who changed what, of a child or of all, the first one first."""
    rows = connection.execute(
        text("select * from identity.audited(:patient)"), {"patient": patient}
    ).mappings()
    return [{**row, "study_ids": ", ".join(row["study_ids"])} for row in rows]


def key_of(number: str) -> str:
    """What a number is compared by. Raises Refused, which does not repeat it."""
    try:
        return number_key(number)
    except Unreadable as error:
        raise Refused(tr("The number {problem}.", problem=error.problem)) from None
