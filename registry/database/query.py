"""One query of an analyst, read-only, with nothing in reach but the views."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import errors, pq, sql
from sqlalchemy import text

from registry.database.analyst import (
    ENTER,
    FENCE,
    analyst_connection,
    is_fenced,
    place_of,
    reads_as_itself,
)
from registry.database.engine import Database, first_line
from registry.database.rights import statements_of_administrator
from registry.database.roles import ANALYST_ROLE, MAY_BECOME, quoted
from registry.errors import DatabaseUnavailable, Refused
from registry.parsing.meant import did_you_mean, near
from registry.words import tr

_LIST_VIEWS = (
    'registry sql "select table_name from information_schema.tables '
    "where table_schema = 'analytics'\""
)


Row = tuple[Any, ...]
# So many rows of an answer are held at a time.
ROWS = 1000


@contextmanager
def stream_query(database: Database, query: str) -> Iterator[tuple[list[str], Iterator[Row]]]:
    """Columns and rows of one query, which come as they are asked for; few are held at a time.

    A column whose name stands there already gets a number. Raises Refused with the server's words
    where it refuses the query, also while the rows are read, and DatabaseUnavailable where the
    analysts' role is missing or lacks a right.
    """
    as_itself = reads_as_itself(database)
    if not as_itself:
        _require_role(database)
    query = place_of(database).sql(query)
    try:
        statement = query.encode()
    except UnicodeEncodeError:
        raise Refused(tr("The query is not written in UTF-8.")) from None
    with analyst_connection(database) as connection:
        driver = connection.connection.driver_connection
        assert isinstance(driver, psycopg.Connection)
        try:
            description = _described(driver, statement)
            columns = _names(description)
            with driver.cursor() as cursor:
                fenced = is_fenced(database, connection)
                asked = _fenced(driver, description, query) if fenced else (statement,)
                rows = cursor.stream(*asked, size=ROWS)
                assert isinstance(rows, Generator)
                try:
                    yield columns, rows
                finally:
                    # A reader who leaves early: the server ends the query, the rest is not read.
                    rows.close()
        except psycopg.Error as error:
            raise Refused(
                tr("The database refused the query: {reason}", reason=first_line(error)),
                cure=_view_meant(database, error) or _cure(error),
            ) from None


_NO_RELATION = re.compile('"([^"]+)"')


def _described(driver: psycopg.Connection[Any], statement: bytes) -> pq.abc.PGresult:
    """What the query would give; it is read and not run, and may be one statement only."""
    result = driver.pgconn.prepare(b"", statement)
    if result.status == pq.ExecStatus.COMMAND_OK:
        result = driver.pgconn.describe_prepared(b"")
    if result.status != pq.ExecStatus.COMMAND_OK:
        raise errors.error_from_result(result)
    if result.nfields == 0:
        raise Refused(
            tr("This is no query: it gives no rows."), cure=tr("Only reading is possible here.")
        )
    return result


def _names(description: pq.abc.PGresult) -> list[str]:
    names: list[str] = []
    for position in range(description.nfields):
        given = (description.fname(position) or b"").decode()
        name, number = given, 1
        while name in names:
            number += 1
            name = f"{given}_{number}"
        names.append(name)
    return names


def _fenced(
    driver: psycopg.Connection[Any], description: pq.abc.PGresult, query: str
) -> tuple[sql.Composed, tuple[str, str]]:
    """The call of the function that runs the query, which has to be told the types of its rows.

    They are those of the description, where a domain, such as the names of information_schema, has
    become the type that is under it.
    """
    types = []
    for position in range(description.nfields):
        modifier = description.fmod(position)
        row = driver.execute(
            "select format_type(%s, %s)",
            (description.ftype(position), None if modifier < 0 else modifier),
        ).fetchone()
        assert row is not None
        types.append(row[0])
    names = ", ".join(f"c{position}" for position in range(len(types)))
    cast = ", ".join(f"c{position}::{name}" for position, name in enumerate(types))
    inner = query.rstrip().removesuffix(";")
    typed = f"select {cast} from (\n{inner}\n) as query ({names})"
    declared = ", ".join(f"c{position} {name}" for position, name in enumerate(types))
    call = sql.SQL("select * from {} (%s, %s) as answer ({})")
    return call.format(sql.SQL(FENCE), sql.SQL(declared)), (typed, query)


def _view_meant(database: Database, error: psycopg.Error) -> str | None:
    """Which view may be meant by a name that is none."""
    named = _NO_RELATION.search(first_line(error))
    if not isinstance(error, errors.UndefinedTable) or named is None:
        return None
    with database.engine.connect() as connection:
        views = connection.execute(
            text("select viewname::text from pg_views where schemaname = 'analytics'")
        ).scalars()
        return did_you_mean(near(named[1].rpartition(".")[2], views))


def _cure(error: psycopg.Error) -> str | None:
    if isinstance(error, errors.ReadOnlySqlTransaction):
        return tr("Only reading is possible here.")
    if isinstance(error, errors.QueryCanceled):
        return tr("A query that takes so long is ended, for the others' sake: read less at once.")
    if isinstance(error, errors.ConfigurationLimitExceeded):
        return tr("Sort or join fewer rows or columns at once.")
    if isinstance(error, errors.InsufficientPrivilege):
        return tr("Only the views of schema analytics can be read here.")
    if isinstance(error, errors.SyntaxError) and "multiple commands" in first_line(error):
        return tr("Ask one query at a time.")
    if isinstance(error, errors.UndefinedTable):
        return tr("The views are listed by: {command}", command=_LIST_VIEWS)
    return None


def _require_role(database: Database) -> None:
    role = ANALYST_ROLE
    with database.engine.connect() as connection:
        name, member, temporary = connection.execute(
            text(
                "select current_database(), "
                f"coalesce(bool_or({MAY_BECOME}), false), "
                "bool_or(has_database_privilege(oid, current_database(), 'temporary')) "
                "from pg_roles where rolname = :role"
            ),
            {"role": role},
        ).one()
        statements = "" if member else statements_of_administrator(connection)
    if not member:
        raise DatabaseUnavailable(
            tr("The role {role} is missing, or this login may not take it on.", role=role),
            cure=tr(
                "An administrator runs: {statements} Then: registry db upgrade",
                statements=statements,
            ),
        )
    if not temporary and not database.embedded:
        raise DatabaseUnavailable(
            tr(
                "The role {role} may not make temporary objects, which a query of it is fenced by.",
                role=role,
            ),
            cure=tr(
                "The owner of the database runs: {statement}",
                statement=ENTER.format(database=quoted(name), role=role),
            ),
        )
