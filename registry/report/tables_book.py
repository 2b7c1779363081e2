"""The tables of a report as a workbook: a sheet a table, and one that says how it was made."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from openpyxl.styles import Alignment, Border, Font, Side

from registry.drawing.workbook import cell, set_widths, workbook
from registry.report import sections
from registry.report.preamble import Facts
from registry.report.tables import Table
from registry.report.telling import Content
from registry.words import in_english, tr

_HEAD = 3
"""The row of the heads, under the caption and an empty row."""
_WIDEST = 60
_BOLD = Font(bold=True)
_RULE, _THIN = Side(style="medium"), Side(style="thin")


@in_english()
def write_tables_book(content: Content, facts: Facts, path: Path) -> None:
    """Write every table of the page to an .xlsx; arguments as those of `page.page`.

    A cell that is a number alone is one, shown with the decimals of the table; every other cell is
    the text that the page shows.
    """
    with workbook(path) as book:
        about = book.create_sheet(tr("About"))
        set_widths(about, (28, 90))
        about.append([cell(about, facts.title, font=_BOLD)])
        for row in (("", facts.nature), *facts.made_of()):
            about.append([cell(about, words) for words in row])
        for identity, laid_out in sections.tables(content, facts):
            _fill(book.create_sheet(identity.removeprefix("table-")[:31]), laid_out)


def _fill(sheet: Any, laid_out: Table) -> None:
    texts = zip(laid_out.header, *laid_out.rows, strict=True)
    set_widths(sheet, (min(max(map(len, column)) + 2, _WIDEST) for column in texts))
    sheet.freeze_panes = f"A{_HEAD + 1}"
    sheet.append([cell(sheet, laid_out.title, font=_BOLD)])
    sheet.append([])
    under = Border(top=_RULE, bottom=_THIN if laid_out.rows else _RULE)
    sheet.append(
        [
            cell(
                sheet,
                words or None,
                font=_BOLD,
                border=under,
                alignment=Alignment(
                    horizontal="left" if place < laid_out.left else "right", wrap_text=True
                ),
            )
            for place, words in enumerate(laid_out.header)
        ]
    )
    for number, cells in enumerate(laid_out.rows, start=1):
        last = {"border": Border(bottom=_RULE)} if number == len(laid_out.rows) else {}
        sheet.append(
            [
                cell(sheet, **_told(words, is_word=place < laid_out.left), **last)
                for place, words in enumerate(cells)
            ]
        )
    sheet.append([])
    for words in (*laid_out.lines, *laid_out.notes):
        sheet.append([cell(sheet, words)])


def _told(words: str, *, is_word: bool) -> dict[str, Any]:
    """The value and the styles of a cell."""
    indent = (len(words) - len(words.lstrip())) // 2
    words = words.strip()
    if is_word or not re.fullmatch(r"-?\d+(\.\d+)?", words):
        aside = Alignment(horizontal="left" if is_word else "right", indent=indent)
        return {"value": words or None, "alignment": aside}
    decimals = len(words.partition(".")[2])
    shown = f"0.{'0' * decimals}" if decimals else "0"
    return {"value": float(words) if decimals else int(words), "number_format": shown}
