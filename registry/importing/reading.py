"""Brings the cells of a table's rows into the spelling of the import format, row by row.

A row that is already in that spelling is recognised by one regular expression and handed on as it
is; only the others are looked at cell by cell.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from itertools import islice
from typing import TypeVar

from registry.importing.decimal_mark import DecimalMark, is_doubtful
from registry.models import LabResult
from registry.models.patient import STUDY_ID
from registry.parsing.cells import NUMBERS, CellReader, canonical_pattern
from registry.parsing.conventions import Conventions, DateOrder
from registry.parsing.formula import would_run
from registry.parsing.names import read_code
from registry.parsing.numbers import doubtful_point, split_number
from registry.parsing.text import BLANKS, AmbiguousDate, NotOfKind, Unreadable, folded
from registry.parsing.typed import FaultText
from registry.parsing.units import read_unit
from registry.records.rows import (
    MOST_COMPLAINTS,
    PATIENT_COLUMN,
    AnyProblem,
    IsPlain,
    Lines,
    Problem,
    Row,
    Source,
    file_columns,
)
from registry.variables import Variable
from registry.vocabulary import ANALYTES
from registry.words import tr

_TOTALS = re.compile(
    r"(?:(?:grand |sub-?)?totals?|sum|count|mean|average|合计|总计|小计|共计|总数|平均值?)\s*[:：]?"
    r"|n\s*=\s*[0-9]+",
    re.IGNORECASE,
)

AnyRow = TypeVar("AnyRow", Row, Row | Lines)


class TableReader:
    """Reads the rows of one source; `notes` say which rows were left out as totals.

    `mark` is what the tables of one file share. `again` yields the source's rows once more, where
    reading them does more than that.
    """

    def __init__(
        self,
        source: Source,
        conventions: Conventions,
        mark: DecimalMark | None = None,
        again: Callable[[], Iterator[Row]] | None = None,
    ) -> None:
        self.source = source
        self._again = again or (lambda: source.rows([]))
        self.notes: list[str] = []
        variables = {PATIENT_COLUMN: STUDY_ID, **file_columns(source.entity)}
        columns = [variables[column] for column in source.columns]
        self._readers = [CellReader(variable, conventions) for variable in columns]
        self._canonical = re.compile(
            "\t".join(_canonical_cell(variable, conventions) for variable in columns)
        ).fullmatch
        self._has_commas = conventions.decimal == ","
        self._lab = _LabColumns(source.columns) if source.entity is LabResult else None
        self._asked = [
            place
            for place, variable in enumerate(columns)
            if variable.required and variable is not STUDY_ID and variable.kind not in NUMBERS
        ]
        self._numbers = [
            place for place, variable in enumerate(columns) if variable.kind in NUMBERS
        ]
        self._texts = [place for place, variable in enumerate(columns) if variable.is_free_text]
        self._would_run: Counter[str] = Counter()
        self._mark = (mark or DecimalMark()) if conventions.decimal is None else None
        if self._mark is not None:
            self._mark.expect(self._doubtful)
        # A bit a line: whether its row was not in the import format.
        self._looked_at = bytearray()
        # Line and order of the first date of a column that shows one.
        self._shown: dict[str, tuple[int, DateOrder]] = {}

    def read(self) -> Source:
        """The source with its rows in the import format."""
        lines = None if self.source.lines is None else self._lines
        return self.source._replace(rows=self._rows, lines=lines)

    def as_typed(self, problems: list[AnyProblem]) -> list[AnyProblem]:
        """Complaints of this source with each cell as it stands there, and what it was read as."""
        wanted: dict[int, list[int]] = {}
        for number, problem in enumerate(problems):
            line = problem.line or 0
            if problem.value and self._was_looked_at(line):
                wanted.setdefault(line, []).append(number)
        found = list(problems)
        for row in self.source.rows([]) if wanted else ():
            if row.cells is None or row.line not in wanted:
                continue
            read = self._cells(row.line, row.cells, [], [])
            for number in wanted[row.line]:
                found[number] = self._typed(problems[number], row.cells, read)
        return found

    def _look_at(self, line: int) -> None:
        place = line >> 3
        if place >= len(self._looked_at):
            self._looked_at.extend(bytes(place - len(self._looked_at) + 1024))
        self._looked_at[place] |= 1 << (line & 7)

    def _was_looked_at(self, line: int) -> bool:
        place = line >> 3
        return place < len(self._looked_at) and bool(self._looked_at[place] >> (line & 7) & 1)

    def _typed(self, problem: AnyProblem, cells: list[str], read: list[str]) -> AnyProblem:
        if problem.column not in self.source.columns:
            return problem
        place = self.source.columns.index(problem.column)
        cell = cells[place]
        if problem.value != read[place] or problem.value == cell:
            return problem
        words = problem.problem
        if cell.strip(BLANKS) != problem.value:
            words = tr("{problem} (read as {value})", problem=words, value=problem.value)
        return problem._replace(value=str(cell), problem=words)

    def _rows(self, problems: list[Problem]) -> Iterator[Row]:
        return self._read(self.source.rows(problems), problems)

    def _lines(self, problems: list[Problem], is_plain: IsPlain) -> Iterator[Row | Lines]:
        assert self.source.lines is not None
        if not self._has_commas:
            # A plain row is in the import format.
            return self._read(self.source.lines(problems, is_plain), problems)
        canonical = self._canonical
        lines = self.source.lines(problems, lambda row: is_plain(row) and canonical(row))
        return self._read(lines, problems)

    def _read(self, rows: Iterable[AnyRow], problems: list[Problem]) -> Iterator[AnyRow]:
        canonical = self._canonical
        doubts: list[Problem] = []
        for row in rows:
            if isinstance(row, Lines):
                yield row
                continue
            cells = row.cells
            if cells is None or canonical("\t".join(cells)):
                yield row
            elif self._is_totals_row(cells):
                said = next(filter(str.strip, cells)).strip()
                self.notes.append(
                    tr("{file}, line {line}: {cell} is a row of totals and was left out",
                       file=self.source.shown, line=row.line, cell=said)
                )  # fmt: skip
            else:
                self._look_at(row.line)
                yield Row(row.line, self._cells(row.line, cells, problems, doubts))
        self.notes.extend(
            tr("{file}: {column} begins as a formula does and is kept as text, cells: {number}",
               file=self.source.shown, column=column, number=number)
            for column, number in self._would_run.items()
            if number
        )  # fmt: skip
        problems.extend(self._with_what_others_show(doubt) for doubt in doubts)
        if self._mark is not None:
            problems.extend(islice(self._mark.table_read(), MOST_COMPLAINTS))

    def _doubtful(self, shown_by: str) -> Iterator[Problem]:
        """The cells with a point that may part thousands, since the file has decimal commas."""
        for row in self._again():
            if row.cells is None:
                continue
            for place in self._numbers:
                cell = row.cells[place]
                if is_doubtful(cell):
                    words = doubtful_point(cell, shown_by).problem
                    column = self.source.columns[place]
                    yield Problem(self.source.shown, row.line, column, str(cell), words)

    def _is_totals_row(self, cells: list[str]) -> bool:
        """Whether the first word of the row says so and nothing but numbers stands behind it."""
        said = next((cell for cell in cells if cell.strip()), "")
        if not _TOTALS.fullmatch(folded(said)) or any(
            cells[place].strip() for place in self._asked
        ):
            return False
        patient = cells[self.source.columns.index(PATIENT_COLUMN)]
        return not patient.strip() or patient is said

    def _cells(
        self, line: int, cells: list[str], problems: list[Problem], doubts: list[Problem]
    ) -> list[str]:
        """The row's cells in the import format; what cannot be read stays and is complained of."""

        def complaint(place: int, words: str) -> Problem:
            column = self.source.columns[place]
            return Problem(self.source.shown, line, column, str(cells[place]), words)

        read = list(cells)
        if self._lab is not None:
            problems.extend(complaint(*wrong) for wrong in self._lab.bring_together(read))
        if self._mark is not None:
            for place in self._numbers:
                self._mark.look_at(read[place])
        for place in self._texts:
            self._would_run[self.source.columns[place]] += would_run(read[place])
        for place, reader in enumerate(self._readers):
            try:
                read[place] = reader(read[place])
            except NotOfKind:
                # The checks of the records say so, beside all else that they find in the row.
                continue
            except AmbiguousDate as error:
                if len(doubts) < MOST_COMPLAINTS:
                    doubts.append(complaint(place, error.problem))
            except Unreadable as error:
                problems.append(complaint(place, error.problem))
            if reader.order_shown is not None:
                self._shown.setdefault(self.source.columns[place], (line, reader.order_shown))
        return read

    def _with_what_others_show(self, doubt: Problem) -> Problem:
        """An order that other cells of the column show is said, and decides nothing."""
        line, order = self._shown.get(doubt.column or "", (None, None))
        if line is None:
            return doubt
        words = tr("{problem}; {file}, line {line} is in the order {order}",
                   problem=doubt.problem, file=self.source.shown, line=line,
                   order=order)  # fmt: skip
        return doubt._replace(problem=words)


def _canonical_cell(variable: Variable, conventions: Conventions) -> str:
    """A pattern of cells that need no reading; a required one that is empty is looked at."""
    pattern = f"(?:{canonical_pattern(variable, conventions)})"
    return pattern if variable.required else f"{pattern}?"


class _LabColumns:
    """The columns of a laboratory value, of which one decides how another is read."""

    def __init__(self, columns: list[str]) -> None:
        self._analyte, self._value, self._unit = map(columns.index, ("analyte", "value", "unit"))

    def bring_together(self, cells: list[str]) -> list[tuple[int, str]]:
        """Brings the unit into the dictionary's spelling, also one written behind the value.

        Changes the cells; returns the places and words of what is wrong.
        """
        wrong = []
        analyte: str | None = None
        with suppress(NotOfKind):
            analyte = read_code(cells[self._analyte], ANALYTES)
        given = cells[self._unit].strip(BLANKS)
        if given:
            try:
                cells[self._unit] = given = read_unit(given, analyte)
            except NotOfKind:
                # The checks of the records say so.
                pass
            except Unreadable as error:
                wrong.append((self._unit, error.problem))
        value = cells[self._value]
        operator, number, behind = split_number(value)
        if not behind or isinstance(value, FaultText):
            return wrong
        try:
            beside = read_unit(behind, analyte)
        except Unreadable:
            return wrong
        if given and beside != given:
            wrong.append(
                (self._value, tr("is in {beside}, and unit says {unit}", beside=beside, unit=given))
            )
        cells[self._unit] = cells[self._unit] if given else beside
        cells[self._value] = type(value)(operator + number)
        return wrong
