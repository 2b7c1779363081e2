"""Reads the sheets of an XLSX workbook row by row, each cell as text."""

from __future__ import annotations

import re
import warnings
from collections.abc import Collection, Iterator
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError
from zipfile import BadZipFile

from openpyxl import load_workbook
from openpyxl.utils import range_boundaries
from openpyxl.utils.datetime import CALENDAR_MAC_1904
from openpyxl.utils.exceptions import InvalidFileException

from registry.errors import Refused
from registry.importing.layout import Grid, Table, lay_out
from registry.parsing.conventions import Conventions
from registry.parsing.typed import FaultText, NumberText, NumberText1904
from registry.records.problems import Problem
from registry.records.source import Row
from registry.words import tr

# What it warns of is either of no matter to values or complained of cell by cell.
warnings.filterwarnings("ignore", category=UserWarning, module=r"openpyxl\b")

_BROKEN = (BadZipFile, InvalidFileException, KeyError, ParseError, ValueError, TypeError, EOFError)
_MERGED = re.compile(rb'<(?:\w+:)?mergeCell [^>]*?ref="([A-Z]+[0-9]+:[A-Z]+[0-9]+)"')
_FORMULA = re.compile(rb"<(?:\w+:)?f[ >/]")
_PIECE = 1 << 20
_LONGEST_TAG = 256
# Text inside a number format that is shown as it stands.
_LITERAL = re.compile(r'"[^"]*"|\\.|_.|\*.')
_ONLY_ZEROS = re.compile("0{2,}")
_MERGES_NAMED = 10


def read_workbook(
    path: Path,
    shown: str,
    conventions: Conventions,
    header_names: Collection[str],
    filled_down: Collection[str],
) -> list[Table]:
    """The visible sheets that hold anything; the first has the notes about the others.

    Raises Refused for a file that is no workbook or cannot be opened.
    """
    values = _load(path, shown, data_only=True)
    visible = [sheet for sheet in values.worksheets if sheet.sheet_state == "visible"]
    tables = [
        _read_sheet(path, f"{shown} [{sheet.title}]", values, sheet, header_names, filled_down)
        for sheet in visible
        if not _is_empty(sheet) or len(visible) == 1
    ]
    if tables:
        tables[0].notes.extend(
            tr("{file}: the hidden sheet {sheet} was left out", file=shown, sheet=sheet.title)
            for sheet in values.worksheets
            if sheet not in visible
        )
    return tables


def _load(path: Path, shown: str, *, data_only: bool) -> Any:
    try:
        return load_workbook(path, read_only=True, data_only=data_only)
    except OSError as error:
        raise Refused(
            tr("The file {file} cannot be read: {reason}.", file=path, reason=error.strerror)
        ) from None
    except _BROKEN:
        raise Refused(
            tr("The file {file} is no XLSX workbook, or is locked with a password.", file=shown),
            cure=tr("Save it as an Excel workbook (.xlsx) without a password, or as CSV UTF-8."),
        ) from None


def _is_empty(sheet: Any) -> bool:
    """Whether no cell of the sheet is filled; one that cannot be read is not empty."""
    # A stated size may be wrong; without one all rows are read.
    sheet.reset_dimensions()
    try:
        return not any(cell.value is not None for row in sheet.iter_rows() for cell in row)
    except _BROKEN:
        return False


def _read_sheet(
    path: Path,
    shown: str,
    values: Any,
    sheet: Any,
    header_names: Collection[str],
    filled_down: Collection[str],
) -> Table:
    merged, computes = _looked_through(sheet)
    formulas = _load(path, shown, data_only=False)[sheet.title] if computes else None
    if formulas is not None:
        formulas.reset_dimensions()
    grid = _grid(values, sheet, formulas, shown)
    table = lay_out(path, sheet.title, shown, grid, header_names)
    for area in [one for one in merged if _matters(one, table, grid, filled_down)][:_MERGES_NAMED]:
        _left, top, _right, _bottom = range_boundaries(area)
        problem = tr("the cells {area} are merged; split them", area=area)
        table.problems.append(Problem(shown, top, None, None, problem))
    return table


def _matters(area: str, table: Table, grid: Grid, filled_down: Collection[str]) -> bool:
    """Whether merged cells hide that a cell of the header or below it is empty."""
    left, top, right, bottom = range_boundaries(area)
    if bottom < table.header_line:
        return False
    if left != right or top <= table.header_line:
        return True
    header = next((row.cells for row in grid([]) if row.line == table.header_line), None) or []
    return left > len(header) or header[left - 1].strip() not in filled_down


def _looked_through(sheet: Any) -> tuple[list[str], bool]:
    """The areas of merged cells, which stand behind the rows, and whether any cell is computed."""
    merged: list[str] = []
    computes = False
    kept = b""
    with sheet._get_source() as source:
        while piece := source.read(_PIECE):
            kept += piece
            computes = computes or _FORMULA.search(kept) is not None
            merged.extend(found.decode() for found in _MERGED.findall(kept))
            kept = kept[kept.rfind(b"<") :][:_LONGEST_TAG]
    return list(dict.fromkeys(merged)), computes


def _grid(values: Any, sheet: Any, formulas: Any, shown: str) -> Grid:
    number = NumberText1904 if values.epoch == CALENDAR_MAC_1904 else NumberText

    def rows(problems: list[Problem]) -> Iterator[Row]:
        line = 0
        computed = formulas.iter_rows() if formulas is not None else None
        try:
            for line, cells in enumerate(sheet.iter_rows(), start=1):
                texts = [_text(cell, number) for cell in cells]
                if computed is not None:
                    _mark_never_computed(texts, cells, next(computed, ()))
                if any(texts) and any(text.strip() for text in texts):
                    yield Row(line, texts)
        except _BROKEN:
            problem = tr("the sheet cannot be read from here on")
            problems.append(Problem(shown, line + 1, None, None, problem))
            yield Row(line + 1, None)

    return rows


def _mark_never_computed(texts: list[str], cells: Any, formulas: Any) -> None:
    """Puts a fault where a formula stands that no program has stored a value of."""
    for place, formula in enumerate(formulas[: len(texts)]):
        if formula.data_type == "f" and cells[place].value is None:
            written = formula.value if isinstance(formula.value, str) else "="
            texts[place] = FaultText(
                written, tr("is a formula without a stored value; save the file in Excel once")
            )


def _text(cell: Any, number: type[NumberText]) -> str:
    """A cell's value as text, as it would stand in a CSV file."""
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, str):
        if cell.data_type == "e":
            return FaultText(value, tr("is an error of the workbook"))
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return _number_text(value, cell.number_format, number)
    if isinstance(value, datetime):
        return (value.date() if value.time() == time() else value.replace(microsecond=0)).__str__()
    if isinstance(value, date):
        return value.isoformat()
    return str(value)


def _number_text(value: int | float, style: str | None, number: type[NumberText]) -> str:
    """A number as the sheet has it: 15 digits, which is all a spreadsheet keeps.

    One shown as per cent is the number shown, with its sign; one shown with leading zeros has them.
    """
    exact = Decimal(value) if isinstance(value, int) else Decimal(f"{value:.15g}")
    if style and style != "General":
        if "%" in style and "%" in _LITERAL.sub("", style):
            return f"{_plain(exact * 100)}%"
        if _ONLY_ZEROS.fullmatch(style) and exact == exact.to_integral_value() and exact >= 0:
            return f"{int(exact):0{len(style)}}"
    return number(_plain(exact))


def _plain(exact: Decimal) -> str:
    """Without an exponent and without trailing zeros behind the point."""
    text = f"{exact:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
