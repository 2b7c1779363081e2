"""Rows of text on their way into a table, wherever they come from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from registry.models import (
    ENTITIES,
    Endoscopy,
    Patient,
    PatientRecord,
    PcdaiVisit,
    table_of,
)
from registry.models.missing_reason import may_lack, reason_column, reason_variable
from registry.records.problems import Problem
from registry.variables import Kind, Variable
from registry.words import note

Entity = type[Patient] | type[PatientRecord]

BY_FILE_NAME: dict[str, Entity] = {entity.file_name: entity for entity in ENTITIES}
PATIENT_COLUMN = "patient_id"
NOT_UTF8 = note("is not in UTF-8; save the file as CSV UTF-8, or name its --encoding")


@dataclass(frozen=True)
class Row:
    """One row as text: `line` is where it begins, the header being line 1.

    Without `cells` it is a row that cannot be read as cells of the header's columns.
    """

    line: int
    cells: list[str] | None


@dataclass(frozen=True)
class Source:
    """Rows of one table: a file, a sheet of a workbook or what a person typed.

    `number` tells it from the others of the run; `shown` is the name that a complaint carries;
    `columns` are the table's columns that the rows' cells stand for, in their order; `rows` yields
    the rows and adds to the list it is given what cannot be read. `record_id` is given where the
    one row is about a record that is known by its number, so that its natural key may change too.
    `to_change` says how a record that is there with other values is changed.
    """

    number: int
    entity: Entity
    shown: str
    columns: list[str]
    rows: Callable[[list[Problem]], Iterator[Row]]
    record_id: int | None = None
    to_change: str = note("import with --update and --reason")


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
