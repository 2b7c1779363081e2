"""Reads staged text into typed values and finds the record each row means.

One pass a file: every cell is cast where its text allows it and left null where it does not, the
row is joined to the record with its natural key, and a row that any check of its own cells is
against is marked suspect. Nothing here refuses anything.
"""

from __future__ import annotations

from sqlalchemy import Connection

from registry.importing.cells import casts, cell
from registry.importing.files import PATIENT_COLUMN, ImportFile, dictionary_columns
from registry.importing.row_checks import row_checks
from registry.importing.staging import NORMALISED, staged
from registry.models import GeneFinding, Patient, PatientRecord, table_of


def resolved(entity: type[Patient] | type[PatientRecord]) -> str:
    """Name of the temporary table that holds an entity's rows as values."""
    return f"resolved_{entity.file_name}"


def value_columns(entity: type[Patient] | type[PatientRecord]) -> list[str]:
    """The columns of an entity's table that a file can fill."""
    return [
        column.name
        for column in table_of(entity).columns
        if column.name not in ("patient_id", "record_id") and column.computed is None
    ]


def given_columns(entity: type[Patient] | type[PatientRecord], header: list[str]) -> list[str]:
    """Columns of the table that a file with this header speaks of."""
    given = [
        target
        for column, variable in dictionary_columns(entity).items()
        if column in header
        for target in casts(column, variable)
    ]
    return [*given, NORMALISED] if entity is GeneFinding and "hgvs_p" in header else given


def create_resolved(connection: Connection, entity: type[Patient] | type[PatientRecord]) -> None:
    """Makes the temporary table: the entity's columns and what the row means to the registry."""
    columns = table_of(entity).columns
    typed = ", ".join(
        f'"{name}" {columns[name].type.compile(connection.dialect)}'
        for name in value_columns(entity)
    )
    connection.exec_driver_sql(
        f"create temporary table {resolved(entity)} (file integer, line integer, study_id text, "
        f"patient_id bigint, record_id bigint, known boolean, differs boolean, suspect boolean, "
        f"{typed}) on commit drop"
    )


def resolve(connection: Connection, file: ImportFile, header: list[str]) -> None:
    """Fills the resolved table with one file's rows, each beside the record it means."""
    entity = file.entity
    table = table_of(entity)
    given = given_columns(entity, header)
    values = {
        target: expression
        for column, variable in dictionary_columns(entity).items()
        for target, expression in (
            casts(column, variable) if column in header else dict.fromkeys(casts(column, variable))
        ).items()
    }
    if entity is GeneFinding:
        values[NORMALISED] = cell(NORMALISED)
    types = {name: table.columns[name].type.compile(connection.dialect) for name in values}
    read = ", ".join(
        f'{expression or f"null::{types[name]}"} as "{name}"' for name, expression in values.items()
    )
    compared = [name for name in given if name not in entity.natural_key]
    differs = (
        f"({', '.join(f't.{name}' for name in compared)}) is distinct from "
        f"({', '.join(f'r.{name}' for name in compared)})"
        if compared
        else "false"
    )
    same_key = "".join(
        f" and t.{name} is not distinct from r.{name}"
        if table.columns[name].nullable
        else f" and t.{name} = r.{name}"
        for name in entity.natural_key
    )
    record = "null::bigint" if entity is Patient else "t.record_id"
    suspect = " or ".join(
        f"coalesce({check.condition}, false)" for check in row_checks(entity, header)
    )
    listed = ", ".join(f'"{name}"' for name in values)
    connection.exec_driver_sql(
        f"""
        insert into {resolved(entity)}
            (file, line, study_id, patient_id, record_id, known, differs, suspect, {listed})
        select s.file, s.line, r.study_id, n.patient_id, {record}, t.patient_id is not null,
            t.patient_id is not null and {differs}, {suspect},
            {", ".join(f'r."{name}"' for name in values)}
        from {staged(entity)} s
        cross join lateral (select {cell(PATIENT_COLUMN)} as study_id, {read} offset 0) r
        left join reference.patient_number n on n.study_id = r.study_id
        left join {table.schema}.{table.name} t on t.patient_id = n.patient_id{same_key}
        where s.file = {file.number}
        """.replace("%", "%%")
    )
