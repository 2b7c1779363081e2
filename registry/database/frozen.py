"""Where a freeze lies: its own schemas, and statements that mean them instead of the registry's.

Everything the program asks names schemas of the registry. Over a freeze the same statements are
asked of its copies: whatever is written as `clinical.patient` reads the freeze's own table, and
what a person writes in a query too. Literals, quoted names and comments stay as they are.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime
from functools import lru_cache
from typing import Any, NamedTuple

import psycopg
from psycopg.errors import LockNotAvailable
from sqlalchemy import Connection, Engine, event, text
from sqlalchemy.exc import OperationalError

from registry.database.engine import connect_to
from registry.database.locks import Lock, take
from registry.errors import Refused
from registry.words import tr

# What a freeze has a copy of. What analysts read bears the freeze's name alone.
READ, DEIDENTIFIED = "analytics", "analytics_deidentified"
SCHEMAS = ("clinical", "reference", "derived", "rules", "present", READ, DEIDENTIFIED)
# Freezes of one command, which whoever comes after it takes away.
PASSING = "as_of_"
NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
FROZEN = "frozen"
# What who sees some centres only reads under names of its own.
OWN_VIEWS = ("rules", "present", READ, "inspection")

_MEANT = "|".join(SCHEMAS)
# What may hold a schema's name and does not mean it stands before the names that do. Few commands
# read a freeze: compiled when one does.
_PIECES = rf"""(?xsi)'(?P<literal>{_MEANT})'(?=\s*::\s*regnamespace)
    | [eE]'(?:\\.|[^'\\])*' | '(?:[^']|'')*' | --[^\n]* | /\*.*?\*/
    | \$(?P<tag>\w*)\$.*?\$(?P=tag)\$
    | "(?P<quoted>{_MEANT})"(?=\s*\.) | "(?:[^"]|"")*"
    | (?<![\w.])(?P<name>{_MEANT})(?=\s*\.\s*["\w%*])
    """
_NAMES = rf"\b({_MEANT})\.(?=[\w%])"


class Place(NamedTuple):
    """The schemas of a freeze, or of the registry itself where `freeze` is None."""

    freeze: str | None = None

    def schema(self, meant: str) -> str:
        """The name under which a schema of the registry lies here."""
        if self.freeze is None or meant not in SCHEMAS:
            return meant
        if meant == READ:
            return f"freeze_{self.freeze}"
        # A name of PostgreSQL has room for 63 letters, a freeze's for 40.
        return f"frozen_{'shared' if meant == DEIDENTIFIED else meant}_{self.freeze}"

    def sql(self, statement: str) -> str:
        """The statement with every table where it lies here."""
        return statement if self.freeze is None else _translated(statement, self)

    def source(self, statement: str) -> str:
        """The same for the program's own files: also within the body of a function."""
        if self.freeze is None:
            return statement
        named = re.sub(_NAMES, lambda found: f"{self.schema(found[1])}.", statement)
        return self.sql(named)


LIVE = Place()


class OwnCentres(Place):
    """The registry as who sees some centres has it: views over the rows that policies let by."""

    def schema(self, meant: str) -> str:
        """The tables are the registry's own; the views are built once more."""
        return f"own_{meant}" if meant in OWN_VIEWS else meant

    def sql(self, statement: str) -> str:
        """The statement over them; of who changed what the view that keeps others' words back."""
        for pattern, view in _OF_CHANGES.items():
            statement = re.sub(pattern, view, statement)
        return super().sql(statement)


# No freeze can bear that name.
OWN = OwnCentres("own centres")
CHANGE_SET = "change_set"
_OF_CHANGES = {
    rf"\breference\.{CHANGE_SET}\b": f"own_rules.{CHANGE_SET}",
    r"\binspection\.record_change\b": "own_inspection.record_change",
}


class Frozen(NamedTuple):
    """Data as they stood at a moment, and what says so.

    `name` is None for a freeze of one command. `day` is what its rules take for today; `rules_hash`
    that of the rules its statuses were derived by, `note` what has happened to its content since.
    """

    name: str | None
    place: Place
    as_of: datetime
    day: date
    commit_number: int
    sha256: str
    rules_hash: str
    program_version: str
    note: str | None = None

    def told(self, *, published: bool = False) -> str:
        """What is read, in a line; without its hash, against which guesses could be tried."""
        what = tr("the registry") if self.name is None else tr("freeze {name}", name=self.name)
        moment = self.as_of.isoformat(timespec="seconds")
        if published:
            return tr("{what} as of {moment}", what=what, moment=moment)
        return tr(
            "{what} as of {moment}, SHA-256 {sha256}",
            what=what,
            moment=moment,
            sha256=self.sha256,
        )

    def basis(self, definition: str, definition_hash: str) -> dict[str, Any]:
        """What a result over it rests on, as a document says it."""
        return {
            "freeze": self.name,
            "as_of": self.as_of,
            "sha256": self.sha256,
            "definition": definition,
            "definition_hash": definition_hash,
            "rules_hash": self.rules_hash,
            "program_version": self.program_version,
            "note": self.note,
        }


def require_name(name: str) -> None:
    """Raises Refused for what cannot be the name of a freeze."""
    if NAME.fullmatch(name) is None or name.startswith(PASSING):
        raise no_name(tr("{name} cannot be the name of a freeze.", name=name))


def no_name(problem: str) -> Refused:
    """What to say of what cannot be the name of a freeze or a release."""
    return Refused(
        problem,
        cure=tr(
            "A name is of small letters, digits and _, begins with a letter, and has 40 of "
            "them at most."
        ),
    )


def engine_over(engine: Engine, place: Place) -> Engine:
    """An engine on the same database, whose statements read the freeze and change nothing."""
    frozen = connect_to(engine.url)

    @event.listens_for(frozen, "connect")
    def _read_only(connection: psycopg.Connection[Any], _record: object) -> None:
        connection.execute("set default_transaction_read_only = on")
        connection.commit()

    translate(frozen, place)
    return frozen


def translate(over: Engine | Connection, place: Place) -> Callable[..., Any]:
    """From here on its statements mean the freeze's tables."""

    def mean(
        _connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool
    ) -> tuple[str, Any]:
        return place.sql(statement), parameters

    event.listen(over, "before_cursor_execute", mean, retval=True)
    return mean


def places(connection: Connection, *, passing: bool) -> list[Place]:
    """The freezes that lie in the database: those with a name, or those of one command."""
    names = connection.execute(
        text(
            "select substr(nspname, 8) from pg_namespace where nspname like 'freeze\\_%' "
            "and obj_description(oid, 'pg_namespace') like '% of a freeze; views %' "
            "and starts_with(nspname, :passing) = :wanted order by 1"
        ),
        {"passing": f"freeze_{PASSING}", "wanted": passing},
    ).scalars()
    return [Place(str(name)) for name in names]


def drop(connection: Connection, place: Place) -> None:
    """Takes a freeze's schemas away, whatever of them is there."""
    schemas = ", ".join(place.schema(schema) for schema in SCHEMAS)
    connection.exec_driver_sql(f"drop schema if exists {schemas} cascade")


def nobody_holds(connection: Connection) -> bool:
    """Takes the lock of the freezes of one command, unless one of them is at work."""
    try:
        with connection.begin_nested():
            take(connection, Lock.FREEZE, wait=False)
    except OperationalError as error:
        if not isinstance(error.orig, LockNotAvailable):
            raise
        return False
    return True


def frozen_of(connection: Connection) -> Frozen | None:
    """The freeze that a connection reads; None for the registry as it is."""
    found: Frozen | None = connection.get_execution_options().get(FROZEN)
    return found


@lru_cache(maxsize=1000)
def _translated(statement: str, place: Place) -> str:
    def meant(found: re.Match[str]) -> str:
        if found["literal"]:
            return f"'{place.schema(found['literal'])}'"
        name = found["quoted"] or found["name"]
        return place.schema(name.lower()) if name else found[0]

    return re.sub(_PIECES, meant, statement)
