"""What has been changed in a patient's records, and how a change is undone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, Table, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.exc import IntegrityError
from sqlalchemy.types import BigInteger

from registry.entry.stored import dated
from registry.errors import NotFound, Refused
from registry.models import ENTITIES, Patient, PatientNumber, table_of
from registry.models.patient import STUDY_ID
from registry.records.cells import spelled
from registry.records.rows import Entity, file_columns
from registry.records.study_ids import patient_number
from registry.records.write import refusal_of
from registry.words import tr

# More than these are not named one by one.
MOST_NAMED = 20
BY_TABLE: dict[str, Entity] = {one.__tablename__: one for one in ENTITIES}
# A study id is never given to another child, so that it was given is not taken back; nor is what
# was erased.
UNDONE = (
    "not (table_name = 'patient_number' and operation = 'insert') "
    "and coalesce(new_values, old_values) <> '{}'"
)
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


def entered(
    connection: Connection, changes: Iterable[dict[str, Any]]
) -> dict[int, dict[str, tuple[str | None, str | None]]]:
    """What people entered, by the number of the change: old and new cells of the columns it is of.

    As a file spells them and in the dictionary's order; what the registry keeps beside them or
    computes from them is not there.
    """
    numbers: dict[str, list[int]] = {}
    for change in changes:
        numbers.setdefault(change["table_name"], []).append(change["audit_id"])
    found = {}
    for table, of_table in numbers.items():
        entity = BY_TABLE.get(table)
        variables = {"study_id": STUDY_ID} if entity is None else file_columns(entity)
        name = _table(table).fullname
        cells = [spelled(row, *one) for row in "on" for one in variables.items()]
        rows = connection.execute(
            text(
                f"select a.audit_id, array[{', '.join(cells)}] from audit.record_change a "
                f"cross join lateral jsonb_populate_record(null::{name}, a.old_values) o "
                f"cross join lateral jsonb_populate_record(null::{name}, a.new_values) n "
                "where a.audit_id = any(:numbers)"
            ).bindparams(bindparam("numbers", type_=ARRAY(BigInteger))),
            {"numbers": of_table},
        )
        for number, texts in rows:
            pairs = zip(texts[: len(variables)], texts[len(variables) :], strict=True)
            both = dict(zip(variables, pairs, strict=True))
            found[number] = {
                column: (old, new) for column, (old, new) in both.items() if old != new
            }
    return found


def undo(connection: Connection, audit_id: int) -> list[dict[str, Any]]:
    """Takes one change back: what was entered goes, what was taken out or amended is as before.

    Returns the change as the history shows it. Raises NotFound for a number that is no change's
    and Refused where the record has been changed since.
    """
    return _undo(connection, "audit_id = :number", audit_id)


def undo_all(connection: Connection, audit_id: int) -> list[dict[str, Any]]:
    """Takes back everything that the command of a change did, as an import, or nothing of it.

    Raises NotFound and Refused as `undo` does.
    """
    return _undo(
        connection,
        "change_id = (select change_id from audit.record_change where audit_id = :number)",
        audit_id,
    )


def _undo(connection: Connection, condition: str, number: int) -> list[dict[str, Any]]:
    found = connection.execute(
        text(
            "select audit_id, table_name, operation from audit.record_change "
            f"where {condition} and {UNDONE} order by audit_id desc"
        ),
        {"number": number},
    ).all()
    if not found:
        raise NotFound(
            tr("There is no change {number}.", number=number),
            cure=tr("Changes are listed by: registry history PATIENT"),
        )
    numbers = [row.audit_id for row in found]
    try:
        with connection.begin_nested():
            _reverse(connection, found)
    except Refused as refused:
        raise _because_of_later(connection, numbers) or refused from None
    except IntegrityError as error:
        later = _because_of_later(connection, numbers)
        if later is not None:
            raise later from None
        raise Refused(
            tr(
                "The registry is against it: {reason}",
                reason=refusal_of(error),
            ),
            cure=tr("Nothing was undone. Another record has taken the place, or is missing."),
        ) from None
    undone = connection.execute(
        text(
            "select c.*, n.study_id as patient_id from audit.record_change c "
            f"join reference.patient_number n using (patient_id) where c.{condition} and {UNDONE} "
            "order by audit_id"
        ),
        {"number": number},
    ).mappings()
    return [
        {name: row[name] for name in ("audit_id", "table_name", "operation")}
        | {"patient_id": row["patient_id"]}
        for row in undone
    ]


def _because_of_later(connection: Connection, numbers: list[int]) -> Refused | None:
    """The refusal that names the later changes of the same records; None where there are none."""
    rows = connection.execute(
        text(
            "select distinct on (a.table_name, a.patient_id, a.record_id) a.audit_id as undone, "
            "l.audit_id, l.table_name, n.study_id, c.command, "
            "coalesce(l.new_values, l.old_values) as held "
            "from audit.record_change a "
            "join audit.record_change l on (l.table_name, l.patient_id) = "
            "(a.table_name, a.patient_id) and l.record_id is not distinct from a.record_id "
            "and l.audit_id > a.audit_id and l.audit_id <> all(:numbers) "
            "join reference.change_set c on c.change_id = l.change_id "
            "join reference.patient_number n on n.patient_id = a.patient_id "
            "where a.audit_id = any(:numbers) and a.table_name = any(:tables) "
            "order by a.table_name, a.patient_id, a.record_id, l.audit_id desc"
        ).bindparams(bindparam("numbers", type_=ARRAY(BigInteger))),
        {"numbers": numbers, "tables": list(BY_TABLE)},
    ).all()
    if not rows:
        return None
    if len(numbers) == 1 and rows[0].command == "undo":
        return Refused(
            tr(
                "Change {number} is undone already, by change {by}.",
                number=numbers[0],
                by=rows[0].audit_id,
            ),
            cure=tr("To have it again, undo that one."),
        )
    lines = [_named(row) for row in rows[:MOST_NAMED]]
    if len(rows) > MOST_NAMED:
        lines.append(tr("and {number} more", number=len(rows) - MOST_NAMED))
    return Refused(
        tr("Changed since: {changes}.", changes="; ".join(lines)),
        cure=tr("Nothing was undone. Undo the later changes first."),
    )


def _named(row: Any) -> str:
    entity = BY_TABLE[row.table_name]
    return tr(
        "{table} of {patient}, {day}, by change {number}",
        table=entity.file_name,
        patient=row.study_id,
        day=row.held.get(dated(entity)) or "-",
        number=row.audit_id,
    )


def _reverse(connection: Connection, found: Iterable[Any]) -> None:
    """Takes the changes back, the last one first."""
    # The border between two courses of a drug may move: judge overlaps at the end.
    connection.execute(text("set constraints clinical.ex_medication_overlap deferred"))
    for (table, operation), rows in _together(found):
        numbers = [row.audit_id for row in rows]
        statement = _reversal(table, operation)
        done = connection.execute(
            text(statement).bindparams(bindparam("changes", type_=ARRAY(BigInteger))),
            {"changes": numbers},
        ).rowcount
        if done != len(numbers):
            raise Refused(
                tr(
                    "Changed since: {number:record|records} in {table}.",
                    number=len(numbers) - done,
                    # A study id stands in the file of the patients.
                    table=BY_TABLE.get(table, Patient).file_name,
                ),
                cure=tr("Nothing was undone. Undo the later changes first."),
            )
    connection.execute(text("set constraints clinical.ex_medication_overlap immediate"))


def _together(rows: Iterable[Any]) -> Iterator[tuple[tuple[str, str], list[Any]]]:
    """Changes of one table and kind that follow each other: no record is among them twice."""
    for key, group in groupby(rows, lambda row: (row.table_name, row.operation)):
        if key[1] == "update":
            # One record may have been amended twice, which is undone one after the other.
            for row in group:
                yield key, [row]
        else:
            yield key, list(group)


def _table(name: str) -> Table:
    return table_of(BY_TABLE.get(name, PatientNumber))


def _reversal(table: str, operation: str) -> str:
    """The statement that takes changes back, where the records are still as these left them."""
    changed = _table(table)
    name = changed.fullname
    same = "t.patient_id = a.patient_id" + (
        " and t.record_id = a.record_id" if "record_id" in changed.columns else ""
    )
    # A column that was added since is empty in a record that nobody has touched, or says what the
    # record said without it: that a stop is known to the day.
    now, then = (
        f"jsonb_strip_nulls({row} - 'row_version' - case when a.new_values ? "
        "'stopped_on_precision' then '' else 'stopped_on_precision' end)"
        for row in ("to_jsonb(t)", "a.new_values")
    )
    unchanged = f"{now} = {then}"
    chosen = "from audit.record_change a where a.audit_id = any(:changes)"
    if operation == "insert":
        return (
            f"delete from {name} t using audit.record_change a "
            f"where a.audit_id = any(:changes) and {same} and {unchanged}"
        )
    columns = [
        column.name
        for column in changed.columns
        if column.computed is None and column.name != "row_version"
    ]
    listed = ", ".join(columns)
    if operation == "delete":
        values = ", ".join(f"r.{column}" for column in columns)
        return (
            f"insert into {name} ({listed}, row_version) select {values}, b.row_version + 1 "
            f"from (select a.* {chosen}) b "
            f"cross join lateral jsonb_populate_record(null::{name}, b.old_values) r"
        )
    assignments = ", ".join(f"{column} = r.{column}" for column in columns)
    return (
        f"update {name} t set {assignments} from (select a.* {chosen}) a "
        f"cross join lateral jsonb_populate_record(null::{name}, a.old_values) r "
        f"where {same} and {unchanged}"
    )
