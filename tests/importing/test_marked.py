"""Files with bad cells, written again with the cells marked, mended there and imported."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook
from sqlalchemy import Connection

from registry.errors import Refused, WrongUsage
from registry.importing.mapping.file import read_mapping
from registry.importing.mapping.run import import_mapped, tables_of
from registry.importing.marked import Marked, check_target, sheets_of, titled, write_marked
from registry.importing.run import import_files

from .tables import VALID, accepted, complaints, contents, row, take, write

PLAIN = "00000000"


def marked(connection: Connection, target: Path, *paths: Path) -> Marked:
    """Imports what must be refused and writes it marked."""
    result = take(connection, *paths)
    assert result.errors
    return write_marked(sheets_of(list(paths)), result.errors, target)


def coloured(sheet: Any) -> dict[str, str]:
    """The comments of the coloured cells below the header, but for those of reasons."""
    return {
        cell.coordinate: cell.comment.text
        for cells in sheet.iter_rows(min_row=2)
        for cell in cells[:-1]
        if cell.fill.fgColor.rgb != PLAIN
    }


def test_bad_cells_are_marked_and_what_is_mended_there_is_imported(
    connection: Connection, tmp_path: Path
) -> None:
    patients = [row("patients", sex="F", onset_on="spring"), row("patients", patient_id="P2")]
    files = [
        write(tmp_path, "patients", patients),
        write(tmp_path, "infusions", [row("infusions", dose_mg="=150", product="007")]),
        write(tmp_path, "tdm_levels", [VALID["tdm_levels"]]),
    ]
    target = tmp_path / "mend.xlsx"
    assert marked(connection, target, *files) == Marked(["patients.csv", "infusions.csv"], [])
    workbook = load_workbook(target)
    assert workbook.sheetnames == ["patients", "infusions"]
    sheet = workbook["patients"]
    assert [cell.value for cell in sheet[1]] == [*VALID["patients"], "problem"]
    assert coloured(sheet) == {
        "C2": "is not one of female, male",
        "E2": "is not a date; write YYYY-MM-DD, YYYY-MM or YYYY",
    }
    assert "sex is not one of female, male" in sheet["H2"].value
    assert [cell.value for cell in sheet[3]] == [*patients[1].values(), None]
    assert sheet.freeze_panes == "A2"
    assert sheet.auto_filter.ref == "A1:H3"
    dose = workbook["infusions"]["C2"]
    # The letters that stood in the file, and no formula.
    assert (dose.value, dose.data_type, dose.comment.text) == ("=150", "s", "is not a number")
    sheet["C2"] = "female"
    sheet["E2"] = "2018-03"
    dose.value = 150
    workbook.save(target)
    result = accepted(connection, target, files[2])
    assert {name: counts.inserted for name, counts in result.tables.items()} == {
        "patients": 2,
        "infusions": 1,
        "tdm_levels": 1,
    }
    assert contents(connection, "infusions") == {("P1", "2018-07-01", "150", "25", "007"): 1}


def test_a_workbook_keeps_its_sheets_and_their_cells(
    connection: Connection, tmp_path: Path
) -> None:
    source = Workbook()
    source.remove(source.active)
    cells = {
        "patients": [*VALID["patients"].values()],
        # A date as a spreadsheet's number, and a weight as a number with a fraction.
        "infusions": ["P1", 43282, 150, 25.5, "=1+1"],
        "surgeries": ["P1", "2018-06-10", ""],
    }
    for name, texts in cells.items():
        sheet = source.create_sheet(f"{name} (2)" if name == "surgeries" else name)
        sheet.append([*write_header(name)])
        sheet.append(texts)
    source["infusions"]["E2"].data_type = "s"
    source.save(tmp_path / "visits.xlsx")
    target = tmp_path / "mend.xlsx"
    found = marked(connection, target, tmp_path / "visits.xlsx")
    assert found == Marked(["visits.xlsx"], [])
    workbook = load_workbook(target)
    assert workbook.sheetnames == ["patients", "infusions", "surgeries"]
    assert [cell.value for cell in workbook["infusions"][2]][:5] == cells["infusions"]
    assert coloured(workbook["surgeries"]) == {"C2": "is missing"}
    workbook["surgeries"]["C2"] = "fistulotomy"
    workbook.save(target)
    accepted(connection, target)
    assert contents(connection, "infusions") == {("P1", "2018-07-01", "150", "25.5", "=1+1"): 1}


def write_header(table: str) -> list[str]:
    """The columns of a table's file, as many as the cells of the test."""
    if table == "infusions":
        return ["patient_id", "infused_on", "dose_mg", "weight_kg", "product"]
    return list(VALID[table])


def test_what_would_not_be_the_same_is_left_out(connection: Connection, tmp_path: Path) -> None:
    """A row that is lost in the marked file would be lost in the registry."""
    write(tmp_path, "patients", [row("patients", sex="F")])
    ragged = tmp_path / "surgeries.csv"
    ragged.write_text("patient_id,performed_on,procedure\nP1,2018-06-10,fistula, deep\n")
    target = tmp_path / "mend.xlsx"
    found = marked(connection, target, tmp_path)
    assert found.files == ["patients.csv"]
    assert found.left_out == ["surgeries.csv, line 2: has 4 cells where the header has 3"]
    assert load_workbook(target).sheetnames == ["patients"]
    with pytest.raises(Refused, match="has 4 cells"):
        marked(connection, tmp_path / "none.xlsx", ragged)
    assert not (tmp_path / "none.xlsx").exists()


def test_a_header_and_a_row_as_a_whole(connection: Connection, tmp_path: Path) -> None:
    path = write(tmp_path, "patients", [VALID["patients"]], [*VALID["patients"], "sexx"])
    target = tmp_path / "mend.xlsx"
    marked(connection, target, path)
    header = load_workbook(target)["patients"][1]
    assert {cell.value for cell in header if cell.comment} == {"sexx"}
    write(tmp_path, "patients", [VALID["patients"]], ["patient_id", "centre"])
    marked(connection, target, path)
    reason = load_workbook(target)["patients"]["C1"]
    assert (reason.value, "sex is missing" in reason.comment.text) == ("problem", False)
    assert "is missing from the header" in reason.comment.text


def test_one_file_as_csv(connection: Connection, tmp_path: Path) -> None:
    cells = row("patients", sex="F", centre='a "b",\nc')
    path = write(tmp_path, "patients", [cells, row("patients", patient_id="P2")])
    target = tmp_path / "mended" / "patients.csv"
    target.parent.mkdir()
    marked(connection, target, path)
    with target.open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert rows[0] == cells | {"problem": "sex is not one of female, male"}
    assert rows[1]["problem"] == ""
    again = take(connection, target)
    assert complaints(again) == complaints(take(connection, path))
    target.write_text(target.read_text(encoding="utf-8-sig").replace(",F,", ",female,"))
    assert accepted(connection, target).tables["patients"].inserted == 2
    write(tmp_path, "surgeries", [row("surgeries", performed_on="")])
    with pytest.raises(Refused, match=r"\.xlsx"):
        marked(connection, target, path, tmp_path / "surgeries.csv")


def test_a_hospitals_own_file_is_marked_in_its_own_words(
    connection: Connection, tmp_path: Path
) -> None:
    accepted(connection, write(tmp_path, "patients", [VALID["patients"]]))
    (tmp_path / "map.toml").write_text(
        '[[source]]\npatient_id = "编号"\n[[source.rows]]\ntable = "infusions"\n'
        'columns.infused_on = "日期"\ncolumns.dose_mg = "剂量"\ncolumns.weight_kg = "体重"\n'
    )
    mapping = read_mapping(tmp_path / "map.toml")
    own = tmp_path / "输注.csv"
    own.write_text("编号,日期,剂量,体重\nP1,2018-07-01,很多,25\nP1,2018-07-15,150,25\n")
    result = import_mapped(connection, [own], mapping)
    target = tmp_path / "mend.xlsx"
    sheets = titled((table.path.stem, table) for table in tables_of([own], mapping))
    write_marked(sheets, result.errors, target)
    workbook = load_workbook(target)
    assert coloured(workbook["输注"]) == {"C2": "is not a number"}
    assert workbook["输注"]["E2"].value == "剂量 is not a number"
    workbook["输注"]["C2"] = 150
    workbook.save(target)
    mended = import_mapped(connection, [target], mapping)
    assert (mended.errors, mended.tables["infusions"].inserted) == ([], 2)


def test_a_marked_file_of_another_name_is_the_mappings_own(
    connection: Connection, tmp_path: Path
) -> None:
    """A mapping names files; the marked one is a workbook of them all, called as one likes."""
    (tmp_path / "map.toml").write_text(
        '[[source]]\nfile = "病人.csv"\npatient_id = "编号"\n[[source.rows]]\ntable = "patients"\n'
        'columns.sex = "性别"\ncolumns.birth_date = "出生"\n'
        'constants = { centre = "BCH", diagnosis = "CD" }\n'
        '[[source]]\nfile = "输注*.csv"\npatient_id = "编号"\n[[source.rows]]\n'
        'table = "infusions"\n'
        'columns.infused_on = "日期"\ncolumns.dose_mg = "剂量"\ncolumns.weight_kg = "体重"\n'
    )
    mapping = read_mapping(tmp_path / "map.toml")
    own = [tmp_path / "病人.csv", tmp_path / "输注2018.csv"]
    own[0].write_text("编号,性别,出生\nP1,male,2010-13-01\n")
    own[1].write_text("编号,日期,剂量,体重\nP1,2018-07-01,很多,25\n")
    result = import_mapped(connection, own, mapping)
    target = tmp_path / "mend.xlsx"
    sheets = titled((table.path.stem, table) for table in tables_of(own, mapping))
    write_marked(sheets, result.errors, target)
    workbook = load_workbook(target)
    assert list(coloured(workbook["病人"])) == ["C2"]
    assert list(coloured(workbook["输注2018"])) == ["C2"]
    workbook["病人"]["C2"] = "2010-12-01"
    workbook["输注2018"]["C2"] = 150
    workbook.save(target)
    mended = import_mapped(connection, [target], mapping)
    assert mended.errors == []
    assert [mended.tables[name].inserted for name in ("patients", "infusions")] == [1, 1]
    del workbook["病人"]
    workbook["输注2018"].title = "other"
    workbook.save(target)
    with pytest.raises(Refused, match="says nothing of"):
        import_mapped(connection, [target], mapping)


def test_the_marked_file_is_none_of_those_imported(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for target, given in (
        (tmp_path / "in" / "mend.xlsx", tmp_path / "in"),
        (tmp_path / "visits.xlsx", tmp_path / "visits.xlsx"),
        (tmp_path / "mend.ods", tmp_path / "in"),
    ):
        with pytest.raises(WrongUsage):
            check_target(target, [given])
    check_target(tmp_path / "mend.xlsx", [tmp_path / "in"])


def test_more_than_a_sheet_shows_well_has_reasons_without_comments(
    connection: Connection, tmp_path: Path
) -> None:
    rows = [row("patients", patient_id=f"P{number}", sex="F") for number in range(1100)]
    path = write(tmp_path, "patients", rows)
    result = import_files(connection, [path])
    write_marked(sheets_of([path]), result.errors, tmp_path / "mend.xlsx")
    sheet = load_workbook(tmp_path / "mend.xlsx")["patients"]
    column = [sheet.cell(line, 3) for line in range(2, 1102)]
    assert sum(cell.comment is not None for cell in column) == 1000
    assert all(cell.fill.fgColor.rgb != PLAIN for cell in column)
    assert all(sheet.cell(line, 8).value for line in range(2, 1102))


@pytest.mark.parametrize("ending", [".csv", ".xlsx"])
def test_a_folder_is_made_and_a_place_that_is_none_is_said(
    connection: Connection, tmp_path: Path, ending: str
) -> None:
    file = tmp_path / "patients.csv"
    file.write_text("patient_id,centre\nT1,\n", encoding="utf-8")
    target = tmp_path / "back" / f"patients{ending}"
    assert marked(connection, target, file).files == ["patients.csv"]
    assert target.exists()
    with pytest.raises(Refused, match="cannot be written"):
        marked(connection, file / f"patients{ending}", file)
    assert [path.name for path in target.parent.iterdir()] == [target.name]


@pytest.mark.parametrize("ending", [".csv", ".xlsx"])
def test_what_no_sheet_can_hold_is_marked_all_the_same(
    connection: Connection, tmp_path: Path, ending: str
) -> None:
    path = tmp_path / "patients.csv"
    header = ",".join([*VALID["patients"], "W\udcffst"])
    path.write_bytes(
        f"{header}\nP1,B\x07CH,m\udce4le,2010-01-15,,,CD,x\n".encode(errors="surrogateescape")
    )
    assert marked(connection, tmp_path / f"mend{ending}", path).files == ["patients.csv"]
