"""The command line: the only place that parses options, commits, prints and ends with a status.

Modules here are light; what a command needs is imported when it runs, so that help is quick.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from registry import __version__
from registry.cli import (
    analyse,
    codebook,
    database,
    definition,
    demo,
    derive,
    explain,
    export,
    importing,
    sql,
    status,
    synth,
)
from registry.cli.context import Run
from registry.errors import RegistryError

INTERRUPTED = 130
DEBUG_VARIABLE = "REGISTRY_DEBUG"

app = typer.Typer(
    name="registry",
    help="A registry of children with Crohn's disease on infliximab: who has lost response, by "
    "rule and with the evidence, and the survival analyses of it.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

app.command("demo")(demo.demo)
app.add_typer(database.app, name="db")
app.command("import")(importing.import_command)
app.command("codebook")(codebook.codebook_command)
app.command("template")(codebook.template_command)
app.command("derive")(derive.derive_command)
app.command("status")(status.status_command)
app.command("explain")(explain.explain_command)
app.add_typer(definition.app, name="definition")
app.add_typer(analyse.app, name="analyse")
app.command("sql")(sql.sql_command)
app.command("export")(export.export_command)
app.command("synth")(synth.synth_command)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"registry {__version__}")
        raise typer.Exit


@app.callback()
def settings(
    context: typer.Context,
    home: Annotated[
        Path | None,
        typer.Option("--home", metavar="DIR", help="Where the embedded database lives."),
    ] = None,
    database_url: Annotated[
        str | None,
        typer.Option("--database-url", metavar="URL", help="A PostgreSQL server to use instead."),
    ] = None,
    user: Annotated[
        str | None, typer.Option("--user", metavar="NAME", help="Who is working, for the record.")
    ] = None,
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Takes the options that stand before a command."""
    context.obj = Run(home=home, database_url=database_url, user=user)


def run(arguments: list[str] | None = None) -> None:
    """Runs one command and ends the program with the contract's exit status."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(INTERRUPTED))
    try:
        app(args=arguments)
    except RegistryError as error:
        _end(str(error), error.exit_status)
    except KeyboardInterrupt:
        _end("Interrupted; nothing was changed.", INTERRUPTED)
    except BrokenPipeError:
        # The reader of the output, a pager or head, has left.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except Exception as error:
        if os.environ.get(DEBUG_VARIABLE):
            raise
        known = _known(error)
        if known is not None:
            _end(str(known), known.exit_status)
        _end(
            f"Unexpected error: {type(error).__name__}. Nothing was changed.\n"
            f"This is a fault of the program; with {DEBUG_VARIABLE}=1 it shows where.",
            1,
        )


def _known(error: Exception) -> RegistryError | None:
    """The database's refusal as an error that a person can act on."""
    if "sqlalchemy" not in sys.modules:
        return None
    from sqlalchemy.exc import DBAPIError

    from registry.database.engine import refused_by_database

    return refused_by_database(error) if isinstance(error, DBAPIError) else None


def _end(message: str, exit_status: int) -> Any:
    typer.echo(f"Error: {message}", err=True)
    sys.exit(exit_status)
