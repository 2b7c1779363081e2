"""Rows as a file for a person to work through: a spreadsheet with filters, CSV, or ready bytes."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from registry.drawing.formats import FOR_SPREADSHEETS, by_ending
from registry.drawing.workbook import cell, set_widths, workbook
from registry.parsing.formula import cells_kept
from registry.whole_file import write_whole

Rows = Sequence[Mapping[str, Any]]
Cells = Iterable[Sequence[Any]]

NARROWEST, WIDEST = 8, 60


def write_sheet(
    rows: Rows,
    columns: Sequence[str],
    path: Path,
    *,
    title: str,
    other: Mapping[str, Callable[[], bytes]] | None = None,
) -> None:
    """Writes the columns of the rows to `path`, whole or not at all, in the format of its ending.

    `.csv` and `.xlsx` are written here; `other` makes the bytes of further endings. Raises
    WrongUsage for another ending and Refused where the file cannot be written.
    """
    cells = [[_told(row[name]) for name in columns] for row in rows]
    writers: dict[str, Callable[[Path], Any]] = {
        ".csv": lambda part: _write_csv(part, columns, cells),
        ".xlsx": lambda part: write_workbook(part, {title: (columns, cells)}),
    }
    for ending, made in (other or {}).items():
        writers[ending] = _writer_of_bytes(made)
    write_whole(path, by_ending(path, writers))


def _writer_of_bytes(made: Callable[[], bytes]) -> Callable[[Path], Any]:
    return lambda path: path.write_bytes(made())


def _write_csv(path: Path, columns: Sequence[str], rows: Cells) -> None:
    with path.open("w", encoding=FOR_SPREADSHEETS, newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(map(cells_kept, rows))


def write_workbook(path: Path, tables: Mapping[str, tuple[Sequence[str], Cells]]) -> None:
    """A sheet a table: a header that stays in sight, a filter on every column, long texts wrapped.

    Args:
        path: of the .xlsx.
        tables: columns and rows by the title of the sheet.
    """
    from openpyxl.styles import Alignment, Font
    from openpyxl.utils import get_column_letter

    bold = {"font": Font(bold=True)}
    with workbook(path) as book:
        for title, (columns, rows) in tables.items():
            cells = [list(columns), *([_typed(value) for value in row] for row in rows)]
            longest = [
                max(len(str(one or "")) for one in column) for column in zip(*cells, strict=True)
            ]
            aligned = [Alignment(vertical="top", wrap_text=one > WIDEST) for one in longest]
            sheet = book.create_sheet(title)
            set_widths(sheet, (min(max(one + 2, NARROWEST), WIDEST) for one in longest))
            sheet.freeze_panes = "A2"
            for number, row in enumerate(cells):
                styles = {} if number else bold
                sheet.append(
                    [
                        cell(sheet, one, alignment=alignment, **styles)
                        for one, alignment in zip(row, aligned, strict=True)
                    ]
                )
            sheet.auto_filter.ref = f"A1:{get_column_letter(len(longest))}{len(cells)}"


def _told(value: Any) -> Any:
    """As every table of the program is written: yes or no for a flag."""
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else value


def _typed(value: Any) -> Any:
    return value if value is None or isinstance(value, int | float | Decimal | date) else str(value)
