"""What rows change in the records they mean, cell by cell: read before anything is written."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, text

from registry.models import table_of
from registry.records.cells import compared, spelled
from registry.records.problems import Change
from registry.records.resolving import resolved, same_record
from registry.records.source import BY_FILE_NAME, Source, file_columns


def differences(
    connection: Connection, sources: list[Source], limit: int | None
) -> tuple[int, list[Change]]:
    """How many cells of the resolved rows would change their records, and the first `limit`.

    In the order of the sources and their lines; None is without a limit. Rows that a complaint is
    about are left out, for they change nothing.
    """
    number = 0
    changes: list[Change] = []
    for source in sources:
        query = _changed_cells(source)
        if query is None or not _any_differs(connection, source):
            continue
        number += connection.execute(text(f"select count(*) from ({query}) c")).scalar_one()
        room = None if limit is None else limit - len(changes)
        rows = connection.execute(
            text(f"{query} order by r.line, c.place limit :room"), {"room": room}
        ).mappings()
        changes.extend(
            Change(file=source.shown, table=source.entity.file_name, **row) for row in rows
        )
    return number, changes


def _any_differs(connection: Connection, source: Source) -> bool:
    return bool(
        connection.exec_driver_sql(
            f"select exists (select from {resolved(source.entity)} "
            f"where file = {source.number} and known and differs)"
        ).scalar_one()
    )


def _changed_cells(source: Source) -> str | None:
    """A row per changed cell, as a query; None where the source has nothing but its key."""
    entity = source.entity
    table = table_of(entity)
    variables = file_columns(entity)
    key = "".join(
        f"'{name}', {spelled('t', name, variables[name])}, " for name in entity.natural_key
    ).removesuffix(", ")
    cells = []
    for place, (column, variable) in enumerate(variables.items()):
        if column not in source.columns or column in entity.natural_key:
            continue
        old, new = (compared(row, column, variable) for row in "tr")
        cells.append(
            f"({place}, '{column}', {spelled('t', column, variable)}, "
            f"{spelled('r', column, variable)}, {old} is distinct from {new})"
        )
    if not cells:
        return None
    return (
        f"select r.line, r.study_id as patient_id, json_build_object({key}) as key, "
        f'c.column_name as "column", c.old, c.new from {resolved(entity)} r '
        f"join {table.schema}.{table.name} t on {same_record(entity)} "
        f"cross join lateral (values {', '.join(cells)}) "
        "as c (place, column_name, old, new, differs) "
        f"where r.file = {source.number} and r.known and r.differs and c.differs "
        "and not exists (select from complaint p where p.file = r.file and p.line = r.line)"
    )


def touched_patients(connection: Connection, tables: Iterable[str]) -> list[int]:
    """The registry's numbers of the patients in whom the rows of these tables change something.

    After the rows were written and before the transaction ends; a new patient has his number then.
    """
    touched = " union ".join(
        f"select study_id from {resolved(BY_FILE_NAME[name])} where not known or differs"
        for name in tables
    )
    if not touched:
        return []
    return list(
        connection.execute(
            text(
                "select distinct n.patient_id from reference.patient_number n "
                f"join ({touched}) r using (study_id) order by 1"
            )
        ).scalars()
    )
