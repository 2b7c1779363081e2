"""Every example of docs/mapping.md does what the page says of it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from sqlalchemy import Connection

from registry.importing.mapping.file import read_mapping
from registry.importing.mapping.run import import_mapped
from registry.records.rows import WriteResult
from tests.importing.tables import contents, row, write

PAGE = (Path(__file__).parents[2] / "docs" / "mapping.md").read_text(encoding="utf-8")
EXAMPLE = re.compile(r"<!-- example: (\w+) -->\n```toml\n(.*?)```\n\n```csv\n(.*?)```", re.DOTALL)
EXAMPLES = {name: (mapping, cells) for name, mapping, cells in EXAMPLE.findall(PAGE)}
ONLY_IF = re.search(r"```toml\n(only_if = .*?)```", PAGE, re.DOTALL)[1]  # type: ignore[index]
FILES = {"labs": "labs2020.csv", "units": "heights.csv"}


@pytest.fixture
def example(database: Connection, tmp_path: Path) -> tuple[Connection, Path]:
    """A registry that knows P1 and P2, but for the example that brings them."""
    from registry.importing.run import import_files

    people = [row("patients", patient_id=name) for name in ("P1", "P2")]
    import_files(database, [write(tmp_path, "patients", people)])
    return database, tmp_path


def take(connection: Connection, folder: Path, name: str, more: str = "") -> WriteResult:
    """Imports the example, with a line more about its rows."""
    mapping, cells = EXAMPLES[name]
    mapping = mapping.replace("[source.rows.columns]", f"{more}[source.rows.columns]")
    path = folder / FILES.get(name, f"{name}.csv")
    path.write_text(cells, encoding="utf-8")
    (folder / "map.toml").write_text(mapping, encoding="utf-8")
    return import_mapped(connection, [path], read_mapping(folder / "map.toml"))


def test_there_are_examples() -> None:
    assert list(EXAMPLES) == ["labs", "units", "visits", "weeks", "kinds"]


def test_one_sheet_one_table(example: tuple[Connection, Path]) -> None:
    connection, folder = example
    result = take(connection, folder, "labs")
    assert [str(problem) for problem in result.errors] == [
        "labs2020.csv, line 3: 结果 '未查' is missing"
    ]
    result = take(connection, folder, "labs", ONLY_IF)
    assert result.errors == []
    assert set(contents(connection, "lab_results")) == {
        ("P1", "2020-04-03", "CRP", "<0.5", "mg/dL"),
        ("P1", "2020-04-17", "ALB", "38.5", "g/L"),
    }
    assert "labs2020.csv: rows without 结果 left out of lab_results: 1" in result.notes


def test_units(example: tuple[Connection, Path]) -> None:
    connection, folder = example
    result = take(connection, folder, "units")
    assert set(contents(connection, "anthropometry")) == {
        ("P1", "2020-04-03", "128.5", "25.4", "", "")
    }
    assert result.notes[0] in PAGE


def test_one_row_a_visit(database: Connection, tmp_path: Path) -> None:
    result = take(database, tmp_path, "visits")
    assert result.errors == []
    assert set(contents(database, "patients")) == {
        ("P1", "BCH", "male", "2010-05-06", "", "", "CD"),
        ("P2", "BCH", "female", "2012-01-09", "", "", "CD"),
    }
    assert set(contents(database, "infusions")) == {
        ("P1", "2020-01-02", "200", "30.5", ""),
        ("P1", "2020-01-16", "200", "30.9", ""),
        ("P2", "2020-03-01", "150", "21", ""),
    }
    assert set(contents(database, "lab_results")) == {
        ("P1", "2020-01-02", "CRP", "44.1", "mg/L"),
        ("P1", "2020-01-02", "HGB", "9.8", "g/dL"),
        ("P1", "2020-01-16", "HGB", "10.4", "g/dL"),
        ("P2", "2020-03-01", "CRP", "12", "mg/L"),
    }


def test_one_row_a_patient(example: tuple[Connection, Path]) -> None:
    connection, folder = example
    assert take(connection, folder, "weeks").errors == []
    assert set(contents(connection, "lab_results")) == {
        ("P1", "2020-01-01", "CRP", "44", "mg/L"),
        ("P1", "2020-04-08", "CRP", "<5", "mg/L"),
        ("P2", "2020-02-28", "CRP", "12", "mg/L"),
    }
    days = {(one[0], one[1], one[-1]) for one in contents(connection, "pcdai_visits")}
    assert days == {
        ("P1", "2020-01-02", "40"),
        ("P1", "2020-04-09", "7.5"),
        ("P2", "2020-03-01", "37.5"),
    }
    assert len(contents(connection, "infusions")) == 3


def test_rows_of_several_kinds(example: tuple[Connection, Path]) -> None:
    connection, folder = example
    assert take(connection, folder, "kinds").errors == []
    assert set(contents(connection, "surgeries")) == {("P1", "2019-05-01", "fistulotomy")}
    assert set(contents(connection, "conditions")) == {
        ("P1", "active_tuberculosis", "2019-06-01", "")
    }
    assert set(contents(connection, "phenotypes")) == {("P1", "2019-07-01", "L2", "", "", "", "")}
