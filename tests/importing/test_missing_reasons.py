"""Why a value is missing in files: `<name>_missing` beside the empty cell, in and out again."""

from __future__ import annotations

import csv
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook
from sqlalchemy import Connection, text

from registry.export.write import write_records
from registry.importing.mapping.file import read_mapping
from registry.importing.mapping.run import import_mapped
from registry.importing.marked import sheets_of, write_marked
from registry.importing.run import import_files
from registry.models import ENTITIES
from registry.parsing.conventions import Conventions
from registry.parsing.missing import read_missing
from registry.records.rows import Problem
from tests.importing.test_round_trip import shared_registry
from tests.oracle.patients import random_patients, write_csv
from tests.oracle.records import COLUMNS
from tests.records.conftest import LACKING

from .tables import accepted, counts, row, take, write

CODES = ("NI", "NA", "UNK", "NASK", "ASKU", "NAV")
# What a whole registry is exported to and imported from.
ENDINGS = (".csv", ".xlsx", ".sav", ".dta", ".xpt")


def add_reasons(path: Path, random: Random) -> dict[tuple[str, ...], int]:
    """Gives every other empty cell a reason; the reasons by patient, column and code, counted."""
    with path.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    given: dict[tuple[str, ...], int] = {}
    for cells in rows:
        for column in sorted(LACKING.get(path.stem, ())):
            code = random.choice(CODES) if not cells[column] and random.random() < 0.5 else ""
            cells[f"{column}_missing"] = code
            if code:
                key = (cells["patient_id"], column, code)
                given[key] = given.get(key, 0) + 1
    if rows:
        with path.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
    return given


def in_the_views(connection: Connection, table: str) -> dict[tuple[str, ...], int]:
    """The reasons as analysts see them, by patient, column and code, counted."""
    view = next(e.__tablename__ for e in ENTITIES if e.file_name == table)
    found: dict[tuple[str, ...], int] = {}
    for column in LACKING.get(table, ()):
        rows = connection.execute(
            text(
                f"select patient_id, {column}_missing, count(*), count({column}) "
                f"from analytics.{view} where {column}_missing is not null group by 1, 2"
            )
        )
        for patient, code, number, values in rows:
            assert values == 0
            found[patient, column, code] = number
    return found


@given(seed=st.integers(0, 2**32), ending=st.sampled_from(ENDINGS))
@settings(shared_registry, max_examples=8, phases=(Phase.explicit, Phase.generate))
def test_reasons_go_in_and_come_out(connection: Connection, seed: int, ending: str) -> None:
    with TemporaryDirectory() as name:
        folder, out = Path(name, "in"), Path(name, "out")
        folder.mkdir()
        write_csv(list(random_patients(seed, 6)), folder)
        random = Random(seed)
        expected = {path.stem: add_reasons(path, random) for path in folder.glob("*.csv")}
        savepoint = connection.begin_nested()
        accepted(connection, folder)
        assert {table: in_the_views(connection, table) for table in expected} == expected
        write_records(connection, out, ending)
        again = accepted(connection, out)
        assert all(c.unchanged == c.read for c in again.tables.values())
        savepoint.rollback()
        savepoint = connection.begin_nested()
        accepted(connection, out)
        assert {table: in_the_views(connection, table) for table in expected} == expected
        savepoint.rollback()


def write_height(folder: Path, **cells: str) -> Path:
    """A child whose height of a day was not measured, with other cells beside."""
    given = row("anthropometry", height_cm="", weight_kg="30") | cells
    write(folder, "patients", [row("patients")])
    columns = dict.fromkeys([*COLUMNS["anthropometry"], *given])
    write(folder, "anthropometry", [given], list(columns))
    return folder


def refused(connection: Connection, path: Path) -> list[Problem]:
    """The complaints of an import that must not go through."""
    errors = take(connection, path).errors
    assert errors
    return errors


def reason(connection: Connection) -> object:
    return connection.execute(
        text("select missing_reasons from clinical.anthropometry")
    ).scalar_one()


def test_an_update_gives_takes_and_keeps_reasons(connection: Connection, tmp_path: Path) -> None:
    def update(**cells: str) -> tuple[object, list[tuple[str, str | None, str | None]]]:
        folder = tmp_path / str(len(list(tmp_path.iterdir())))
        write_height(folder, **cells)
        result = import_files(connection, [folder], update=True, changes=None)
        assert result.errors == []
        return reason(connection), [(c.column, c.old, c.new) for c in result.changes]

    assert update() == (None, [])
    given = {"height_cm": "UNK"}
    assert update(height_cm_missing="UNK") == (given, [("height_cm_missing", None, "UNK")])
    # A column that the file does not have stays as it is.
    assert update() == (given, [])
    assert update(height_cm_missing="nask")[0] == {"height_cm": "NASK"}
    assert update(height_cm="121") == (None, [("height_cm", None, "121")])
    assert update(height_cm="", height_cm_missing="NI")[0] == {"height_cm": "NI"}
    assert update(height_cm_missing="")[0] is None


@pytest.mark.parametrize(
    ("cells", "column", "problem"),
    [
        (
            {"height_cm": "121", "height_cm_missing": "UNK"},
            "height_cm_missing",
            "is a reason for a missing value, but the value is there",
        ),
        (
            {"height_cm_missing": "?"},
            "height_cm_missing",
            "is not one of NI, NA, UNK, NASK, ASKU, NAV",
        ),
        (
            {"measured_on_missing": "UNK"},
            "measured_on_missing",
            "is not a column of anthropometry; meant measured_on?",
        ),
    ],
)
def test_what_is_no_reason_is_a_complaint(
    connection: Connection, tmp_path: Path, cells: dict[str, str], column: str, problem: str
) -> None:
    write_height(tmp_path, **cells)
    assert [(p.column, p.problem) for p in refused(connection, tmp_path)] == [(column, problem)]


def test_without_update_another_reason_is_a_complaint(
    connection: Connection, tmp_path: Path
) -> None:
    write_height(tmp_path, height_cm_missing="UNK")
    accepted(connection, tmp_path)
    assert accepted(connection, tmp_path).tables["anthropometry"] == counts(1, unchanged=1)
    write_height(tmp_path, height_cm_missing="NASK")
    [problem] = refused(connection, tmp_path)
    assert (problem.column, problem.value) == ("height_cm_missing", "NASK")
    assert "has (UNK)" in problem.problem


def test_the_marked_file_has_the_reasons(connection: Connection, tmp_path: Path) -> None:
    folder = tmp_path / "files"
    write_height(folder, height_cm="121", height_cm_missing="UNK")
    problems = refused(connection, folder)
    write_marked(sheets_of([folder]), problems, tmp_path / "marked.xlsx")
    sheet = load_workbook(tmp_path / "marked.xlsx")["anthropometry"]
    marked = [cell for line in sheet for cell in line if cell.comment]
    assert [cell.value for cell in marked] == ["UNK"]


def missing_words(connection: Connection, path: Path, words: str) -> object:
    """The reasons after an import in which these words mean nothing."""
    result = import_files(connection, [path], conventions=Conventions(missing=read_missing(words)))
    assert result.errors == []
    return reason(connection)


@pytest.mark.parametrize(
    ("words", "cells", "reasons"),
    [
        ("-,未测=NASK", {"height_cm": "未测"}, {"height_cm": "NASK"}),
        ("-,未测=NASK", {"height_cm": "-"}, None),
        # Without a word for it a code in a cell is no reason but an unreadable number.
        ("UNK=UNK,NI=ni", {"height_cm": "UNK", "weight_kg": "NI"}, "both"),
        ("?=UNK", {"height_cm": "?", "height_cm_missing": "NASK"}, {"height_cm": "NASK"}),
        ("?=UNK", {"height_cm": "", "height_cm_missing": "?"}, {"height_cm": "UNK"}),
        # A column that is never missing has no reason.
        ("?=UNK", {"height_z": "?"}, None),
    ],
)
def test_a_cell_says_why_where_somebody_says_so(
    connection: Connection, tmp_path: Path, words: str, cells: dict[str, str], reasons: object
) -> None:
    expected = {"height_cm": "UNK", "weight_kg": "NI"} if reasons == "both" else reasons
    assert missing_words(connection, write_height(tmp_path, **cells), words) == expected


def test_a_code_in_a_cell_is_no_reason_by_itself(connection: Connection, tmp_path: Path) -> None:
    write_height(tmp_path, height_cm="UNK")
    [problem] = refused(connection, tmp_path)
    assert (problem.column, problem.problem) == ("height_cm", "is not a number")


MAPPING = """
missing = ["-", "未测=NASK"]
[[source]]
patient_id = "编号"
[[source.rows]]
table = "patients"
columns = { sex = "性别", birth_date = "生日", onset_on = "起病" }
constants = { centre = "BCH", diagnosis = "CD" }
[[source.rows]]
table = "anthropometry"
columns.measured_on = "日期"
columns.height_cm = "身高"
columns.weight_kg = "体重"
columns.weight_kg_missing = "原因"
"""


def test_a_mapping_says_why(connection: Connection, tmp_path: Path) -> None:
    (tmp_path / "map.toml").write_text(MAPPING, encoding="utf-8")
    (tmp_path / "病人.csv").write_text(
        "编号,性别,生日,起病,日期,身高,体重,原因\n"
        "P1,female,2010-01-15,未测,2018-06-03,未测,,UNK\n"
        "P1,female,2010-01-15,2018-01,2018-06-04,-,31,\n",
        encoding="utf-8",
    )
    result = import_mapped(connection, [tmp_path / "病人.csv"], read_mapping(tmp_path / "map.toml"))
    assert [str(problem) for problem in result.errors] == []
    rows = connection.execute(
        text("select missing_reasons from clinical.anthropometry order by measured_on")
    ).scalars()
    assert list(rows) == [{"height_cm": "NASK", "weight_kg": "UNK"}, None]
    # Of a patient the row that has the value counts.
    patient = connection.execute(text("select onset_on, missing_reasons from clinical.patient"))
    assert [tuple(map(str, row)) for row in patient] == [("2018-01-01", "None")]
