"""`registry codebook` and `registry template`: what the import files hold."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from registry.cli.context import warn
from registry.cli.output import Format, FormatOption, print_rows
from registry.errors import NotFound, Refused


def codebook_command(
    table: Annotated[
        str | None, typer.Argument(metavar="[TABLE]", help="Only this table, as pcdai_visits.")
    ] = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """List every variable with its unit, limits and meaning.

    Example: registry codebook infusions
    """
    from registry.models.codebook import codebook, headers

    if table is not None and table not in headers():
        raise NotFound(f"There is no table {table}.", cure=f"There are: {', '.join(headers())}.")
    rows = [row for row in codebook() if table is None or row["table"] == table]
    print_rows(rows, form)


def template_command(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder to write to.")],
) -> None:
    """Write an empty import file for every table, with its header.

    Example: registry template my-files
    """
    from registry.models.codebook import headers

    taken = [name for name in headers() if (folder / f"{name}.csv").exists()]
    if taken:
        raise Refused(
            f"{folder} holds {taken[0]}.csv already.", cure="Name a folder without import files."
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, columns in headers().items():
            (folder / f"{name}.csv").write_text(",".join(columns) + "\n", encoding="utf-8")
    except OSError as error:
        raise Refused(f"{folder} cannot be written: {error.strerror}.") from None
    warn(f"{len(headers())} empty files written to {folder}.")
