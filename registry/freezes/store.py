"""Makes, lists, shows and drops freezes; opens one for reading, or one of a single command."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg.errors import DuplicateSchema, UniqueViolation
from sqlalchemy import Connection, Engine, bindparam, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import IntegrityError, ProgrammingError

from registry.database import frozen
from registry.database.engine import Database, without_time_limits
from registry.database.frozen import Frozen, Place
from registry.database.locks import Lock, take
from registry.errors import NotFound, Refused
from registry.freezes.content import Content, from_json
from registry.freezes.make import make
from registry.freezes.upkeep import keep_up
from registry.parsing.meant import did_you_mean, near
from registry.records.change import (
    MADE_AND_DROPPED,
    declare_change,
    made_and_dropped,
    summarise_change,
)
from registry.words import tr

_COLUMNS = "name, as_of, day, commit_number, sha256, rules_hash, program_version, note"
# With the change that made it, and the one that dropped it.
_LIST = f"""
select f.*, {MADE_AND_DROPPED}
from reference.data_freeze f
{made_and_dropped("data_freeze", "f")}
"""


@dataclass(frozen=True)
class Stored:
    """A freeze as the registry keeps it, also after it was dropped."""

    frozen: Frozen
    content: Content
    dropped: bool
    made_at: datetime
    made_by: str
    reason: str | None
    dropped_at: datetime | None
    dropped_by: str | None
    dropped_reason: str | None

    def to_json(self) -> dict[str, Any]:
        """With the contract's keys."""
        return {
            "name": self.frozen.name,
            "as_of": self.frozen.as_of,
            "day": self.frozen.day,
            "commit_number": self.frozen.commit_number,
            "sha256": self.frozen.sha256,
            "tables": {name: one.rows for name, one in sorted(self.content.items())},
            "hashes": {name: one.sha256 for name, one in sorted(self.content.items())},
            "rules_hash": self.frozen.rules_hash,
            "program_version": self.frozen.program_version,
            "note": self.frozen.note,
            "made_at": self.made_at,
            "made_by": self.made_by,
            "reason": self.reason,
            "dropped": self.dropped,
            "dropped_at": self.dropped_at,
            "dropped_by": self.dropped_by,
            "dropped_reason": self.dropped_reason,
        }


def create(
    engine: Engine, name: str, *, as_of: datetime | None, user: str, reason: str | None
) -> Stored:
    """Freezes what is there now, or was at a moment. Refused where the name is taken."""
    frozen.require_name(name)
    with _making(engine) as connection:
        if _row(connection, name) is not None:
            raise _taken(name)
        declare_change(connection, user=user, command="freeze create", reason=reason)
        try:
            made, content = make(connection, name, as_of)
            _record(connection, made, content)
        except (IntegrityError, ProgrammingError) as error:
            if isinstance(error.orig, UniqueViolation | DuplicateSchema):
                raise _taken(name) from None
            raise
        rows = sum(one.rows for one in content.values())
        summarise_change(connection, f"{name}: {rows} rows, SHA-256 {made.sha256}")
        connection.commit()
    with engine.connect() as connection:
        return get(connection, name)


def freezes(connection: Connection) -> list[Stored]:
    """Every freeze by its moment, the dropped ones too."""
    rows = connection.execute(text(f"{_LIST} order by f.as_of, f.name")).mappings()
    return [_stored(dict(row)) for row in rows]


def get(connection: Connection, name: str) -> Stored:
    """One of them. NotFound without it."""
    row = _row(connection, name)
    if row is None:
        names = [one.frozen.name or "" for one in freezes(connection)]
        raise NotFound(
            tr("There is no freeze {name}.", name=name),
            cure=did_you_mean(near(name, names)) or tr("They are listed by: registry freeze list"),
        )
    return _stored(row)


def drop(engine: Engine, name: str, *, user: str, reason: str) -> Stored:
    """Takes its data away; what is known of it stays. Refused where they are gone."""
    with engine.connect() as connection:
        take(connection, Lock.UPGRADE, shared=True)
        found = get(connection, name)
        if found.dropped:
            raise _gone(found)
        declare_change(connection, user=user, command="freeze drop", reason=reason)
        connection.execute(
            text("update reference.data_freeze set dropped = true where name = :name"),
            {"name": name},
        )
        frozen.drop(connection, found.frozen.place)
        summarise_change(connection, f"{name} dropped")
        connection.commit()
        return get(connection, name)


@contextmanager
def opened(database: Database, name: str, *, user: str) -> Iterator[Database]:
    """The database as the freeze has it. NotFound without it, Refused where it was dropped.

    One that another program made, or that is not there after a restore, is brought up first.
    """
    with database.engine.connect() as connection:
        found = get(connection, name)
    if found.dropped:
        raise _gone(found)
    if keep_up(database.engine, found.frozen, found.content, user=user):
        with database.engine.connect() as connection:
            found = get(connection, name)
    yield from _over(database, found.frozen)


@contextmanager
def passing(database: Database, as_of: datetime) -> Iterator[Database]:
    """The database as it stood at a moment, in a freeze that is gone at the end.

    While it is there a lock is held, which the server takes back from whoever is killed; the next
    that finds nobody holding it takes away what is left.
    """
    engine = database.engine
    sweep(engine)
    with engine.connect() as holding:
        without_time_limits(holding)
        take(holding, Lock.FREEZE, shared=True)
        with _making(engine) as connection:
            name = f"{frozen.PASSING}{secrets.token_hex(8)}"
            made, _ = make(connection, name, as_of, passing=True)
            connection.commit()
        try:
            yield from _over(database, made)
        finally:
            with engine.begin() as connection:
                frozen.drop(connection, made.place)
        holding.rollback()


def sweep(engine: Engine) -> None:
    """Takes away the freezes of commands that were killed."""
    with engine.begin() as connection:
        left = frozen.places(connection, passing=True)
        if not left or not frozen.nobody_holds(connection):
            return
        for place in left:
            frozen.drop(connection, place)


@contextmanager
def _making(engine: Engine) -> Iterator[Connection]:
    """A transaction with one snapshot, in which nobody migrates."""
    with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
        take(connection, Lock.UPGRADE, shared=True)
        without_time_limits(connection)
        yield connection


def _over(database: Database, found: Frozen) -> Iterator[Database]:
    engine = frozen.engine_over(database.engine, found.place)
    try:
        yield database._replace(engine=engine.execution_options(frozen=found), frozen=found)
    finally:
        engine.dispose()


def _row(connection: Connection, name: str) -> dict[str, Any] | None:
    found = connection.execute(text(f"{_LIST} where f.name = :name"), {"name": name}).mappings()
    row = found.one_or_none()
    return None if row is None else dict(row)


def _stored(row: dict[str, Any]) -> Stored:
    known = {name: row[name] for name in _COLUMNS.split(", ")}
    told = {
        name: row[name] for name in Stored.__dataclass_fields__ if name not in ("frozen", "content")
    }
    return Stored(Frozen(**known, place=Place(row["name"])), from_json(row["content"]), **told)


def _record(connection: Connection, made: Frozen, content: Content) -> None:
    listed = f"{_COLUMNS}, content, dropped"
    values = {name: getattr(made, name) for name in _COLUMNS.split(", ")}
    values |= {"content": {name: one.to_json() for name, one in content.items()}, "dropped": False}
    places = ", ".join(f":{name}" for name in values)
    connection.execute(
        text(f"insert into reference.data_freeze ({listed}) values ({places})").bindparams(
            bindparam("content", type_=JSONB)
        ),
        values,
    )


def _taken(name: str) -> Refused:
    return Refused(
        tr("There is or was a freeze {name}.", name=name),
        cure=tr("A name is used once, since results may bear it. Choose another."),
    )


def _gone(found: Stored) -> Refused:
    return Refused(
        tr(
            "The freeze {name} was dropped by {person}: {reason}.",
            name=found.frozen.name,
            person=found.dropped_by,
            reason=found.dropped_reason,
        ),
        cure=tr(
            "Make it again from the audit: registry freeze create OTHER --as-of {moment}",
            moment=f"{found.frozen.as_of:%Y-%m-%dT%H:%M:%S.%f%z}",
        ),
    )
