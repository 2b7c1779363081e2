r"""Loads the rows of a dump into tables that the program has built; nothing else of it is run.

A dump is data from outside. pg_restore writes it as a script, of which only the rows of known
tables and the numbers of known sequences are taken: whatever else such a file could bring (a
function, a trigger, a rule, a statement between two tables) is refused, not run.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import IO

import psycopg
from psycopg import sql
from sqlalchemy import Connection, text

from registry.database.content import column_names, table_names
from registry.database.programs import ProgramFailed
from registry.errors import Refused
from registry.steps import step
from registry.words import tr

_READ_BYTES = 262_144
_COPY = re.compile(rb"COPY ([a-z_0-9]+\.[a-z_0-9]+) \(([a-z_0-9, \"]+)\) FROM stdin;")
_SEQUENCE = re.compile(
    rb"SELECT pg_catalog\.setval\('([a-z_0-9]+\.[a-z_0-9]+)', ([0-9]+), (true|false)\);"
)
# What pg_restore itself puts around the rows: settings of its own session, psql's own commands.
_AROUND = re.compile(
    rb"|--.*|SET [a-z_]+ = [^;]*;|\\(un)?restrict [A-Za-z0-9]+"
    rb"|SELECT pg_catalog\.set_config\('search_path', '', false\);"
)


def load_rows(
    connection: Connection, script: IO[bytes], schemas: tuple[str, ...], total: int
) -> None:
    """Fills the tables of the schemas, emptied before, from pg_restore's script of the data.

    As steps it tells the rows that are in, of so many in `total`.
    Triggers do not fire: nothing is marked as changed, nothing is audited. Every constraint is
    held, foreign keys at the end. Raises Refused where the script holds anything but rows and
    numbers of what is there, ProgramFailed where it ends too early.
    """
    tables = table_names(connection, schemas)
    keys = _foreign_keys(connection, schemas)
    for table, name, _ in keys:
        connection.exec_driver_sql(f"alter table {table} drop constraint {name}")
    disable = "; ".join(f"alter table {table} disable trigger user" for table in tables)
    connection.exec_driver_sql(f"{disable}; truncate {', '.join(tables)}")
    driver = connection.connection.driver_connection
    assert isinstance(driver, psycopg.Connection)
    columns = {
        table.encode(): set(names) for table, names in column_names(connection, tables).items()
    }
    with driver.cursor() as cursor:
        _run(cursor, script, columns, _sequences(connection, schemas), total)
    connection.exec_driver_sql("set constraints all immediate")
    for table, name, definition in keys:
        connection.exec_driver_sql(f"alter table {table} add constraint {name} {definition}")
    connection.exec_driver_sql(disable.replace("disable trigger", "enable trigger"))


def _foreign_keys(connection: Connection, schemas: tuple[str, ...]) -> list[tuple[str, str, str]]:
    rows = connection.execute(
        text(
            "select format('%I.%I', n.nspname, r.relname), quote_ident(conname), "
            "pg_get_constraintdef(c.oid) from pg_constraint c join pg_class r on r.oid = conrelid "
            "join pg_namespace n on n.oid = relnamespace "
            "where contype = 'f' and conparentid = 0 and n.nspname = any(:schemas) order by 1, 2"
        ),
        {"schemas": list(schemas)},
    )
    return [(table, name, definition) for table, name, definition in rows]


def _sequences(connection: Connection, schemas: tuple[str, ...]) -> set[bytes]:
    names = connection.execute(
        text(
            "select format('%I.%I', schemaname, sequencename) from pg_sequences "
            "where schemaname = any(:schemas)"
        ),
        {"schemas": list(schemas)},
    ).scalars()
    return {name.encode() for name in names}


def _run(
    cursor: psycopg.Cursor[tuple[object, ...]],
    script: IO[bytes],
    columns: dict[bytes, set[str]],
    sequences: set[bytes],
    total: int,
) -> None:
    r"""In the script each statement is one line, and so is each row; `\.` ends the rows."""
    loaded = 0
    lines = _Lines(iter(lambda: script.readlines(_READ_BYTES), []))
    for line in lines:
        statement = line.rstrip(b"\n")
        if found := _COPY.fullmatch(statement):
            table, listed = found[1], [name.strip('"') for name in found[2].decode().split(", ")]
            if not set(listed) <= columns.get(table, set()):
                raise _unknown(table)
            copied = sql.SQL("copy {} ({}) from stdin").format(
                sql.Identifier(*table.decode().split(".")),
                sql.SQL(", ").join(map(sql.Identifier, listed)),
            )
            with cursor.copy(copied) as copy:
                for rows in lines.until(b"\\.\n"):
                    copy.write(rows)
                    loaded += rows.count(b"\n")
                    step(tr("Loading the rows"), loaded, total)
        elif found := _SEQUENCE.fullmatch(statement):
            if found[1] not in sequences:
                raise _unknown(found[1])
            cursor.execute(
                "select setval(%s, %s, %s)",
                [found[1].decode(), int(found[2]), found[3] == b"true"],
            )
        elif not _AROUND.fullmatch(statement):
            raise _unknown(b"")


def _unknown(what: bytes) -> Refused:
    return Refused(
        tr("The backup holds what is no part of a registry: {what}.", what=what.decode())
        if what
        else tr("The backup holds statements that are no part of a registry."),
        cure=tr("Nothing was changed. Use another one."),
    )


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
