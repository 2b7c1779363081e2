"""`registry patient show`: one patient on one screen, as a figure, or as data."""

from __future__ import annotations

import os
import shutil
import sys
from contextlib import AbstractContextManager, nullcontext
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from registry.cli.analyse.data import frozen_basis, up_to_date
from registry.cli.frame.completion import complete_patient
from registry.cli.frame.context import opened, remark, run_of
from registry.cli.frame.options import DefinitionOption
from registry.cli.frame.output import Format, FormatOption, print_csv, print_json
from registry.cli.frame.past import read_at
from registry.cli.frame.signatures import argument, flag, option
from registry.cli.frame.terminal import as_text, console
from registry.cli.records.asking_record import patient_or_asked
from registry.errors import WrongUsage
from registry.words import in_english, tr

if TYPE_CHECKING:
    from registry.drawing.lines import Line

app = typer.Typer(help="One patient on one screen.")

FIGURES = (".svg", ".png")
COERCED = ("", "C.UTF-8", "C.utf8", "UTF-8")
# What a role looks like on a terminal with colours; each is said by a sign or a word as well.
STYLES = {
    "title": "bold",
    "label": "bold",
    "loss": "bold red",
    "excluded": "bold yellow",
    "low": "red",
    "good": "green",
    "remission": "green",
    "response": "blue",
    "baseline": "bold blue",
    "week14": "bold green",
    "visit": "bold",
    "note": "dim",
    "line": "dim",
    "unseen": "yellow",
    "infusion": "cyan",
    "intensified": "bold magenta",
    "event": "magenta",
    "drug.immunomodulator": "blue",
    "drug.glucocorticoid": "yellow",
    "drug.nutrition": "green",
    "drug.biologic": "red",
    "drug.small_molecule": "magenta",
    "drug.other": "white",
}


@app.command("show")
@read_at
def patient_show_command(
    context: typer.Context,
    patient: Annotated[
        str | None, argument("ID", "A study id.", autocompletion=complete_patient)
    ] = None,
    definition: DefinitionOption = None,
    to: Annotated[
        Path | None, option("--to", "FILE", "Draw a figure instead: FILE.svg or FILE.png.")
    ] = None,
    everything: Annotated[
        bool, flag("--all", "Every row of long tables, not the last twelve.")
    ] = False,
    width: Annotated[
        int | None, option("--width", "N", "Columns; those of the terminal.", min=60, max=400)
    ] = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Show one patient: status and why, the course in time, infusions, levels, drugs, genes.

    Example: registry patient show P023 --to P023.svg
    """
    if to is not None and to.suffix.lower() not in FIGURES:
        raise WrongUsage(
            tr("{file} ends neither in .svg nor in .png.", file=to),
            cure=tr("Name the figure by one of the two."),
        )
    if patient is None:
        with opened(run_of(context).settings()) as database:
            patient = patient_or_asked(database, None)
    # The fonts of a figure have no Chinese.
    in_words = nullcontext() if to is None else in_english()
    document = _document(context, patient, definition, in_words)
    if to is not None:
        _draw(document, to)
        remark("Drawn: {files}", files=to)
    match form:
        case Format.JSON:
            print_json(document)
        case Format.CSV:
            print_csv(_cells(document), ("table", "row", "column", "value"))
        case Format.TABLE if to is None:
            _print(document, width, everything)


def _document(
    context: typer.Context,
    patient: str,
    definition: str | None,
    in_words: AbstractContextManager[None],
) -> dict[str, Any]:
    from registry.derivation.explanation import explain
    from registry.patient.reading import read_patient
    from registry.records.patient_number import patient_number

    with up_to_date(context, definition, or_as_it_stands=True) as (connection, definition):
        connection.execution_options(isolation_level="REPEATABLE READ")
        patient_number(connection, patient)
        with in_words:
            explanation = explain(connection, patient, definition).to_json()
            record = read_patient(connection, patient, definition)
        basis = frozen_basis(connection, definition)
    kept = {key: explanation[key] for key in ("conclusion", "rules")}
    return record | {"explanation": kept} | basis


def _draw(document: dict[str, Any], to: Path) -> None:
    from registry.drawing.plot import write
    from registry.patient.figure import patient_figure

    with in_english():
        figure = patient_figure(document)
    write(figure, to)


def _cells(document: dict[str, Any]) -> list[dict[str, Any]]:
    """Every value of the tree in a row of its own: the table, its row, the column, the value."""
    found: list[dict[str, Any]] = []

    def add(table: str, number: int | None, row: dict[str, Any]) -> None:
        found.extend(
            {"table": table, "row": number, "column": column, "value": value}
            for column, value in row.items()
        )

    tree = document | {"explanation": {"conclusion": document["explanation"]["conclusion"]}}
    # The patient's own columns stand first in the tree.
    add("patients", None, dict(takewhile(lambda pair: pair[0] != "definition", tree.items())))
    for name, value in tree.items():
        if isinstance(value, dict):
            add(name, None, value)
        elif isinstance(value, tuple):
            for number, row in enumerate(value, start=1):
                add(name, number, row)
    return found


def _print(document: dict[str, Any], width: int | None, everything: bool) -> None:
    from registry.drawing.lines import ASCII, UNICODE
    from registry.patient.screen import patient_screen

    glyphs = UNICODE if _shows_unicode() else ASCII
    columns = width or shutil.get_terminal_size().columns
    lines = patient_screen(document, columns, glyphs, everything=everything)
    show(lines, console(width=max(columns, 60), highlight=False, emoji=False, markup=False))


def _shows_unicode() -> bool:
    """Whether the terminal can; a locale of C or POSIX asks for ASCII.

    Python itself then speaks UTF-8, and says so in LC_CTYPE, which therefore does not count when
    it says no more than that.
    """
    ctype = os.environ.get("LC_CTYPE", "")
    asked = os.environ.get("LC_ALL") or (ctype if ctype not in COERCED else None)
    locale = asked or os.environ.get("LANG")
    return (sys.stdout.encoding or "").lower().startswith("utf") and locale not in ("C", "POSIX")


def show(lines: list[Line], console: Any) -> None:
    """Prints the lines on a console, in colour where it has colours."""
    from rich.text import Text

    for line in lines:
        words = Text(no_wrap=True, end="")
        for span in line:
            words.append(as_text(span.text), STYLES.get(span.role, ""))
        console.print(words, soft_wrap=True)
