"""Why a value is missing, as people say it: the code in place of the value, or beside it."""

from __future__ import annotations

from collections.abc import Mapping

from registry.models.missing_reason import reason_column
from registry.parsing.names import read_named
from registry.parsing.unreadable import Unreadable
from registry.records.source import Entity, lacking_columns
from registry.variables import Kind
from registry.vocabulary import NULL_FLAVOURS


def reasons_apart(entity: Entity, cells: Mapping[str, str]) -> dict[str, str]:
    """The cells with each reason that stands in place of a value in its own column.

    `UNK` in a column of numbers, dates or codes is a reason; in one of free text it is text.
    """
    found = dict(cells)
    for column, variable in lacking_columns(entity).items():
        reason = reason_column(column)
        if column not in cells or variable.kind is Kind.TEXT or cells.get(reason):
            continue
        try:
            found |= {reason: read_named(cells[column], NULL_FLAVOURS), column: ""}
        except Unreadable:
            continue
    return found
