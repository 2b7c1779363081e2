"""What a cell of a hospital's file says in the dictionary's own spelling, by its mapping."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import date, timedelta

from registry.importing.mapping.dialect import Dialect
from registry.importing.mapping.factors import CONVERSIONS, converted
from registry.importing.mapping.file import codes_of
from registry.importing.mapping.mapping import Codes, RowsMapping, SourceMapping, Taken
from registry.models.patient import STUDY_ID
from registry.parsing.cells import read_cell
from registry.parsing.numbers import split_number
from registry.parsing.stops import UNKNOWN, read_stop
from registry.parsing.text import Unreadable
from registry.parsing.typed import LabelledText
from registry.parsing.units import same_unit
from registry.records.rows import PATIENT_COLUMN, Row, file_columns
from registry.variables import Variable
from registry.words import tr

# How a box that is ticked, or is not, is written by the programs that have boxes.
TICKED = ("1", "yes", "true", "checked", "x", "√", "✓", "是")
NOT_TICKED = ("", "0", "no", "false", "unchecked", "□", "否")
UNIT_COLUMNS = ("unit",)

Read = tuple[str, str | None]
"""The text of a value, and what is wrong with it."""


class MappedCells:
    """Takes the values of one table from its cells, and counts what a note of the import says.

    A cell that stands for nothing else is handed on as it is: how dates and numbers are written is
    for the reading of the import format.
    """

    def __init__(self, places: Mapping[str, int], mapping: SourceMapping, dialect: Dialect) -> None:
        self._places = places
        self._mapping = mapping
        self._dialect = dialect
        self._boxes: set[str] = set()
        self._nothing: dict[str, set[str]] = {}
        for rows in mapping.rows:
            for record in rows.records:
                for taken in record.columns.values():
                    self._know(taken)
        self.missing: Counter[str] = Counter()

    def _know(self, taken: Taken) -> None:
        self._boxes.update(taken.ticked)
        empty = {cell for cell, code in taken.codes.items() if not code}
        for header in taken.headers:
            self._nothing.setdefault(header, set()).update(empty)

    def text(self, row: Row, header: str) -> str:
        """The cell under the header without the blanks around it; empty where there is none."""
        place = self._places.get(header)
        return "" if place is None or row.cells is None else row.cells[place].strip()

    def filled(self, row: Row, header: str) -> bool:
        """Whether the cell says anything."""
        text = self.text(row, header)
        if header in self._boxes:
            return text.casefold() not in NOT_TICKED
        return bool(text) and not (
            text in self._mapping.missing or text in self._nothing.get(header, ())
        )

    def value(self, variable: Variable, column: str, taken: Taken, row: Row) -> Read:
        """The column's value; what cannot be read is handed on as it is, with what is wrong."""
        if taken.constant is not None:
            return taken.constant, None
        if taken.ticked:
            return self._ticked(taken.ticked, row)
        assert taken.header is not None
        place = self._places.get(taken.header)
        if place is None or row.cells is None:
            return "", None
        return self._cell(variable, column, taken, row.cells[place])

    def reason(self, taken: Taken, row: Row) -> str:
        """Why the column has no value, where its cell says so."""
        return self._mapping.missing.reason(self.text(row, taken.header or "")) or ""

    def _cell(self, variable: Variable, column: str, taken: Taken, cell: str) -> Read:
        text = cell.strip()
        if not text:
            return "", None
        code = taken.code(text)
        if code is None and isinstance(cell, LabelledText):
            code = taken.code(cell.value)
        if code is None and self._dialect.choices:
            label = self._dialect.label(taken.header or "", text)
            if label != text:
                code, cell = taken.code(label), label
        if code is not None:
            return code, None
        says_so = variable.may_be_unknown and read_stop(text) == UNKNOWN
        if not says_so and (text in self._mapping.missing or cell in self._mapping.missing):
            self.missing[text] += 1
            return "", None
        codes = codes_of(variable)
        if codes and column not in UNIT_COLUMNS:
            return self._coded(cell, column, variable, codes)
        if taken.unit is not None:
            operator, number, behind = split_number(cell)
            if behind and same_unit(behind, [taken.unit]):
                cell = operator + number
        return cell, None

    def _coded(self, cell: str, column: str, variable: Variable, codes: tuple[str, ...]) -> Read:
        try:
            code = read_cell(cell, variable)
        except Unreadable:
            code = ""
        if code in codes:
            return code, None
        return cell, tr(
            "is none of {codes}; say in the mapping what it stands for, under codes.{column}",
            codes=", ".join(codes),
            column=column,
        )

    def _ticked(self, boxes: Codes, row: Row) -> Read:
        """The code of the box that is ticked."""
        texts = {header: self.text(row, header).casefold() for header in boxes}
        for header, text in texts.items():
            if text not in TICKED + NOT_TICKED and text not in self._mapping.missing:
                return text, tr("is neither ticked nor not, in {header}", header=header)
        codes = list(dict.fromkeys(boxes[name] for name, text in texts.items() if text in TICKED))
        if len(codes) > 1:
            return "", tr("is ticked, and so is another box: {codes}", codes=", ".join(codes))
        return "".join(codes), None


def unit_of(values: dict[str, str], rows: RowsMapping) -> str:
    """The unit of a laboratory value: the one beside it, or else the one said of the analyte."""
    return values.get("unit") or rows.analyte_units.get(values.get("analyte", ""), "")


def finished(value: str, taken: Taken, variable: Variable) -> Read:
    """A value in the import format, in the dictionary's unit, so many days later as is said."""
    if not value:
        return value, None
    if taken.days is not None:
        return _later(value, taken.days)
    if taken.unit is not None and variable.unit is not None:
        return converted(value, CONVERSIONS[variable.unit][taken.unit]), None
    return value, None


def variables_of(rows: RowsMapping) -> dict[str, Variable]:
    """Every column that the rows may fill."""
    return {PATIENT_COLUMN: STUDY_ID, **file_columns(rows.entity)}


def _later(day: str, days: int) -> Read:
    try:
        return (date.fromisoformat(day) + timedelta(days=days)).isoformat(), None
    except (ValueError, OverflowError):
        return day, tr("is no date to count days from")
