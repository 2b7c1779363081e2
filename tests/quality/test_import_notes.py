"""The notes of an import are what the views find, however they are gathered."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from registry.importing.run import import_files
from registry.quality.findings import list_findings
from registry.records import plausibility as notes
from registry.records.rows import Notice
from registry.views import plausibility
from tests.quality.cases import CASES
from tests.quality.rows import Row, given, tried, write

TRIED = [
    tried(number, case, failing) for number, case in enumerate(CASES) for failing in (True, False)
]
ONE_BY_ONE, ALL_AT_ONCE = 10**6, 0


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of files for every case, with the records that are there before."""
    return write([*given(), *TRIED], tmp_path_factory.mktemp("notes") / "all")


def taken(connection: Connection, path: Path) -> list[Notice]:
    """The notes of an import that is then taken back."""
    attempt = connection.begin_nested()
    result = import_files(connection, [path])
    attempt.rollback()
    assert result.errors == []
    return result.warnings


@pytest.mark.parametrize("few", [ONE_BY_ONE, ALL_AT_ONCE])
def test_an_import_into_an_empty_registry_notes_all_that_the_views_find(
    database: Connection, cases: Path, monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    monkeypatch.setattr(notes, "FEW_PATIENTS", few)
    result = import_files(database, [cases])
    noted = sorted((notice.rule, notice.problem) for notice in result.warnings)
    assert noted == sorted((one.rule, one.said) for one in list_findings(database))
    assert {rule for rule, _ in noted} == {case.rule for case in CASES}


@pytest.mark.parametrize("few", [ONE_BY_ONE, ALL_AT_ONCE])
def test_a_child_with_many_rows_in_one_file_is_told_of_once(
    database: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    monkeypatch.setattr(notes, "FEW_PATIENTS", few)
    cells = {"collected_on": "2022-03-01", "analyte": "ALB", "value": "3.5", "unit": "g/L"}
    usual = [cells | {"collected_on": f"2022-03-0{day}", "value": "35"} for day in (2, 3, 4)]
    assert import_files(database, [write(list(given()), tmp_path / "given")]).errors == []
    rows = [Row("Q007", "lab_results", one) for one in (cells, *usual)]
    result = import_files(database, [write(rows, tmp_path / "rows")])
    assert [(one.line, one.rule) for one in result.warnings] == [(2, "lab_unit")]


@pytest.mark.parametrize("table", list(dict.fromkeys(row.table for row in TRIED)))
def test_rules_that_do_not_read_the_files_tables_have_nothing_to_note(
    database: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, table: str
) -> None:
    rows: list[Row] = [row for row in TRIED if row.table == table]
    assert import_files(database, [write(list(given()), tmp_path / "given")]).errors == []
    file = write(rows, tmp_path / "tried")
    noted = []
    for rules_on in (plausibility.rules_on, lambda _table: tuple(plausibility.rules())):
        for few in (ONE_BY_ONE, ALL_AT_ONCE):
            monkeypatch.setattr(plausibility, "rules_on", rules_on)
            monkeypatch.setattr(notes, "FEW_PATIENTS", few)
            noted.append(taken(database, file))
    assert noted[0]
    assert all(one == noted[0] for one in noted)


def test_a_refused_import_notes_what_its_right_rows_would_bring(
    database: Connection, tmp_path: Path
) -> None:
    """Beside the complaints, and nothing of it stays."""
    assert import_files(database, [write(list(given()), tmp_path / "given")]).errors == []
    before = database.execute(text("select count(*) from clinical.lab_result")).scalar_one()
    cells = {"collected_on": "2022-03-01", "analyte": "ALB", "value": "3.5", "unit": "g/L"}
    rows = [
        Row("Q007", "lab_results", cells),
        Row("Q007", "lab_results", cells | {"collected_on": "2022-03-02", "value": "much"}),
        # Of a child who is not there, and whose value would be noted.
        Row("Q999", "lab_results", cells),
    ]
    result = import_files(database, [write(rows, tmp_path / "rows")])
    assert [(one.line, one.column) for one in result.errors] == [(3, "value"), (4, "patient_id")]
    assert [(one.line, one.rule) for one in result.warnings] == [(2, "lab_unit")]
    after = database.execute(text("select count(*) from clinical.lab_result")).scalar_one()
    assert after == before


def test_no_more_notes_are_held_than_of_complaints(
    database: Connection, cases: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    every = taken(database, cases)
    monkeypatch.setattr(notes, "MOST_COMPLAINTS", 5)
    attempt = database.begin_nested()
    result = import_files(database, [cases])
    attempt.rollback()
    assert len(result.warnings) == 5
    assert set(result.warnings) < set(every)
    assert "More than 5 values are not plausible" in result.notes[-1]
