"""`registry export`: a view of the analysts as a file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from registry.cli.context import opened, run_of, warn


def export_command(
    context: typer.Context,
    view: Annotated[str, typer.Argument(metavar="VIEW", help="A view of schema analytics.")],
    to: Annotated[
        Path, typer.Option("--to", metavar="FILE", help="Ending .csv, .parquet or .xlsx.")
    ],
) -> None:
    """Write a view to a file; changed patients are brought up to date first.

    Example: registry export analysis_set --to analysis_set.csv
    """
    from registry.derivation.run import bring_up_to_date
    from registry.report.export import write_view

    settings = run_of(context).settings()
    with opened(settings) as database:
        bring_up_to_date(database.engine, user=settings.user)
        with database.engine.connect() as connection:
            rows = write_view(connection, view, to)
    warn(f"{rows} rows written to {to}.")
