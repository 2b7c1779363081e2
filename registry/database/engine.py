"""A connection to the registry's database, checked before anything is done with it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, OperationalError
from sqlalchemy.pool import NullPool

from registry.errors import DatabaseUnavailable, Refused, RegistryError
from registry.settings import DATABASE_URL_VARIABLE, Settings

OLDEST_SERVER = 15
ANALYST_ROLE = "registry_analyst"


@dataclass(frozen=True)
class Database:
    """An open database: `engine` for the owner, `analyst` for the reader of the views."""

    engine: Engine
    url: URL
    embedded: bool
    programs: Path | None

    @contextmanager
    def analyst_connection(self) -> Iterator[Connection]:
        """A read-only transaction as the role that can read the analytics views and nothing else.

        The embedded server lets that role log in, so that no statement can step back out of it;
        on a server the owner's session changes to it.
        """
        if self.embedded:
            engine = _engine(self.url.set(username=ANALYST_ROLE))
            role_statement = None
        else:
            engine = self.engine
            role_statement = text(f"set local role {ANALYST_ROLE}")
        with engine.connect() as connection:
            connection.execute(text("set transaction read only"))
            if role_statement is not None:
                connection.execute(role_statement)
            connection.execute(text("set local search_path = analytics"))
            yield connection


@contextmanager
def open_database(settings: Settings) -> Iterator[Database]:
    """Opens the configured server or, without one, the embedded server in the home folder.

    Raises DatabaseUnavailable when the server cannot be reached or is too old.
    """
    if settings.database_url is not None:
        url = _server_url(settings.database_url)
        yield from _opened(Database(_engine(url), url, embedded=False, programs=None))
        return
    from registry.database import embedded

    with embedded.start(settings.home) as server:
        url = make_url(server.url())
        yield from _opened(
            Database(_engine(url), url, embedded=True, programs=embedded.bin_directory())
        )


def _opened(database: Database) -> Iterator[Database]:
    try:
        with database.engine.connect() as connection:
            _check_version(connection)
    except OperationalError as error:
        raise DatabaseUnavailable(
            f"The database at {shown(database.url)} cannot be reached: {first_line(error)}",
            cure=f"Check that the server runs and that {DATABASE_URL_VARIABLE} is right.",
        ) from None
    try:
        yield database
    finally:
        database.engine.dispose()


def _server_url(given: str) -> URL:
    try:
        url = make_url(re.sub(r"^postgres(ql)?://", "postgresql+psycopg://", given))
        if url.get_backend_name() != "postgresql":
            raise ArgumentError("not PostgreSQL")
    except (ArgumentError, NoSuchModuleError, ValueError):
        raise DatabaseUnavailable(
            "The database URL is not one of a PostgreSQL server.",
            cure="Write it as postgresql://USER:PASSWORD@HOST:PORT/DATABASE",
        ) from None
    return url.set(drivername="postgresql+psycopg")


def _engine(url: URL) -> Engine:
    """An engine whose errors never show the values of a statement."""
    engine = create_engine(
        url,
        hide_parameters=True,
        poolclass=NullPool,
        connect_args={"connect_timeout": 10, "application_name": "registry"},
    )

    @event.listens_for(engine, "connect")
    def _set_session(connection: object, _record: object) -> None:
        with connection.cursor() as cursor:  # type: ignore[attr-defined]
            # A killed program must not leave its query running: the server looks after it.
            cursor.execute(
                "set timezone = 'UTC'; set datestyle = 'ISO, YMD'; set jit = off; "
                "set client_connection_check_interval = '2s'"
            )
        connection.commit()  # type: ignore[attr-defined]

    return engine


def _check_version(connection: Connection) -> None:
    number = int(connection.execute(text("show server_version_num")).scalar_one())
    if number // 10000 < OLDEST_SERVER:
        raise DatabaseUnavailable(
            f"The server is PostgreSQL {number // 10000}; the registry needs {OLDEST_SERVER} or "
            "newer.",
            cure="Upgrade the server, or leave the URL out to use the embedded one.",
        )


def shown(url: URL) -> str:
    """The URL without its password."""
    return url.set(drivername="postgresql").render_as_string(hide_password=True)


def first_line(error: DBAPIError) -> str:
    """What the server said, in one line, without the statement or its values."""
    message = str(error.orig).strip().splitlines()
    return message[0] if message else "no reason given"


def refused_by_database(error: DBAPIError) -> RegistryError | None:
    """The error a person can act on, where the server's refusal is one of rights, reach or time."""
    state = getattr(error.orig, "sqlstate", None) or ""
    if state in ("55P03", "40001", "40P01"):
        return Refused(
            "Someone else is changing the registry at this moment.",
            cure="Nothing was changed by this command; run it again.",
        )
    if state == "42501":
        return DatabaseUnavailable(
            f"The database role lacks a right: {first_line(error)}",
            cure="The role must own the database; ask its administrator.",
        )
    if isinstance(error, OperationalError) and (state == "" or state.startswith(("08", "57P"))):
        return DatabaseUnavailable(
            "The connection to the database was lost.",
            cure="Nothing was changed by this command; run it again.",
        )
    return None
