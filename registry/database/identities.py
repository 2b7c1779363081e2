"""Where the identities lie: in the registry's own database, or in another one.

In either they are the schema that one file makes, reached by its functions alone, so that whoever
asks does not know which it is. In another database they are committed before the registry's own
transaction: a number that then stands for a study id nobody has yet harms nobody, a child without
the number would.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from registry.database.engine import connect_to, first_line, server_url, shown
from registry.database.migrate import migrations_folder
from registry.database.roles import IDENTITY_ROLE
from registry.errors import DatabaseUnavailable
from registry.settings import IDENTITY_URL_VARIABLE
from registry.words import tr

_IS_THERE = "select exists (select from pg_roles where rolname = :role)"


@dataclass(frozen=True)
class Place:
    """A connection to the schema of the identities; `apart` where that is another database."""

    connection: Connection
    apart: bool

    def commit(self) -> None:
        """Keeps what was done in another database; in the registry's own the rest does."""
        if self.apart:
            self.connection.commit()


@contextmanager
def identities(connection: Connection, url: str | None) -> Iterator[Place]:
    """The identities that belong to the registry of this connection.

    Raises DatabaseUnavailable where another database has none, cannot be reached or is not named.
    """
    if url is None:
        require_here(connection)
        yield Place(connection, apart=False)
        return
    with _elsewhere(url) as other:
        if not _is_made(other):
            raise DatabaseUnavailable(
                tr(
                    "The database of {variable} holds no identities.",
                    variable=IDENTITY_URL_VARIABLE,
                ),
                cure=tr("Make their tables there: registry db upgrade"),
            )
        yield Place(other, apart=True)


def require_here(connection: Connection) -> None:
    """Raises DatabaseUnavailable where the identities are kept in a database that nobody names."""
    if are_apart(connection):
        raise DatabaseUnavailable(
            tr(
                "The identities of this registry are kept in another database, and {variable} is "
                "not set.",
                variable=IDENTITY_URL_VARIABLE,
            ),
            cure=tr("Set it to the URL of that database, as whoever keeps the registry has it."),
        )


def are_apart(connection: Connection) -> bool:
    """Whether the identities were made in another database; which, the registry does not know."""
    return bool(
        connection.execute(
            # A registry of an older program is saved, and has no such column.
            text(
                "select coalesce((to_jsonb(s) ->> 'identities_apart')::boolean, false) "
                "from reference.registry_setting s"
            )
        ).scalar_one()
    )


def remember_apart(connection: Connection) -> None:
    """Keeps that they are there, so that nobody takes the empty ones here for them."""
    connection.execute(
        text(
            "update reference.registry_setting set identities_apart = true "
            "where not identities_apart"
        )
    )


def make_elsewhere(url: str) -> None:
    """Makes the schema in another database, where it is not there yet."""
    with _elsewhere(url) as other:
        if not _is_made(other):
            file = migrations_folder() / "sql" / "identity.sql"
            other.exec_driver_sql(file.read_text(encoding="utf-8").replace("%", "%%"))
            if other.scalar(text(_IS_THERE), {"role": IDENTITY_ROLE}):
                other.exec_driver_sql(f"grant usage on schema identity to {IDENTITY_ROLE}")
                other.exec_driver_sql(
                    f"grant execute on all functions in schema identity to {IDENTITY_ROLE}"
                )
            other.commit()


@contextmanager
def _elsewhere(given: str) -> Iterator[Connection]:
    url = server_url(given)
    engine = connect_to(url)
    try:
        connection = engine.connect()
    except DBAPIError as error:
        raise DatabaseUnavailable(
            tr(
                "The database of the identities at {url} cannot be reached: {reason}",
                url=shown(url),
                reason=first_line(error.orig),
            ),
            cure=tr("Check {variable}.", variable=IDENTITY_URL_VARIABLE),
        ) from None
    try:
        with connection:
            yield connection
    finally:
        engine.dispose()


def _is_made(connection: Connection) -> bool:
    return bool(
        connection.execute(text("select to_regclass('identity.person') is not null")).scalar_one()
    )
