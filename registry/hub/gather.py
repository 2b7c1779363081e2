"""A hub takes what has come from its hospitals into its registry, as an import does.

Every record passes the door of an import: its checks, its audit, its complaints. A child's id is
the hospital's code before the id there, so that two hospitals' children stay two. What a hospital
has no more goes: a record is taken out; a child who was voided there is voided here, and who was
erased or withdrew consent is erased.
"""

from __future__ import annotations

import csv
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, text

from registry.audit.erasure import erase
from registry.database.engine import Database
from registry.entry.save import void
from registry.entry.stored import find_records
from registry.errors import Refused
from registry.hub.send import sends_as, told
from registry.importing.run import import_files
from registry.models import ENTITIES, Patient, table_of
from registry.records.cells import spelled
from registry.records.change import declare_change, summarise_change
from registry.records.rows import BY_FILE_NAME, PATIENT_COLUMN, Entity, Problem
from registry.words import tr

COMMAND = "hub gather"
REASON = "as the hospital has it"
# What has come, as of one moment: more may come meanwhile.
_SNAPSHOT = """
create temporary table hub_now on commit drop as
select r.file, r.record, r.number, :hospital || '-' || r.study_id as study_id, r.cells
from derived.hub_record r
where r.hospital = :hospital and not exists (
    select from derived.hub_child c where c.hospital = r.hospital and c.number = r.number
    and not exists (select from clinical.patient p where p.patient_id = c.here)
    and exists (select from audit.erasure e where e.patient_id = c.here)
)
"""
_KNOWN = """
insert into derived.hub_child (hospital, number, here)
select :hospital, h.number, n.patient_id
from hub_now h join reference.patient_number n using (study_id)
where h.file = :children
on conflict (hospital, number) do update set here = excluded.here
where hub_child.here <> excluded.here
"""
_GONE = """
delete from {table} t using derived.hub_child c
where c.hospital = :hospital and c.here = t.patient_id
    and exists (select from hub_now where file = :children and number = c.number)
    and not exists (
        select from hub_now h where h.file = :file and h.number = c.number and {same}
    )
"""
_LEFT = """
select c.here, n.study_id, l.why
from derived.hub_leaving l
join derived.hub_child c using (hospital, number)
join reference.patient_number n on n.patient_id = c.here
join clinical.patient p on p.patient_id = c.here
where l.hospital = :hospital order by n.study_id
"""


@dataclass(frozen=True)
class Gathered:
    """What came of a hospital: the import's counts, what went, and what was wrong."""

    hospital: str
    inserted: int
    updated: int
    unchanged: int
    taken_out: int
    voided: tuple[str, ...]
    erased: int
    problems: tuple[Problem, ...]

    @property
    def good(self) -> bool:
        """Whether all that came is in the registry."""
        return not self.problems

    def to_json(self) -> dict[str, Any]:
        """The counts as one JSON object, the problems as an import's."""
        return asdict(self) | {"good": self.good, "problems": [str(one) for one in self.problems]}


def gather(database: Database, *, user: str, identity_url: str | None = None) -> list[Gathered]:
    """Takes in what has come of every hospital, each in a transaction of its own.

    What is wrong with one hospital's records leaves that hospital as it was and the others go on.
    """
    with database.engine.connect() as connection:
        hospitals = connection.execute(
            text(
                "select hospital from derived.hub_record union "
                "select hospital from derived.hub_leaving order by 1"
            )
        ).scalars()
        own = sends_as(connection)
        names = [name for name in hospitals if name != own]
    if not names:
        raise Refused(
            tr("Nothing has come from a hospital."),
            cure=tr("registry hub subscribe CODE --from URL lets its records come."),
        )
    return [_gather(database, name, user, identity_url) for name in names]


def _gather(database: Database, hospital: str, user: str, identity_url: str | None) -> Gathered:
    erased = 0
    with database.engine.connect() as connection:
        left = connection.execute(text(_LEFT), {"hospital": hospital}).all()
    for one in left:
        if one.why != "gone":
            erase(
                database,
                one.study_id,
                user=user,
                reason=tr("{hospital}: {why}", hospital=hospital, why=one.why),
                identity_url=identity_url,
            )
            erased += 1
    with database.engine.connect() as connection:
        transaction = connection.begin()
        declare_change(connection, user=user, command=COMMAND, reason=REASON)
        voided = [one.study_id for one in left if one.why == "gone"]
        for study_id in voided:
            [child] = find_records(connection, Patient, study_id=study_id)
            void(connection, child, with_records=True)
        connection.execute(text(_SNAPSHOT), {"hospital": hospital})
        taken_out = sum(_take_out(connection, hospital, entity) for entity in ENTITIES)
        with tempfile.TemporaryDirectory(prefix="registry-hub-") as folder:
            _write(connection, hospital, Path(folder))
            result = import_files(connection, [Path(folder)], update=True, allow_ids=True)
        if result.errors:
            transaction.rollback()
            return Gathered(hospital, 0, 0, 0, 0, (), erased, tuple(result.errors))
        connection.execute(text(_KNOWN), {"hospital": hospital, "children": Patient.file_name})
        summarise_change(connection, f"{hospital}: {result.summary}")
        transaction.commit()
    inserted, updated, unchanged = (
        sum(getattr(table, name) for table in result.tables.values())
        for name in ("inserted", "updated", "unchanged")
    )
    return Gathered(hospital, inserted, updated, unchanged, taken_out, tuple(voided), erased, ())


def _take_out(connection: Connection, hospital: str, entity: Entity) -> int:
    """Takes out the records that the hospital has no more, of the children that it still has."""
    columns = told(entity)
    if entity is Patient or columns is None:
        return 0
    same = " and ".join(
        f"(h.cells ->> '{name}') is not distinct from {spelled('t', name, columns[name])}"
        for name in entity.natural_key
    )
    return connection.execute(
        text(_GONE.format(table=table_of(entity).fullname, same=same or "true")),
        {"hospital": hospital, "file": entity.file_name, "children": Patient.file_name},
    ).rowcount


def _write(connection: Connection, hospital: str, folder: Path) -> None:
    """The snapshot as import files, in a folder that is the owner's alone and goes at once."""
    for file, entity in BY_FILE_NAME.items():
        columns = told(entity)
        rows = connection.execute(
            text("select study_id, cells from hub_now where file = :file order by record"),
            {"file": file},
        ).all()
        if not rows and entity is not Patient:
            continue
        unknown = {name for row in rows for name in row.cells} - set(columns or ())
        if unknown:
            raise Refused(
                tr(
                    "{hospital} sends what this registry does not know: {columns}.",
                    hospital=hospital,
                    columns=", ".join(f"{file}.{name}" for name in sorted(unknown)),
                ),
                cure=tr("Its program is newer; upgrade this one first."),
            )
        with (folder / f"{file}.csv").open("w", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream)
            writer.writerow([PATIENT_COLUMN, *(columns or ())])
            writer.writerows(
                [row.study_id, *(row.cells.get(name) for name in columns or ())] for row in rows
            )
