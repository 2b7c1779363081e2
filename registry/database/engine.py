"""A connection to the registry's database, checked before anything is done with it."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import psycopg
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import URL, ExceptionContext, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.pool import NullPool, QueuePool

from registry.database.record_lock import LOCKED, locked
from registry.database.roles import MANAGER_ROLE, OWNER_ROLE, ROLES, needed, needs
from registry.database.standby import is_standby, only_reads
from registry.errors import DatabaseUnavailable, Refused, RegistryError, WrongUsage
from registry.settings import DATABASE_URL_VARIABLE, Settings
from registry.words import tr

if TYPE_CHECKING:
    from registry.database.frozen import Frozen, Place

OLDEST_SERVER = 15
ONLY_READS = "25006"
# A table or view, a column, a function that is not there.
NOT_THERE = ("42P01", "42703", "42883")

# It warns of a time zone given as an offset, and knows the moment all the same.
logging.getLogger("psycopg").setLevel(logging.ERROR)

# What can stand in a URL and is nobody else's business.
_SECRETS = ("password", "sslpassword", "oauth_client_secret")


class Database(NamedTuple):
    """An open database. `frozen` is the freeze it is read at, if any.

    Its engine is the owner's, but where `own_rights` says by which views a login reads that has not
    the owner's rights.
    """

    engine: Engine
    url: URL
    embedded: bool
    programs: Path | None
    frozen: Frozen | None = None
    own_rights: Place | None = None


@contextmanager
def open_database(settings: Settings) -> Iterator[Database]:
    """Opens the configured server or, without one, the embedded server in the home folder.

    Raises DatabaseUnavailable when the server cannot be reached or is too old, WrongUsage where a
    role is asked for of what works as the owner (`login.as_login` is what takes one).
    """
    if settings.role is not None or settings.centres:
        raise WrongUsage(
            tr("This command is the owner's and takes no --role."),
            cure=tr("Leave out --role and --centre before the command."),
        )
    if settings.database_url is not None:
        url = server_url(settings.database_url)
        yield from _opened(Database(kept_engine(url), url, embedded=False, programs=None))
        return
    from registry.database import embedded

    with embedded.start(settings.home) as server:
        url = make_url(server.url())
        yield from _opened(
            Database(kept_engine(url), url, embedded=True, programs=embedded.bin_directory())
        )


def _opened(database: Database) -> Iterator[Database]:
    try:
        database.engine.connect().close()
    except DBAPIError as error:
        if "permission denied for database" in str(error.orig):
            raise no_role() from None
        raise DatabaseUnavailable(
            tr(
                "The database at {url} cannot be reached: {reason}",
                url=shown(database.url),
                reason=first_line(error.orig),
            ),
            cure=tr(
                "Check that the server runs and that {variable}, or --database-url, is right.",
                variable=DATABASE_URL_VARIABLE,
            ),
        ) from None
    try:
        yield database
    finally:
        database.engine.dispose()


def server_url(given: str) -> URL:
    """A server's URL as it was given. Raises DatabaseUnavailable where it is none."""
    try:
        url = make_url(re.sub(r"^postgres(ql)?://", "postgresql+psycopg://", _of_several(given)))
        if url.get_backend_name() != "postgresql":
            raise ArgumentError("not PostgreSQL")
    except (ArgumentError, NoSuchModuleError, ValueError):
        raise DatabaseUnavailable(
            tr("The database URL is not one of a PostgreSQL server."),
            cure=tr("Write it as postgresql://USER:PASSWORD@HOST:PORT/DATABASE"),
        ) from None
    return url.set(drivername="postgresql+psycopg")


_SEVERAL = r"(?P<before>\w+://(?:[^/?#]*@)?)(?P<servers>[^/?#@]*,[^/?#@]*)(?P<rest>.*)"


def _of_several(given: str) -> str:
    """A URL of several servers, `A:5432,B:5433`, with them where both libraries read them."""
    found = re.fullmatch(_SEVERAL, given)
    if found is None:
        return given
    named = [re.fullmatch(r"(\[.*\]|[^:]*)(?::(\d*))?", one) for one in found["servers"].split(",")]
    if not all(named):
        raise ValueError("no host and port")
    hosts = ",".join(one[1].strip("[]") for one in named if one)
    ports = ",".join(one[2] or "" for one in named if one)
    rest = found["rest"] or "/"
    given = f"host={hosts}" + (f"&port={ports}" if ports.strip(",") else "")
    return f"{found['before']}{rest}{'&' if '?' in rest else '?'}{given}"


def kept_engine(url: URL) -> Engine:
    """An engine whose one connection serves a command's transactions one after the other.

    A new one begins with empty caches, and reads the definitions of all views again. Whoever makes
    the engine disposes of it.
    """
    return _engine(url, poolclass=QueuePool, pool_size=1, max_overflow=-1, pool_pre_ping=True)


def connect_to(url: URL) -> Engine:
    """An engine that closes each connection after use."""
    return _engine(url, poolclass=NullPool)


def _engine(url: URL, **pool: Any) -> Engine:
    """An engine whose errors never show the values of a statement."""
    engine = create_engine(
        url,
        hide_parameters=True,
        # It would be looked for at every start, and no table has any.
        use_native_hstore=False,
        **pool,
        # No statement is prepared: its plan would be that of the tables as they once were.
        connect_args={
            "connect_timeout": 10,
            "application_name": "registry",
            "prepare_threshold": None,
        },
    )

    @event.listens_for(engine, "connect", insert=True)
    def _set_session(connection: psycopg.Connection[Any], _record: object) -> None:
        _check_version(connection.info.server_version)
        with connection.cursor() as cursor:
            # A killed program must not leave its query running: the server looks after it, where
            # its operating system lets it.
            cursor.execute(
                f"set time zone interval '{_local_offset()}' hour to minute; "
                "set datestyle = 'ISO, YMD'; set jit = off; "
                "do 'begin set client_connection_check_interval = 2000; "
                "exception when invalid_parameter_value then null; end'"
            )
        connection.commit()

    @event.listens_for(engine, "handle_error")
    def _say_where_to_write(failed: ExceptionContext) -> None:
        refused = getattr(failed.original_exception, "sqlstate", None) == ONLY_READS
        driver = failed.connection and failed.connection.connection.driver_connection
        if refused and isinstance(driver, psycopg.Connection) and is_standby(driver):
            raise only_reads() from None

    return engine


def _local_offset() -> str:
    """The person's offset from UTC, as +HH:MM: it is their day that a date must not lie after."""
    return datetime.now().astimezone().isoformat()[-6:]


def _check_version(number: int) -> None:
    """Before any statement, which an old server might not know."""
    if number // 10000 < OLDEST_SERVER:
        raise DatabaseUnavailable(
            tr(
                "The server is PostgreSQL {version}; the registry needs {oldest} or newer.",
                version=number // 10000,
                oldest=OLDEST_SERVER,
            ),
            cure=tr("Upgrade the server, or leave the URL out to use the embedded one."),
        )


def without_time_limits(connection: Connection) -> None:
    """Takes the time limits of the server or the role, if any, off this transaction."""
    connection.execute(
        text(
            "select set_config(name, '0', true) from pg_settings where name in "
            "('statement_timeout', 'idle_in_transaction_session_timeout', 'transaction_timeout')"
        )
    )


def without_password(url: URL) -> URL:
    """The URL without its password, wherever in it that stands."""
    return url._replace(password=None).difference_update_query(_SECRETS)


def shown(url: URL) -> str:
    """The URL for people: without its password, and without the name of the driver."""
    return without_password(url).set(drivername="postgresql").render_as_string()


def first_line(error: BaseException | None) -> str:
    """What the server said, in one line, without the statement or its values."""
    message = str(error or "").strip().splitlines()
    return message[0] if message else tr("no reason given")


def refused_by_database(error: DBAPIError | psycopg.Error) -> RegistryError | None:
    """The error a person can act on, where the server's refusal is one of rights, reach or time."""
    origin = error.orig if isinstance(error, DBAPIError) else error
    state = getattr(origin, "sqlstate", None) or ""
    if state in ("55P03", "40001", "40P01"):
        return Refused(
            tr("Someone else is changing the registry at this moment."),
            cure=tr("Nothing was changed by this command; run it again."),
        )
    if state == LOCKED:
        return locked(getattr(origin, "diag", None))
    if state == "42501":
        return lacks_a_right(error)
    if state == ONLY_READS:
        return DatabaseUnavailable(
            tr("The server only reads: {reason}", reason=first_line(origin)),
            cure=tr(
                "Use the primary server, not a standby, and no default of read-only transactions."
            ),
        )
    if state == "57014":
        return Refused(
            tr("The server ended the statement: {reason}", reason=first_line(origin)),
            cure=tr(
                "Nothing was changed by this command. A time-out of the server or the "
                "role may be too short for it."
            ),
        )
    if state.startswith("53"):
        return DatabaseUnavailable(
            tr("The server has run out of something: {reason}", reason=first_line(origin)),
            cure=tr(
                "Nothing was changed by this command. Make room on the server and run it again."
            ),
        )
    if state in NOT_THERE:
        return DatabaseUnavailable(
            tr("The database is not as this program makes it: {reason}", reason=first_line(origin)),
            cure=tr("Bring it up to date: registry db upgrade"),
        )
    if isinstance(origin, psycopg.OperationalError) and (
        state == "" or state.startswith(("08", "57P"))
    ):
        # What was lost on the way is no statement, but the end of a transaction.
        return connection_lost(at_end=isinstance(error, DBAPIError) and error.statement is None)
    return None


def no_role() -> Refused:
    """What to say to a login that nobody has granted anything."""
    return Refused(
        tr("This login has no role of the registry."), cure=needs([role.name for role in ROLES])
    )


def lacks_a_right(error: DBAPIError | psycopg.Error) -> Refused:
    """Which role has the right; a row of another centre is told of without its values."""
    reason = first_line(error.orig if isinstance(error, DBAPIError) else error)
    if "row-level security" in reason:
        return Refused(
            tr("The record is of a child or a centre that this login does not enter for."),
            cure=needs([MANAGER_ROLE, OWNER_ROLE]),
        )
    statement = error.statement if isinstance(error, DBAPIError) else None
    what, roles = needed(reason, statement or "")
    problem = (
        tr("This login has no right on {what}.", what=what)
        if what
        else tr("This login has not the rights of who owns the registry.")
    )
    return Refused(problem, cure=needs(roles))


def connection_lost(*, at_end: bool = False) -> DatabaseUnavailable:
    """What to say where the server, or its process for this command, is gone.

    `at_end` when the transaction was to be kept: the server may have done it and only its answer
    be lost.
    """
    if at_end:
        cure = tr(
            "It is not known whether the change was stored. Before you run the command again look "
            "with: registry audit list --last 1"
        )
    else:
        cure = tr("Nothing was changed by this command; run it again.")
    return DatabaseUnavailable(tr("The connection to the database was lost."), cure=cure)
