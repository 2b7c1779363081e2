"""Two header rows: bands of weeks over the names are read as repeated columns."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from openpyxl import Workbook
from sqlalchemy import Connection

from registry.importing.drafting.suggest import draft
from registry.importing.files.table import read_tables
from registry.importing.mapping.file import read_mapping
from registry.importing.mapping.run import import_mapped
from tests.importing.tables import VALID, accepted, contents, write

BANDS = ["Woche 0", None, None, "Woche 14", None, None]
NAMES = ["Datum", "CRP (mg/L)", "Albumin (g/L)"] * 2
DATA = ["P1", date(2020, 1, 2), 44, 28.5, date(2020, 4, 8), 5, 39]
TEXTS = "Studien-ID,Woche 0,,,Woche 14,,\n,{names}\nP1,2020-01-02,44,28.5,2020-04-08,5,39\n"


def over(path: Path) -> Path:
    """The study id stands beside the names, the bands above them, and a title above all."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (["Labor"], [None, *BANDS], ["Studien-ID", *NAMES], DATA):
        sheet.append(row)
    for area in ("B2:D2", "E2:G2"):
        sheet.merge_cells(area)
    book.save(path)
    return path


def beside(path: Path) -> Path:
    """The study id is merged over both rows."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (["Studien-ID", *BANDS], [None, *NAMES], DATA):
        sheet.append(row)
    for area in ("A1:A2", "B1:D1", "E1:G1"):
        sheet.merge_cells(area)
    book.save(path)
    return path


def text(path: Path) -> Path:
    path.write_text(TEXTS.format(names=",".join(NAMES)), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("make", "name"), [(over, "over.xlsx"), (beside, "beside.xlsx"), (text, "bands.csv")]
)
def test_bands_over_the_names(
    database: Connection, tmp_path: Path, make: Callable[[Path], Path], name: str
) -> None:
    accepted(database, write(tmp_path / "known", "patients", [VALID["patients"]]))
    path = make(tmp_path / name)
    drafted = draft([path]).text
    assert "unsure" not in drafted.partition("[[source]]")[2]
    [source] = tomllib.loads(drafted)["source"]
    [rows] = source["rows"]
    assert rows["repeat"] == {"w": ["0", "14"]}
    assert rows["columns"] == {"collected_on": "Datum Woche {w}"}
    (tmp_path / "map.toml").write_text(drafted, encoding="utf-8")
    result = import_mapped(database, [path], read_mapping(tmp_path / "map.toml"))
    assert [str(problem) for problem in result.errors] == []
    assert sorted(row[1:5] for row in contents(database, "lab_results")) == [
        ("2020-01-02", "ALB", "28.5", "g/L"),
        ("2020-01-02", "CRP", "44", "mg/L"),
        ("2020-04-08", "ALB", "39", "g/L"),
        ("2020-04-08", "CRP", "5", "mg/L"),
    ]
    assert any("the header stands in lines" in note for note in result.notes)


def test_the_last_band_reaches_no_further_than_the_others(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(",week 0,,week 14,,,\nid,CRP,ALB,CRP,ALB,note,centre\nP1,1,2,3,4,x,y\n")
    [table] = read_tables(path, header_names=("id",))
    assert table.header == [
        "id", "CRP week 0", "ALB week 0", "CRP week 14", "ALB week 14", "note", "centre"
    ]  # fmt: skip


def test_a_row_of_data_is_no_row_of_names(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("id,week 0,week 14\nP1,30,5\n")
    [table] = read_tables(path, header_names=("id",))
    assert table.header == ["id", "week 0", "week 14"]
    assert [row.cells for row in table.rows([])] == [["P1", "30", "5"]]
