"""One statement of an analyst, read-only, with nothing in reach but the views."""

from __future__ import annotations

from typing import Any

from psycopg import errors
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from registry.database.engine import ANALYST_ROLE, Database, first_line
from registry.errors import DatabaseUnavailable, Refused


def run_query(database: Database, statement: str) -> tuple[list[str], list[dict[str, Any]]]:
    """Columns and rows of one statement.

    Raises Refused with the server's words where it refuses the statement, and DatabaseUnavailable
    where the analysts' role is missing.
    """
    _require_role(database)
    with database.analyst_connection() as connection:
        driver = connection.connection.driver_connection
        assert driver is not None
        try:
            with driver.cursor() as cursor:
                # Parameters, even none, make the server take exactly one statement.
                cursor.execute(statement.encode(), (), prepare=True)
                if cursor.description is None:
                    return [], []
                columns = [column.name for column in cursor.description]
                return columns, [dict(zip(columns, row, strict=True)) for row in cursor]
        except errors.Error as error:
            words = first_line(DBAPIError(statement, None, error))
            raise Refused(
                f"The database refused the statement: {words}", cure=_cure(error)
            ) from None


def _cure(error: errors.Error) -> str | None:
    if isinstance(error, errors.ReadOnlySqlTransaction):
        return "Only reading is possible here."
    if isinstance(error, errors.InsufficientPrivilege):
        return "Only the views of schema analytics can be read here."
    if isinstance(error, errors.UndefinedTable):
        return "The views are listed by: registry sql \"select table_name from information_schema.tables where table_schema = 'analytics'\""
    return None


def _require_role(database: Database) -> None:
    with database.engine.connect() as connection:
        there = connection.execute(
            text(
                "select exists (select from pg_roles where rolname = :role "
                "and pg_has_role(current_user, oid, 'member'))"
            ),
            {"role": ANALYST_ROLE},
        ).scalar_one()
    if not there:
        raise DatabaseUnavailable(
            f"The role {ANALYST_ROLE} is missing, or this login may not take it on.",
            cure=f"An administrator runs: create role {ANALYST_ROLE}; "
            f"grant {ANALYST_ROLE} to {database.url.username}; then: registry db upgrade",
        )
