"""`registry export`: a view of the analysts as a file, or the records as a REDCap project."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from registry.cli.completion import complete_view
from registry.cli.context import opened, run_of, warn
from registry.errors import WrongUsage
from registry.words import tr


def export_command(
    context: typer.Context,
    view: Annotated[
        str | None,
        typer.Argument(
            metavar="VIEW", help="A view of schema analytics.", autocompletion=complete_view
        ),
    ] = None,
    to: Annotated[
        Path | None, typer.Option("--to", metavar="FILE", help="Ending .csv, .parquet or .xlsx.")
    ] = None,
    redcap: Annotated[
        Path | None,
        typer.Option("--redcap", metavar="DIR", help="All records, as a REDCap project."),
    ] = None,
) -> None:
    """Write a view to a file; changed patients are brought up to date first.

    With --redcap all records instead, with the data dictionary that makes the project.

    Example: registry export analysis_set --to analysis_set.csv
    """
    if redcap is not None and view is None and to is None:
        _export_redcap(context, redcap)
        return
    if view is None or to is None or redcap is not None:
        raise WrongUsage(
            tr("An export is of one view to one file, or of all records to a folder."),
            cure=tr("Write VIEW --to FILE, or --redcap DIR."),
        )
    from registry.derivation.run import bring_up_to_date
    from registry.report.export import write_view

    settings = run_of(context).settings()
    with opened(settings) as database:
        bring_up_to_date(database.engine, user=settings.user)
        with database.engine.connect() as connection:
            rows = write_view(connection, view, to)
    warn(tr("{number} rows written to {file}.", number=rows, file=to))


def _export_redcap(context: typer.Context, folder: Path) -> None:
    from registry.report.redcap import write_redcap

    with opened(run_of(context).settings()) as database, database.engine.connect() as connection:
        rows = write_redcap(connection, folder)
    warn(tr("{number} rows written to {folder}.", number=rows, folder=folder))
