"""The files of an import with their bad cells marked, to be mended and imported in their place."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from registry.drawing.workbook import cell, set_widths, workbook
from registry.errors import Refused, WrongUsage, other_ending
from registry.importing.files.bounds import MOST_ROWS
from registry.importing.files.find import find_tables
from registry.importing.files.layout import PROBLEM_COLUMN, Table
from registry.parsing.conventions import NOTHING_SAID, Conventions
from registry.parsing.formula import cells_kept, in_workbook
from registry.parsing.typed import NumberText, NumberText1904
from registry.records.rows import Notice, Problem, readable
from registry.whole_file import write_whole
from registry.words import tr

ENDINGS = (".xlsx", ".csv")
# What a cell of a sheet can hold.
LONGEST_CELL = 32_767
# A spreadsheet is slow to open with more; the column of reasons has them all.
COMMENTS = 1000

_UNSTORABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_NOT_IN_TITLE = re.compile(r"[\[\]:*?/\\]")
_LONGEST_TITLE = 31
# What is wrong is orange, what is only not plausible yellow.
_BAD, _REASON, _HEADER, _DOUBTFUL = "FFF4B183", "FFFBE5D6", "FFD9D9D9", "FFFFF2A8"
_WIDTH, _REASON_WIDTH = 16, 80


def _storable(text: str) -> str:
    """The text with a stand-in for what no sheet can hold."""
    return _UNSTORABLE.sub("\N{REPLACEMENT CHARACTER}", text)


# The complaints of a table by line.
Marks = dict[int, list[Problem]]


@dataclass(frozen=True)
class Sheet:
    """A table of the import and the name it has in the marked file."""

    title: str
    table: Table


@dataclass(frozen=True)
class Marked:
    """What was written: the files that it stands for, and why others of them are not in it."""

    files: list[str]
    left_out: list[str]


def sheets_of(paths: list[Path], conventions: Conventions = NOTHING_SAID) -> list[Sheet]:
    """The tables of files that are named after them; the sheets are so too."""
    return titled(
        (found.entity.file_name, found.table) for found in find_tables(paths, conventions)
    )


def titled(tables: Iterable[tuple[str, Table]]) -> list[Sheet]:
    """Sheets of these names, as far as a workbook allows them; a second of a name says so."""
    times: Counter[str] = Counter()
    sheets = []
    for name, table in tables:
        title = _NOT_IN_TITLE.sub("_", _storable(name))[:_LONGEST_TITLE]
        times[title.casefold()] += 1
        behind = f" ({times[title.casefold()]})" if times[title.casefold()] > 1 else ""
        sheets.append(Sheet(title[: _LONGEST_TITLE - len(behind)] + behind, table))
    return sheets


def check_target(path: Path, inputs: Iterable[Path]) -> None:
    """Raises WrongUsage for a marked file of another ending, or one among those imported."""
    if path.suffix.lower() not in ENDINGS:
        raise other_ending(path, ENDINGS)
    for given in inputs:
        if path.resolve() == given.resolve() or path.resolve().parent == given.resolve():
            raise WrongUsage(
                tr("{file} would be one of the files that are imported.", file=path),
                cure=tr("Write it to another folder."),
            )


def write_marked(sheets: Sequence[Sheet], problems: Sequence[Problem], path: Path) -> Marked:
    """Writes every table of the files with problems to `path`, whole or not at all.

    Their rows keep their order; a bad cell is coloured, with the complaint as a comment, and a
    last column has what is wrong with the row. A file that could not be written as it is, so that
    something of it would be lost when the marked one is imported, is left out.

    A workbook has a sheet a table; a CSV file holds one table and no colours. Raises Refused where
    the file cannot be written, or when nothing can be marked.
    """
    bad = {problem.file for problem in problems}
    files = dict.fromkeys(sheet.table.path for sheet in sheets if sheet.table.shown in bad)
    taken: list[Sheet] = []
    names: list[str] = []
    left_out: list[str] = []
    for file in files:
        of_file = [sheet for sheet in sheets if sheet.table.path == file]
        reason = next(filter(None, (_why_not(sheet.table) for sheet in of_file)), None)
        if reason is None:
            taken += of_file
            names.append(file.name)
        else:
            left_out.append(reason)
    if not taken:
        raise Refused(
            "\n".join([tr("No file could be marked."), *left_out]),
            cure=tr("Mend these first, in the files themselves."),
        )
    _write(taken, _marks(problems), path)
    return Marked(names, left_out)


def _why_not(table: Table) -> str | None:
    """Why the table would not be the same after it was written and read again; None if it would."""
    unread: list[Problem] = []
    if not table.header:
        return tr("{file} has no header to go by.", file=table.shown)
    for number, row in enumerate(table.rows(unread), start=2):
        place = {"file": table.shown, "line": row.line}
        if row.cells is None:
            why = unread[-1].problem if unread else ""
            return tr("{file}, line {line}: {problem}", problem=why, **place)
        if number > MOST_ROWS:
            return tr("{file} has more rows than a sheet can hold.", file=table.shown)
        if max(map(len, row.cells)) > LONGEST_CELL:
            return tr("{file}, line {line}: a cell is longer than a sheet can hold.", **place)
        if any(isinstance(cell, NumberText1904) for cell in row.cells):
            return tr("{file} counts its days from 1904.", file=table.shown)
    return None


def _marks(problems: Iterable[Problem]) -> dict[str, Marks]:
    found: dict[str, Marks] = {}
    for problem in problems:
        found.setdefault(problem.file, {}).setdefault(problem.line or 0, []).append(problem)
    return found


def _write(sheets: list[Sheet], marks: dict[str, Marks], path: Path) -> None:
    writer: Callable[[list[Sheet], dict[str, Marks], Path], None] = _write_workbook
    if path.suffix.lower() == ".csv":
        if len(sheets) > 1:
            raise Refused(
                tr("A CSV file holds one table; {number} are to be marked.", number=len(sheets)),
                cure=tr("End its name in .xlsx."),
            )
        writer = _write_csv
    write_whole(path, lambda part: writer(sheets, marks, part), make_folder=True)


def _write_csv(sheets: list[Sheet], marks: dict[str, Marks], path: Path) -> None:
    [sheet] = sheets
    wrong = marks.get(sheet.table.shown, {})
    with path.open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(cells_kept(map(readable, [*sheet.table.header, PROBLEM_COLUMN])))
        for row in sheet.table.rows([]):
            assert row.cells is not None
            said = _said(wrong.get(row.line, []))
            writer.writerow(cells_kept(map(readable, [*row.cells, said])))


def _write_workbook(sheets: list[Sheet], marks: dict[str, Marks], path: Path) -> None:
    with workbook(path) as book:
        for sheet in sheets:
            wrong = marks.get(sheet.table.shown, {})
            _MarkedSheet(book.create_sheet(sheet.title), wrong).write(sheet.table)


class _MarkedSheet:
    """One sheet, written row by row."""

    def __init__(self, sheet: Any, marks: Marks) -> None:
        from openpyxl.styles import Alignment, Font, PatternFill

        self._sheet = sheet
        self._marks = marks
        self._comments = 0
        self._fills = {colour: PatternFill("solid", fgColor=colour) for colour in _COLOURS}
        self._bold = Font(bold=True)
        self._wrapped = Alignment(wrap_text=True, vertical="top")

    def write(self, table: Table) -> None:
        """Writes the header and every row."""
        from openpyxl.utils import get_column_letter

        last = get_column_letter(len(table.header) + 1)
        set_widths(self._sheet, [_WIDTH] * len(table.header) + [_REASON_WIDTH])
        self._sheet.freeze_panes = "A2"
        self._write_header(table)
        rows = 1
        for row in table.rows([]):
            assert row.cells is not None
            self._write_row(table.header, row.cells, self._marks.get(row.line, []))
            rows += 1
        self._sheet.auto_filter.ref = f"A1:{last}{rows}"

    def _write_header(self, table: Table) -> None:
        wrong = [*self._marks.get(0, []), *self._marks.get(table.header_line, [])]
        cells = [self._cell(name, _HEADER) for name in [*table.header, PROBLEM_COLUMN]]
        for one in cells:
            one.font = self._bold
        for problem in wrong:
            place = _place(table.header, problem)
            cells[place].fill = self._fills[_BAD]
            cells[place].comment = self._comment(_said([problem]))
        self._sheet.append(cells)

    def _write_row(self, header: list[str], texts: list[str], wrong: list[Problem]) -> None:
        cells = [self._plain(text) for text in texts]
        said: dict[int, list[Problem]] = {}
        for problem in wrong:
            said.setdefault(_place(header, problem), []).append(problem)
        for place, found in said.items():
            if place < len(texts):
                doubtful = all(isinstance(one, Notice) for one in found)
                cells[place] = self._cell(texts[place], _DOUBTFUL if doubtful else _BAD)
                cells[place].comment = self._comment("; ".join(one.problem for one in found))
        if wrong:
            reason = self._cell(_said(wrong)[:LONGEST_CELL], _REASON)
            reason.alignment = self._wrapped
            cells.append(reason)
        self._sheet.append(cells)

    def _plain(self, text: str) -> Any:
        """The cell as the reader of the workbook hands it on again."""
        if not text:
            return None
        if isinstance(text, NumberText):
            return _number(text)
        # What looks like a formula or an error of the sheet is text all the same.
        if text[0] in "=#" or _UNSTORABLE.search(text):
            return self._cell(text)
        return in_workbook(text)

    def _cell(self, text: str, colour: str | None = None) -> Any:
        value = _number(text) if isinstance(text, NumberText) else _storable(text)
        return cell(self._sheet, value, **({} if colour is None else {"fill": self._fills[colour]}))

    def _comment(self, words: str) -> Any:
        from openpyxl.comments import Comment

        self._comments += 1
        return Comment(_storable(words), "registry") if self._comments <= COMMENTS else None


def _number(text: str) -> float | int:
    return float(text) if "." in text else int(text)


_COLOURS = (_BAD, _REASON, _HEADER, _DOUBTFUL)


def _place(header: list[str], problem: Problem) -> int:
    """The column of the cell that the complaint is about, or else that of reasons."""
    return header.index(problem.column) if problem.column in header else len(header)


def _said(problems: Iterable[Problem]) -> str:
    """What is wrong with a row, in one cell; the cells' values stand beside it."""
    return "; ".join(
        f"{problem.column} {problem.problem}" if problem.column else problem.problem
        for problem in problems
    )
