"""The command line: the only place that parses options, commits, prints and ends with a status.

Modules here are light; what a command needs is imported when it runs, so that help is quick.
"""

from __future__ import annotations

import errno
import logging
import os
import signal
import sys
from pathlib import Path
from threading import Event
from typing import Annotated, NoReturn

import typer

from registry import __version__
from registry.cli.frame.commands import CommandsOnDemand
from registry.cli.frame.context import Run
from registry.cli.frame.options import CentresOption
from registry.cli.frame.signatures import option
from registry.cli.frame.terminal import guarded
from registry.errors import Refused, RegistryError, cannot_write
from registry.words import spoken, tr

INTERRUPTED = 130
DEBUG_VARIABLE = "REGISTRY_DEBUG"
# Why a disk takes nothing more: nobody's fault but that of the place written to.
NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)

_NOWHERE = logging.NullHandler()
_asked_to_end = Event()

app = typer.Typer(
    name="registry",
    cls=CommandsOnDemand,
    help="A registry of children with Crohn's disease on infliximab: who has lost response, by "
    "rule and with the evidence, and the survival analyses of it.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    # Typer takes nothing out of what goes to a pipe: data stay as they are, words are made text.
    context_settings={"help_option_names": ["-h", "--help"], "color": True},
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"registry {__version__}")
        raise typer.Exit


@app.callback()
def settings(
    context: typer.Context,
    home: Annotated[
        Path | None, option("--home", "DIR", "Where the embedded database lives.")
    ] = None,
    database_url: Annotated[
        str | None, option("--database-url", "URL", "A PostgreSQL server to use instead.")
    ] = None,
    user: Annotated[str | None, option("--user", "NAME", "Who is working, for the record.")] = None,
    role: Annotated[
        str | None, option("--role", "ROLE", "Have its rights, on the embedded server.")
    ] = None,
    centres: CentresOption = None,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Takes the options that stand before a command."""
    context.obj = Run(
        home=home, database_url=database_url, user=user, role=role, centres=tuple(centres or ())
    )


def run(arguments: list[str] | None = None) -> None:
    """Runs one command and ends the program with the contract's exit status."""
    _asked_to_end.clear()
    signal.signal(signal.SIGTERM, _interrupt)
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _interrupt)
    with guarded():
        _run(arguments)


def _run(arguments: list[str] | None) -> None:
    try:
        app(args=arguments)
    except SystemExit as end:
        # Typer has caught the keyboard's interrupt, and a reader of the output that has left.
        if end.code == INTERRUPTED:
            _say_interrupted()
        raise
    except Exception as error:
        if _asked_to_end.is_set():
            # It fell into a step that failed of it, as the rolling back of a transaction does.
            _say_interrupted()
            sys.exit(INTERRUPTED)
        if isinstance(error, RegistryError):
            _end(_said(error), error.exit_status)
        if os.environ.get(DEBUG_VARIABLE):
            raise
        known = _known(error)
        if known is not None:
            _end(str(known), known.exit_status)
        _end(
            tr(
                "Unexpected error: {name}. What was not finished is not stored.\n"
                "This is a fault of the program; with {variable}=1 it shows where.",
                name=type(error).__name__,
                variable=DEBUG_VARIABLE,
            ),
            1,
        )


def _say_interrupted() -> None:
    typer.echo(tr("Interrupted: what was not finished is not stored."), err=True)


def _interrupt(*_: object) -> NoReturn:
    """So that a scheduler's request to end is as good as Ctrl-C: the server stops its query.

    One that falls into the closing of a connection is logged by the pool, or told by Python as an
    exception that nobody can catch: neither is a fault, and the command says that it ended.
    """
    _asked_to_end.set()
    logging.getLogger("sqlalchemy.pool").addHandler(_NOWHERE)
    sys.unraisablehook = lambda _: None
    raise KeyboardInterrupt


def _known(error: Exception) -> RegistryError | None:
    """A full disk's or the database's refusal as an error that a person can act on."""
    if isinstance(error, OSError) and error.errno in NO_ROOM:
        return cannot_write(error.filename or tr("The output"), error)
    if isinstance(error, UnicodeEncodeError):
        # Bytes of another encoding, which Python hands on as what no text may hold.
        return Refused(
            tr("A value of the command is not in UTF-8."),
            cure=tr("Type it in a terminal that writes UTF-8."),
        )
    if "sqlalchemy" not in sys.modules:
        return None
    import psycopg
    from sqlalchemy.exc import DBAPIError, PendingRollbackError

    from registry.database.engine import connection_lost, refused_by_database

    if isinstance(error, PendingRollbackError):
        # What the rolling back of a transaction says whose connection is gone.
        return connection_lost()
    return refused_by_database(error) if isinstance(error, DBAPIError | psycopg.Error) else None


def _said(error: RegistryError) -> str:
    """What an analysis refuses is a note, since a document may keep it."""
    return "\n".join(filter(None, [spoken(error.problem), error.cure]))


def _end(message: str, exit_status: int) -> NoReturn:
    # No command is at work any more that would say it; see the settings of `app`.
    typer.echo(tr("Error: {message}", message=message), err=True, color=True)
    sys.exit(exit_status)
