"""Whose the hospital's numbers of messages are, and what a message says of the child besides."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, Engine, text

from registry.database.identities import identities
from registry.errors import WrongUsage
from registry.feeds.message import Subject
from registry.feeds.reasons import Said
from registry.identity.numbers import KnownNumbers
from registry.parsing.hospital_number import number_key
from registry.parsing.text import Unreadable
from registry.records.change import declare_change
from registry.records.study_ids import merged
from registry.words import tr


@dataclass(frozen=True)
class Child:
    """A child of the registry as messages are held to it."""

    number: int
    study_id: str
    sex: str
    birth_date: date


class Children:
    """The children whom the numbers of one reading stand for. Numbers stay in here."""

    def __init__(self, centre: str, found: dict[str, str | None], known: dict[str, Child]) -> None:
        self._centre = centre
        self._found = found
        self._known = known

    def of(self, subject: Subject) -> Child | Said:
        """The one child that is meant, or why nobody is."""
        keys = [key for key in map(_key, subject.numbers) if key is not None]
        if not keys:
            return Said("no_patient")
        names = {self._found[key] for key in keys if key in self._found}
        children = {self._known[name] for name in names if name in self._known}
        if None in names or len(children) > 1:
            return Said("several_children", {"centre": self._centre})
        if not children:
            return Said("unknown_number", {"centre": self._centre})
        child = children.pop()
        if subject.birth_date is not None and subject.birth_date != child.birth_date:
            return Said("other_birth_date")
        if subject.sex is not None and subject.sex != child.sex:
            return Said("other_sex")
        return child


def children_of(
    engine: Engine,
    subjects: Iterable[Subject],
    *,
    centre: str | None,
    url: str | None,
    who: dict[str, str],
) -> Children:
    """Asks about all numbers in one query, which the identities write down.

    `who` says who works, by which command and why. Raises WrongUsage where the centre is not said
    and is not the only one.
    """
    keys = sorted({key for one in subjects for number in one.numbers if (key := _key(number))})
    with engine.begin() as connection:
        code = _centre(connection, centre)
        if not keys:
            return Children(code, {}, {})
        declare_change(connection, **who)
        with identities(connection, url) as place:
            if place.apart:
                declare_change(place.connection, **who)
            asked = dict(KnownNumbers(place.connection).study_ids(code, keys))
            place.commit()
        moved = merged(connection, [name for name in asked.values() if name is not None])
        found = {
            key: None if name is None else moved.get(name, name) for key, name in asked.items()
        }
        rows = connection.execute(
            text(
                "select p.patient_id, n.study_id, p.sex, p.birth_date from clinical.patient p "
                "join reference.patient_number n using (patient_id) where n.study_id = any(:ids)"
            ),
            {"ids": sorted({name for name in found.values() if name is not None})},
        )
        known = {
            row.study_id: Child(row.patient_id, row.study_id, row.sex, row.birth_date)
            for row in rows
        }
    return Children(code, found, known)


def _key(number: str) -> str | None:
    try:
        return number_key(number)
    except Unreadable:
        return None


def _centre(connection: Connection, asked: str | None) -> str:
    codes = connection.execute(text("select code from reference.centre order by 1")).scalars()
    known: list[str] = list(codes)
    if asked is not None and asked in known:
        return asked
    if asked is not None or len(known) != 1:
        raise WrongUsage(
            tr("It is not said which hospital gave the numbers."),
            cure=tr("Name one with --centre: {names}.", names=", ".join(known) or "-"),
        )
    return known[0]
