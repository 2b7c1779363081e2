"""Signs a child's record, a freeze or a file, and says what has changed since."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, text

from registry.errors import read_from
from registry.models import ENTITIES, table_of
from registry.records.change import declare_change
from registry.records.patient_number import patient_number
from registry.words import tr

_LIST = """
select s.signature_id as number, s.patient_id as patient_number, n.study_id as patient_id,
    s.freeze_name as freeze, s.file_name as file, s.sha256, s.meaning, s.signed_by,
    s.authentication, c.made_at as signed_at, c.database_role as login, s.change_id
from reference.signature s
join reference.change_set c using (change_id)
left join reference.patient_number n using (patient_id)
"""
# Without the registry's own counting, so that what is taken back is as it was.
_RECORD = "(to_jsonb(t) - array['patient_id', 'record_id', 'row_version'])"


@dataclass(frozen=True)
class Signed:
    """What is signed: one of the three has a value, beside its SHA-256."""

    sha256: str
    patient_id: int | None = None
    freeze_name: str | None = None
    file_name: str | None = None


@dataclass(frozen=True)
class Signature:
    """One signature as the registry keeps it."""

    number: int
    patient_number: int | None
    patient_id: str | None
    freeze: str | None
    file: str | None
    sha256: str
    meaning: str
    signed_by: str
    authentication: str
    signed_at: datetime
    login: str | None
    change_id: int

    @property
    def what(self) -> str:
        """What was signed, in words."""
        if self.freeze is not None:
            return tr("freeze {name}", name=self.freeze)
        if self.file is not None:
            return tr("file {name}", name=self.file)
        return tr("patient {patient}", patient=self.patient_id)

    def to_json(self) -> dict[str, Any]:
        """As one JSON object."""
        kept = dict(vars(self))
        del kept["patient_number"], kept["change_id"]
        return kept


def record_of(connection: Connection, study_id: str) -> Signed:
    """A child's records as they are. NotFound without the child."""
    number = patient_number(connection, study_id)
    return Signed(_record_hash(connection, number), patient_id=number)


def file_of(path: Path) -> Signed:
    """A file as it is. NotFound without it, Refused where it cannot be read."""
    with read_from(path), path.open("rb") as file:
        return Signed(hashlib.file_digest(file, "sha256").hexdigest(), file_name=path.name)


def sign(
    connection: Connection, signed: Signed, person: str, entered: bytes | None, meaning: str
) -> Signature:
    """Keeps the signature in the caller's transaction; `entered` is from `password.require`."""
    declare_change(connection, user=person, command="sign", reason=meaning)
    number = connection.execute(
        text(
            "select reference.sign(:person, :entered, :patient_id, :freeze_name, :file_name, "
            ":sha256, :meaning)"
        ),
        {**vars(signed), "meaning": meaning, "person": person, "entered": entered},
    ).scalar_one()
    [found] = _read(connection, "where s.signature_id = :value", number)
    return found


def signatures(connection: Connection) -> list[Signature]:
    """Every signature in the order of its making."""
    return _read(connection, "order by s.signature_id", None)


def under_file(connection: Connection, path: Path) -> list[Signature]:
    """The signatures under a file as it is, whatever it is called now."""
    return _read(
        connection,
        "where s.file_name is not null and s.sha256 = :value order by s.signature_id",
        file_of(path).sha256,
    )


def is_unchanged(connection: Connection, one: Signature) -> bool:
    """Whether a child's records are as they were signed."""
    assert one.patient_number is not None
    return _record_hash(connection, one.patient_number) == one.sha256


def changes_since(connection: Connection, one: Signature) -> list[dict[str, Any]]:
    """What was done to a child's records since they were signed."""
    rows = connection.execute(
        text(
            "select r.table_name as table, r.operation, c.made_at, c.made_by, c.reason "
            "from audit.record_change r join reference.change_set c using (change_id) "
            "where r.patient_id = :patient and r.change_id > :change order by r.audit_id"
        ),
        {"patient": one.patient_number, "change": one.change_id},
    )
    return [dict(row) for row in rows.mappings()]


def _record_hash(connection: Connection, number: int) -> str:
    lines = [
        "select 'study_id ' || study_id as line from reference.patient_number "
        "where patient_id = :number"
    ]
    for entity in ENTITIES:
        table = table_of(entity)
        lines.append(
            f"select '{table.name} ' || jsonb_strip_nulls({_RECORD})::text from {table.fullname} t "
            "where t.patient_id = :number"
        )
    return str(
        connection.execute(
            text(
                "select encode(sha256(convert_to(coalesce(string_agg(line, chr(10) order by "
                f"line collate \"C\"), ''), 'UTF8')), 'hex') from ({' union all '.join(lines)}) l"
            ),
            {"number": number},
        ).scalar_one()
    )


def _read(connection: Connection, condition: str, value: Any) -> list[Signature]:
    rows = connection.execute(text(f"{_LIST} {condition}"), {"value": value}).mappings()
    return [Signature(**row) for row in rows]
