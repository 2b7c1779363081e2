"""Two study ids of one child become one: as one change, which can be undone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError

from registry.database.locks import Lock, take
from registry.entry.history import some_of
from registry.errors import Refused
from registry.models import ENTITIES, Patient, table_of
from registry.records.patient_number import patient_number
from registry.records.rows import Entity, dictionary_columns
from registry.records.staging import value_columns
from registry.records.write import refusal_of
from registry.words import tr

# A child who moved has two, and the one that is merged into stays.
MAY_DIFFER = ("centre",)


@dataclass(frozen=True)
class Merged:
    """What a merge did: records that moved, that both had alike, and that gave way to another."""

    patient_id: str
    into: str
    moved: int
    alike: int
    gave_way: int


def merge(connection: Connection, one: str, into: str, *, prefer: str | None = None) -> Merged:
    """Gives all records of `one` to `into`; the study id `one` then stands for nobody.

    A record that both have is kept once. Where the two differ, or the children themselves in sex,
    birth or diagnosis, all of it is refused, unless `prefer` names whose is kept. What `into` does
    not know of itself it has from `one`. Raises NotFound, and Refused with what differs.
    """
    take(connection, Lock.WRITING)
    numbers = {name: patient_number(connection, name) for name in (one, into)}
    if one == into or prefer not in (None, one, into):
        raise Refused(tr("Name two study ids, and with --prefer one of them."))
    between = {"one": numbers[one], "into": numbers[into]}
    differing = [said for entity in ENTITIES for said in _differing(connection, entity, between)]
    if differing and prefer is None:
        raise Refused(
            tr("{one} and {into} are not told alike: {differing}.", one=one, into=into,
               differing=some_of(differing)),
            cure=tr("Nothing was changed. Mend one of them, or say whose is right: --prefer"),
        )  # fmt: skip
    moved = alike = 0
    loser = numbers[into] if prefer == one else numbers[one]
    try:
        with connection.begin_nested():
            connection.execute(text("set constraints clinical.ex_medication_overlap deferred"))
            _join_patients(connection, between, prefers_one=prefer == one)
            for entity in ENTITIES:
                if entity is not Patient:
                    alike += _drop_doubles(connection, entity, between, loser)
                    moved += connection.execute(
                        text(
                            f"update {table_of(entity).fullname} set patient_id = :into "
                            "where patient_id = :one"
                        ),
                        between,
                    ).rowcount
            connection.execute(
                text("delete from clinical.patient where patient_id = :one"), between
            )
            connection.execute(
                text(
                    "update reference.patient_number set merged_into = :into where study_id = :one"
                ),
                {"one": one, "into": into},
            )
            connection.execute(text("set constraints clinical.ex_medication_overlap immediate"))
    except IntegrityError as error:
        raise Refused(
            tr("The two do not go together: {reason}", reason=refusal_of(error)),
            cure=tr("Nothing was changed. Mend the records first."),
        ) from None
    of_records = sum(not said.startswith(Patient.file_name) for said in differing)
    return Merged(one, into, moved, alike - of_records, of_records)


def _values(entity: Entity) -> list[str]:
    return [
        name
        for name in value_columns(entity)
        if name not in entity.natural_key and not (entity is Patient and name in MAY_DIFFER)
    ]


def _both(entity: Entity) -> str:
    """Rows `a` of the one and `b` of the other that are about the same, as SQL."""
    name = table_of(entity).fullname
    key = () if entity is Patient else entity.natural_key
    same = "".join(f" and a.{column} is not distinct from b.{column}" for column in key)
    return f"{name} a join {name} b on a.patient_id = :one and b.patient_id = :into{same}"


def _differing(connection: Connection, entity: Entity, between: dict[str, int]) -> list[str]:
    """The records that both have with other values, each as table, key and columns."""
    key = () if entity is Patient else entity.natural_key
    # What one of the two children does not say is no contradiction.
    cells = ", ".join(
        f"case when a.{name} <> b.{name} then '{name}' end"
        if entity is Patient
        else f"case when a.{name} is distinct from b.{name} then '{name}' end"
        for name in _values(entity)
    )
    said = ", ".join(f"a.{name}::text" for name in key) or "null"
    rows = connection.execute(
        text(
            f"select concat_ws(' ', {said}) as key, concat_ws(', ', {cells}) as columns "
            f"from {_both(entity)} order by 1"
        ),
        between,
    )
    return [f"{entity.file_name} {key} ({columns})".replace("  ", " ") for key, columns in rows
            if columns]  # fmt: skip


def _drop_doubles(
    connection: Connection, entity: Entity, between: dict[str, int], loser: int
) -> int:
    """Takes out the loser's record of each that both have; how many."""
    row = "a" if loser == between["one"] else "b"
    return connection.execute(
        text(
            f"delete from {table_of(entity).fullname} d using (select {row}.record_id as number "
            f"from {_both(entity)}) t where d.patient_id = :loser and d.record_id = t.number"
        ),
        {**between, "loser": loser},
    ).rowcount


def _join_patients(connection: Connection, between: dict[str, int], *, prefers_one: bool) -> None:
    """What the one says and the other does not, or with preference whatever it says."""
    groups: dict[str, list[str]] = {}
    columns = value_columns(Patient)
    for name in dictionary_columns(Patient):
        if name not in MAY_DIFFER:
            groups[name] = [name, *(c for c in columns if c == f"{name}_precision")]
    changes: list[Any] = []
    for name, of_it in groups.items():
        takes = f"a.{name} is not null" + ("" if prefers_one else f" and b.{name} is null")
        changes += [f"{c} = case when {takes} then a.{c} else b.{c} end" for c in of_it]
    connection.execute(
        text(
            f"update clinical.patient b set {', '.join(changes)} from clinical.patient a "
            "where a.patient_id = :one and b.patient_id = :into and "
            f"({', '.join(f'a.{name}' for name in groups)}) is distinct from "
            f"({', '.join(f'b.{name}' for name in groups)})"
        ),
        between,
    )
