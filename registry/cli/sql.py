"""`registry sql`: one query as the analysts' role."""

from __future__ import annotations

from typing import Annotated

import typer

from registry.cli.frame.context import over, reached, run_of, warn_of_withdrawn
from registry.cli.frame.output import Format, FormatOption, print_stream
from registry.cli.frame.past import read_at
from registry.cli.frame.signatures import argument


@read_at
def sql_command(
    context: typer.Context,
    query: Annotated[str, argument("QUERY", "One query; - reads stdin.")],
    form: FormatOption = Format.TABLE,
) -> None:
    """Run one query over the views of schema analytics; it can read them and nothing else.

    Example: registry sql "select reason, n from cohort_flow where definition = 'paper'"
    """
    from registry.database.migrate import is_readers, require_head
    from registry.database.query import stream_query

    statement = typer.get_text_stream("stdin").read() if query == "-" else query
    settings = run_of(context).settings()
    with reached(settings) as database:
        with database.engine.connect() as connection:
            is_owners = not is_readers(connection)
            if is_owners:
                require_head(connection)
        with over(database, settings) as asked:
            with stream_query(asked, statement) as (columns, rows):
                print_stream(rows, form, columns)
            if is_owners:
                with asked.engine.connect() as connection:
                    warn_of_withdrawn(connection)
