"""Every rule of the dictionary: the import names the cell, and the database refuses the row."""

from __future__ import annotations

from collections import defaultdict

import pytest
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from registry.records.rows import WriteResult
from tests.oracle.records import COLUMNS

from .broken_rows import CODES, NUMBERS, REQUIRED, Broken, all_broken
from .tables import (
    VALID,
    Cells,
    complaints,
    counts,
    insert,
    insert_patient,
    number_rows,
    row,
    take,
    write_all,
)

BROKEN = all_broken()
HELD_BY_DATABASE = [broken for broken in BROKEN if broken.constraint is not None]


def _study_id(number: int) -> str:
    return f"K{number:04}"


@pytest.fixture(scope="module")
def everything_broken(
    bench: Connection, tmp_path_factory: pytest.TempPathFactory
) -> tuple[WriteResult, dict[int, int], dict[str, int]]:
    """One import of all broken rows, each of a child of its own.

    With the line of each row, and the rows in the registry afterwards.
    """
    tables: dict[str, list[Cells]] = defaultdict(list)
    lines = {}
    for number, broken in enumerate(BROKEN):
        if broken.table != "patients":
            tables["patients"].append(row("patients", patient_id=_study_id(number)))
        tables[broken.table].append(broken.cells | {"patient_id": _study_id(number)})
        lines[number] = len(tables[broken.table]) + 1
    folder = write_all(tmp_path_factory.mktemp("broken"), tables)
    return take(bench, folder), lines, number_rows(bench)


@pytest.mark.parametrize("number", range(len(BROKEN)), ids=[str(broken) for broken in BROKEN])
def test_the_import_names_the_cell(
    everything_broken: tuple[WriteResult, dict[int, int], dict[str, int]], number: int
) -> None:
    result, lines, _ = everything_broken
    broken = BROKEN[number]
    file = f"{broken.table}.csv"
    place = (file, lines[number])
    assert [said for said in complaints(result) if said[:2] == place] == [
        (*place, broken.column, broken.cells[broken.column] or None, broken.problem)
    ]


def test_all_are_said_at_once_and_nothing_is_written(
    everything_broken: tuple[WriteResult, dict[int, int], dict[str, int]],
) -> None:
    result, _, rows = everything_broken
    assert len(result.errors) == len(BROKEN)
    assert not result.committed
    assert set(rows.values()) == {0}
    for table in COLUMNS:
        refused = sum(broken.table == table for broken in BROKEN)
        sound = len(BROKEN) - refused if table == "patients" else 0
        assert result.tables[table] == counts(refused + sound, inserted=sound, rejected=refused)


@pytest.mark.parametrize("broken", HELD_BY_DATABASE, ids=str)
def test_the_database_refuses_the_row(connection: Connection, broken: Broken) -> None:
    patient = insert_patient(connection, "P1")
    if broken.table != "patients":
        insert(connection, "patients", patient, VALID["patients"])
    with pytest.raises(IntegrityError) as refused, connection.begin_nested():
        insert(connection, broken.table, patient, broken.cells)
    diagnosis = refused.value.orig.diag  # type: ignore[union-attr]
    assert (diagnosis.constraint_name or diagnosis.column_name) == broken.constraint


@pytest.mark.parametrize("table", VALID)
def test_the_database_takes_the_row_that_is_not_broken(connection: Connection, table: str) -> None:
    patient = insert_patient(connection, "P1")
    insert(connection, "patients", patient, VALID["patients"])
    if table != "patients":
        insert(connection, table, patient, VALID[table])
    assert number_rows(connection)[table] == 1


def test_every_column_with_a_rule_is_broken_somewhere() -> None:
    broken = {(b.table, b.column) for b in BROKEN}
    ruled = {
        (table, column)
        for table, columns in COLUMNS.items()
        for column, kind in columns.items()
        if kind in ("date", "partial", "number", "measured", "flag")
    }
    ruled |= set(CODES) | {(table, column) for table, column, *_ in NUMBERS}
    ruled |= {(table, column) for table, columns in REQUIRED.items() for column in columns}
    ruled |= {("lab_results", "unit"), ("gene_findings", "hgvs_p")}
    assert ruled <= broken
