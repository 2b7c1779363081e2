"""Reads the sheets of an Excel workbook (.xlsx, .xlsm) row by row."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from zipfile import ZipFile

from openpyxl.styles.numbers import BUILTIN_FORMATS, is_date_format, is_timedelta_format
from openpyxl.utils.datetime import CALENDAR_MAC_1904, CALENDAR_WINDOWS_1900, from_excel

from registry.importing.files.bounds import LARGEST_SHEET, MOST_SHARED, SHARED_CHARACTERS
from registry.importing.files.cell_text import fault, moment_text, number_text
from registry.importing.files.regular import identity
from registry.importing.files.sheet import Area, Grown, Sheet, SheetRow, column_within
from registry.importing.files.zipped import (
    Gathered,
    Heard,
    Unreadably,
    open_zip,
    parse,
    parse_whole,
)
from registry.parsing.typed import FaultText, NumberText, NumberText1904
from registry.words import tr

_REFERENCE = re.compile(r"([A-Z]{1,4})([0-9]{1,8})")
# How a character that XML cannot hold, or a text that looks so, is written in a workbook.
_ESCAPED = re.compile("_x([0-9A-Fa-f]{4})_")
_DOCUMENT = "/officeDocument"
_TRUE = ("1", "true")


def xlsx_sheets(path: Path) -> list[Sheet]:
    """The sheets of cells, in their order. Raises what is in zipped.BROKEN for no workbook."""
    with open_zip(path) as archive:
        book = _Book(path, archive)
    return [
        Sheet(title, hidden, partial(_rows, book, member)) for title, hidden, member in book.sheets
    ]


@dataclass(frozen=True)
class _Format:
    """How numbers are shown; `is_span` are hours and minutes, not a moment."""

    pattern: str
    counts_days: bool
    is_span: bool


def _format(pattern: str) -> _Format:
    return _Format(
        pattern,
        pattern != "General" and is_date_format(pattern),
        is_timedelta_format(pattern),
    )


_GENERAL = _format("General")


class _Book:
    """What holds for all sheets: their names, how numbers are shown, how days are counted."""

    def __init__(self, path: Path, archive: ZipFile) -> None:
        self.path = path
        self.number: type[NumberText] = NumberText
        self.formats: list[_Format] = []
        self.shared: str | None = None
        main = next(
            (target for kind, target in _related(archive, "").values() if kind.endswith(_DOCUMENT)),
            "xl/workbook.xml",
        )
        related = _related(archive, main)
        found: list[tuple[str, bool, str]] = []

        def hear(name: str, attributes: Mapping[str, str]) -> None:
            if name == "workbookPr" and attributes.get("date1904") in _TRUE:
                self.number = NumberText1904
            elif name == "sheet":
                kind, member = related[attributes["id"]]
                if kind.endswith("/worksheet"):
                    hidden = attributes.get("state", "visible") != "visible"
                    found.append((attributes["name"], hidden, member))

        parse_whole(archive, main, Heard(hear))
        self.sheets = found
        for kind, member in related.values():
            if kind.endswith("/styles"):
                styles = _Styles()
                parse_whole(archive, member, Heard(styles.start, styles.end))
                self.formats = styles.of_cells()
            elif kind.endswith("/sharedStrings"):
                self.shared = member

    @property
    def epoch(self) -> object:
        """The day from which days are counted."""
        return CALENDAR_MAC_1904 if self.number is NumberText1904 else CALENDAR_WINDOWS_1900

    def shared_texts(self) -> list[str]:
        """The texts that cells refer to by their number."""
        if self.shared is None:
            return []
        return _shared_texts(self.path, identity(self.path), self.shared)


def _related(archive: ZipFile, member: str) -> dict[str, tuple[str, str]]:
    """What a member refers to: id -> kind and member."""
    folder, name = posixpath.split(member)
    found: dict[str, tuple[str, str]] = {}

    def hear(tag: str, attributes: Mapping[str, str]) -> None:
        if tag == "Relationship" and attributes.get("TargetMode") != "External":
            target = posixpath.normpath(posixpath.join("/", folder, attributes["Target"]))
            found[attributes["Id"]] = attributes["Type"], target.lstrip("/")

    parse_whole(archive, posixpath.join(folder, "_rels", f"{name}.rels"), Heard(hear))
    return found


class _Styles:
    """The number format of each style of cells."""

    def __init__(self) -> None:
        self._named: dict[int, str] = {}
        self._used: list[int] = []
        self._inside = False

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        """Takes the formats and the styles that use them."""
        if name == "numFmt":
            self._named[int(attributes["numFmtId"])] = attributes.get("formatCode", "")
        elif name == "cellXfs":
            self._inside = True
        elif name == "xf" and self._inside:
            self._used.append(int(attributes.get("numFmtId", 0)))

    def end(self, name: str) -> None:
        """The styles of cells end."""
        if name == "cellXfs":
            self._inside = False

    def of_cells(self) -> list[_Format]:
        """The format of each style, by its number."""
        patterns = {**BUILTIN_FORMATS, **self._named}
        formats = {number: _format(patterns.get(number, "General")) for number in set(self._used)}
        return [formats[number] for number in self._used]


# The texts of one workbook at a time, for they may fill the memory.
@lru_cache(maxsize=1)
def _shared_texts(path: Path, _identity: tuple[int, int, int, int], member: str) -> list[str]:
    found = _SharedTexts()
    with open_zip(path) as archive:
        parse_whole(archive, member, Heard(found.start, found.end, found.text))
    return found.texts


class _SharedTexts:
    def __init__(self) -> None:
        self.texts: list[str] = []
        self._text = Gathered()
        self._characters = 0
        self._inside = 0
        self._reading = False

    def start(self, name: str, _attributes: Mapping[str, str]) -> None:
        """A text begins, or a piece of it, or what is spoken beside it."""
        if name == "rPh":
            self._inside += 1
        self._reading = name == "t" and not self._inside

    def end(self, name: str) -> None:
        """A text ends."""
        self._reading = False
        if name == "rPh":
            self._inside -= 1
        elif name == "si":
            text = unescaped(self._text.take())
            self._characters += len(text)
            self.texts.append(text)
            if len(self.texts) > MOST_SHARED or self._characters > SHARED_CHARACTERS:
                raise Unreadably(
                    tr(
                        "it has more than {texts:,|text|texts} or {characters:,} characters "
                        "of text",
                        texts=MOST_SHARED,
                        characters=SHARED_CHARACTERS,
                    )
                )

    def text(self, text: str) -> None:
        """A piece of a text."""
        if self._reading:
            self._text.add(text)


def unescaped(text: str) -> str:
    """A text with the characters that a workbook writes as _xHHHH_."""
    if "_x" not in text:
        return text
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)


def _rows(book: _Book, member: str, areas: list[Area]) -> Iterator[SheetRow]:
    handler = _SheetHandler(book, areas)
    with open_zip(book.path) as archive:
        heard = Heard(handler.start, handler.end, handler.text)
        for _ in parse(archive, member, heard, LARGEST_SHEET):
            yield from handler.rows
            handler.rows.clear()


class _SheetHandler:
    """Puts the rows of a sheet together."""

    def __init__(self, book: _Book, areas: list[Area]) -> None:
        self.rows: list[SheetRow] = []
        self._book = book
        self._shared = book.shared_texts()
        self._areas = areas
        self._grown = Grown()
        self._hidden = False
        self._texts: dict[int, str] = {}
        self._column = 0
        self._kind = "n"
        self._style = _GENERAL
        self._formula: Gathered | None = None
        self._value = Gathered()
        self._spoken = 0
        self._reading: Gathered | None = None

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        """A row, a cell, or what stands in it."""
        match name:
            case "c":
                self._cell(attributes)
            case "v" | "t":
                self._reading = self._value if self._column and not self._spoken else None
            case "f":
                self._reading = self._formula = Gathered()
            case "rPh":
                self._spoken += 1
            case "row":
                self._grown.next_row(int(attributes.get("r", self._grown.line + 1)))
                self._hidden = attributes.get("hidden") in _TRUE
                self._texts = {}
                self._column = 0
            case "mergeCell":
                self._merged(attributes.get("ref", ""))

    def end(self, name: str) -> None:
        """What stood in a cell, a cell, or a row."""
        match name:
            case "v" | "t" | "f":
                self._reading = None
            case "rPh":
                self._spoken -= 1
            case "c":
                self._texts[self._column] = self._cell_text()
            case "row":
                row = self._grown.row(self._texts, self._hidden)
                if row is not None:
                    self.rows.append(row)
                self._column = 0

    def text(self, text: str) -> None:
        """A piece of what stands in a cell."""
        if self._reading is not None:
            self._reading.add(text)

    def _cell(self, attributes: Mapping[str, str]) -> None:
        place = _REFERENCE.fullmatch(attributes.get("r", ""))
        column = _column(place[1]) if place else self._column + 1
        self._column = column_within(column)
        self._kind = attributes.get("t", "n")
        style = int(attributes.get("s", 0))
        formats = self._book.formats
        self._style = formats[style] if 0 <= style < len(formats) else _GENERAL
        self._formula = None

    def _merged(self, reference: str) -> None:
        first, _, last = reference.partition(":")
        start, end = _REFERENCE.fullmatch(first), _REFERENCE.fullmatch(last)
        if start and end and len(self._areas) < MOST_AREAS:
            self._areas.append(Area(_column(start[1]), int(start[2]), _column(end[1]), int(end[2])))

    def _cell_text(self) -> str:
        value, kind = self._value.take(), self._kind
        if not value:
            if self._formula is None or kind == "str":
                return ""
            return FaultText(
                f"={self._formula.take()}",
                tr("is a formula without a stored value; save the file in Excel once"),
            )
        try:
            match kind:
                case "s":
                    return self._shared[int(value)]
                case "str" | "inlineStr":
                    return unescaped(value)
                case "b":
                    return "true" if value in _TRUE else "false"
                case "e":
                    return fault(value)
                case "d":
                    return value.removesuffix("T00:00:00")
                case _:
                    return self._number(value)
        except (ValueError, IndexError, OverflowError, ArithmeticError):
            return fault(value)

    def _number(self, value: str) -> str:
        number = float(value) if set(value) & set(".eE") else int(value)
        style = self._style
        if style.counts_days:
            moment = from_excel(number, self._book.epoch, timedelta=style.is_span)
            if moment is not None:
                return str(moment) if style.is_span else moment_text(moment)
        return number_text(number, style.pattern, self._book.number)


# More merged areas than these are not kept; the first ones are complained of.
MOST_AREAS = 10_000


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number
