"""Rows of the audit for an inspector: who changed what, when, by which command and why."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from registry.audit.erasure import erased_as
from registry.errors import NotFound, WrongUsage, there_are
from registry.parsing.meant import did_you_mean, near
from registry.records.patient_number import number_ever
from registry.words import tr

_OF_CHANGE = (
    *("change_id", "commit_number", "changed_at", "changed_by", "login", "command"),
    *("program_version", "reason", "summary", "seal_number"),
)
_OF_ROW = (
    *(
        "source",
        "row_number",
        "table_name",
        "patient_id",
        "patient_number",
        "is_erased",
        "record_id",
        "key",
    ),
    *("operation", "old_values", "new_values"),
)
COLUMNS = (*_OF_CHANGE, *_OF_ROW)
# What was before there was an order of commits comes before what has its place in it.
_ORDER = "commit_number nulls first, change_id, source, row_number"
# A value or a cell longer than this is told by its beginning where people read it.
_TOLD = 80


@dataclass(frozen=True)
class Filter:
    """Which rows: every part that is given holds.

    `person` is the name or the login, `command` its first words, `reason` a part of it; `since` and
    `until` are moments of the change.
    """

    patient: str | None = None
    table: str | None = None
    person: str | None = None
    command: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    reason: str | None = None
    operation: str | None = None
    change: int | None = None

    def told(self) -> dict[str, Any]:
        """What was asked for, without what was not."""
        every = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: value for name, value in every.items() if value is not None}


_CONDITIONS = {
    "table": "table_name = :table",
    "person": ":person in (changed_by, login)",
    "command": "(command = :command or starts_with(command, :command || ' '))",
    "since": "changed_at >= :since",
    "until": "changed_at <= :until",
    "reason": "strpos(lower(reason), lower(:reason)) > 0",
    "operation": "operation = :operation",
    "change": "change_id = :change",
}


def rows(connection: Connection, asked: Filter, *, last: int | None = None) -> Iterator[Any]:
    """The rows in the order of commits, streamed; `last` so many of them alone.

    Of a child who was erased there are rows without their values. Raises NotFound for a study id
    that never was a patient's, WrongUsage for a table of which the audit has nothing.
    """
    where, values = _where(connection, asked)
    columns = ", ".join(COLUMNS)
    selected = f"select {columns} from inspection.audit_row where {where}"
    if last is not None:
        newest = "commit_number desc nulls last, change_id desc, source desc, row_number desc"
        selected = f"select * from ({selected} order by {newest} limit :last) l"
        values["last"] = last
    statement = text(f"{selected} order by {_ORDER}")
    streamed = connection.execution_options(stream_results=True, yield_per=1000)
    yield from streamed.execute(statement, values)


def change(connection: Connection, number: int) -> dict[str, Any]:
    """One change set with its rows. NotFound without it, or where it changed nothing."""
    found = [row._mapping for row in rows(connection, Filter(change=number))]
    if not found:
        raise NotFound(
            tr("There is no change {number}.", number=number),
            cure=tr("Changes are listed by: registry audit list"),
        )
    head = {name: found[0][name] for name in _OF_CHANGE}
    return head | {"rows": [{name: row[name] for name in _OF_ROW} for row in found]}


def values_told(row: Any) -> str:
    """What a row says, in a line: `dose_mg: 200 -> 250`."""
    if row["is_erased"] and row["source"] != "erasure":
        return tr("erased")
    old, new = row["old_values"] or {}, row["new_values"] or {}
    parts = []
    for name in dict.fromkeys([*old, *new]):
        both = row["operation"] == "update"
        told = [_short(side.get(name)) for side in ((old, new) if both else (new or old,))]
        if both or told != [""]:
            parts.append(f"{name}: {' -> '.join(told)}")
    return "; ".join(parts)


def _short(value: Any) -> str:
    told = "" if value is None else str(value)
    return told if len(told) <= _TOLD else told[: _TOLD - 1] + "…"


def _where(connection: Connection, asked: Filter) -> tuple[str, dict[str, Any]]:
    values = asked.told()
    conditions = [_CONDITIONS[name] for name in values if name in _CONDITIONS]
    if asked.patient is not None:
        del values["patient"]
        erased = erased_as(connection, asked.patient)
        values["number"] = number_ever(connection, asked.patient) if erased is None else erased
        conditions.append("patient_number = :number")
    if asked.table is not None:
        known = connection.execute(text("select distinct table_name from inspection.audit_row"))
        names = sorted(known.scalars())
        if asked.table not in names:
            raise WrongUsage(
                tr("The audit has nothing of a table {name}.", name=asked.table),
                cure=did_you_mean(near(asked.table, names)) or there_are(names),
            )
    return " and ".join(conditions) or "true", values
