"""Makes, lists, shows and drops releases."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, bindparam, text
from sqlalchemy.dialects.postgresql import JSONB

from registry import __version__
from registry.database.engine import without_time_limits
from registry.database.frozen import DEIDENTIFIED, LIVE, NAME, Frozen, no_name
from registry.database.locks import Lock, take
from registry.errors import NotFound, Refused, WrongUsage
from registry.parsing.meant import did_you_mean, near
from registry.records.change import (
    MADE_AND_DROPPED,
    declare_change,
    made_and_dropped,
    summarise_change,
)
from registry.releases.choose import choose
from registry.words import tr

# Writes what the release has of the views of a schema, and says what it wrote.
Write = Callable[[Connection, str], dict[str, Any]]

_LIST = f"""
select r.*, {MADE_AND_DROPPED},
    (select count(*) from derived.release_erased e where e.release = r.name) as erased
from reference.data_release r
{made_and_dropped("data_release", "r")}
"""


@dataclass(frozen=True)
class Stored:
    """A release as the registry keeps it, also after it was dropped."""

    name: str
    freeze_name: str | None
    as_of: datetime
    recipient: str | None
    series: str | None
    smallest_group: int
    content: dict[str, Any]
    program_version: str
    dropped: bool
    made_at: datetime
    made_by: str
    reason: str | None
    dropped_at: datetime | None
    dropped_by: str | None
    dropped_reason: str | None
    erased: int

    def to_json(self) -> dict[str, Any]:
        """As one JSON object."""
        document = dict(vars(self))
        return document | {"freeze": document.pop("freeze_name"), **document.pop("content")}


def create(
    engine: Engine,
    name: str,
    *,
    frozen: Frozen | None,
    recipient: str | None,
    series: str | None = None,
    smallest_group: int | None,
    user: str,
    reason: str | None,
    write: Write,
) -> Stored:
    """Chooses the children, lets `write` write what is told of them, and keeps what was done.

    It is kept when `write` has written. Refused where the name is taken or nobody is left,
    WrongUsage where fewer are to be alike than the registry asks for.
    """
    wrong = [one for one in (name, series) if one is not None and NAME.fullmatch(one) is None]
    if wrong:
        raise no_name(tr("{name} cannot be the name of a release.", name=wrong[0]))
    with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
        take(connection, Lock.UPGRADE, shared=True)
        without_time_limits(connection)
        if name in _names(connection):
            raise Refused(
                tr("There is or was a release {name}.", name=name),
                cure=tr("A name is used once, since files bear it. Choose another."),
            )
        smallest = _smallest_group(connection, smallest_group)
        place = LIVE if frozen is None else frozen.place
        declare_change(connection, user=user, command="release create", reason=reason)
        children = choose(connection, place, name, smallest, series)
        if not children:
            raise Refused(
                tr("No child can be released."),
                cure=tr(
                    "Whoever has no infliximab or no consent is left out, and whoever is not like "
                    "{number} others of the same age and sex.",
                    number=smallest - 1,
                ),
            )
        content = write(connection, place.schema(DEIDENTIFIED))
        connection.execute(
            text(
                "insert into reference.data_release (name, freeze_name, as_of, recipient, series, "
                "smallest_group, content, program_version, dropped) values (:name, :freeze, "
                "coalesce(:as_of, now()), :recipient, :series, :smallest, :content, :version, "
                "false)"
            ).bindparams(bindparam("content", type_=JSONB)),
            {
                "name": name,
                "freeze": None if frozen is None else frozen.name,
                "as_of": None if frozen is None else frozen.as_of,
                "recipient": recipient,
                "series": series,
                "smallest": smallest,
                "content": content,
                "version": __version__,
            },
        )
        summarise_change(
            connection, f"{name}: {children} children to {recipient or 'nobody named'}"
        )
        connection.commit()
        return get(connection, name)


def releases(connection: Connection) -> list[Stored]:
    """Every release in the order of its making, the dropped ones too."""
    rows = connection.execute(text(f"{_LIST} order by made.made_at, r.name")).mappings()
    return [Stored(**row) for row in rows]


def get(connection: Connection, name: str) -> Stored:
    """One of them. NotFound without it."""
    row = connection.execute(text(f"{_LIST} where r.name = :name"), {"name": name}).mappings()
    found = row.one_or_none()
    if found is None:
        raise NotFound(
            tr("There is no release {name}.", name=name),
            cure=did_you_mean(near(name, _names(connection)))
            or tr("They are listed by: registry release list"),
        )
    return Stored(**found)


def drop(engine: Engine, name: str, *, user: str, reason: str) -> Stored:
    """Forgets whose its ids are; what is known of it stays. Refused where they are gone."""
    with engine.connect() as connection:
        found = get(connection, name)
        if found.dropped:
            raise Refused(
                tr(
                    "The release {name} was dropped by {person}: {reason}.",
                    name=name,
                    person=found.dropped_by,
                    reason=found.dropped_reason,
                )
            )
        declare_change(connection, user=user, command="release drop", reason=reason)
        connection.execute(
            text("update reference.data_release set dropped = true where name = :name"),
            {"name": name},
        )
        summarise_change(connection, f"{name} dropped")
        connection.commit()
        return get(connection, name)


def children(connection: Connection, name: str) -> list[dict[str, Any]]:
    """Study id and id in the release of every child in it, and what is not told of the child."""
    return _rows(
        connection,
        "select n.study_id as patient_id, c.child_id, "
        "array_to_string(c.given_up, ', ') as given_up from derived.release_child c "
        "join reference.patient_number n using (patient_id) where c.release = :name order by 1",
        name,
    )


def left_out(connection: Connection, name: str) -> list[dict[str, Any]]:
    """Study id and reason of every child who is not in it."""
    return _rows(
        connection,
        "select n.study_id as patient_id, l.reason from derived.release_left_out l "
        "join reference.patient_number n using (patient_id) where l.release = :name order by 1",
        name,
    )


def erased(connection: Connection, name: str) -> list[dict[str, Any]]:
    """The ids that a recipient has of children who were erased since."""
    get(connection, name)
    return _rows(
        connection,
        "select child_id, erased_at from derived.release_erased where release = :name order by 1",
        name,
    )


def erased_of_series(connection: Connection, series: str) -> list[str]:
    """The ids of children of a series who were erased since some release of it."""
    rows = connection.execute(
        text(
            "select distinct e.child_id from derived.release_erased e "
            "join reference.data_release r on r.name = e.release where r.series = :series "
            "order by 1"
        ),
        {"series": series},
    )
    return list(rows.scalars())


def _rows(connection: Connection, statement: str, name: str) -> list[dict[str, Any]]:
    return [dict(row) for row in connection.execute(text(statement), {"name": name}).mappings()]


def _names(connection: Connection) -> list[str]:
    rows = connection.execute(text("select name from reference.data_release order by 1"))
    return list(rows.scalars())


def _smallest_group(connection: Connection, asked: int | None) -> int:
    least = connection.execute(
        text("select smallest_group from reference.registry_setting")
    ).scalar_one()
    if asked is not None and asked < least:
        raise WrongUsage(
            tr("This registry releases nothing of which fewer than {least} share it.", least=least),
            cure=tr("Ask for as many, or more."),
        )
    return int(asked or least)
