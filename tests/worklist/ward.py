"""Hand-made children in a transaction, and the worklist of a day as a table.

Days are counted from the first infusion of the children, d0, as in `tests.views.clinic`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, text

from registry.models import ENTITIES, table_of
from registry.worklist.read import Item, judge_on
from tests.oracle.records import COLUMNS, Measured, Records, is_partial
from tests.views.clinic import lines_of, on, shown

TABLES = {entity.file_name: table_of(entity).name for entity in ENTITIES}


# The server plans the list once for all tests: planning takes it longer than a few children do.
COLUMNS_OF_ITEM = ", ".join(Item._fields)


def prepared(definition: str) -> str:
    """Name of the statement that reads the list of a definition."""
    return f"worklist_of_{definition}"


def prepare(connection: Connection) -> None:
    """Prepares those statements on a connection, for good."""
    for definition in ("current", "paper", "recommended"):
        connection.execute(
            text(
                f"prepare {prepared(definition)} as select {COLUMNS_OF_ITEM} "
                f"from analytics.worklist where definition = '{definition}' order by rank"
            )
        )


def row(records: Records, table: str, **cells: Any) -> Records:
    """The records with one row more; what is not given is empty."""
    patient = records["patients"][0]["patient_id"]
    filled = {name: cells.get(name) for name in COLUMNS[table]} | {"patient_id": patient}
    return records | {table: [*records[table], filled]}


@dataclass(frozen=True)
class Ward:
    """A registry whose children are gone when the test is over."""

    connection: Connection

    def admit(self, *patients: Records) -> None:
        """Enters children as they are, whatever an import would say of them."""
        for records in patients:
            study_id = records["patients"][0]["patient_id"]
            number = self.connection.execute(
                text(
                    "insert into reference.patient_number (study_id) values (:study_id) "
                    "returning patient_id"
                ),
                {"study_id": study_id},
            ).scalar_one()
            for table, rows in records.items():
                for cells in rows:
                    self._insert(TABLES[table], _stored(cells) | {"patient_id": number})

    def _insert(self, table: str, cells: dict[str, Any]) -> None:
        names = ", ".join(cells)
        marks = ", ".join(f":{name}" for name in cells)
        self.connection.execute(
            text(f"insert into clinical.{table} ({names}) values ({marks})"), cells
        )

    def set(self, **parameters: Any) -> None:
        """Changes numbers of the rules."""
        for name, value in parameters.items():
            self.connection.execute(
                text(f"update reference.worklist_setting set {name} = :value"), {"value": value}
            )

    def items(
        self,
        day: int | date,
        kinds: Sequence[str] = (),
        definition: str = "paper",
        set_aside: bool = False,
    ) -> list[Item]:
        """The worklist of a day of the course, most urgent first."""
        judge_on(self.connection, on(day) if isinstance(day, int) else day)
        rows = self.connection.execute(text(f"execute {prepared(definition)}")).mappings()
        items = [Item(**row) for row in rows]
        assert len({item.item for item in items}) == len(items), "an item has a name of its own"
        assert not any("{" in item.action + item.why + item.source for item in items)
        return [
            item
            for item in items
            if (not kinds or item.kind in kinds) and (set_aside or not item.set_aside)
        ]

    def check(self, day: int, kinds: str, expected: str, **filters: Any) -> None:
        """Compares the items of some kinds with a table whose header names the fields."""
        header, *rows = [re.split(r"\s{2,}", line.strip()) for line in lines_of(expected)]
        found = [
            [shown(getattr(item, name)) for name in header]
            for item in self.items(day, kinds=kinds.split(), **filters)
        ]
        assert [header, *found] == [header, *rows]

    def lists(self, day: int, rule: str, **filters: Any) -> bool:
        """Whether the rule gives an item on that day."""
        return rule in {item.rule for item in self.items(day, **filters)}


def _stored(cells: dict[str, Any]) -> dict[str, Any]:
    """The columns of a table from a row of the import format."""
    stored: dict[str, Any] = {}
    for name, value in cells.items():
        if isinstance(value, Measured):
            stored |= {name: value.number, f"{name}_comparator": value.comparator}
        elif name == "stopped_on" and value == "unknown":
            stored["stopped_on_precision"] = value
        elif (name in ("onset_on", "diagnosed_on") and "birth_date" in cells) or (
            name == "stopped_on" and isinstance(value, str)
        ):
            stored |= _partial(name, value)
        else:
            stored[name] = value
    return stored


def _partial(name: str, value: str | None) -> dict[str, Any]:
    if value is None:
        return {}
    precision = {4: "year", 7: "month"}[len(value)] if is_partial(value) else "day"
    first = date.fromisoformat((value + "-01-01")[:10])
    return {name: first, f"{name}_precision": precision}
