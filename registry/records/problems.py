"""What an import finds wrong, cell by cell, and what it did."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, TypeVar

from registry.words import tr

# Of a long cell the beginning is enough to find it; JSON has it all.
LONGEST_SHOWN = 80
# More complaints help nobody, and would fill the memory; so would longer values of all of them.
MOST_COMPLAINTS = 50_000
LONGEST_VALUES = 50_000_000


@dataclass(frozen=True)
class Problem:
    """One complaint: where it is, the value as it stands there, and what is wrong with it."""

    file: str
    line: int | None
    column: str | None
    value: str | None
    problem: str

    def __str__(self) -> str:
        place = self.file
        if self.line:
            place = tr("{file}, line {line}", file=self.file, line=self.line)
        value = self.value or ""
        if len(value) > LONGEST_SHOWN:
            value = f"{value[:LONGEST_SHOWN]}..."
        subject = [self.column, None if self.value is None else repr(value)]
        return tr(": ").join([place, " ".join([*filter(None, subject), self.problem])])


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


@dataclass(frozen=True)
class Notice(Problem):
    """What a rule of plausibility says of a row; it refuses nothing."""

    rule: str


@dataclass(frozen=True)
class Change:
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
            "errors": [asdict(problem) for problem in self.errors],
            "warnings": [asdict(notice) for notice in self.warnings],
            "changes": [asdict(change) for change in self.changes],
            "notes": self.notes,
        }
