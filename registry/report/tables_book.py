"""The tables of a report as a workbook: a sheet a table, and one that says how it was made."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from openpyxl import Workbook
from openpyxl.styles import Alignment, Border, Font, Side
from openpyxl.utils import get_column_letter

from registry.report import sections
from registry.report.preamble import Facts
from registry.report.tables import Table
from registry.report.telling import Content
from registry.words import in_english, tr

_HEAD = 3
"""The row of the heads, under the caption and an empty row."""
_WIDEST = 60
_RULE, _THIN = Side(style="medium"), Side(style="thin")


@in_english()
def write_tables_book(content: Content, facts: Facts, path: Path) -> None:
    """Write every table of the page to an .xlsx; arguments as those of `page.page`.

    A cell that is a number alone is one, shown with the decimals of the table; every other cell is
    the text that the page shows.
    """
    book = Workbook()
    about = book.active
    about.title = tr("About")
    about.append([facts.title])
    about["A1"].font = Font(bold=True)
    for row in (("", facts.nature), *facts.made_of()):
        about.append(list(row))
    about.column_dimensions["A"].width, about.column_dimensions["B"].width = 28, 90
    for identity, laid_out in sections.tables(content, facts):
        name = identity.removeprefix("table-")[:31]
        _fill(book.create_sheet(name), laid_out)
    book.save(path)


def _fill(sheet: Any, laid_out: Table) -> None:
    sheet["A1"] = laid_out.title
    sheet["A1"].font = Font(bold=True)
    for place, words in enumerate(laid_out.header, start=1):
        cell = sheet.cell(_HEAD, place, words or None)
        cell.font = Font(bold=True)
        cell.border = Border(top=_RULE, bottom=_THIN)
        cell.alignment = Alignment(
            horizontal="left" if place <= laid_out.left else "right", wrap_text=True
        )
    for number, cells in enumerate(laid_out.rows, start=_HEAD + 1):
        for place, words in enumerate(cells, start=1):
            _cell(sheet.cell(number, place), words, is_word=place <= laid_out.left)
    last = _HEAD + len(laid_out.rows)
    for place in range(1, len(laid_out.header) + 1):
        cell = sheet.cell(last, place)
        top = _RULE if last == _HEAD else None
        cell.border = Border(top=top, bottom=_RULE)
        texts = [laid_out.header[place - 1], *(row[place - 1] for row in laid_out.rows)]
        width = min(max(map(len, texts), default=0) + 2, _WIDEST)
        sheet.column_dimensions[get_column_letter(place)].width = width
    for number, words in enumerate((*laid_out.lines, *laid_out.notes), start=last + 2):
        sheet.cell(number, 1, words).data_type = "s"
    sheet.freeze_panes = sheet.cell(_HEAD + 1, 1)


def _cell(cell: Any, words: str, *, is_word: bool) -> None:
    indent = (len(words) - len(words.lstrip())) // 2
    words = words.strip()
    if is_word or not re.fullmatch(r"-?\d+(\.\d+)?", words):
        cell.value = words or None
        # A text that begins with a sign of a formula is none.
        if words:
            cell.data_type = "s"
        cell.alignment = Alignment(horizontal="left" if is_word else "right", indent=indent)
        return
    decimals = len(words.partition(".")[2])
    cell.value = float(words) if decimals else int(words)
    cell.number_format = f"0.{'0' * decimals}" if decimals else "0"
