"""What a hospital sends to a hub: its records as files spell them, without free text.

The copy is brought up to date row by row, so that only what changed travels. Who has withdrawn is
not in it, nor a genetic finding of who withdrew that; who was in it and is not any more is told by
the number alone.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection, text

from registry.errors import Refused
from registry.models import ENTITIES, GeneFinding, Patient, TdmLevel, table_of
from registry.models.release import WITHDRAWN_BY
from registry.records.cells import spelled
from registry.records.rows import Entity, file_columns
from registry.variables import Redaction, Variable
from registry.words import tr

_KEPT_BACK = (Redaction.IDENTIFIER, Redaction.FREE_TEXT)
# The name of an assay is one of the registry's list, and tells two levels of one day apart.
_NAMES = {(TdmLevel, "assay")}
_WITHHELD = " union ".join(f"select patient_id from {view}" for view in WITHDRAWN_BY.values())
_BEFORE = """
create temporary table hub_before on commit drop as
select number from derived.hub_record where hospital = :hospital and file = :children
"""
_BRING = """
with now as materialized (
    select {record} as record, t.patient_id as number, n.study_id,
        jsonb_strip_nulls(to_jsonb(c)) as cells
    from {table} t
    join reference.patient_number n using (patient_id)
    cross join lateral (select {cells}) c
    where t.patient_id not in ({withheld})
), gone as (
    delete from derived.hub_record h
    where hospital = :hospital and file = :file
        and not exists (select from now where now.record = h.record)
)
insert into derived.hub_record as h (hospital, file, record, number, study_id, cells)
select :hospital, :file, record, number, study_id, cells from now
on conflict (hospital, file, record) do update
set number = excluded.number, study_id = excluded.study_id, cells = excluded.cells
where (h.number, h.study_id, h.cells)
    is distinct from (excluded.number, excluded.study_id, excluded.cells)
"""
_LEFT = f"""
insert into derived.hub_leaving (hospital, number, why)
select :hospital, b.number,
    case when b.number in ({_WITHHELD}) then 'withdrawn' else 'gone' end
from hub_before b
where not exists (
    select from derived.hub_record
    where hospital = :hospital and file = :children and number = b.number
)
on conflict (hospital, number) do nothing
"""
_BACK = """
delete from derived.hub_leaving l
where hospital = :hospital and exists (
    select from derived.hub_record
    where hospital = :hospital and file = :children and number = l.number
)
"""


@dataclass(frozen=True)
class Sent:
    """What a hospital sends: children and records, who was withheld, and what never leaves."""

    hospital: str
    children: int
    records: int
    changed: int
    withheld: int
    tables_kept_back: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """The counts as one JSON object."""
        return asdict(self)


def sends_as(connection: Connection) -> str | None:
    """The code under which this registry sends to a hub; None where it sends nothing."""
    found: str | None = connection.execute(
        text("select hub_hospital from reference.registry_setting")
    ).scalar_one()
    return found


def told(entity: Entity) -> dict[str, Variable] | None:
    """The columns of a table that are sent; None where the table is not.

    A table is not sent whose records cannot be without a free text.
    """
    if not entity.declared.is_released:
        return None
    columns = file_columns(entity)
    kept_back = {
        name
        for name, variable in columns.items()
        if variable.redacted_as in _KEPT_BACK and (entity, name) not in _NAMES
    }
    if any(columns[name].required or name in entity.natural_key for name in kept_back):
        return None
    return {name: variable for name, variable in columns.items() if name not in kept_back}


def bring(connection: Connection) -> Sent:
    """Brings the copy up to date, in the caller's transaction. Refused where nothing is sent."""
    hospital = sends_as(connection)
    if hospital is None:
        raise Refused(
            tr("This registry sends nothing to a hub."),
            cure=tr("Begin with: registry hub publish --as CODE"),
        )
    given = {"hospital": hospital, "children": Patient.file_name}
    connection.execute(text("drop table if exists pg_temp.hub_before"))
    connection.execute(text(_BEFORE), given)
    changed, kept_back = 0, []
    for entity in ENTITIES:
        columns = told(entity)
        if columns is None:
            kept_back.append(entity.file_name)
        else:
            changed += connection.execute(
                text(_statement(entity, columns)),
                {"hospital": hospital, "file": entity.file_name},
            ).rowcount
    for statement in (_LEFT, _BACK):
        connection.execute(text(statement), given)
    children, records = connection.execute(
        text(
            "select count(*) filter (where file = :children), "
            "count(*) filter (where file <> :children) "
            "from derived.hub_record where hospital = :hospital"
        ),
        given,
    ).one()
    withheld = connection.execute(
        text(f"select count(*) from clinical.patient where patient_id in ({_WITHHELD})")
    ).scalar_one()
    return Sent(hospital, children, records, changed, withheld, tuple(kept_back))


def _statement(entity: Entity, columns: dict[str, Variable]) -> str:
    withheld = _WITHHELD
    if entity is GeneFinding:
        withheld += " union select patient_id from rules.withdrawn_genetics"
    return _BRING.format(
        record="t.patient_id" if entity is Patient else "t.record_id",
        table=table_of(entity).fullname,
        cells=", ".join(
            f'{spelled("t", name, variable)} as "{name}"' for name, variable in columns.items()
        ),
        withheld=withheld,
    )
