"""Reads the sheets of an OpenDocument workbook (.ods) row by row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path

from registry.importing.files.bounds import LARGEST_SHEET
from registry.importing.files.cell_text import fault, number_text
from registry.importing.files.sheet import Area, Grown, Sheet, SheetRow, column_within
from registry.importing.files.zipped import (
    Gathered,
    Heard,
    Unreadably,
    open_zip,
    parse,
    parse_whole,
)
from registry.parsing.typed import NumberText, NumberText1904
from registry.words import tr

_CONTENT = "content.xml"
_CELLS = ("table-cell", "covered-table-cell")
_HIDDEN = ("collapse", "filter")


def ods_sheets(path: Path) -> list[Sheet]:
    """The sheets, in their order. Raises what is in zipped.BROKEN for no workbook."""
    listed = _Titles()
    with open_zip(path) as archive:
        parse_whole(archive, _CONTENT, Heard(listed.start, listed.end), LARGEST_SHEET)
    return [
        Sheet(title, style in listed.hidden_styles, partial(_rows, path, number))
        for number, (title, style) in enumerate(listed.found)
    ]


def _rows(path: Path, number: int, areas: list[Area]) -> Iterator[SheetRow]:
    handler = _SheetHandler(number, areas)
    grown = Grown()
    with open_zip(path) as archive:
        heard = Heard(handler.start, handler.end, handler.text)
        for _ in parse(archive, _CONTENT, heard, LARGEST_SHEET):
            for lines, texts, hidden in handler.rows:
                for line in lines:
                    grown.next_row(line)
                    row = grown.row(texts, hidden)
                    if row is not None:
                        yield row
            handler.rows.clear()
            if handler.table > number:
                return


class _Titles:
    """The names of the sheets with their styles, and the styles that hide a sheet."""

    def __init__(self) -> None:
        self.found: list[tuple[str, str]] = []
        self.hidden_styles: set[str] = set()
        self._style = ""
        self._inside = 0

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        """A style, or a sheet; a table inside a cell is none."""
        if name == "style":
            self._style = attributes.get("name", "")
        elif name == "table-properties" and attributes.get("display") == "false":
            self.hidden_styles.add(self._style)
        elif name == "table":
            if not self._inside:
                self.found.append((attributes.get("name", ""), attributes.get("style-name", "")))
            self._inside += 1

    def end(self, name: str) -> None:
        """A sheet ends."""
        if name == "table":
            self._inside -= 1


class _SheetHandler:
    """Puts the rows of one sheet together; `table` counts the sheets that have ended.

    A row of `rows` stands for all its repetitions.
    """

    def __init__(self, number: int, areas: list[Area]) -> None:
        self.rows: list[tuple[range, dict[int, str], bool]] = []
        self.table = 0
        self._number = number
        self._areas = areas
        self._inside = 0
        self._kind: type[NumberText] = NumberText
        self._line = 1
        self._lines = 1
        self._hidden = False
        self._texts: dict[int, str] = {}
        self._column = 1
        self._columns = 1
        self._cell: Mapping[str, str] | None = None
        self._text = Gathered()
        self._paragraphs = 0
        self._in_paragraph = False
        self._beside = 0

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        """A row, a cell, or what stands in it."""
        if name == "table":
            self._inside += 1
        elif name == "null-date" and attributes.get("date-value", "").startswith("1904"):
            self._kind = NumberText1904
        if self._inside != 1 or self.table != self._number:
            return
        if name == "table-row":
            self._lines = _repeated(attributes, "number-rows-repeated")
            self._hidden = attributes.get("visibility") in _HIDDEN
            self._texts = {}
            self._column = 1
        elif name in _CELLS:
            self._columns = _repeated(attributes, "number-columns-repeated")
            self._cell = attributes
            self._paragraphs = 0
            self._note_area(attributes)
        elif name in ("annotation", "shapes"):
            self._beside += 1
        elif self._cell is not None and not self._beside:
            self._start_text(name, attributes)

    def _start_text(self, name: str, attributes: Mapping[str, str]) -> None:
        match name:
            case "p":
                if self._paragraphs:
                    self._text.add("\n")
                self._paragraphs += 1
                self._in_paragraph = True
            case "s":
                self._text.add(" " * min(_repeated(attributes, "c"), 1 << 17))
            case "tab":
                self._text.add("\t")
            case "line-break":
                self._text.add("\n")

    def end(self, name: str) -> None:
        """A cell, a row or a sheet ends."""
        if name == "table":
            self._inside -= 1
            self.table += self._inside == 0
        elif self._inside != 1 or self.table != self._number:
            return
        elif name in ("annotation", "shapes"):
            self._beside -= 1
        elif name == "p":
            self._in_paragraph = False
        elif name in _CELLS and self._cell is not None:
            text = self._cell_text(self._cell)
            if text and not text.isspace():
                for column in range(self._column, self._column + self._columns):
                    self._texts[column_within(column)] = text
            self._column += self._columns
            self._cell = None
        elif name == "table-row":
            self._end_row()

    def _end_row(self) -> None:
        # The empty rows below the last are one that is repeated to the end of the sheet.
        if self._texts:
            lines = range(self._line, self._line + self._lines)
            self.rows.append((lines, self._texts, self._hidden))
        self._line += self._lines

    def text(self, text: str) -> None:
        """A piece of what stands in a cell."""
        if self._cell is not None and self._in_paragraph and not self._beside:
            self._text.add(text)

    def _note_area(self, attributes: Mapping[str, str]) -> None:
        wide = _repeated(attributes, "number-columns-spanned")
        high = _repeated(attributes, "number-rows-spanned")
        if wide > 1 or high > 1:
            left, top = self._column, self._line
            self._areas.append(Area(left, top, left + wide - 1, top + high - 1))

    def _cell_text(self, cell: Mapping[str, str]) -> str:
        shown = self._text.take()
        if cell.get("value-type") == "error" or shown.startswith("Err:"):
            return fault(shown)
        # LibreOffice says of an error that it is a text, or no number.
        if "formula" in cell and shown.startswith("#"):
            return fault(shown)
        try:
            match cell.get("value-type"):
                case "percentage":
                    return number_text(_number(cell["value"]), "0%")
                case "float" | "currency":
                    return self._shown_number(_number(cell["value"]), shown)
                case "date":
                    return cell["date-value"].removesuffix("T00:00:00").replace("T", " ")
                case "boolean":
                    return cell["boolean-value"]
                case _:
                    return shown or cell.get("string-value", "")
        except (KeyError, ValueError, ArithmeticError):
            return fault(shown)

    def _shown_number(self, number: int | float, shown: str) -> str:
        """A number as its cell shows it, where it shows per cent or leading zeros."""
        if shown.endswith("%"):
            return number_text(number, "0%")
        style = "0" * len(shown) if shown.startswith("0") and shown.isdigit() else None
        return number_text(number, style, self._kind)


def _number(text: str) -> int | float:
    return float(text) if set(text) & set(".eE") else int(text)


def _repeated(attributes: Mapping[str, str], name: str) -> int:
    """How often something stands there; once where nothing is said of it."""
    number = int(attributes.get(name, 1))
    if number < 1:
        raise Unreadably(tr("it repeats a cell or row {number} times", number=number))
    return number
