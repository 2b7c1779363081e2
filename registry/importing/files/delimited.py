"""Reads CSV, TSV and text files: their encoding, their separator, their rows, one at a time."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Collection, Generator, Iterator
from itertools import islice
from pathlib import Path
from typing import TextIO

from registry.importing.files.bounds import LONGEST_CELL, LONGEST_ROW
from registry.importing.files.encoding import Encoding, encoding_of
from registry.importing.files.layout import Table, lay_out
from registry.importing.files.regular import cannot_read
from registry.parsing.conventions import Conventions
from registry.parsing.formula import as_it_was
from registry.records.rows import NOT_UTF8, IsPlain, Lines, Problem, Row, is_utf8
from registry.words import spoken, tr

csv.field_size_limit(LONGEST_CELL)

SEPARATORS = ("\t", ";", ",")
# What a spreadsheet writes, and understands, in a first line to say the separator.
_SAID = re.compile(r'"?sep=([\t;,|])"?\s*', re.IGNORECASE)
_SAMPLE = 1 << 16
_LINES_LOOKED_AT = 20
# Without these a line is a row, and parted at each separator.
_NOT_BARE = re.compile("[\"'\r\0]")
_PIECE = 1 << 16


def read_delimited(
    path: Path, shown: str, conventions: Conventions, header_names: Collection[str]
) -> Table:
    """The table in a file of separated cells. Raises Refused for a file that cannot be opened."""
    try:
        encoding = encoding_of(path, conventions.encoding)
        if encoding.problem is not None:
            problem = Problem(shown, encoding.line, None, None, encoding.problem)
            return Table(path, None, shown, 1, [], lambda _problems: iter(()), [problem])
        separator, named_first = _separator(path, encoding, header_names)
    except OSError as error:
        raise cannot_read(error) from None

    def grid(problems: list[Problem]) -> Iterator[Row]:
        return _rows(path, shown, encoding, separator, named_first, problems)

    def grid_lines(problems: list[Problem], is_plain: IsPlain) -> Iterator[Row | Lines]:
        return _rows_and_lines(path, shown, encoding, separator, named_first, problems, is_plain)

    # Of another encoding a line may be wrong that a piece of many would be refused for.
    together = grid_lines if encoding.errors != "strict" else None
    table = lay_out(path, None, shown, grid, header_names, together)
    if encoding.guessed is not None:
        table.notes.insert(
            0, tr("{file}: read as {encoding}", file=shown, encoding=encoding.guessed)
        )
    if not table.problems and not all(is_utf8(name) for name in table.header):
        table.problems.append(Problem(shown, table.header_line, None, None, spoken(NOT_UTF8)))
    return table


def _rows(
    path: Path,
    shown: str,
    encoding: Encoding,
    separator: str,
    skip_first: bool,
    problems: list[Problem],
) -> Iterator[Row]:
    """Every row that is not empty, at the line where it begins.

    What cannot be read goes to `problems`; a row that is no CSV ends the file.
    """
    try:
        with _opened(path, encoding) as file:
            begins = _first_line(file, skip_first)
            yield from _rows_of(_Lines(file), separator, begins, shown, problems)
    except OSError as error:
        raise cannot_read(error) from None


def _rows_and_lines(
    path: Path,
    shown: str,
    encoding: Encoding,
    separator: str,
    skip_first: bool,
    problems: list[Problem],
    is_plain: IsPlain,
) -> Iterator[Row | Lines]:
    """As `_rows`, with the plain rows that follow one another together."""
    try:
        with _opened(path, encoding) as file:
            begins: int | None = _first_line(file, skip_first)
            while begins is not None and (piece := _piece(file)):
                bare = piece.replace("\r\n", "\n")
                if (
                    len(piece) > LONGEST_CELL
                    or _NOT_BARE.search(bare)
                    or (separator != "\t" and "\t" in bare)
                ):
                    lines = _Lines(file, io.StringIO(piece, newline=""))
                    begins = yield from _rows_of(lines, separator, begins, shown, problems)
                else:
                    begins = yield from _bare_rows(bare.replace(separator, "\t"), begins, is_plain)
    except OSError as error:
        raise cannot_read(error) from None


def _first_line(file: TextIO, skip_first: bool) -> int:
    """The line with which the table begins, the file being there."""
    if not skip_first:
        return 1
    file.readline(LONGEST_ROW)
    return 2


def _piece(file: TextIO) -> str:
    """The next lines of the file as far as they are not too long; empty at its end."""
    piece = file.read(_PIECE)
    return piece + file.readline(LONGEST_ROW + 1) if piece and piece[-1] != "\n" else piece


def _bare_rows(piece: str, begins: int, is_plain: IsPlain) -> Generator[Row | Lines, None, int]:
    """The rows of lines in which nothing but tabs means more than itself; gives the next line."""
    lines = piece.split("\n")
    if not lines[-1]:
        lines.pop()
    if lines and all(map(is_plain, lines)):
        # Nearly always.
        yield Lines(begins, lines)
        return begins + len(lines)
    plain: list[str] = []
    for number, line in enumerate(lines, begins):
        if is_plain(line):
            plain.append(line)
            continue
        if plain:
            yield Lines(number - len(plain), plain)
            plain = []
        if line and not line.isspace():
            yield Row(number, line.split("\t"))
    if plain:
        yield Lines(begins + len(lines) - len(plain), plain)
    return begins + len(lines)


def _rows_of(
    lines: _Lines, separator: str, begins: int, shown: str, problems: list[Problem]
) -> Generator[Row, None, int | None]:
    """The rows of these lines as CSV; gives the next line, None where it is no CSV."""
    first = begins
    reader = csv.reader(lines, delimiter=separator, strict=True)
    try:
        for cells in reader:
            line, begins = begins, first + reader.line_num
            lines.of_row = 0
            if lines.apostrophe:
                cells = list(map(as_it_was, cells))
                lines.apostrophe = False
            for cell in cells:
                if cell and not cell.isspace():
                    yield Row(line, cells)
                    break
    except (csv.Error, UnicodeError) as error:
        problem = tr("is not CSV from here on: {error}", error=error)
        problems.append(Problem(shown, begins, None, None, problem))
        yield Row(begins, None)
        return None
    return begins


class _Lines:
    """The lines of a file, of which none is read that makes a row too long.

    With a piece that was read from the file its lines, and of the file as many as the piece's last
    row has. `of_row` counts the characters of a row, and `apostrophe` says whether one stands in
    it; who takes the row sets them back.
    """

    def __init__(self, file: TextIO, piece: TextIO | None = None) -> None:
        self._file = file
        self._piece = piece
        self.of_row = 0
        self.apostrophe = False

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._piece.readline(LONGEST_ROW + 1) if self._piece else ""
        if not line and (self._piece is None or self.of_row):
            line = self._file.readline(LONGEST_ROW + 1)
        if not line:
            raise StopIteration
        self.apostrophe = self.apostrophe or "'" in line
        self.of_row += len(line)
        if self.of_row > LONGEST_ROW:
            raise csv.Error(tr("a row of more than {number:,} characters", number=LONGEST_ROW))
        return line


def _opened(path: Path, encoding: Encoding) -> TextIO:
    """The file as text with its line ends as they are."""
    return path.open(encoding=encoding.name, errors=encoding.errors, newline="")


def _separator(path: Path, encoding: Encoding, header_names: Collection[str]) -> tuple[str, bool]:
    """What separates the cells, and whether the first line says it and holds nothing else.

    It is the one that shows one of the header's known names, or else the one that stands most often
    in the first line with any.
    """
    with _opened(path, encoding) as file:
        sample = file.read(_SAMPLE)
    lines = list(islice(_lines(sample), _LINES_LOOKED_AT))
    if lines and (said := _SAID.fullmatch(lines[0])):
        return said[1], True
    known = {name.casefold() for name in header_names}
    for line in lines:
        for separator in SEPARATORS:
            if known.intersection(name.strip().casefold() for name in _cells(line, separator)):
                return separator, False
    for line in lines:
        counts = {separator: len(_cells(line, separator)) for separator in SEPARATORS}
        best = max(SEPARATORS, key=lambda separator: counts[separator])
        if counts[best] > 1:
            return best, False
    return ",", False


def _lines(sample: str) -> Iterator[str]:
    """The lines of the sample, a line end inside quotes being none."""
    quoted = False
    line = ""
    for piece in io.StringIO(sample, newline=""):
        line += piece
        if piece.count('"') % 2:
            quoted = not quoted
        if not quoted:
            yield line
            line = ""
    if line:
        yield line


def _cells(line: str, separator: str) -> list[str]:
    """The cells of one line; none where it is no CSV."""
    try:
        return next(csv.reader(io.StringIO(line, newline=""), delimiter=separator), [])
    except csv.Error:
        return []
