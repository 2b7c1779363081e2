"""What must hold inside one row: the limits of each cell and the rules between its columns.

A condition is SQL over `r`, the row as values, and `s`, the row as text; it holds where the row is
wrong. The limits come from the variables' declarations. The database holds the same rules; here
they are said cell by cell before it has to refuse.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from registry.importing.files import PATIENT_COLUMN, dictionary_columns
from registry.importing.cells import cell
from registry.models import (
    Condition,
    LabResult,
    Medication,
    Patient,
    PatientRecord,
    PcdaiVisit,
    end_of_period,
)
from registry.models.patient import STUDY_ID
from registry.models.pcdai_visit import ITEMS, SUM_OF_ALL_ITEMS, SUM_OF_ITEMS
from registry.variables import Kind, Variable
from registry.vocabulary import ANALYTE_UNITS

Entity = type[Patient] | type[PatientRecord]

NOT_READABLE = {
    Kind.DATE: "is not a date; write YYYY-MM-DD",
    Kind.PARTIAL_DATE: "is not a date; write YYYY-MM-DD, YYYY-MM or YYYY",
    Kind.NUMBER: "is not a number",
    Kind.INTEGER: "is not a whole number",
    Kind.MEASURED: "is not a number, <number or >number",
    Kind.FLAG: "is neither yes nor no",
}


@dataclass(frozen=True)
class RowCheck:
    """A condition that makes a row wrong, the column at fault and the complaint, as SQL text."""

    column: str
    condition: str
    problem: str


def literal(words: str) -> str:
    """A quoted SQL string."""
    return "'" + words.replace("'", "''") + "'"


def row_checks(entity: Entity, header: Iterable[str]) -> list[RowCheck]:
    """Every check that a file with these columns can be held to."""
    present = set(header)
    return [
        check
        for check in (*_patient_column(), *_cells(entity, present), *_between(entity))
        if check.column in present
    ]


def _patient_column() -> Iterator[RowCheck]:
    yield RowCheck(PATIENT_COLUMN, "r.study_id is null", literal("is missing"))
    yield RowCheck(
        PATIENT_COLUMN,
        f"r.study_id !~ '{STUDY_ID.pattern}'",
        literal("is not a study id: 1 to 32 of A-Z a-z 0-9 _ -"),
    )


def _cells(entity: Entity, present: set[str]) -> Iterator[RowCheck]:
    for column, variable in dictionary_columns(entity).items():
        if column not in present:
            continue
        if variable.required:
            yield RowCheck(column, f"{cell(column)} is null", literal("is missing"))
        if variable.kind in NOT_READABLE:
            yield RowCheck(
                column,
                f"r.{column} is null and {cell(column)} is not null",
                literal(NOT_READABLE[variable.kind]),
            )
        limit = variable.check(f"r.{column}")
        if limit is not None:
            yield RowCheck(column, f"not ({limit})", literal(_outside(variable)))


def _outside(variable: Variable) -> str:
    words = variable.limits()
    if variable.kind in (Kind.DATE, Kind.PARTIAL_DATE):
        return "lies in the future"
    if variable.codes is not None:
        return f"is not {words}"
    if words:
        return f"is outside {words}{' ' + variable.unit if variable.unit else ''}"
    return f"is not valid: {variable.meaning}"


def _between(entity: Entity) -> Iterator[RowCheck]:
    """The rules between the columns of one row."""
    if entity is Patient:
        for later, earlier, words in (
            ("onset_on", "birth_date", "lies before the birth"),
            ("diagnosed_on", "birth_date", "lies before the birth"),
            ("diagnosed_on", "onset_on", "lies before the onset"),
        ):
            condition = f"{end_of_period(f'r.{later}')} < r.{earlier}"
            yield RowCheck(later, condition, literal(words))
    elif entity is Medication:
        yield RowCheck(
            "stopped_on", "r.stopped_on < r.started_on", literal("lies before the start")
        )
    elif entity is Condition:
        yield RowCheck(
            "resolved_on", "r.resolved_on < r.onset_on", literal("lies before the onset")
        )
    elif entity is LabResult:
        for analyte, units in ANALYTE_UNITS.items():
            listed = ", ".join(literal(unit) for unit in units)
            yield RowCheck(
                "unit",
                f"r.analyte = '{analyte}' and r.unit not in ({listed})",
                literal(f"is not a unit of {analyte}: {', '.join(units)}"),
            )
    elif entity is PcdaiVisit:
        yield from _pcdai()


def _pcdai() -> Iterator[RowCheck]:
    def of_row(expression: str) -> str:
        for item in ITEMS:
            expression = expression.replace(item, f"r.{item}")
        return expression

    missing = ", ".join(
        f"case when r.{item} is null then '{item}' end" for item in ITEMS if item != "height"
    )
    yield RowCheck(
        "patient_id",
        f"r.total is null and ({of_row(SUM_OF_ITEMS)}) is null",
        "'has neither a total nor the items ' || "
        f"array_to_string(array[{missing}], ', ') || ' to compute it from'",
    )
    total = of_row(SUM_OF_ALL_ITEMS)
    yield RowCheck(
        "total", f"r.total <> {total}", f"'is not the sum of the items, ' || trim_scale({total})"
    )
