"""A record in words, as the declaration of its table tells it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from registry.clinical_tables import ClinicalTable
from registry.records.rows import BY_FILE_NAME, dictionary_columns
from registry.variables import Kind, Variable
from registry.words import spoken, tr

Row = Mapping[str, Any]

_PLACE = re.compile(r"\{(\w+)(?:\|([^}]*))?\}")
NOTHING = "–"


def points(value: Decimal | None) -> str:
    """A number without the zeros it may end with; an en dash without one."""
    return NOTHING if value is None else f"{value.normalize():f}"


def reason_of(row: Row, column: str) -> str | None:
    """Why the row has no value there, as UNK; None where it has one, or nobody knows."""
    reasons: Mapping[str, str] = row.get("missing_reasons") or {}
    return reasons.get(column)


def words_of(code: str) -> str:
    """A code as words; antibodies that are absent were not looked for, rather than not found."""
    if code == "absent":
        return tr("not measured")
    return spoken(code.replace("_", " "))


def in_a_line(table: ClinicalTable, row: Row) -> str:
    """The record as `told` says; an empty place is a dash, and leaves a further part out."""
    first, *further = table.told
    parts = [filled(table, part, row) for part in further if not _lacks(part, row)]
    return filled(table, first, row) + "".join(parts)


def filled(table: ClinicalTable, words: str, row: Row) -> str:
    """Words of the table's declaration with the record's values in their places."""
    variables = dictionary_columns(BY_FILE_NAME[table.file])

    def said(place: re.Match[str]) -> str:
        column, otherwise = place.groups()
        if (value := row[column]) is None:
            return reason_of(row, column) or (spoken(otherwise) if otherwise else NOTHING)
        return _said(variables[column], value)

    return _PLACE.sub(said, words)


def words_for_empty(table: ClinicalTable) -> list[str]:
    """What a line says for values that are not there."""
    return [words for part in table.told for _, words in _PLACE.findall(part) if words]


def _lacks(part: str, row: Row) -> bool:
    return any(row[column] in (None, False) for column, words in _PLACE.findall(part) if not words)


def _said(variable: Variable, value: str | bool | Decimal | date) -> str:
    """A value in words; of a flag that is set its label."""
    if isinstance(value, Decimal):
        return points(value)
    if isinstance(value, bool):
        return spoken(variable.label).lower() if value else ""
    return words_of(str(value)) if variable.kind is Kind.CODE else str(value)
