"""What must hold inside one row: the limits of each cell and the rules between its columns.

A condition is SQL over `r`, the row as values, and `s`, the row as text; it holds where the row is
wrong. The limits come from the variables' declarations. The database holds the same rules; here
they are said cell by cell before it has to refuse.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from decimal import Decimal

from registry.models import (
    LabResult,
    Patient,
    PcdaiVisit,
    end_of_period,
)
from registry.models.lab_result import ALLOWED_PAIRS
from registry.models.missing_reason import SUFFIX
from registry.models.patient import STUDY_ID
from registry.models.pcdai_visit import ITEMS, SUM_OF_ALL_ITEMS
from registry.records.cells import cell, spelled
from registry.records.source import PATIENT_COLUMN, Entity, file_columns
from registry.variables import Kind, Variable
from registry.vocabulary import ANALYTE_UNITS, ANALYTES, UNITS
from registry.words import note, spoken, tr

# A share of a whole, which no value exceeds: in the analyte's own unit.
ANALYTE_WHOLE = {"HCT": Decimal(100)}
NOT_READABLE = {
    Kind.DATE: note("is not a date; write YYYY-MM-DD"),
    Kind.PARTIAL_DATE: note("is not a date; write YYYY-MM-DD, YYYY-MM or YYYY"),
    Kind.NUMBER: note("is not a number"),
    Kind.INTEGER: note("is not a whole number"),
    Kind.MEASURED: note("is not a number, <number or >number"),
    Kind.FLAG: note("is neither yes nor no"),
}

# HGVS is read in Python, before the database has the row.
READ_BEFORE = ("hgvs_c", "hgvs_p")

# An entry of an index holds some 2,700 bytes.
LONGEST_INDEXED_TEXT = 500
INDEXED_TEXTS = ("centre",)


@dataclass(frozen=True)
class RowCheck:
    """A condition that makes a row wrong, the column at fault and the complaint, as SQL text."""

    column: str
    condition: str
    problem: str


def literal(words: str) -> str:
    """A quoted SQL string."""
    return "'" + words.replace("'", "''") + "'"


def place(name: str) -> str:
    """Where in a sentence `spliced` puts the value of that name."""
    return f"\0{name}\0"


def spliced(words: str, **values: str) -> str:
    """A sentence as an SQL expression, with the value of an SQL expression in each place."""
    parts = words.split("\0")
    return " || ".join(
        values[part] if number % 2 else literal(part) for number, part in enumerate(parts)
    )


def row_checks(entity: Entity, header: Collection[str]) -> list[RowCheck]:
    """Every check that a file with these columns can be held to."""
    return [*_patient_column(), *_cells(entity, header), *_between(entity, header)]


def _patient_column() -> Iterator[RowCheck]:
    yield RowCheck(PATIENT_COLUMN, "r.study_id is null", literal(tr("is missing")))
    yield RowCheck(
        PATIENT_COLUMN,
        f"r.study_id !~ '{STUDY_ID.pattern}'",
        literal(tr("is not a study id: 1 to 32 of A-Z a-z 0-9 _ -")),
    )


def _cells(entity: Entity, header: Collection[str]) -> Iterator[RowCheck]:
    for column, variable in file_columns(entity).items():
        if column not in header:
            continue
        if variable.required:
            yield RowCheck(column, f"{cell(column)} is null", literal(tr("is missing")))
        if variable.kind in NOT_READABLE:
            read = f"{column}_precision" if variable.kind is Kind.PARTIAL_DATE else column
            yield RowCheck(
                column,
                f"r.{read} is null and {cell(column)} is not null",
                literal(spoken(NOT_READABLE[variable.kind])),
            )
        value = f"r.{column}"
        if variable.kind is Kind.REASON:
            value = f"({spelled('r', column, variable)})"
            yield RowCheck(
                column,
                f"{value} is not null and r.{column.removesuffix(SUFFIX)} is not null",
                literal(tr("is a reason for a missing value, but the value is there")),
            )
        limit = variable.check(value)
        if limit is not None and column not in READ_BEFORE:
            yield RowCheck(column, f"not ({limit})", literal(_outside(variable)))
        if column in INDEXED_TEXTS or (variable.kind is Kind.TEXT and column in entity.natural_key):
            yield RowCheck(
                column,
                f"length(r.{column}) > {LONGEST_INDEXED_TEXT}",
                literal(tr("is longer than {number} characters", number=LONGEST_INDEXED_TEXT)),
            )


def _outside(variable: Variable) -> str:
    words = variable.limits()
    if variable.kind in (Kind.DATE, Kind.PARTIAL_DATE):
        return tr("lies in the future")
    if variable.codes is not None:
        return tr("is not {limits}", limits=words)
    if words:
        unit = f" {variable.unit}" if variable.unit else ""
        return tr("is outside {limits}", limits=f"{words}{unit}")
    return tr("is not valid: {meaning}", meaning=spoken(variable.meaning))


def _between(entity: Entity, header: Collection[str]) -> Iterator[RowCheck]:
    """The rules between the columns of one row."""
    for one in entity.in_order:
        yield RowCheck(
            one.later, f"{one.held('r.')} < r.{one.earlier}", literal(spoken(one.complaint))
        )
    if entity is Patient:
        for later, earlier, words, other_words in (
            ("onset_on", "birth_date", tr("lies before the birth"), tr("lies after the onset")),
            (
                "diagnosed_on",
                "birth_date",
                tr("lies before the birth"),
                tr("lies after the diagnosis"),
            ),
            (
                "diagnosed_on",
                "onset_on",
                tr("lies before the onset"),
                tr("lies after the diagnosis"),
            ),
        ):
            # Without the later column the registry's own value stands, and the earlier is at fault.
            yield RowCheck(
                later if later in header else earlier,
                f"{end_of_period(f'r.{later}')} < r.{earlier}",
                literal(words if later in header else other_words),
            )
    elif entity is LabResult:
        yield _unit_of_analyte()
        yield from _share_of_whole()
    elif entity is PcdaiVisit:
        yield from _pcdai(header)


def _unit_of_analyte() -> RowCheck:
    """An analyte or a unit that is none at all has a complaint of its own."""
    complaints = {
        analyte: tr("is not a unit of {analyte}: {units}", analyte=analyte, units=", ".join(units))
        for analyte, units in ANALYTE_UNITS.items()
    }
    words = " ".join(
        f"when {literal(analyte)} then {literal(complaint)}"
        for analyte, complaint in complaints.items()
    )
    return RowCheck(
        "unit",
        f"(r.analyte, r.unit) not in ({ALLOWED_PAIRS}) "
        f"and r.analyte in ({', '.join(map(literal, ANALYTES))}) "
        f"and r.unit in ({', '.join(map(literal, UNITS))})",
        f"case r.analyte {words} end",
    )


def _share_of_whole() -> Iterator[RowCheck]:
    """Per cent in a field of fractions: 34 L/L is no haematocrit."""
    for analyte, whole in ANALYTE_WHOLE.items():
        for unit, factor in ANALYTE_UNITS[analyte].items():
            most = whole / factor
            yield RowCheck(
                "value",
                f"r.analyte = {literal(analyte)} and r.unit = {literal(unit)} and r.value > {most}",
                literal(tr("is outside {limits}", limits=f"0 to {most} {unit}")),
            )


def _pcdai(header: Collection[str]) -> Iterator[RowCheck]:
    def of_row(expression: str) -> str:
        return re.sub("|".join(rf"\b{item}\b" for item in ITEMS), r"r.\g<0>", expression)

    # A cell with something unreadable in it has a complaint of its own.
    empty = {
        item: f"(r.{item} is null and {cell(item)} is null)" for item in ITEMS if item != "height"
    }
    missing = ", ".join(
        f"case when {is_empty} then '{item}' end" for item, is_empty in empty.items()
    )
    yield RowCheck(
        "total",
        f"r.total is null and {cell('total')} is null and ({' or '.join(empty.values())})",
        spliced(
            tr(
                "is missing, and so are the items to compute it from: {items}", items=place("items")
            ),
            items=f"array_to_string(array[{missing}], ', ')",
        ),
    )
    total = of_row(SUM_OF_ALL_ITEMS)
    if "total" in header:
        column = "total"
        words = tr("is not the sum of the items, {total}", total=place("sum"))
    else:
        column = next((item for item in ITEMS if item in header), PATIENT_COLUMN)
        words = tr(
            "makes the sum of the items {sum}, which is not the total in the registry, {total}",
            sum=place("sum"),
            total=place("total"),
        )
    problem = spliced(words, sum=f"trim_scale({total})", total="trim_scale(r.total)")
    yield RowCheck(column, f"r.total <> {total}", problem)
