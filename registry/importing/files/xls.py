"""Reads the sheets of an old Excel workbook (.xls)."""

from __future__ import annotations

import io
from collections.abc import Iterator
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import xlrd

from registry.importing.files.bounds import LARGEST_XLS
from registry.importing.files.cell_text import fault, moment_text, number_text
from registry.importing.files.regular import check_regular, identity
from registry.importing.files.sheet import Area, Grown, Sheet, SheetRow
from registry.importing.files.zipped import Unreadably
from registry.parsing.typed import NumberText, NumberText1904
from registry.words import tr

_VISIBLE = 0


def xls_sheets(path: Path) -> list[Sheet]:
    """The sheets, in their order. Raises Unreadably for no such workbook."""
    check_regular(path, largest=LARGEST_XLS)
    book = _opened(path, identity(path))
    return [
        Sheet(
            sheet.name,
            sheet.visibility != _VISIBLE,
            partial(_rows, path, number),
        )
        for number, sheet in enumerate(book.sheets())
    ]


# One at a time, for the library reads a workbook whole.
@lru_cache(maxsize=1)
def _opened(path: Path, _identity: tuple[int, int, int, int]) -> Any:
    try:
        return xlrd.open_workbook(
            file_contents=path.read_bytes(),
            logfile=io.StringIO(),
            formatting_info=True,
            ragged_rows=True,
        )
    except Exception as error:
        # Of a damaged file it may raise anything.
        raise Unreadably(tr("it is damaged, or locked with a password")) from error


def _rows(path: Path, number: int, areas: list[Area]) -> Iterator[SheetRow]:
    book = _opened(path, identity(path))
    sheet = book.sheet_by_index(number)
    areas.extend(
        Area(left + 1, top + 1, right, bottom)
        for top, bottom, left, right in sheet.merged_cells
        if bottom - top > 1 or right - left > 1
    )
    grown = Grown()
    for line in range(sheet.nrows):
        grown.next_row(line + 1)
        hidden = line in sheet.rowinfo_map and bool(sheet.rowinfo_map[line].hidden)
        texts = {column: _text(book, cell) for column, cell in enumerate(sheet.row(line), start=1)}
        row = grown.row(texts, hidden)
        if row is not None:
            yield row


def _text(book: Any, cell: Any) -> str:
    """A cell's value as text."""
    value = cell.value
    try:
        match cell.ctype:
            case xlrd.XL_CELL_TEXT:
                return str(value)
            case xlrd.XL_CELL_NUMBER:
                style = book.format_map[book.xf_list[cell.xf_index].format_key].format_str
                number = NumberText1904 if book.datemode else NumberText
                return number_text(value, style, number)
            case xlrd.XL_CELL_DATE:
                return moment_text(xlrd.xldate.xldate_as_datetime(value, book.datemode))
            case xlrd.XL_CELL_BOOLEAN:
                return "true" if value else "false"
            case xlrd.XL_CELL_ERROR:
                return fault(xlrd.error_text_from_code.get(value, "#?"))
            case _:
                return ""
    except (ValueError, OverflowError, ArithmeticError, IndexError, KeyError, TypeError):
        return fault(str(value))
