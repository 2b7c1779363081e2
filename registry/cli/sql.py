"""`registry sql`: one query as the analysts' role."""

from __future__ import annotations

from typing import Annotated

import typer

from registry.cli.context import opened, run_of
from registry.cli.output import Format, FormatOption, print_rows


def sql_command(
    context: typer.Context,
    query: Annotated[str, typer.Argument(metavar="QUERY", help="One query; - reads stdin.")],
    form: FormatOption = Format.TABLE,
) -> None:
    """Run one query over the views of schema analytics; it can read them and nothing else.

    Example: registry sql "select reason, n from cohort_flow where definition = 'paper'"
    """
    from registry.database.query import run_query

    statement = typer.get_text_stream("stdin").read() if query == "-" else query
    with opened(run_of(context).settings()) as database:
        columns, rows = run_query(database, statement)
    print_rows(rows, form, columns)
