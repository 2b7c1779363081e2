"""Random tables: what goes in comes out, in whatever order files and rows stand."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection

from registry.records.rows import WriteResult
from tests.oracle.patients import random_patients, write_csv
from tests.oracle.records import COLUMNS, Measured

from .broken_rows import all_broken
from .tables import accepted, contents, counts, number_rows, row, take, write_all

shared_registry = settings(
    deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@contextmanager
def rolled_back(connection: Connection) -> Iterator[None]:
    """Leaves nothing for the next example, also where this one failed."""
    savepoint = connection.begin_nested()
    try:
        yield
    finally:
        savepoint.rollback()


def spelled(value: Any) -> str:
    """A value as a file spells it, numbers without trailing zeros."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Measured):
        return f"{value.comparator or ''}{spelled(value.number)}"
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    return str(value)


@given(seed=st.integers(0, 2**32), number=st.integers(1, 25))
@settings(shared_registry, max_examples=12)
def test_what_goes_in_comes_out(connection: Connection, seed: int, number: int) -> None:
    patients = list(random_patients(seed, number))
    with TemporaryDirectory() as folder, rolled_back(connection):
        write_csv(patients, Path(folder))
        result = accepted(connection, Path(folder))
        again = accepted(connection, Path(folder))
        for table, columns in COLUMNS.items():
            expected = Counter(
                tuple(spelled(cells[column]) for column in columns)
                for records in patients
                for cells in records[table]
            )
            rows = expected.total()
            assert contents(connection, table) == expected
            assert result.tables[table] == counts(rows, inserted=rows)
            assert again.tables[table] == counts(rows, unchanged=rows)


@given(data=st.data(), seed=st.integers(0, 2**32))
@settings(shared_registry, max_examples=8)
def test_the_order_of_files_rows_and_columns_does_not_matter(
    connection: Connection, data: st.DataObject, seed: int
) -> None:
    savepoint = connection.begin_nested()
    with TemporaryDirectory() as folder:
        write_csv(random_patients(seed, 6), Path(folder))
        plain = accepted(connection, Path(folder))
        expected = {table: contents(connection, table) for table in COLUMNS}
        savepoint.rollback()
        savepoint = connection.begin_nested()
        files = data.draw(st.permutations(sorted(Path(folder).glob("*.csv"))))
        # A number decides, not a choice of every place: those would be thousands to draw.
        shuffle = Random(data.draw(st.integers(0, 2**32)))
        for path in files:
            rewrite_shuffled(path, shuffle)
        shuffled = accepted(connection, *files)
    assert shuffled.tables == plain.tables
    assert {table: contents(connection, table) for table in COLUMNS} == expected
    savepoint.rollback()


def rewrite_shuffled(path: Path, shuffle: Random) -> None:
    """Writes the file anew with its rows and its columns in another order."""
    with path.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    columns = list(COLUMNS[path.stem])
    shuffle.shuffle(rows)
    shuffle.shuffle(columns)
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, columns)
        writer.writeheader()
        writer.writerows(rows)


BROKEN = all_broken()


@given(
    chosen=st.lists(st.integers(0, len(BROKEN) - 1), min_size=1, max_size=40), turn=st.booleans()
)
@settings(shared_registry, max_examples=10)
def test_any_mixture_of_sound_and_broken_rows(
    connection: Connection, chosen: list[int], turn: bool
) -> None:
    """As many complaints as broken rows, each of the right patient, and nothing is written."""
    tables: dict[str, list[dict[str, str]]] = {"patients": []}
    expected = Counter()
    for number, place in enumerate(chosen):
        broken, patient = BROKEN[place], {"patient_id": f"B{number}"}
        if broken.table != "patients":
            tables["patients"].append(row("patients", **patient))
        rows = tables.setdefault(broken.table, [])
        rows.append(broken.cells | patient)
        expected[broken.table, patient["patient_id"], broken.column, broken.problem] += 1
    if turn:
        tables = {table: rows[::-1] for table, rows in reversed(tables.items())}
    with TemporaryDirectory() as folder:
        result = take(connection, write_all(Path(folder), tables))
    assert _by_patient(result, tables) == expected
    assert set(number_rows(connection).values()) == {0}


def _by_patient(
    result: WriteResult, tables: dict[str, list[dict[str, str]]]
) -> Counter[tuple[str, str, str | None, str]]:
    found: Counter[tuple[str, str, str | None, str]] = Counter()
    for problem in result.errors:
        table = problem.file.removesuffix(".csv")
        assert problem.line is not None
        patient = tables[table][problem.line - 2]["patient_id"]
        found[table, patient, problem.column, problem.problem] += 1
    return found


@pytest.mark.parametrize("table", COLUMNS)
def test_the_oracle_writes_the_dictionary(table: str) -> None:
    """The columns that are compared here are those of the files."""
    from registry.records.rows import BY_FILE_NAME, dictionary_columns

    assert list(COLUMNS[table]) == ["patient_id", *dictionary_columns(BY_FILE_NAME[table])]
