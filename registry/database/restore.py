"""A restore: a backup in place of what the registry holds, in one transaction with its views.

pg_restore turns the backup into SQL, which runs here and not in a session of its own, so that the
fall of the old records, the new ones, their migration and the views are one commit: whoever is
killed or refused on the way leaves the registry as it was. The rows come before the triggers and
the constraints, so that nothing is marked as changed and every constraint is checked anew.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import IO

import psycopg
from alembic import command
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from registry.database import migrate
from registry.database.archive import SCHEMAS, Archive, Description
from registry.database.backup import (
    LOCK_TIMEOUT,
    count_rows,
    table_names,
)
from registry.database.engine import Database, first_line, refused_by_database, without_time_limits
from registry.database.locks import Lock, make_locks, take
from registry.database.programs import ProgramFailed
from registry.errors import Refused, RegistryError
from registry.words import tr

_READ_BYTES = 262_144
# psql's own commands, and a setting that servers before 17 do not know.
_NOT_FOR_SERVER = re.compile(
    rb"^(\\(un)?restrict [A-Za-z0-9]+|SET transaction_timeout = 0;)$", re.MULTILINE
)
# What the script of pg_restore sets, and the migrations must not inherit.
_SET_BY_SCRIPT = (
    "search_path",
    "check_function_bodies",
    "client_min_messages",
    "default_table_access_method",
    "default_tablespace",
    "row_security",
)


def restore(
    database: Database, archive: Archive, *, user: str, reason: str | None, replace: bool = False
) -> None:
    """Makes the database hold what the backup holds, at this program's revision.

    Raises Refused when it holds something already, unless `replace`, when it is somebody else's,
    or when the server does not take the backup; nothing is changed then.
    """
    revision = archive.description.revision
    if revision not in migrate.known_revisions():
        raise Refused(
            tr(
                "The backup is at revision {revision}, which this program does not know.",
                revision=revision,
            ),
            cure=tr("It was made by a newer program: install that one."),
        )
    try:
        with database.engine.begin() as connection:
            _require_place(connection, replace)
            _load(connection, archive)
            _stamp(connection, revision)
            _require_complete(connection, archive.description)
            command.upgrade(
                migrate.configuration(connection=connection, embedded=database.embedded), "head"
            )
            _record(connection, archive.description, user, reason)
            _analyze(connection)
    except ProgramFailed as failure:
        raise Refused(
            tr("The backup cannot be read: {failure}.", failure=failure),
            cure=tr("Nothing was changed. Use another one."),
        ) from None
    except (psycopg.Error, DBAPIError) as error:
        raise _refusal(error) from None


def _require_place(connection: Connection, replace: bool) -> None:
    """Makes sure that a registry or nothing is there, and keeps others out of it."""
    without_time_limits(connection)
    connection.execute(text(f"set local lock_timeout = '{LOCK_TIMEOUT}'"))
    # Like every migration, so that none runs meanwhile, nor a backup.
    make_locks(connection)
    take(connection, Lock.UPGRADE)
    current = migrate.status(connection).current
    if current is None:
        migrate.refuse_others_schemas(connection)
        return
    if current not in migrate.known_revisions():
        migrate.require_head(connection)
    # The lock comes first: what others commit until then is seen, and nothing comes after.
    connection.execute(
        text(
            "lock table reference.patient_number, clinical.patient, reference.change_set "
            "in access exclusive mode"
        )
    )
    patients, changes = connection.execute(
        text(
            "select (select count(*) from clinical.patient), "
            "(select count(*) from reference.change_set) "
            "+ (select count(*) from reference.patient_number)"
        )
    ).one()
    if (patients or changes) and not replace:
        held = (
            tr("{number:patient|patients}", number=patients)
            if patients
            else tr("changes, if no patients")
        )
        raise Refused(
            tr("The registry already holds {held}; a restore would replace all of it.", held=held),
            cure=tr("Save it (registry db backup FILE), then say so: --replace --reason TEXT"),
        )


def _load(connection: Connection, archive: Archive) -> None:
    """Drops what is there, with the views on it, and runs the SQL of the backup."""
    connection.execute(text(f"drop schema if exists {', '.join(SCHEMAS)} cascade"))
    for schema in archive.description.schemas:
        connection.execute(text(f"create schema {schema}"))
    options = ["--no-owner", "--no-privileges", "--no-comments"]
    options += [f"--schema={schema}" for schema in archive.description.schemas]
    driver = connection.connection.driver_connection
    assert isinstance(driver, psycopg.Connection)
    with driver.cursor() as cursor:
        with archive.reading("--section=pre-data", *options) as sql:
            cursor.execute(_NOT_FOR_SERVER.sub(b"", sql.read()), prepare=False)
        with archive.reading("--section=data", *options) as sql:
            _copy_rows(cursor, sql)
        with archive.reading("--section=post-data", *options) as sql:
            cursor.execute(_NOT_FOR_SERVER.sub(b"", sql.read()), prepare=False)
        for name in _SET_BY_SCRIPT:
            cursor.execute(f"reset {name}".encode(), prepare=False)


def _copy_rows(cursor: psycopg.Cursor[tuple[object, ...]], sql: IO[bytes]) -> None:
    r"""Runs the part of the script that holds the rows.

    Here each statement is one line, and so is each row; after the rows of a table comes `\.`.
    """
    batches = iter(lambda: sql.readlines(_READ_BYTES), [])
    lines = _Lines(batches)
    for line in lines:
        statement = _NOT_FOR_SERVER.sub(b"", line.rstrip(b"\n"))
        if statement.startswith(b"COPY ") and statement.endswith(b" FROM stdin;"):
            with cursor.copy(statement) as copy:
                for rows in lines.until(b"\\.\n"):
                    copy.write(rows)
        elif statement and not statement.startswith(b"--"):
            cursor.execute(statement, prepare=False)


class _Lines:
    """Lines that come in batches, one by one, or joined up to an end."""

    def __init__(self, batches: Iterator[list[bytes]]) -> None:
        self._batches = batches
        self._left: list[bytes] = []

    def __iter__(self) -> Iterator[bytes]:
        while self._more():
            yield self._left.pop(0)

    def until(self, end: bytes) -> Iterator[bytes]:
        """The lines before `end`, many at a time; `end` itself is taken away."""
        while self._more():
            batch = self._left
            place = batch.index(end) if end in batch else len(batch)
            self._left = batch[place + 1 :]
            yield b"".join(batch[:place])
            if place < len(batch):
                return
        raise ProgramFailed(tr("the rows of a table have no end"))

    def _more(self) -> bool:
        if not self._left:
            self._left = next(self._batches, [])
        return bool(self._left)


def _stamp(connection: Connection, revision: str) -> None:
    scripts = ScriptDirectory.from_config(migrate.configuration())
    MigrationContext.configure(connection).stamp(scripts, revision)


def _require_complete(connection: Connection, description: Description) -> None:
    found = count_rows(connection)
    if found != description.rows:
        differing = {name for name, _rows in found.items() ^ description.rows.items()}
        raise Refused(
            tr(
                "The backup does not hold what it says it does: {differing}.",
                differing=", ".join(sorted(differing)),
            ),
            cure=tr("Nothing was changed. Use another one."),
        )


def _record(
    connection: Connection, description: Description, user: str, reason: str | None
) -> None:
    connection.execute(
        text(
            "insert into reference.change_set (made_by, command, reason, summary) "
            "values (:user, 'db restore', :reason, :summary)"
        ),
        {
            "user": user,
            "reason": reason,
            "summary": f"backup of {description.made_at}: {description.patients} patients, "
            f"{description.total} rows",
        },
    )


def _analyze(connection: Connection) -> None:
    """Lets the planner know of the new rows, before the first command asks for them.

    As after an import, without the few rows of reference data: with those known, it derives the
    whole registry in nested loops, twenty times slower.
    """
    names = [name for name in table_names(connection) if not name.startswith("reference.")]
    connection.execute(text(f"analyze {', '.join(names)}"))


def _refusal(error: psycopg.Error | DBAPIError) -> RegistryError:
    known = refused_by_database(error)
    if known is not None:
        return known
    origin = error.orig if isinstance(error, DBAPIError) else error
    state = getattr(origin, "sqlstate", None) or tr("no code")
    # An error of class 22 quotes the value, which may be a patient's.
    words = tr("a value that it does not take") if state.startswith("22") else first_line(origin)
    return Refused(
        tr("The server refused the backup ({state}): {words}", state=state, words=words),
        cure=tr(
            "Nothing was changed. A server of the version that the backup comes from, "
            "or a newer one, takes it."
        ),
    )
