"""Writes import files, imports them, and reads the clinical tables back as the files spell them."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, text

from registry.importing.run import import_files
from registry.models import ENTITIES, table_of
from registry.records.rows import TableCounts, WriteResult
from tests.oracle.records import COLUMNS

Cells = dict[str, str]

# A child with one valid row a table; what is left out is empty.
BIRTH = "2010-01-15"
VALID: dict[str, Cells] = {
    "patients": {
        "patient_id": "P1",
        "centre": "BCH",
        "sex": "female",
        "birth_date": BIRTH,
        "onset_on": "2018-03",
        "diagnosed_on": "2018-06-01",
        "diagnosis": "CD",
    },
    "phenotypes": {"patient_id": "P1", "assessed_on": "2018-06-02", "location": "L3"},
    "anthropometry": {"patient_id": "P1", "measured_on": "2018-06-03", "height_cm": "121.5"},
    "infusions": {
        "patient_id": "P1",
        "infused_on": "2018-07-01",
        "dose_mg": "150",
        "weight_kg": "25",
    },
    "tdm_levels": {"patient_id": "P1", "sampled_on": "2018-10-05", "ifx_ug_ml": "4.2"},
    "pcdai_visits": {"patient_id": "P1", "visited_on": "2018-06-28", "total": "37.5"},
    "lab_results": {
        "patient_id": "P1",
        "collected_on": "2018-06-28",
        "analyte": "CRP",
        "value": "18",
        "unit": "mg/L",
    },
    "medications": {"patient_id": "P1", "drug": "azathioprine", "started_on": "2018-08-01"},
    "endoscopies": {"patient_id": "P1", "performed_on": "2018-06-01", "cdeis": "12"},
    "surgeries": {"patient_id": "P1", "performed_on": "2018-06-10", "procedure": "fistulotomy"},
    "gene_findings": {
        "patient_id": "P1",
        "reported_on": "2019-01-01",
        "gene": "XIAP",
        "hgvs_c": "c.664C>T",
    },
    "conditions": {"patient_id": "P1", "condition": "other", "onset_on": "2017-01-01"},
    "adverse_events": {
        "patient_id": "P1",
        "started_on": "2019-01-01",
        "term": "headache",
        "severity": "mild",
        "serious": "no",
    },
    "consents": {
        "patient_id": "P1",
        "scope": "research",
        "signed_on": "2018-06-01",
        "given_by": "parent_or_guardian",
    },
    "follow_up_ends": {"patient_id": "P1", "ended_on": "2022-01-01", "reason": "ifx_stopped"},
}

TABLE_NAMES = {entity.file_name: table_of(entity).name for entity in ENTITIES}


def today() -> date:
    """The day by the clock that the database is held to."""
    return datetime.now(UTC).date()


def tomorrow() -> str:
    return (today() + timedelta(days=1)).isoformat()


def row(table: str, **cells: str) -> Cells:
    """The valid row of the table with other cells."""
    return VALID[table] | cells


def write(
    folder: Path,
    table: str,
    rows: Iterable[Mapping[str, str]],
    columns: Sequence[str] | None = None,
) -> Path:
    """Writes a table's file; a cell that a row does not have is empty."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{table}.csv"
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(
            stream, columns or list(COLUMNS[table]), restval="", extrasaction="ignore"
        )
        writer.writeheader()
        writer.writerows(rows)
    return path


def write_all(folder: Path, tables: Mapping[str, Iterable[Mapping[str, str]]]) -> Path:
    """Writes a file for each of the tables; returns the folder."""
    for table, rows in tables.items():
        write(folder, table, rows)
    return folder


def take(connection: Connection, *paths: Path, update: bool = False) -> WriteResult:
    """Imports in the connection's transaction; whatever comes out, the counts must add up."""
    with connection.begin_nested() as savepoint:
        result = import_files(connection, list(paths), update=update)
        if result.errors:
            savepoint.rollback()
    for counts in result.tables.values():
        assert min(vars(counts).values()) >= 0, counts
        assert counts.read == (
            counts.inserted + counts.updated + counts.unchanged + counts.rejected
        ), counts
    return result


def accepted(connection: Connection, *paths: Path, update: bool = False) -> WriteResult:
    """An import that must go through."""
    result = take(connection, *paths, update=update)
    assert [str(problem) for problem in result.errors] == []
    return result


def complaints(result: WriteResult) -> list[tuple[str, int | None, str | None, str | None, str]]:
    """Every complaint: file, line, column, value, problem."""
    return [(p.file, p.line, p.column, p.value, p.problem) for p in result.errors]


def counts(
    read: int = 0, inserted: int = 0, updated: int = 0, unchanged: int = 0, rejected: int = 0
) -> TableCounts:
    return TableCounts(read, inserted, updated, unchanged, rejected)


def number_rows(connection: Connection) -> dict[str, int]:
    """Rows of every clinical table, by its file's name."""
    return {
        entity.file_name: connection.execute(
            text(f"select count(*) from clinical.{table_of(entity).name}")
        ).scalar_one()
        for entity in ENTITIES
    }


def contents(connection: Connection, table: str) -> Counter[tuple[str, ...]]:
    """The table's rows as its file spells them, numbers without trailing zeros."""
    name = TABLE_NAMES[table]
    read = ", ".join(
        "n.study_id" if column == "patient_id" else _spelled(column, kind)
        for column, kind in COLUMNS[table].items()
    )
    rows = connection.execute(
        text(f"select {read} from clinical.{name} t join reference.patient_number n using "
             "(patient_id)")
    )  # fmt: skip
    return Counter(tuple("" if cell is None else cell for cell in found) for found in rows)


def _spelled(column: str, kind: str) -> str:
    number = f"trim_scale(t.{column})::text"
    match kind:
        case "number":
            return number
        case "measured":
            return f"coalesce(t.{column}_comparator, '') || {number}"
        case "flag":
            return f"case t.{column} when true then 'yes' when false then 'no' end"
        case "partial":
            return (
                f"left(t.{column}::text, case t.{column}_precision "
                "when 'year' then 4 when 'month' then 7 else 10 end)"
            )
        case "stop":
            known = f"left(t.{column}::text, case t.{column}_precision "
            known += "when 'year' then 4 when 'month' then 7 else 10 end)"
            return f"case t.{column}_precision when 'unknown' then 'unknown' else {known} end"
        case _:
            return f"t.{column}::text"


def stored(connection: Connection, table: str, column: str) -> list[Any]:
    """The column's values in the database, in order of patient and value."""
    name = TABLE_NAMES[table]
    return list(
        connection.execute(
            text(f"select {column} from clinical.{name} order by patient_id, {column}")
        ).scalars()
    )


def insert(connection: Connection, table: str, patient_id: int, cells: Mapping[str, str]) -> None:
    """Inserts a row by plain SQL, as someone would who goes around the import."""
    values: dict[str, Any] = {"patient_id": patient_id}
    for column, kind in COLUMNS[table].items():
        cell = cells.get(column, "").strip()
        if column == "patient_id" or not cell:
            continue
        if kind == "partial":
            values[column] = f"{cell}-01-01"[:10]
            values[f"{column}_precision"] = {4: "year", 7: "month"}.get(len(cell), "day")
        elif kind == "measured" and cell[0] in "<>":
            values[column] = cell[1:]
            values[f"{column}_comparator"] = cell[0]
        else:
            values[column] = cell
    listed = ", ".join(values)
    parameters = ", ".join(f"%({column})s" for column in values)
    connection.exec_driver_sql(
        f"insert into clinical.{TABLE_NAMES[table]} ({listed}) values ({parameters})", values
    )


def insert_patient(connection: Connection, study_id: str) -> int:
    """Gives a study id its number, by plain SQL."""
    return int(
        connection.execute(
            text(
                "insert into reference.patient_number (study_id) values (:id) returning patient_id"
            ),
            {"id": study_id},
        ).scalar_one()
    )
