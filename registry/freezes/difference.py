"""What lies between two freezes: whose status differs, and why, with the rows that did it."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection, text

from registry.database.frozen import Frozen, Place
from registry.freezes.impact import HELD
from registry.words import note

# Looked for in this order: the first that applies is the cause, the others stand beside it.
CAUSES = {
    "erased": note("erased"),
    "correction": note("corrections"),
    "new_data": note("new data"),
    "definition": note("changed definitions"),
    "rules": note("changed rules"),
    "reference": note("changed reference data"),
    "day": note("a later day"),
}
COMPARED = (
    *("state", "start_on", "baseline_pcdai", "week14_pcdai", "induction_outcome", "event"),
    *("event_on", "end_on", "time_days", "censor_reason", "last_negative_on"),
)
_OF_FREEZE = "(select n.study_id, s.* from {status} s join {numbers} n using (patient_id) {where})"
_DIFFERING = """
select coalesce(a.study_id, b.study_id) as study_id, a.patient_id as number_a,
    b.patient_id as number_b, a.definition_hash as hash_a, b.definition_hash as hash_b,
    to_jsonb(a) as status_a, to_jsonb(b) as status_b
from {a} a full join {b} b using (study_id)
where ({columns_a}) is distinct from ({columns_b})
order by 1
"""
# What was done to a child between two commits, in order.
_CHANGES = """
select c.patient_id, c.table_name, c.operation, c.old_values, c.new_values, m.made_at, m.made_by,
    m.reason
from audit.record_change c
join audit.committed_change k using (change_id)
join reference.change_set m using (change_id)
where c.patient_id = any(:numbers) and k.commit_number > :low and k.commit_number <= :high
order by c.audit_id
"""
_REFERENCE_CHANGED = """
select exists (
    select from audit.reference_change c join audit.committed_change k using (change_id)
    where k.commit_number > :low and k.commit_number <= :high
        and c.table_name not in ('definition', 'data_freeze', 'worklist_rule', 'centre')
)
"""
# Of whom the audit has rows of these changes; what was only entered is new.
_CHANGED = """
select c.patient_id, bool_and(c.operation = 'insert')
from audit.record_change c join audit.committed_change k using (change_id)
where k.commit_number > :low and k.commit_number <= :high
    and c.patient_id not in (select e.patient_id from audit.erasure e)
group by c.patient_id
"""
_ERASED = f"""
select e.patient_id, array_agg(f.name order by f.as_of) as freezes, m.made_at as at,
    m.made_by as by, m.reason
from audit.erasure e
join reference.change_set m using (change_id)
join reference.data_freeze f on f.name = any(:names)
join audit.reference_change made on made.table_name = 'data_freeze'
    and made.operation = 'insert' and made.key ->> 'name' = f.name
where made.change_id < e.change_id
    and ({HELD.format(number="e.patient_id", commit="f.commit_number")})
group by e.patient_id, m.made_at, m.made_by, m.reason
order by 1
"""
_ERASE = {"table": "patient", "operation": "erase", "values": {}}
_NO_VALUE = ("row_version", "record_id", "patient_id")


@dataclass(frozen=True)
class Changed:
    """A child whose status differs: why, what else applies, before and after, the rows.

    Of one who was erased there is neither status nor study id: both freezes have lost the child.
    """

    patient_id: str
    cause: str
    also: list[str]
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    rows: list[dict[str, Any]]


@dataclass(frozen=True)
class Difference:
    """What lies between two freezes under one definition."""

    a: Frozen
    b: Frozen
    definition: str
    patients: list[Changed]

    @property
    def causes(self) -> dict[str, int]:
        """How many children by their cause."""
        counted = Counter(one.cause for one in self.patients)
        return {cause: counted[cause] for cause in CAUSES}

    def to_json(self) -> dict[str, Any]:
        """The difference as one JSON document."""
        return {
            "a": self.a.name,
            "b": self.b.name,
            "definition": self.definition,
            "same": self.a.sha256 == self.b.sha256,
            "causes": self.causes,
            "patients": [asdict(one) for one in self.patients],
        }


def difference(connection: Connection, a: Frozen, b: Frozen, definition: str) -> Difference:
    """Compares the statuses of two freezes under a definition, child by child."""
    columns = [", ".join(f"{row}.{name}" for name in COMPARED) for row in "ab"]
    found = connection.execute(
        text(
            _DIFFERING.format(
                a=_statuses(a.place),
                b=_statuses(b.place),
                columns_a=columns[0],
                columns_b=columns[1],
            )
        ),
        {"definition": definition},
    ).all()
    between = _between(a, b)
    numbers = [row.number_a or row.number_b for row in found]
    changes: dict[int, list[dict[str, Any]]] = {number: [] for number in numbers}
    for row in connection.execute(text(_CHANGES), {"numbers": numbers, **between}):
        changes[row.patient_id].append(_told(row))
    reference = bool(connection.execute(text(_REFERENCE_CHANGED), between).scalar_one())
    patients = _erased(connection, a, b)
    for row, number in zip(found, numbers, strict=True):
        rows = changes[number]
        operations = {one["operation"] for one in rows}
        gone = row.number_a is None or row.number_b is None
        applies = {
            "correction": bool(operations - {"insert"}),
            "new_data": operations == {"insert"},
            "definition": row.hash_a != row.hash_b and not gone,
            "rules": a.rules_hash != b.rules_hash,
            "reference": reference,
            "day": a.day != b.day,
        }
        causes = [cause for cause, does in applies.items() if does] or ["reference"]
        patients.append(
            Changed(
                row.study_id, causes[0], causes[1:], _said(row.status_a), _said(row.status_b), rows
            )
        )
    return Difference(a, b, definition, patients)


def changed_children(connection: Connection, a: Frozen, b: Frozen) -> dict[str, list[int]]:
    """Children whose records were changed between two freezes, by the cause that is theirs."""
    rows = connection.execute(text(_CHANGED), _between(a, b))
    found: dict[str, list[int]] = {"correction": [], "new_data": []}
    for number, is_new in rows:
        found["new_data" if is_new else "correction"].append(number)
    return found


def causes_of_all(connection: Connection, a: Frozen, b: Frozen, definition: str) -> list[str]:
    """What may move the numbers of every child between two freezes."""
    hashes = {
        connection.execute(
            text(one.place.sql("select hash from reference.definition where name = :name")),
            {"name": definition},
        ).scalar_one_or_none()
        for one in (a, b)
    }
    applies = {
        "definition": len(hashes) > 1,
        "rules": a.rules_hash != b.rules_hash,
        "reference": connection.execute(text(_REFERENCE_CHANGED), _between(a, b)).scalar_one(),
        "day": a.day != b.day,
    }
    return [cause for cause, does in applies.items() if does]


def _between(a: Frozen, b: Frozen) -> dict[str, int]:
    low, high = sorted((a.commit_number, b.commit_number))
    return {"low": low, "high": high}


def _erased(connection: Connection, a: Frozen, b: Frozen) -> list[Changed]:
    """Children who were in one of the two when it was made, and have left both since."""
    found = []
    for row in connection.execute(text(_ERASED), {"names": [a.name, b.name]}).mappings():
        token = f"erased, number {row['patient_id']}"
        found.append(Changed(token, "erased", [], None, None, [dict(row) | _ERASE]))
    return found


def _statuses(place: Place) -> str:
    return place.sql(
        _OF_FREEZE.format(
            status="derived.lor_status",
            numbers="reference.patient_number",
            where="where s.definition = :definition",
        )
    )


def _said(status: dict[str, Any] | None) -> dict[str, Any] | None:
    return None if status is None else {name: status[name] for name in COMPARED}


def _told(row: Any) -> dict[str, Any]:
    old, new = row.old_values or {}, row.new_values or {}
    values = {
        name: [old.get(name), new.get(name)]
        for name in sorted({*old, *new} - set(_NO_VALUE))
        if old.get(name) != new.get(name)
    }
    return {
        "table": row.table_name,
        "operation": row.operation,
        "values": values,
        "at": row.made_at,
        "by": row.made_by,
        "reason": row.reason,
    }
