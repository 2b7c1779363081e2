"""Takes changes back: one, all that a command did, all since a moment; or nothing of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.exc import IntegrityError
from sqlalchemy.types import BigInteger, Text

from registry.entry.history import BY_TABLE, KEYS, of_name, some_of
from registry.entry.stored import dated
from registry.errors import NotFound, Refused
from registry.models import Patient
from registry.records.patient_number import no_patient
from registry.records.write import refusal_of
from registry.words import tr

# A study id is never given to another child, so that it was given is not taken back; nor is what
# was erased.
UNDONE = (
    "not (table_name = 'patient_number' and operation = 'insert') "
    "and coalesce(new_values, old_values) <> '{}'"
)
# Nothing is brought back of a child whom research or the registry may not use any more, and no
# withdrawal is taken back among many other changes.
_LEFT_OUT = """
with withdrawn as (
    select w.patient_id, w.scope in ('registry', 'research') as of_all
    from clinical.consent w
    where w.withdrawn_on is not null and not exists (
        select from clinical.consent n where n.patient_id = w.patient_id
        and n.scope = w.scope and n.signed_on > w.withdrawn_on
    )
)
"""
_SINCE = f"""
{_LEFT_OUT}
select c.audit_id, c.table_name, c.operation, c.patient_id, n.study_id,
    coalesce(c.new_values, c.old_values) = '{{}}' as is_erased,
    c.patient_id in (select patient_id from withdrawn where of_all)
        or c.table_name = 'consent' and c.patient_id in (select patient_id from withdrawn)
        as is_withdrawn
from audit.record_change c
join audit.committed_change m on m.change_id = c.change_id
join reference.change_set s on s.change_id = c.change_id
left join reference.patient_number n on n.patient_id = c.patient_id
where m.commit_number > audit.commit_at(:moment)
    and not (c.table_name = 'patient_number' and c.operation = 'insert')
    and (:tables is null or c.table_name = any(:tables))
    and (:patients is null or c.patient_id = any(:patients))
    and (cast(:made_by as text) is null or s.made_by = :made_by)
order by c.audit_id desc
"""
# What stands on a change: later ones of the record; of a child, whatever was entered since; that
# the child was taken out; another record that has the day or name of the one that would come back.
_STANDS_ON = """
l.audit_id > a.audit_id and l.audit_id <> all(:numbers) and l.patient_id = a.patient_id and (
    l.table_name = a.table_name and l.record_id is not distinct from a.record_id
    or a.table_name = 'patient' and a.operation = 'insert' and l.table_name <> 'patient_number'
        and l.operation = 'insert'
    or a.operation = 'delete' and l.table_name = 'patient' and l.operation = 'delete'
    or a.operation <> 'insert' and l.operation <> 'delete' and l.table_name = a.table_name
        and audit.picked(l.new_values, k.columns) = audit.picked(a.old_values, k.columns)
)
"""


@dataclass(frozen=True)
class Selection:
    """Changes that are to be taken back, the last first; `left_out` are the children it spares.

    `of_others` says that there are more of them, which this login does not see.

    A child is spared who was erased or has withdrawn; of one who withdrew something else than
    research or the registry, only the consents are.
    """

    changes: Sequence[Any]
    left_out: list[str]
    erased: int
    of_others: bool = False

    @property
    def numbers(self) -> list[int]:
        """Their numbers in the audit."""
        return [change.audit_id for change in self.changes]

    @property
    def patients(self) -> list[int]:
        """The registry's numbers of the children they are of."""
        return sorted({change.patient_id for change in self.changes})


def selected(connection: Connection, audit_id: int, *, command: bool) -> Selection:
    """One change, or all that its command did. Raises NotFound for a number that is no change's."""
    asked = "(select change_id from audit.record_change where audit_id = :number)"
    found = connection.execute(
        text(
            "select audit_id, table_name, operation, patient_id, change_id "
            "from audit.record_change where "
            f"{f'change_id = {asked}' if command else 'audit_id = :number'} and {UNDONE} "
            "order by audit_id desc"
        ),
        {"number": audit_id},
    ).all()
    if not found:
        raise NotFound(
            tr("There is no change {number}.", number=audit_id),
            cure=tr("Changes are listed by: registry history PATIENT"),
        )
    of_others = (
        command
        and not connection.execute(
            text("select audit.is_all_seen(:change)"), {"change": found[0].change_id}
        ).scalar_one()
    )
    return Selection(found, [], 0, of_others=of_others)


def selected_since(
    connection: Connection,
    moment: datetime,
    *,
    tables: Sequence[str] = (),
    patients: Sequence[str] = (),
    made_by: str | None = None,
) -> Selection:
    """All that was committed after a moment, by the order of commits; of these tables, of these
    children (study ids), made by this person. Raises NotFound for a study id that never was."""
    statement = text(_SINCE).bindparams(
        bindparam("tables", type_=ARRAY(Text)), bindparam("patients", type_=ARRAY(BigInteger))
    )
    rows = connection.execute(
        statement,
        {
            "moment": moment,
            "tables": list(tables) or None,
            "patients": [_number(connection, one) for one in patients] or None,
            "made_by": made_by,
        },
    ).all()
    return Selection(
        [row for row in rows if not (row.is_erased or row.is_withdrawn)],
        sorted({row.study_id for row in rows if row.is_withdrawn and not row.is_erased}),
        len({row.patient_id for row in rows if row.is_erased}),
    )


def _number(connection: Connection, study_id: str) -> int:
    """The number of a child, who may have been taken out since."""
    number = connection.execute(
        text("select patient_id from reference.patient_number where study_id = :study_id"),
        {"study_id": study_id},
    ).scalar_one_or_none()
    if number is None:
        raise no_patient(connection, study_id)
    return int(number)


def undo(connection: Connection, selection: Selection) -> list[dict[str, Any]]:
    """Takes the changes back: what was entered goes, what was taken out or amended is as before.

    Returns the changes as the history shows them. Raises Refused, and changes nothing, where a
    record has been changed since by others than these, or another record stands on one.
    """
    numbers = selection.numbers
    try:
        with connection.begin_nested():
            _reverse(connection, selection.changes)
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
            "select c.audit_id, c.table_name, c.operation, n.study_id as patient_id "
            "from audit.record_change c join reference.patient_number n using (patient_id) "
            "where c.audit_id = any(:numbers) order by audit_id"
        ).bindparams(bindparam("numbers", type_=ARRAY(BigInteger))),
        {"numbers": numbers},
    ).mappings()
    return [dict(row) for row in undone]


def _because_of_later(connection: Connection, numbers: list[int]) -> Refused | None:
    """The refusal that names the later changes that stand on these; None where there are none."""
    rows = connection.execute(
        text(
            "select distinct on (l.table_name, l.patient_id, l.record_id) a.audit_id as undone, "
            "l.audit_id, l.table_name, n.study_id, c.command, "
            "coalesce(l.new_values, l.old_values) as held "
            "from audit.record_change a "
            "cross join lateral (select array(select jsonb_array_elements_text("
            ":keys -> a.table_name)) as columns) k "
            f"join audit.record_change l on {_STANDS_ON} "
            "join reference.change_set c on c.change_id = l.change_id "
            "join reference.patient_number n on n.patient_id = a.patient_id "
            "where a.audit_id = any(:numbers) and l.table_name = any(:tables) "
            "order by l.table_name, l.patient_id, l.record_id, l.audit_id desc"
        ).bindparams(bindparam("numbers", type_=ARRAY(BigInteger)), bindparam("keys", type_=JSONB)),
        {
            "numbers": numbers,
            "tables": list(BY_TABLE),
            "keys": {table: list(key) for table, key in KEYS.items()},
        },
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
    return Refused(
        tr("Changed since: {changes}.", changes=some_of([_named(row) for row in rows])),
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


def _reversal(table: str, operation: str) -> str:
    """The statement that takes changes back, where the records are still as these left them."""
    changed = of_name(table)
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
