"""What every command starts from: its settings, its database, who works and why."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import typer

from registry.cli.frame import roles_of_commands
from registry.cli.frame.terminal import clear_line
from registry.errors import DatabaseUnavailable, Refused, WrongUsage
from registry.settings import HOME_VARIABLE, Settings
from registry.words import tr

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from registry.database.engine import Database


class Run(NamedTuple):
    """The options given before the command."""

    home: Path | None = None
    database_url: str | None = None
    user: str | None = None
    freeze: str | None = None
    as_of: datetime | None = None
    role: str | None = None
    centres: tuple[str, ...] = ()

    def home_given(self) -> bool:
        """Whether a home was named, by option or in the environment."""
        return self.home is not None or bool(os.environ.get(HOME_VARIABLE))

    def settings(self, user: str | None = None) -> Settings:
        """The settings of this run; a name given after the command wins."""
        found = Settings.read(
            home=self.home, database_url=self.database_url, user=user or self.user
        )
        return found._replace(
            freeze=self.freeze,
            as_of=self.as_of,
            role=self.role,
            centres=self.centres,
        )


def run_of(context: typer.Context) -> Run:
    """The options given before the command."""
    found = context.find_object(Run)
    return found if found is not None else Run()


def require_reason(reason: str | None, needed: str) -> str:
    """The reason of a change. Raises WrongUsage, which says what is `needed`, without one."""
    if not (reason and reason.strip()):
        raise WrongUsage(needed, cure=tr('Add --reason "why".'))
    return reason


def hold_to_reason(allow_id: bool, reason: str | None) -> None:
    """Raises WrongUsage where a study id is let in that looks like an identifier, and nobody says
    why."""
    if allow_id:
        require_reason(reason, tr("--allow-id lets in what may be a name or a number of a person."))


def with_allowed(summary: str, allow_id: bool) -> str:
    """What a change set keeps of a command: that it was let take such ids."""
    return f"{summary}; --allow-id" if allow_id else summary


def require_registry(settings: Settings) -> None:
    """Raises DatabaseUnavailable where a command would make a registry only to find it empty."""
    from registry.database.cluster import Layout

    if settings.database_url is None and not Layout(settings.home).data.is_dir():
        raise DatabaseUnavailable(
            tr("There is no registry in {home}.", home=settings.home),
            cure=tr("Name another --home (or REGISTRY_HOME); registry db upgrade makes one there."),
        )


@contextmanager
def reached(settings: Settings, *, at_head: bool = False) -> Iterator[Database]:
    """The database of this run, whatever its migration unless `at_head`; the demo's says that it
    is."""
    require_registry(settings)
    with _starting(settings), _reached(settings, at_head) as database:
        yield database


@contextmanager
def _starting(settings: Settings) -> Iterator[None]:
    """Within it the embedded server starts, while what speaks to it is loaded: SQLAlchemy and what
    a command imports behind it take longer than the server."""
    if settings.database_url is not None:
        yield
        return
    from registry.database import embedded

    with embedded.begin(settings.home):
        yield


@contextmanager
def _reached(settings: Settings, at_head: bool) -> Iterator[Database]:
    from registry.database.engine import open_database
    from registry.database.login import as_login
    from registry.database.migrate import require_head
    from registry.database.roles import MANAGER_ROLE, OWNER_ROLE, needs
    from registry.records.registry_setting import is_demo

    with (
        open_database(settings._replace(role=None, centres=())) as served,
        as_login(served, settings.role, settings.centres) as entered,
    ):
        if entered.roles is not None:
            roles_of_commands.hold_to_roles(entered.roles)
        database = entered.database
        if entered.own_rows and (settings.freeze is not None or settings.as_of is not None):
            raise Refused(
                tr("A freeze or a moment of the past is of all centres."),
                cure=needs([MANAGER_ROLE, OWNER_ROLE]),
            )
        with database.engine.connect() as connection:
            if is_demo(connection):
                remark("synthetic demo data")
            if at_head:
                require_head(connection)
        yield database


@contextmanager
def opened(settings: Settings) -> Iterator[Database]:
    """The database of this run, reached and at the right migration; or the freeze that is asked."""
    with reached(settings, at_head=True) as database, over(database, settings) as frozen:
        yield frozen


@contextmanager
def over(database: Database, settings: Settings) -> Iterator[Database]:
    """The database as the run asks for it: as it is, as a freeze has it, or as of a moment."""
    if settings.freeze is None and settings.as_of is None:
        yield database
        return
    from registry.freezes import store

    if settings.freeze is not None:
        asked = store.opened(database, settings.freeze, user=settings.user)
    else:
        assert settings.as_of is not None
        asked = store.passing(database, settings.as_of)
    with asked as frozen:
        assert frozen.frozen is not None
        warn(frozen.frozen.told())
        yield frozen


@contextmanager
def reading(context: typer.Context) -> Iterator[Connection]:
    """A connection to the database of this run, for a command that changes nothing."""
    with opened(run_of(context).settings()) as database, database.engine.connect() as connection:
        yield connection


@contextmanager
def changing(context: typer.Context, user: str | None) -> Iterator[tuple[Connection, str]]:
    """A transaction of this run, committed at its end, and who works in it."""
    settings = run_of(context).settings(user)
    with opened(settings) as database, database.engine.begin() as connection:
        yield connection, settings.user


def warn_of_withdrawn(connection: Connection) -> None:
    """Says how many children the views for research leave out for want of consent."""
    from psycopg.errors import InsufficientPrivilege
    from sqlalchemy import text
    from sqlalchemy.exc import ProgrammingError

    try:
        with connection.begin_nested():
            withdrawn = connection.execute(text("select count(*) from rules.withdrawn_use"))
            number = withdrawn.scalar_one()
    except ProgrammingError as error:
        if not isinstance(error.orig, InsufficientPrivilege):
            raise
        return  # an inspector, who reads no views for research
    if number:
        remark("{number:child is|children are} left out: no consent to research.", number=number)


def warn(message: str) -> None:
    """Words beside the result, on standard error, in place of what a line said meanwhile."""
    clear_line()
    typer.echo(message, err=True)


def remark(message: str, /, **values: object) -> None:
    """A message beside the result, in the person's language (`tr`)."""
    warn(tr(message, **values))


def remark_more(number: int, shown: int) -> None:
    """How many of so many are not shown, where some are not."""
    if number > shown:
        remark("... and {number} more; --format json lists them all", number=number - shown)
