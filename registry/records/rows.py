"""Rows of text on their way into a table: whence they come, what is wrong with them, what they did.

Whoever brings rows makes a `Source`, and a `WriteResult` is what he gets back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple, TypeVar

from registry.models import ENTITIES, Endoscopy, PcdaiVisit, table_of
from registry.models import Entity as Entity
from registry.models.missing_reason import may_lack, reason_column, reason_variable
from registry.models.patient import PATIENT_COLUMN as PATIENT_COLUMN
from registry.variables import Kind, Variable
from registry.words import note, tr

BY_FILE_NAME: dict[str, Entity] = {entity.file_name: entity for entity in ENTITIES}
# What the registry itself gives a row.
NOT_FROM_A_FILE = (PATIENT_COLUMN, "record_id", "row_version")
NOT_UTF8 = note("is not in UTF-8; save the file as CSV UTF-8, or name its --encoding")


class Row(NamedTuple):
    """One row as text: `line` is where it begins, the header being line 1.

    Without `cells` it is a row that cannot be read as cells of the header's columns.
    """

    line: int
    cells: list[str] | None


class Lines(NamedTuple):
    """Rows that follow one another from `line` on, of each its cells with tabs between them."""

    line: int
    rows: list[str]


# Whether a row, as one of `Lines` has it, is what the asker takes without looking at its cells.
IsPlain = Callable[[str], object]


class Source(NamedTuple):
    """Rows of one table: a file, a sheet of a workbook or what a person typed.

    `number` tells it from the others of the run; `shown` is the name that a complaint carries;
    `columns` are the table's columns that the rows' cells stand for, in their order; `rows` yields
    the rows and adds to the list it is given what cannot be read; `lines`, where it is given, does
    too, with the plain ones together. `record_id` is given where the one row is about a record that
    is known by its number, so that its natural key may change too.
    `to_change` says how a record that is there with other values is changed.
    """

    number: int
    entity: Entity
    shown: str
    columns: list[str]
    rows: Callable[[list[Problem]], Iterator[Row]]
    record_id: int | None = None
    to_change: str = note("import with --update and --reason")
    lines: Callable[[list[Problem], IsPlain], Iterator[Row | Lines]] | None = None


def dictionary_columns(entity: Entity) -> dict[str, Variable]:
    """The columns that a file of this table may have, in order, but for the patient's."""
    return {
        column.name: column.info["variable"]
        for column in table_of(entity).columns
        if "variable" in column.info
    }


def lacking_columns(entity: Entity) -> dict[str, Variable]:
    """The columns whose value can be missing for a reason."""
    return may_lack(table_of(entity), entity.natural_key)


def file_columns(entity: Entity) -> dict[str, Variable]:
    """The columns that a file of this table may have: the dictionary's, each with its reason's."""
    lacking = lacking_columns(entity)
    found: dict[str, Variable] = {}
    for column, variable in dictionary_columns(entity).items():
        found[column] = variable
        if column in lacking:
            found[reason_column(column)] = reason_variable(variable)
    return found


def telling_columns(entity: Entity) -> tuple[str, ...]:
    """The columns of which a record that a person enters has at least one.

    They are all but the key, where that only says when: a day alone tells nothing of a child, a
    drug, an operation or an endoscopy on a day does. None are of a PCDAI: what it cannot do without
    is a rule of every row. A file's rows are not held to this, since the dictionary allows them.
    """
    variables = dictionary_columns(entity)
    if entity in (PcdaiVisit, Endoscopy) or any(
        one.required and one.kind is not Kind.DATE for one in variables.values()
    ):
        return ()
    return tuple(name for name in variables if name not in entity.natural_key)


def is_utf8(text: str) -> bool:
    """Whether all the bytes that the text was read from were UTF-8."""
    return not any("\ud800" <= character <= "\udfff" for character in text)


def readable(text: str) -> str:
    """The text with bytes that are not UTF-8 as \\xNN."""
    try:
        return text.encode(errors="surrogateescape").decode(errors="backslashreplace")
    except UnicodeEncodeError:
        # A surrogate that stands for no byte.
        return text.encode(errors="backslashreplace").decode()


# Of a long cell the beginning is enough to find it; JSON has it all.
LONGEST_SHOWN = 80
# More complaints help nobody, and would fill the memory; so would longer values of all of them.
MOST_COMPLAINTS = 50_000
LONGEST_VALUES = 50_000_000


class Problem(NamedTuple):
    """One complaint: where it is, the value as it stands there, and what is wrong with it.

    `rule` is the rule of plausibility that a notice is by.
    """

    file: str
    line: int | None
    column: str | None
    value: str | None
    problem: str
    rule: str | None = None

    def __str__(self) -> str:
        place = self.file
        if self.line:
            place = tr("{file}, line {line}", file=self.file, line=self.line)
        value = self.value or ""
        if len(value) > LONGEST_SHOWN:
            value = f"{value[:LONGEST_SHOWN]}..."
        subject = [self.column, None if self.value is None else repr(value)]
        return tr(": ").join([place, " ".join([*filter(None, subject), self.problem])])

    def to_json(self) -> dict[str, Any]:
        """The complaint for programs; that of an error is by no rule."""
        told = self._asdict()
        if self.rule is None:
            del told["rule"]
        return told


AnyProblem = TypeVar("AnyProblem", bound=Problem)


class Complaints:
    """Counts what is added to a list of complaints, to stop where it is enough."""

    def __init__(self, problems: list[Problem]) -> None:
        self._problems = problems
        self._counted = len(problems)
        self._characters = 0

    def enough(self) -> bool:
        """Whether no further row is worth reading."""
        while self._counted < len(self._problems):
            self._characters += len(self._problems[self._counted].value or "")
            self._counted += 1
        return self._counted >= MOST_COMPLAINTS or self._characters > LONGEST_VALUES


def too_many(file: str, line: int | None) -> Problem:
    """That what follows is not looked at."""
    words = tr("more than {number:,|complaint|complaints}; what follows is not looked at",
               number=MOST_COMPLAINTS)  # fmt: skip
    return Problem(file, line, None, None, words)


class Notice(Problem):
    """What a rule of plausibility says of a row; it refuses nothing."""

    __slots__ = ()


class Change(NamedTuple):
    """One cell that differs from its record; `old` and `new` as a file spells them, None if empty.

    `file` and `line` say where the new value stands; `key` is the record's natural key but for
    the patient.
    """

    file: str
    line: int
    table: str
    patient_id: str
    key: dict[str, str | None]
    column: str
    old: str | None
    new: str | None


@dataclass
class TableCounts:
    """Rows of one table: read = inserted + updated + unchanged + rejected."""

    read: int = 0
    inserted: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: int = 0


@dataclass
class WriteResult:
    """What an import did, or would have done, to each table, by the name of its file.

    `changes` holds as many of the `number_of_changes` cells as were asked for. `notes` say in words
    what was read in another way than it stands in a file. `warnings` are told and refuse nothing.
    """

    committed: bool
    tables: dict[str, TableCounts] = field(default_factory=dict)
    errors: list[Problem] = field(default_factory=list)
    warnings: list[Notice] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    number_of_changes: int = 0
    notes: list[str] = field(default_factory=list)

    @property
    def summary(self) -> str:
        """The tables that it changed, in numbers of rows, in one line."""
        return ", ".join(
            f"{name}: {counts.inserted} inserted, {counts.updated} updated"
            for name, counts in self.tables.items()
            if counts.inserted + counts.updated
        )

    def to_json(self) -> dict[str, Any]:
        """The result as one JSON document."""
        return {
            "committed": self.committed,
            "tables": {name: asdict(counts) for name, counts in self.tables.items()},
            "errors": [problem.to_json() for problem in self.errors],
            "warnings": [notice.to_json() for notice in self.warnings],
            "changes": [change._asdict() for change in self.changes],
            "notes": self.notes,
        }
