"""`registry codebook` and `registry template`: what the import files hold."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from registry.cli.frame.completion import complete_table
from registry.cli.frame.context import remark
from registry.cli.frame.output import Format, FormatOption, print_rows
from registry.cli.frame.signatures import argument, option
from registry.errors import NotFound, Refused, cannot_write, there_are
from registry.words import tr

# The codes have a line each below the variables; a terminal has no room for both beside.
COLUMNS = (
    "table",
    "column",
    "label",
    "kind",
    "required",
    "key",
    "unit",
    "allowed",
    "meaning",
)


def codebook_command(
    table: Annotated[
        str | None,
        argument("TABLE", "Only this table, as pcdai_visits.", autocompletion=complete_table),
    ] = None,
    to: Annotated[
        Path | None, option("--to", "FILE", "Write to a file ending .html, .csv or .xlsx.")
    ] = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """List every variable with its unit, limits, codes and meaning; or write them as a page.

    Example: registry codebook infusions
    """
    from registry.models.codebook import codebook, descriptions, headers

    if table is not None and table not in headers():
        raise NotFound(tr("There is no table {table}.", table=table), cure=there_are(headers()))
    rows = [row for row in codebook() if table is None or row["table"] == table]
    if to is not None:
        from registry.export.codebook import write_codebook

        write_codebook(rows, descriptions(), to)
        remark("{number:variable|variables} written to {file}.", number=len(rows), file=to)
    elif form is Format.TABLE:
        print_rows(rows, form, COLUMNS)
        if table is not None:
            _print_codes(rows)
    else:
        print_rows(rows, form)


def _print_codes(rows: list[dict[str, Any]]) -> None:
    from registry.vocabulary import NULL_FLAVOUR_MEANINGS
    from registry.words import spoken

    codes = [
        {"column": row["column"], "code": code, "meaning": meaning}
        for row in rows
        for code, meaning in (row["codes"] or {}).items()
    ]
    if any(row["reason"] for row in rows):
        codes += [
            {"column": "*_missing", "code": code, "meaning": spoken(meaning)}
            for code, meaning in NULL_FLAVOUR_MEANINGS.items()
        ]
    if codes:
        typer.echo()
        print_rows(codes, Format.TABLE)


def template_command(
    folder: Annotated[Path, argument("DIR", "Folder to write to.")],
) -> None:
    """Write an empty import file for every table, and a workbook with a sheet for each.

    The workbook, registry.xlsx, offers the codes to choose from and refuses what lies outside the
    limits. Fill either and import it.

    Example: registry template my-files
    """
    from registry.importing.template import WORKBOOK_NAME, write_template
    from registry.models.codebook import headers

    names = [*(f"{name}.csv" for name in headers()), WORKBOOK_NAME]
    taken = [name for name in names if (folder / name).exists()]
    if taken:
        raise Refused(
            tr("{folder} holds {file} already.", folder=folder, file=taken[0]),
            cure=tr("Name a folder without import files."),
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, columns in headers().items():
            (folder / f"{name}.csv").write_text(",".join(columns) + "\n", encoding="utf-8")
        write_template(folder / WORKBOOK_NAME)
    except OSError as error:
        raise cannot_write(folder, error) from None
    remark(
        "{number} empty files and {workbook} written to {folder}.",
        number=len(headers()),
        workbook=WORKBOOK_NAME,
        folder=folder,
    )
