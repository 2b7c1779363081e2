"""One file or sheet read by its mapping: its rows as rows of the dictionary's tables.

Each [[source.rows]] becomes a Source. A row of the file may make several records, so a record is
numbered: line times the number of records that a row can make, plus which of them it is. From the
number come back the line and the header when something is wrong with the record.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from registry.importing.decimal_mark import DecimalMark
from registry.importing.files.table import Table
from registry.importing.mapping.banded import filled_down
from registry.importing.mapping.cell import MappedCells, finished, unit_of, variables_of
from registry.importing.mapping.dialect import PLAIN, Dialect
from registry.importing.mapping.mapping import (
    RecordMapping,
    RowsMapping,
    SourceMapping,
    Taken,
    matches,
)
from registry.importing.reading import TableReader
from registry.models import LabResult, Patient
from registry.models.missing_reason import reason_column
from registry.records.numbered import Numbered
from registry.records.rows import (
    PATIENT_COLUMN,
    Problem,
    Row,
    Source,
    dictionary_columns,
    lacking_columns,
)
from registry.words import tr

# Cells of a file; one with more is read again for each source.
MOST_KEPT = 1_000_000
NOTHING = Taken(constant="")


@dataclass(frozen=True)
class Place:
    """Where a person finds what a record, or one of its columns, came from.

    `counted` says that the value is a date counted from the cell.
    """

    table: MappedTable
    line: int
    header: str | None
    counted: bool = False


class MappedTable:
    """A table of a file with its mapping: what is wrong with its header, and its sources."""

    def __init__(
        self,
        table: Table,
        mapping: SourceMapping,
        first_number: int,
        dialect: Dialect = PLAIN,
        numbered: Numbered | None = None,
    ) -> None:
        self.table = table
        self.mapping = mapping
        self._names = [dialect.name(header) for header in table.header]
        self.places = {name: place for place, name in enumerate(self._names)}
        self.cells = MappedCells(self.places, mapping, dialect)
        self.left_out: Counter[tuple[str, str]] = Counter()
        self.converted: Counter[tuple[str, str, str]] = Counter()
        self.parts = [
            MappedRows(self, rows, number)
            for number, rows in enumerate(mapping.rows, start=first_number)
        ]
        self.readers: list[TableReader] = []
        self._numbered = numbered if mapping.by_number else None
        self._kept: list[Row] | None = None

    def position(self, header: str | None) -> int:
        """Where the header stands in the file; before all others what is none."""
        return self.table.header.index(header) if header in self.table.header else -1

    def shown_header(self, name: str) -> str:
        """The header as it stands in the file, for the name that the mapping uses."""
        place = self.places.get(name)
        return name if place is None else self.table.header[place]

    def problems(self) -> list[Problem]:
        """What is wrong before any row is read."""
        if self.table.problems:
            return list(self.table.problems)
        return [
            Problem(self.table.shown, self.table.header_line, header, None, problem)
            for header, problem in [*self._unknown(), *self._lacking()]
        ]

    def _unknown(self) -> Iterator[tuple[str, str]]:
        used = self.mapping.headers
        lacking = sorted(used - self.places.keys())
        for name in dict.fromkeys(self._names):
            header = self.shown_header(name)
            if name in used:
                if self._names.count(name) > 1:
                    yield header, tr("stands twice in the header")
            elif not any(matches(pattern, name) for pattern in self.mapping.ignore):
                near = get_close_matches(name, lacking, 1)
                problem = tr("is not in the mapping; map it or add it to ignore")
                if near:
                    problem = tr("is not in the mapping, which has {near}", near=near[0])
                yield header, problem

    def _lacking(self) -> Iterator[tuple[str, str]]:
        lacking = {name for part in self.parts for name in part.lacking()}
        lacking |= set(self.mapping.fill_down) - self.places.keys()
        unused = [name for name in self._names if name not in self.mapping.headers]
        for name in sorted(lacking):
            near = get_close_matches(name, unused, 1)
            problem = tr("is in the mapping and not in the header")
            if near:
                problem = tr("is in the mapping and not in the header, which has {near}",
                             near=near[0])  # fmt: skip
            yield name, problem

    def rows(self, problems: list[Problem]) -> Iterator[Row]:
        """The rows of the file; kept, if few, where several sources read them."""
        if len(self.parts) == 1:
            yield from self._named(problems)
            return
        if self._kept is not None:
            yield from self._kept
            return
        kept: list[Row] | None = []
        places = 0
        for row in self._named(problems):
            if kept is not None and row.cells is not None:
                kept.append(row)
                places += len(row.cells)
                if places > MOST_KEPT:
                    kept = None
            yield row
        self._kept = kept

    def _named(self, problems: list[Problem]) -> Iterator[Row]:
        """The rows, filled down, with a stand-in where a hospital number names the child."""
        down = (self.places[name] for name in self.mapping.fill_down)
        rows = filled_down(self.table.rows(problems), list(down))
        if self._numbered is None:
            return rows
        named = [self.places[name] for name in self.mapping.patients if name in self.places]
        return self._numbered.rows(rows, named, self.mapping.centre)

    def notes(self) -> list[str]:
        """What was read in another way than it stands in the file, in numbers of cells."""
        shown = self.table.shown
        said = [
            tr("{file}: {column} converted from {unit} to {own}, values: {number}",
               file=shown, column=column, number=number, unit=unit, own=own)
            for (column, unit, own), number in self.converted.items()
        ]  # fmt: skip
        said += [
            tr("{file}: {text} taken as empty, cells: {number}",
               file=shown, text=text, number=number)
            for text, number in self.cells.missing.items()
        ]  # fmt: skip
        said += [
            tr("{file}: rows without {header} left out of {table}: {number}",
               file=shown, header=header, table=name, number=number)
            for (name, header), number in self.left_out.items()
        ]  # fmt: skip
        return [*self.table.notes, *said, *(n for one in self.readers for n in one.notes)]


class MappedRows:
    """The records that one [[source.rows]] makes of a table's rows."""

    def __init__(self, table: MappedTable, rows: RowsMapping, number: int) -> None:
        self.entity = rows.entity
        self.number = number
        self._table = table
        self._cells = table.cells
        self._rows = rows
        # Column of a reason -> the column that it is of, where cells may say why they are empty.
        self._reasons = {
            reason_column(name): name
            for name in rows.columns
            if table.mapping.missing.say_why and name in lacking_columns(rows.entity)
        }
        self._columns = list(dict.fromkeys([*rows.columns, *self._reasons]))
        self._variables = variables_of(rows)
        self._records = [one for one in rows.records if self._is_there(one)]
        self._headers = sorted(rows.headers)
        # Record and column of a patient -> another record, of the line that says it.
        self._elsewhere: dict[tuple[int, str], int] = {}

    @property
    def name(self) -> str:
        """What the source is called inside the import, so that no other is called the same."""
        return f"\x1f{self.number}\x1f"

    @property
    def shown(self) -> str:
        """The file or sheet that it is read from."""
        return self._table.table.shown

    @property
    def path(self) -> Path:
        """The file that it is read from."""
        return self._table.table.path

    def source(self, mark: DecimalMark) -> Source:
        """The records on their way into their table; `mark` is what the file's tables share."""
        taken = Source(self.number, self.entity, self.name, self._columns, self._taken)
        reader = TableReader(taken, self._table.mapping.conventions, mark, self._taken_again)
        self._table.readers.append(reader)
        read = reader.read()
        finish = self._patients if self.entity is Patient else self._finished
        return read._replace(rows=lambda problems: finish(read.rows(problems), problems))

    def _taken_again(self) -> Iterator[Row]:
        """The rows once more; what the notes tell is counted once."""
        counted = self._table.left_out.copy(), self._cells.missing.copy()
        yield from self._taken([])
        self._table.left_out, self._cells.missing = counted

    def place(self, number: int, column: str | None) -> Place:
        """Where a record, or what stands in one of its columns, came from."""
        if column is not None:
            number = self._elsewhere.get((number, column), number)
        line, which = divmod(number, len(self._records))
        taken = self._records[which].columns.get(column or "", NOTHING)
        header = next(iter(taken.headers), None)
        return Place(self._table, line, header, taken.days is not None)

    def lacking(self) -> set[str]:
        """The headers that the mapping needs and the file has not.

        In a mapping that repeats, a header may be lacking in some repetitions, but not in all, and
        not that of a column which no record can do without.
        """
        if not self._rows.repeated:
            return self._rows.headers - self._table.places.keys()
        there = self._records or self._rows.records[:1]
        needed = [PATIENT_COLUMN] + [
            name for name, one in dictionary_columns(self.entity).items() if one.required
        ]
        lacking = {
            header
            for record in there
            for header in record.headers(needed)
            if header not in self._table.places
        }
        for column in self._columns:
            headers = [h for record in there for h in record.headers([column])]
            if headers and not any(header in self._table.places for header in headers):
                lacking.add(headers[0])
        return lacking | (set(self._rows.where) - self._table.places.keys())

    def _is_there(self, record: RecordMapping) -> bool:
        """Whether the file has what makes the record, which it need not in every repetition."""
        return not self._rows.repeated or any(one in self._table.places for one in record.own)

    def _number(self, line: int, which: int = 0) -> int:
        return line * len(self._records) + which

    def _chosen_rows(self, problems: list[Problem]) -> Iterator[Row]:
        """The rows that this part is about; what cannot be read is said of its own row."""
        met: list[Problem] = []
        for row in self._table.rows(met):
            self._hand_on(met, problems)
            if row.cells is None or all(
                self._cells.text(row, header) in values
                for header, values in self._rows.where.items()
            ):
                yield row
        self._hand_on(met, problems)

    def _hand_on(self, met: list[Problem], problems: list[Problem]) -> None:
        problems.extend(
            one._replace(file=self.name, line=self._number(one.line or 1)) for one in met
        )
        met.clear()

    def _taken(self, problems: list[Problem]) -> Iterator[Row]:
        """A row per record, in the order of the file, with the cells as they stand there.

        A file may say of a patient in each of many rows what one of them says.
        """
        said: set[tuple[str, ...]] = set()
        for row in self._chosen_rows(problems):
            if self.entity is Patient and row.cells is not None:
                cells = tuple(self._cells.text(row, header) for header in self._headers)
                if cells in said:
                    continue
                said.add(cells)
            if row.cells is None:
                yield Row(self._number(row.line), None)
                continue
            for which, record in enumerate(self._records):
                if self._makes(record, row):
                    number = self._number(row.line, which)
                    yield Row(number, self._cells_of(record, row, number, problems))

    def _makes(self, record: RecordMapping, row: Row) -> bool:
        if any(self._cells.filled(row, header) for header in record.own):
            return True
        others = record.headers() - record.headers([PATIENT_COLUMN])
        if self._rows.only_if and any(self._cells.filled(row, header) for header in others):
            self._table.left_out[self.entity.file_name, " / ".join(self._rows.only_if)] += 1
        return False

    def _cells_of(
        self, record: RecordMapping, row: Row, number: int, problems: list[Problem]
    ) -> list[str]:
        """The record's cells, codes and constants, in the order of the columns."""
        values = {}
        for column in self._columns:
            taken = record.columns.get(column, NOTHING)
            value, problem = self._cells.value(self._variables[column], column, taken, row)
            values[column] = value
            if problem is not None:
                problems.append(Problem(self.name, number, column, value, problem))
        for reason, column in self._reasons.items():
            if not values[column] and not values[reason]:
                values[reason] = self._cells.reason(record.columns.get(column, NOTHING), row)
        if self.entity is LabResult:
            values["unit"] = unit_of(values, self._rows)
        return [values[column] for column in self._columns]

    def _finished(self, rows: Iterator[Row], problems: list[Problem]) -> Iterator[Row]:
        """The records once their cells are read, in the dictionary's units."""
        changed = any(
            taken.unit is not None or taken.days is not None
            for record in self._records
            for taken in record.columns.values()
        )
        for row in rows:
            if row.cells is None or not changed:
                yield row
                continue
            cells = []
            record = self._records[row.line % len(self._records)]
            for column, cell in zip(self._columns, row.cells, strict=True):
                taken, variable = record.columns.get(column, NOTHING), self._variables[column]
                value, problem = finished(cell, taken, variable)
                cells.append(value)
                if problem is not None:
                    problems.append(Problem(self.name, row.line, column, cell, problem))
                elif value and taken.unit is not None:
                    self._table.converted[column, taken.unit, variable.unit or ""] += 1
            yield Row(row.line, cells)

    def _patients(self, rows: Iterator[Row], problems: list[Problem]) -> Iterator[Row]:
        """A row per patient, put together from all that speak of the patient.

        A row that says something else than one before it is a complaint.
        """
        first: dict[str, tuple[int, dict[str, str]]] = {}
        for row in self._finished(rows, problems):
            values = dict(zip(self._columns, row.cells or (), strict=False))
            patient = values.get(PATIENT_COLUMN, "").strip()
            if not patient:
                yield row
                continue
            known = first.setdefault(patient, (row.line, values))
            if known[1] is not values and not self._agree(known, values, row.line, problems):
                yield Row(row.line, None)
        for number, values in first.values():
            for reason, column in self._reasons.items():
                if values[column]:
                    # Another row has the value.
                    values[reason] = ""
            yield Row(number, [values[column] for column in self._columns])

    def _agree(
        self,
        known: tuple[int, dict[str, str]],
        values: dict[str, str],
        number: int,
        problems: list[Problem],
    ) -> bool:
        """Adds what a further row says of a patient; false where it says something else."""
        first, said = known
        agree = True
        for column, value in values.items():
            if value and not said[column]:
                said[column] = value
                self._elsewhere[first, column] = number
            elif value and value != said[column]:
                agree = False
                line = self.place(first, column).line
                problem = tr("is not what line {line} says of the patient", line=line)
                problems.append(Problem(self.name, number, column, value, problem))
        return agree
