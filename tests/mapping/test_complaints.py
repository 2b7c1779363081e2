"""Whatever is wrong is said with the file's own line, header and cell."""

from __future__ import annotations

from pathlib import Path

import pytest
from openpyxl import Workbook
from sqlalchemy import Connection

from registry.errors import Refused
from registry.importing.mapping.file import read_mapping
from registry.importing.mapping.run import import_mapped
from registry.records.rows import WriteResult
from tests.importing.tables import contents, counts, number_rows

MAPPING = """
missing = ["-"]
[[source]]
file = "*.csv"
patient_id = "编号"
ignore = ["姓名"]

[[source.rows]]
table = "patients"
columns = { sex = "性别", birth_date = "出生" }
constants = { centre = "BCH", diagnosis = "CD" }
codes.sex = { "男" = "male", "女" = "female" }

[[source.rows]]
table = "lab_results"
repeat.w = [0, 14]
columns.collected_on = "日期_w{w}"
analytes = { CRP = "CRP_w{w}", HGB = "Hb_w{w}" }
units = { CRP = "mg/L", HGB = "g/dL" }

[[source.rows]]
table = "anthropometry"
columns = { measured_on = "日期_w0", height_cm = "身高" }
units.height_cm = "m"
"""
HEADER = "编号,姓名,性别,出生,日期_w0,CRP_w0,Hb_w0,日期_w14,CRP_w14,Hb_w14,身高\n"


def take(connection: Connection, folder: Path, text: str, mapping: str = MAPPING) -> WriteResult:
    (folder / "a.csv").write_text(text, encoding="utf-8")
    (folder / "map.toml").write_text(mapping, encoding="utf-8")
    return import_mapped(connection, [folder / "a.csv"], read_mapping(folder / "map.toml"))


def said(result: WriteResult) -> list[str]:
    return [str(problem) for problem in result.errors]


def test_cells(database: Connection, tmp_path: Path) -> None:
    """A code, a date counted by no one, a number, a limit in the file's own unit, a birth."""
    result = take(
        database,
        tmp_path,
        HEADER
        + "P1,*,未知,2010-01-01,2020-01-02,12,9.9,2020-04-31,abc,-,1.2\n"
        + "P2,*,女,2010-01-01,2009-12-31,12,,,,,12\n"
        + "P3,*,女,2010-01-01,,12,,2020-02-03,5,10 g/L,\n",
    )
    assert said(result) == [
        "a.csv, line 2: 性别 '未知' is none of female, male; "
        "say in the mapping what it stands for, under codes.sex",
        "a.csv, line 2: 日期_w14 '2020-04-31' is not a date; write YYYY-MM-DD",
        "a.csv, line 2: CRP_w14 'abc' is not a number, <number or >number",
        "a.csv, line 3: 日期_w0 '2009-12-31' lies before the birth",
        "a.csv, line 3: 身高 '12' is outside 30 to 230 cm (read as 1200)",
        "a.csv, line 4: 日期_w0 is missing",
        "a.csv, line 4: Hb_w14 '10 g/L' is in g/L, and unit says g/dL",
    ]
    assert result.tables["patients"] == counts(3, inserted=2, rejected=1)
    assert set(number_rows(database).values()) == {0}


def test_a_patient_who_is_said_to_be_two(database: Connection, tmp_path: Path) -> None:
    """The same again is taken once, what was empty is filled; another value is a complaint."""
    rows = HEADER + "P1,*,男,,,,,,,,\nP1,*,,2010-01-01,,,,,,,\nP1,*,男,2010/1/1,,,,,,,\n"
    result = take(database, tmp_path, rows)
    assert said(result) == []
    assert set(contents(database, "patients")) == {
        ("P1", "BCH", "male", "2010-01-01", "", "", "CD")
    }
    result = take(database, tmp_path, rows + "P1,*,女,2011-01-01,,,,,,,\n")
    assert said(result) == [
        "a.csv, line 5: 性别 '女' is not what line 2 says of the patient (read as female)",
        "a.csv, line 5: 出生 '2011-01-01' is not what line 3 says of the patient",
    ]


def test_the_same_value_twice_with_another_one(database: Connection, tmp_path: Path) -> None:
    result = take(
        database,
        tmp_path,
        HEADER + "P1,*,男,2010-01-01,2020-01-02,5,,,,,\nP1,*,,,2020-01-02,6,,,,,\n",
    )
    assert said(result) == [
        "a.csv, line 3: 编号 'P1' stands twice with the same patient_id and collected_on and "
        "analyte and other values, first in a.csv, line 2"
    ]


def test_a_changed_cell_is_found_in_the_file(database: Connection, tmp_path: Path) -> None:
    row = HEADER + "P1,*,男,2010-01-01,,,,2020-04-03,5,,\n"
    assert said(take(database, tmp_path, row)) == []
    (tmp_path / "a.csv").write_text(row.replace(",5,", ",7,"), encoding="utf-8")
    mapping = read_mapping(tmp_path / "map.toml")
    result = import_mapped(database, [tmp_path / "a.csv"], mapping)
    assert said(result) == [
        "a.csv, line 2: CRP_w14 '7' is not what the record with this patient_id and collected_on "
        "and analyte has (5); to change it import with --update and --reason"
    ]
    result = import_mapped(database, [tmp_path / "a.csv"], mapping, update=True, changes=None)
    [change] = result.changes
    assert (change.file, change.line, change.column) == ("a.csv", 2, "value")
    assert (change.old, change.new) == ("5", "7")


def test_headers(database: Connection, tmp_path: Path) -> None:
    """One that is not mapped, one that is mistyped, one that is there twice, one that is not."""
    header = HEADER.replace("CRP_w14", "CRP_14").replace("身高", "血型").replace("姓名", "性别")
    result = take(database, tmp_path, header + "P1,,男,2010-01-01,,,,,,,\n")
    assert said(result) == [
        "a.csv, line 1: 身高 is in the mapping and not in the header",
        "a.csv, line 1: 性别 stands twice in the header",
        "a.csv, line 1: CRP_14 is not in the mapping, which has CRP_w14",
        "a.csv, line 1: 血型 is not in the mapping; map it or add it to ignore",
    ]


def test_a_date_that_a_repetition_needs(database: Connection, tmp_path: Path) -> None:
    result = take(database, tmp_path, HEADER.replace("日期_w14", "姓名") + "P1,,男,,,,,,,,\n")
    assert said(result) == ["a.csv, line 1: 日期_w14 is in the mapping and not in the header"]


def test_a_row_that_cannot_be_read_counts_once(database: Connection, tmp_path: Path) -> None:
    result = take(database, tmp_path, HEADER + "P1,*,男,2010-01-01,,,,,,,\nP2,*,男\n")
    assert said(result) == ["a.csv, line 3: has 3 cells where the header has 11"]
    assert result.tables["patients"] == counts(2, inserted=1, rejected=1)


def test_a_date_of_two_meanings(database: Connection, tmp_path: Path) -> None:
    rows = HEADER + "P1,*,男,13/02/2010,,,,,,,\nP2,*,女,03/04/2010,,,,,,,\n"
    [problem] = take(database, tmp_path, rows).errors
    assert (problem.line, problem.column, problem.value) == (3, "出生", "03/04/2010")
    assert "line 2 is in the order dmy" in problem.problem
    result = take(database, tmp_path, rows, MAPPING.replace("missing", 'date_order="dmy"\nmissing'))
    assert said(result) == []
    assert {one[3] for one in contents(database, "patients")} == {"2010-02-13", "2010-04-03"}


def test_sheets(database: Connection, tmp_path: Path) -> None:
    """Every sheet is mapped or skipped; a complaint names the sheet."""
    book = Workbook()
    book.active.title = "Infusions"
    book.active.append(["id", "day", "dose", "weight"])
    book.active.append(["P1", "2020-01-02", 100, 20])
    book.create_sheet("Notes").append(["text"])
    book.save(tmp_path / "b.xlsx")
    text = """
    [[source]]
    sheet = "Inf*"
    patient_id = "id"
    [[source.rows]]
    table = "infusions"
    columns = { infused_on = "day", dose_mg = "dose", weight_kg = "weight" }
    """
    (tmp_path / "map.toml").write_text(text, encoding="utf-8")
    with pytest.raises(Refused, match=r"map.toml says nothing of b.xlsx \[Notes\]"):
        import_mapped(database, [tmp_path / "b.xlsx"], read_mapping(tmp_path / "map.toml"))
    (tmp_path / "map.toml").write_text(text + "[[source]]\nskip = true\n", encoding="utf-8")
    result = import_mapped(database, [tmp_path / "b.xlsx"], read_mapping(tmp_path / "map.toml"))
    assert said(result) == [
        "b.xlsx [Infusions], line 2: id '***' is not a patient of the registry; "
        "add the patient first or in patients.csv"
    ]


def test_boxes(database: Connection, tmp_path: Path) -> None:
    text = """
    [[source]]
    patient_id = "id"
    [[source.rows]]
    table = "phenotypes"
    columns.assessed_on = "day"
    columns.location = { ticked = { "loc___1" = "L1", "loc___2" = "L2" } }
    """
    rows = "id,day,loc___1,loc___2\nP1,2020-01-01,1,1\nP1,2020-01-02,maybe,0\n"
    problems = said(take(database, tmp_path, rows, text))
    assert "a.csv, line 2: loc___1 '1' is ticked, and so is another box: L1, L2" in problems
    assert "a.csv, line 3: loc___1 'maybe' is neither ticked nor not, in loc___1" in problems
