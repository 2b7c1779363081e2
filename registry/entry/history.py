"""What has been changed in a patient's records."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Table, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import BigInteger

from registry.clinical_tables import CLINICAL_TABLES
from registry.models import ENTITIES, PatientNumber, table_of
from registry.models.patient import STUDY_ID
from registry.records.cells import spelled
from registry.records.patient_number import patient_number
from registry.records.rows import Entity, file_columns
from registry.variables import Variable
from registry.words import tr

BY_TABLE: dict[str, Entity] = {one.__tablename__: one for one in ENTITIES}
KEYS = {table.name: table.key for table in CLINICAL_TABLES}
# More than these are not named one by one.
MOST_NAMED = 20
# Column -> its old and its new cell.
Cells = dict[str, tuple[str | None, str | None]]
CHANGES = (
    "select audit_id, changed_at, changed_by, command, reason, table_name, record_id, operation, "
    "row_version, old_values, new_values from inspection.record_change"
)


def history(
    connection: Connection, study_id: str, *, table: str | None = None, record: int | None = None
) -> list[dict[str, Any]]:
    """Every change of a patient's records, the first one first; of one table or record if named.

    A patient who has been taken out has his history still. Raises NotFound for a study id that
    never was a patient's.
    """
    rows = connection.execute(
        text(
            f"{CHANGES} where patient_id = :patient "
            "and (cast(:table as text) is null or table_name = :table) "
            "and (cast(:record as bigint) is null or record_id = :record) order by audit_id"
        ),
        {"patient": study_id, "table": table, "record": record},
    ).mappings()
    found = [dict(row) for row in rows]
    if not found:
        patient_number(connection, study_id)
    return found


def entered(connection: Connection, changes: Iterable[dict[str, Any]]) -> dict[int, Cells]:
    """What people entered, by the number of the change: old and new cells of the columns it is of.

    As a file spells them and in the dictionary's order; what the registry keeps beside them or
    computes from them is not there.
    """
    numbers: dict[str, list[int]] = {}
    for change in changes:
        numbers.setdefault(change["table_name"], []).append(change["audit_id"])
    found: dict[int, Cells] = {}
    for table, of_table in numbers.items():
        statement = text(
            _cells(table, "(select * from audit.record_change where audit_id = any(:numbers))")
        ).bindparams(bindparam("numbers", type_=ARRAY(BigInteger)))
        for row in connection.execute(statement, {"numbers": of_table}):
            found[row.audit_id] = _differing(table, row.texts)
    return found


def done_by(connection: Connection, change_id: int) -> list[dict[str, Any]]:
    """What a change set did to each record in the end, whatever its steps: old and new cells.

    A record that is as it was is left out. `record` is what with the patient names it to people.
    """
    tables = connection.execute(
        text(
            "select table_name from audit.record_change where change_id = :change "
            "group by table_name order by min(audit_id)"
        ),
        {"change": change_id},
    ).scalars()
    found = []
    for table in list(tables):
        for row in connection.execute(
            text(_cells(table, _NET)), {"change": change_id, "of": table}
        ):
            cells = _differing(table, row.texts)
            if not cells:
                continue
            held = row.new_values or row.old_values
            named = [held.get(column) for column in KEYS.get(table, ())]
            found.append(
                {
                    "table": table,
                    "patient_id": row.study_id,
                    "record_id": row.record_id,
                    "record": " ".join(str(value) for value in named if value is not None),
                    "operation": _OPERATIONS[row.old_values is None, row.new_values is None],
                    "old": _side(cells, 0) if row.old_values else None,
                    "new": _side(cells, 1) if row.new_values else None,
                }
            )
    return found


_OPERATIONS = {(True, False): "insert", (False, True): "delete", (False, False): "update"}
# The first of the old values and the last of the new.
_NET = """(
    select n.study_id, c.record_id, min(c.audit_id) as audit_id,
        (array_agg(c.old_values order by c.audit_id))[1] as old_values,
        (array_agg(c.new_values order by c.audit_id desc))[1] as new_values
    from audit.record_change c join reference.patient_number n using (patient_id)
    where c.change_id = :change and c.table_name = :of
    group by n.study_id, c.record_id order by min(c.audit_id)
)"""


def some_of(lines: Sequence[str]) -> str:
    """The first of what stands in a refusal's way, and how many more there are."""
    more = len(lines) - MOST_NAMED
    named = [*lines[:MOST_NAMED], *([tr("and {number} more", number=more)] * (more > 0))]
    return "; ".join(named)


def of_name(table: str) -> Table:
    """The table of a change: a clinical one, or that of the study ids."""
    return table_of(BY_TABLE.get(table, PatientNumber))


def _variables(table: str) -> dict[str, Variable]:
    entity = BY_TABLE.get(table)
    return {"study_id": STUDY_ID} if entity is None else file_columns(entity)


def _cells(table: str, changes: str) -> str:
    """A query of `changes` of a table with their cells: all old ones, then all new ones."""
    name = of_name(table).fullname
    cells = [spelled(row, *one) for row in "on" for one in _variables(table).items()]
    return (
        f"select a.*, array[{', '.join(cells)}] as texts from {changes} a "
        f"cross join lateral jsonb_populate_record(null::{name}, a.old_values) o "
        f"cross join lateral jsonb_populate_record(null::{name}, a.new_values) n"
    )


def _differing(table: str, texts: list[str | None]) -> Cells:
    variables = _variables(table)
    pairs = zip(texts[: len(variables)], texts[len(variables) :], strict=True)
    both = dict(zip(variables, pairs, strict=True))
    return {column: (old, new) for column, (old, new) in both.items() if old != new}


def _side(cells: Cells, side: int) -> dict[str, str | None]:
    return {column: pair[side] for column, pair in cells.items()}
