"""A point in a file with decimal commas may part thousands: it is asked about, never read."""

from __future__ import annotations

from pathlib import Path

import pytest
from openpyxl import Workbook
from sqlalchemy import Connection

from registry.importing.mapping.file import read_mapping
from registry.importing.mapping.run import import_mapped
from registry.importing.run import import_files
from registry.parsing.conventions import Conventions, DecimalMark

from .tables import accepted, contents, row, write

HEADER = ["patient_id", "collected_on", "analyte", "value", "unit"]


@pytest.fixture
def child(database: Connection, tmp_path: Path) -> Connection:
    accepted(database, write(tmp_path / "child", "patients", [row("patients")]))
    return database


def lab_csv(folder: Path, *values: str) -> Path:
    """A file of Excel in Germany: WBC of one day after the other."""
    path = folder / "lab_results.csv"
    rows = [f"P1;2020-01-{day:02};WBC;{value};10^9/L" for day, value in enumerate(values, 1)]
    path.write_text("\n".join([";".join(HEADER), *rows, ""]), encoding="utf-8")
    return path


def lab_xlsx(folder: Path, *values: str | float) -> Path:
    path = folder / "lab_results.xlsx"
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "lab_results"
    sheet.append(HEADER)
    for day, value in enumerate(values, 1):
        sheet.append(["P1", f"2020-01-{day:02}", "WBC", value, "10^9/L"])
    book.save(path)
    return path


def said(connection: Connection, path: Path, decimal: DecimalMark | None = None) -> list[str]:
    result = import_files(connection, [path], conventions=Conventions(decimal=decimal))
    return [str(problem) for problem in result.errors]


def doubt(line: int, value: str, large: str, shown: str) -> str:
    comma = value.replace(".", ",")
    return (
        f"lab_results.csv, line {line}: value '{value}' may be {value} or {large}, for the file "
        f"has decimal commas as {shown}; write {large}, or {comma} with --decimal ,"
    )


def test_a_point_above_and_below_the_comma_that_shows_the_mark(
    child: Connection, tmp_path: Path
) -> None:
    path = lab_csv(tmp_path, "7.200", "7,5", "1.234", "12.5", "0.125")
    assert said(child, path) == [doubt(2, "7.200", "7200", "7,5"), doubt(4, "1.234", "1234", "7,5")]


def test_without_a_comma_a_point_is_a_point(child: Connection, tmp_path: Path) -> None:
    assert said(child, lab_csv(tmp_path, "7.200", "12.5")) == []


def test_a_number_of_thousands_with_a_comma_shows_the_mark_too(
    child: Connection, tmp_path: Path
) -> None:
    both = said(child, lab_csv(tmp_path, "1.234,5", "7.200"))
    assert both[1:] == [doubt(3, "7.200", "7200", "1.234,5")]


def test_the_mark_said(child: Connection, tmp_path: Path) -> None:
    assert said(child, lab_csv(tmp_path, "7.200"), ",") == [
        "lab_results.csv, line 2: value '7.200' may be 7.200 or 7200, for the decimal mark is said "
        "to be a comma; write 7200 or 7,200"
    ]


def test_text_of_a_workbook_is_asked_about_and_its_numbers_are_not(
    child: Connection, tmp_path: Path
) -> None:
    path = lab_xlsx(tmp_path, "7.200", 7.125, "7,5")
    [problem] = said(child, path)
    assert problem.startswith("lab_results.xlsx [lab_results], line 2: value '7.200' may be 7.200")
    [problem] = said(child, lab_xlsx(tmp_path, "7.200", 7.125), ",")
    assert "may be 7.200 or 7200" in problem


def test_a_comma_in_one_sheet_is_one_of_the_whole_workbook(
    child: Connection, tmp_path: Path
) -> None:
    book = Workbook()
    assert book.active is not None
    book.remove(book.active)
    for name, header, cells in (
        ("infusions", ["patient_id", "infused_on", "dose_mg", "weight_kg"], ["200", "31.250"]),
        ("anthropometry", ["patient_id", "measured_on", "height_cm", "weight_kg"], ["1", "31,5"]),
    ):
        sheet = book.create_sheet(name)
        sheet.append(header)
        sheet.append(["P1", "2020-01-01", *cells])
    path = tmp_path / "lab_results.xlsx"
    book.save(path)
    problems = [one for one in said(child, path) if "decimal" in one]
    assert len(problems) == 1
    assert "[infusions], line 2: weight_kg '31.250' may be 31.250 or 31250" in problems[0]


def test_in_a_mapped_file_the_complaint_finds_the_cell_and_nothing_is_counted_twice(
    child: Connection, tmp_path: Path
) -> None:
    (tmp_path / "map.toml").write_text(
        """
missing = ["-"]
[[source]]
file = "*.csv"
patient_id = "Pat"
[[source.rows]]
table = "lab_results"
columns.collected_on = "Tag"
analytes = { WBC = "Leuko" }
units = { WBC = "10^9/L" }
[[source.rows]]
table = "anthropometry"
columns = { measured_on = "Tag", height_cm = "Größe", weight_kg = "Gewicht" }
""",
        encoding="utf-8",
    )
    path = tmp_path / "labor.csv"
    path.write_text(
        "Pat;Tag;Leuko;Größe;Gewicht\nP1;2020-01-01;7.200;-;31\nP1;2020-01-02;7,1;121;31\n",
        encoding="utf-8",
    )
    result = import_mapped(child, [path], read_mapping(tmp_path / "map.toml"))
    assert [str(problem) for problem in result.errors] == [
        "labor.csv, line 2: Leuko '7.200' may be 7.200 or 7200, for the file has decimal commas as "
        "7,1; write 7200, or 7,200 with --decimal ,"
    ]
    assert result.notes == ["labor.csv: - taken as empty, cells: 1"]


def test_what_is_clear_is_read(child: Connection, tmp_path: Path) -> None:
    path = lab_csv(tmp_path, "7,200", "12,5")
    assert said(child, path, ",") == []
    assert {cells[3] for cells in contents(child, "lab_results")} == {"7.2", "12.5"}
