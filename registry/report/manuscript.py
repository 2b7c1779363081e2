"""The tables of a report as a Word document, laid out as journals want them.

Three rules and no others, the caption above, notes below, numbers to the right, a head that is
repeated on each page, real table rows that a copy editor can change.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import docx
from docx.enum.section import WD_ORIENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt

from registry.report import sections
from registry.report.preamble import Facts
from registry.report.tables import Table
from registry.report.telling import Content
from registry.words import in_english, tr

_FONT = "Times New Roman"
_SIZE, _SMALL = 10, 9
_RULE, _THIN = "12", "6"
"""Widths of rules in eighths of a point."""
_INDENT = 4.0
"""Millimetres for a step of indentation."""


@in_english()
def write_manuscript(content: Content, facts: Facts, path: Path) -> None:
    """Write every table of the page to a .docx; arguments as those of `page.page`."""
    laid_out = [one for _, one in sections.tables(content, facts)]
    write_tables(facts.title, facts.nature, laid_out, facts.made_of(), path)


def write_tables(
    title: str, nature: str, tables: Sequence[Table], made_of: Iterable[tuple[str, str]], path: Path
) -> None:
    """Write tables under a title to a .docx, and what they were made of."""
    written = docx.Document()
    _prepare(written, title)
    written.add_heading(title, level=1)
    if nature:
        written.add_paragraph(nature)
    for laid_out in tables:
        _table(written, laid_out)
    written.add_heading(tr("How this was made"), level=2)
    for name, value in made_of:
        written.add_paragraph(f"{name}: {value}").paragraph_format.space_after = Pt(0)
    written.save(str(path))


def _prepare(written: Any, title: str) -> None:
    written.core_properties.title = title
    written.core_properties.author = ""
    page = written.sections[0]
    # Tables of seven columns need the long side of the sheet.
    page.orientation = WD_ORIENT.LANDSCAPE
    page.page_width, page.page_height = Mm(297), Mm(210)
    page.left_margin = page.right_margin = Mm(20)
    page.top_margin = page.bottom_margin = Mm(18)
    for name in ("Normal", "Heading 1", "Heading 2", "Caption"):
        style = written.styles[name]
        style.font.name = _FONT
        style.font.color.rgb = None
        style.element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), _FONT)
    written.styles["Normal"].font.size = Pt(_SIZE)


def _table(written: Any, laid_out: Table) -> None:
    caption = written.add_paragraph(style="Caption")
    run = caption.add_run(laid_out.title)
    run.font.size, run.bold = Pt(_SIZE), True
    caption.paragraph_format.keep_with_next = True
    caption.paragraph_format.space_before = Pt(14)
    table = written.add_table(rows=0, cols=len(laid_out.header))
    table.autofit = True
    if any(laid_out.header):
        _row(table, laid_out.header, laid_out.left, head=True)
    for cells in laid_out.rows:
        _row(table, cells, laid_out.left)
    if table.rows:
        _rule(table.rows[0], "top", _RULE)
        _rule(table.rows[-1], "bottom", _RULE)
    if any(laid_out.header) and laid_out.rows:
        _rule(table.rows[0], "bottom", _THIN)
    for line in (*laid_out.lines, *laid_out.notes):
        paragraph = written.add_paragraph()
        paragraph.add_run(line).font.size = Pt(_SMALL)
        paragraph.paragraph_format.space_after = Pt(2)


def _row(table: Any, cells: Sequence[str], left: int, *, head: bool = False) -> None:
    row = table.add_row()
    properties = row._tr.get_or_add_trPr()
    properties.append(OxmlElement("w:cantSplit"))
    if head:
        properties.append(OxmlElement("w:tblHeader"))
    for place, (cell, words) in enumerate(zip(row.cells, cells, strict=True)):
        paragraph = cell.paragraphs[0]
        run = paragraph.add_run(words.strip())
        run.font.size, run.bold = Pt(_SMALL), head
        paragraph.paragraph_format.space_after = Pt(1)
        paragraph.paragraph_format.left_indent = Mm(
            _INDENT * (len(words) - len(words.lstrip())) / 2
        )
        if place >= left:
            paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT


def _rule(row: Any, side: str, width: str) -> None:
    for cell in row.cells:
        properties = cell._tc.get_or_add_tcPr()
        borders = properties.find(qn("w:tcBorders"))
        if borders is None:
            borders = OxmlElement("w:tcBorders")
            properties.append(borders)
        border = OxmlElement(f"w:{side}")
        for key, value in (("val", "single"), ("sz", width), ("color", "000000")):
            border.set(qn(f"w:{key}"), value)
        borders.append(border)
