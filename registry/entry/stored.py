"""Records as they stand in the registry, found by patient and natural key or by number."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import Connection, text

from registry.errors import NotFound, Refused
from registry.models import LabResult, Patient, table_of
from registry.parsing.names import read_named
from registry.parsing.text import Unreadable
from registry.records.cells import spelled
from registry.records.patient_number import patient_number
from registry.records.rows import (
    NOT_FROM_A_FILE,
    PATIENT_COLUMN,
    Entity,
    dictionary_columns,
    file_columns,
)
from registry.variables import Kind
from registry.vocabulary import ANALYTES
from registry.words import tr


class Stored(NamedTuple):
    """One record: `values` by column as the table has them, `cells` as a file spells them.

    `record` is None for a patient; `version` counts the record's changes.
    """

    entity: Entity
    patient: int
    study_id: str
    record: int | None
    version: int
    values: dict[str, Any]
    cells: dict[str, str | None]

    def to_json(self) -> dict[str, Any]:
        """The record with the names of the table's columns."""
        return {
            PATIENT_COLUMN: self.study_id,
            **({} if self.record is None else {"record": self.record}),
            "version": self.version,
            **self.values,
        }

    def name(self) -> str:
        """What people call it: the patient and the natural key."""
        key = [self.cells[column] or "-" for column in self.entity.natural_key]
        if not key and self.entity is not Patient:
            return f"{self.entity.file_name} {self.study_id}"
        return " ".join([self.study_id, *key])


def dated(entity: Entity) -> str:
    """The column by which records of an entity follow each other in time."""
    return next(
        name
        for name, variable in dictionary_columns(entity).items()
        if variable.kind is Kind.DATE and (entity is not Patient or name == "birth_date")
    )


def find_records(
    connection: Connection,
    entity: Entity,
    *,
    study_id: str | None = None,
    key: Mapping[str, str] | None = None,
    record: int | None = None,
    since: date | None = None,
    until: date | None = None,
    limit: int | None = None,
) -> list[Stored]:
    """The records that fit, by patient and date; without a patient those of all.

    `key` gives columns of the natural key as a file spells them. Raises NotFound where the patient
    is none.
    """
    table = table_of(entity)
    variables = file_columns(entity)
    conditions, values = ["true"], dict[str, Any]()
    if study_id is not None:
        conditions.append("n.study_id = :patient")
        values["patient"] = study_id
    for column, cell in (key or {}).items():
        there = spelled("t", column, variables[column])
        conditions.append(f"{there} is not distinct from :{column}")
        values[column] = cell or None
    if record is not None:
        conditions.append("t.record_id = :record")
        values["record"] = record
    for name, sign, day in (("since", ">=", since), ("until", "<=", until)):
        if day is not None:
            conditions.append(f"t.{dated(entity)} {sign} :{name}")
            values[name] = day
    cells = ", ".join(
        f"{spelled('t', name, variable)} as cell_{name}" for name, variable in variables.items()
    )
    own = [c.name for c in table.columns if c.name not in NOT_FROM_A_FILE]
    order = ["n.study_id", f"t.{dated(entity)}", *(f"t.{name}" for name in entity.natural_key)]
    number = "null::bigint" if entity is Patient else "t.record_id"
    rows = connection.execute(
        text(
            f"select t.patient_id as number, n.study_id, {number} as record, "
            f"t.row_version as version, {', '.join(f't.{name}' for name in own)}, {cells} "
            f"from {table.fullname} t join reference.patient_number n using (patient_id) "
            f"where {' and '.join(conditions)} order by {', '.join(order)} limit :limit"
        ),
        {**values, "limit": limit},
    ).mappings()
    found = [
        Stored(
            entity,
            row["number"],
            row["study_id"],
            row["record"],
            row["version"],
            {name: row[name] for name in own},
            {name: row[f"cell_{name}"] for name in variables},
        )
        for row in rows
    ]
    if study_id is not None and not found:
        # Whether there is the patient is asked where nothing told.
        patient_number(connection, study_id)
    return found


def find_record(
    connection: Connection,
    entity: Entity,
    study_id: str,
    *,
    key: Mapping[str, str] | None = None,
    record: int | None = None,
) -> Stored:
    """The one record that fits. Raises NotFound for none and Refused for several."""
    found = find_records(connection, entity, study_id=study_id, key=key, record=record, limit=21)
    if len(found) == 1:
        return found[0]
    place = entity.file_name
    sought = ", ".join(f"{name} {cell}" for name, cell in (key or {}).items())
    if record is not None:
        sought = f"record {record}" + (f", {sought}" if sought else "")
    if not found:
        there = find_records(connection, entity, study_id=study_id, limit=20)
        raise NotFound(
            tr(
                "There is no record of {patient} in {table} with {key}.",
                patient=study_id,
                table=place,
                key=sought,
            )
            if sought
            else tr("{patient} has no record in {table}.", patient=study_id, table=place),
            cure=tr("There are: {records}", records=listed(there)) if there else None,
        )
    raise Refused(
        tr("Several records of {patient} in {table} fit.", patient=study_id, table=place),
        cure=tr("Say which: {records}", records=listed(found)),
    )


def listed(records: list[Stored]) -> str:
    """Natural keys in a row, the first twenty."""
    shown = [" ".join(r.cells[c] or "-" for c in r.entity.natural_key) for r in records[:20]]
    return ", ".join(shown) + (", ..." if len(records) > 20 else "")


def last_known(
    connection: Connection,
    entity: Entity,
    study_id: str,
    column: str,
    cells: Mapping[str, str] | None = None,
) -> str | None:
    """A value of the patient's that was known last, with its day; None without one.

    A weight may come from wherever the child was weighed; for a drug it is what is still taken; a
    laboratory value is of the analyte that `cells`, the record so far, name.
    """
    key = set(entity.natural_key) - {"drug", "assay"}
    if entity is Patient or column in key:
        return None
    values = {"patient": patient_number(connection, study_id), "analyte": _analyte(cells or {})}
    if column == "weight_kg":
        query = (
            "select trim_scale(weight_kg)::text, weighed_on from rules.weighing "
            "where patient_id = :patient order by weighed_on desc limit 1"
        )
    elif column == "drug":
        query = (
            "select drug, started_on from clinical.medication "
            "where patient_id = :patient and stopped_on_precision is null "
            "order by started_on desc limit 1"
        )
    else:
        value = spelled("t", column, dictionary_columns(entity)[column])
        on = dated(entity)
        of_analyte = ""
        if entity is LabResult:
            of_analyte = "and t.analyte = :analyte"
            value = f"{value} || ' ' || t.unit" if column == "value" else value
        query = (
            f"select {value}, t.{on} from {table_of(entity).fullname} t "
            f"where t.patient_id = :patient and t.{column} is not null {of_analyte} "
            f"order by t.{on} desc limit 1"
        )
    row = connection.execute(text(query), values).one_or_none()
    if row is None:
        return None
    value, on_day = row
    return f"{value}, {on_day}"


def _analyte(cells: Mapping[str, str]) -> str | None:
    """The analyte of a record as the registry spells it; None for what is none."""
    try:
        return read_named(cells.get("analyte", ""), ANALYTES)
    except Unreadable:
        return None
