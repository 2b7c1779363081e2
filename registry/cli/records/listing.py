"""What list does of an entity, with the options that were given."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import typer

from registry.cli.frame.context import reading, remark
from registry.cli.frame.output import Format, print_json, print_rows
from registry.cli.records.options import patient_of
from registry.entry.stored import find_records
from registry.records.rows import PATIENT_COLUMN, Entity, dictionary_columns, file_columns


def list_records(context: typer.Context, entity: Entity, given: dict[str, Any]) -> None:
    """Lists records."""
    study_id = patient_of(given)
    with reading(context) as connection:
        limit = given["limit"] if given["form"] is Format.TABLE else None
        found = find_records(
            connection,
            entity,
            study_id=study_id,
            since=_day(given["since"]),
            until=_day(given["until"]),
            limit=None if limit is None else limit + 1,
        )
    if given["form"] is Format.JSON:
        print_json([record.to_json() for record in found])
        return
    rows = [{PATIENT_COLUMN: record.study_id, **record.cells} for record in found[:limit]]
    # A column of reasons that nobody has given tells nothing.
    dictionary = dictionary_columns(entity)
    names = [
        name
        for name in (PATIENT_COLUMN, *file_columns(entity))
        if name == PATIENT_COLUMN or name in dictionary or any(row[name] for row in rows)
    ]
    if given["form"] is Format.TABLE:
        # A column that nobody has filled tells nothing on a screen.
        names = [name for name in names if any(row[name] for row in rows)]
    print_rows(rows, given["form"], names or [PATIENT_COLUMN])
    if limit is not None and len(found) > limit:
        remark("The first {number}; --limit shows more.", number=limit)
    elif not found:
        remark("No records.")


def _day(moment: datetime | None) -> date | None:
    return None if moment is None else moment.date()
