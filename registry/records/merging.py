"""Writes the resolved rows into the clinical tables."""

from __future__ import annotations

from sqlalchemy import Connection, text

from registry.models import Patient, table_of
from registry.records.problems import TableCounts
from registry.records.resolving import given_columns, key_columns, resolved, same_record
from registry.records.source import Entity, Source

# From here on the planner's statistics would be so stale that the next query suffers.
ANALYSE_FROM_ROWS = 200


def number_patients(connection: Connection) -> None:
    """Gives every new study id its number."""
    connection.exec_driver_sql(
        f"insert into reference.patient_number (study_id) select distinct study_id "
        f"from {resolved(Patient)} on conflict do nothing"
    )


def merge(
    connection: Connection,
    entity: Entity,
    files: list[Source],
) -> TableCounts:
    """Inserts new rows and updates those that differ; `files` are the entity's with their headers.

    A cell that is empty in the file is empty in the registry afterwards; a column that a file
    does not have stays as it is.
    """
    table = table_of(entity)
    name = f"{table.schema}.{table.name}"
    counts = TableCounts()
    for file in files:
        columns = given_columns(entity, file.columns)
        listed = ", ".join(columns)
        changed = [column for column in columns if column not in key_columns(file)]
        if changed:
            assignments = ", ".join(f"{column} = r.{column}" for column in changed)
            counts.updated += connection.exec_driver_sql(
                f"update {name} t set {assignments} from {resolved(entity)} r "
                f"where r.file = {file.number} and r.known and r.differs and {same_record(entity)}"
            ).rowcount
        counts.inserted += connection.exec_driver_sql(
            f"insert into {name} (patient_id, {listed}) "
            f"select n.patient_id, {', '.join(f'r.{column}' for column in columns)} "
            f"from {resolved(entity)} r join reference.patient_number n using (study_id) "
            f"where r.file = {file.number} and not r.known order by n.patient_id"
        ).rowcount
    if counts.inserted + counts.updated >= ANALYSE_FROM_ROWS:
        connection.execute(text(f"analyze {name}"))
    return counts


def count_without_writing(connection: Connection, entity: Entity) -> TableCounts:
    """What a merge would do, by the rows that no complaint is about."""
    row = connection.exec_driver_sql(
        "select count(*) filter (where not r.known), "
        "count(*) filter (where r.known and r.differs) "
        f"from {resolved(entity)} r where not exists (select from complaint c "
        "where c.file = r.file and c.line = r.line)"
    ).one()
    return TableCounts(inserted=row[0], updated=row[1])
