"""Files as they come: odd headers, encodings, line ends, and files that are none."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Connection

from registry.errors import NotFound, Refused, RegistryError
from tests.oracle.records import COLUMNS

from .tables import (
    VALID,
    accepted,
    complaints,
    contents,
    counts,
    number_rows,
    row,
    stored,
    take,
    write,
    write_all,
)

HEADER = "patient_id,centre,sex,birth_date,diagnosis"
FIRST = "P1,BCH,male,2010-01-15,CD"
SECOND = "P2,BCH,female,2011-02-03,UC"
ENDS = "patient_id,ended_on,reason,note"


@pytest.fixture
def patients(tmp_path: Path) -> Callable[[str | bytes], Path]:
    """Writes patients.csv byte for byte."""

    def written(content: str | bytes) -> Path:
        path = tmp_path / "patients.csv"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return written


# What is read all the same


@pytest.mark.parametrize(
    "content",
    [
        f"{HEADER}\n{FIRST}\n{SECOND}\n",
        f"{HEADER}\n{FIRST}\n{SECOND}",
        f"{HEADER}\r\n{FIRST}\r\n{SECOND}\r\n",
        f"{HEADER}\r{FIRST}\r{SECOND}\r",
        f"\ufeff{HEADER}\n{FIRST}\n{SECOND}\n",
        f"{HEADER}\n\n{FIRST}\n\n\n{SECOND}\n\n",
        f"{HEADER}\n,,,,\n{FIRST}\n  , ,\t,,\n{SECOND}\n",
        f"\n{HEADER}\n{FIRST}\n{SECOND}\n",
        f" patient_id ,centre, sex,birth_date ,diagnosis\n{FIRST}\n{SECOND}\n",
        f'"patient_id","centre",sex,birth_date,"diagnosis"\n"P1",BCH,male,2010-01-15,CD\n{SECOND}\n',
        "sex,diagnosis,birth_date,centre,patient_id\n"
        "male,CD,2010-01-15,BCH,P1\nfemale,UC,2011-02-03,BCH,P2\n",
    ],
    ids=[
        "plain",
        "no last line end",
        "CRLF",
        "CR",
        "BOM",
        "blank lines",
        "empty rows",
        "blank line before the header",
        "blanks in the header",
        "quoted header",
        "other order of columns",
    ],
)
def test_one_table_in_many_spellings(
    connection: Connection, patients: Callable[[str], Path], content: str
) -> None:
    result = accepted(connection, patients(content))
    assert result.tables == {"patients": counts(2, inserted=2)}
    assert set(contents(connection, "patients")) == {
        ("P1", "BCH", "male", "2010-01-15", "", "", "CD"),
        ("P2", "BCH", "female", "2011-02-03", "", "", "UC"),
    }


@pytest.mark.parametrize("table", COLUMNS)
def test_only_the_header(connection: Connection, tmp_path: Path, table: str) -> None:
    result = accepted(connection, write(tmp_path, table, []))
    assert result.tables == {table: counts()}


@pytest.mark.parametrize("table", COLUMNS)
def test_any_order_of_columns(connection: Connection, tmp_path: Path, table: str) -> None:
    folder = write_all(tmp_path, {"patients": [VALID["patients"]]})
    write(folder, table, [VALID[table]], list(reversed(COLUMNS[table])))
    accepted(connection, folder)
    expected = tuple(VALID[table].get(column, "") for column in COLUMNS[table])
    assert list(contents(connection, table)) == [expected]


def test_the_line_of_a_row_is_where_it_begins(connection: Connection, tmp_path: Path) -> None:
    write(tmp_path, "patients", [VALID["patients"]])
    (tmp_path / "follow_up_ends.csv").write_text(
        f'{ENDS}\nP1,2022-01-01,died,"one\ntwo\n\nfour"\n\n'
        'P2,2022-13-01,died,"five\r\nsix"\nP3,soon,died,\n'
    )
    assert [said[1:4] for said in complaints(take(connection, tmp_path))] == [
        (7, "ended_on", "2022-13-01"),
        (7, "patient_id", "P2"),
        (9, "ended_on", "soon"),
        (9, "patient_id", "P3"),
    ]


def test_a_header_over_two_lines_still_counts_as_one_row(
    connection: Connection, patients: Callable[[str], Path]
) -> None:
    result = take(connection, patients(f'"\npatient_id",{HEADER[11:]}\nP1,BCH,male,soon,CD\n'))
    assert [said[1:4] for said in complaints(result)] == [(3, "birth_date", "soon")]


# Headers that are wrong


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (
            f"{HEADER},diagnosed",
            [("diagnosed", "is not a column of patients; meant diagnosed_on?")],
        ),
        (
            f"{HEADER},shoe size",
            [("shoe size", "is not a column of patients; the columns are patient_id, centre, sex, "
              "birth_date, onset_on, diagnosed_on, diagnosis")],
        ),
        (f"{HEADER},sex", [("sex", "stands twice in the header")]),
        ("patient_id,centre,birth_date,diagnosis", [("sex", "is missing from the header")]),
        (
            "patient_id,Sex,centre,birth_date,diagnosis",
            [
                ("Sex", "is not a column of patients; meant sex?"),
                ("sex", "is missing from the header"),
            ],
        ),
        (
            "patient_id,centre,SEX,BIRTH_DATE,diagnosis",
            [
                ("SEX", "is not a column of patients; meant sex?"),
                ("BIRTH_DATE", "is not a column of patients; meant birth_date?"),
                ("sex", "is missing from the header"),
                ("birth_date", "is missing from the header"),
            ],
        ),
        (
            "patient_id,sex,sex,age,age",
            [
                ("sex", "stands twice in the header"),
                ("age", "stands twice in the header"),
                ("age", "is not a column of patients; the columns are patient_id, centre, sex, "
                 "birth_date, onset_on, diagnosed_on, diagnosis"),
                ("centre", "is missing from the header"),
                ("birth_date", "is missing from the header"),
                ("diagnosis", "is missing from the header"),
            ],
        ),
    ],
)  # fmt: skip
def test_a_wrong_header(
    connection: Connection,
    patients: Callable[[str], Path],
    header: str,
    expected: list[tuple[str, str]],
) -> None:
    result = take(connection, patients(f"{header}\nP1,a,b,c,d\n"))
    assert complaints(result) == [
        ("patients.csv", 1, column, None, problem) for column, problem in expected
    ]
    assert result.tables == {"patients": counts()}


def test_the_other_files_are_checked_beside_a_wrong_header(
    connection: Connection, tmp_path: Path
) -> None:
    write(tmp_path, "patients", [VALID["patients"], row("patients", patient_id="P2", sex="x")])
    write(tmp_path, "infusions", [], ["patient_id", "infused_on"])
    write(tmp_path, "surgeries", [row("surgeries", performed_on="never")])
    result = take(connection, tmp_path)
    assert [said[:3] for said in complaints(result)] == [
        ("patients.csv", 3, "sex"),
        ("infusions.csv", 1, "dose_mg"),
        ("infusions.csv", 1, "weight_kg"),
        ("surgeries.csv", 2, "performed_on"),
    ]
    assert set(number_rows(connection).values()) == {0}


# Rows and bytes that are wrong


def test_short_and_long_rows(connection: Connection, patients: Callable[[str], Path]) -> None:
    content = f"{HEADER}\nP1,BCH,male\n{FIRST},,x\n{SECOND}, ,\nP3\nP4,BCH,x,2010-01-15,CD\n"
    result = take(connection, patients(content))
    assert complaints(result) == [
        ("patients.csv", 2, None, None, "has 3 cells where the header has 5"),
        ("patients.csv", 3, None, None, "has 7 cells where the header has 5"),
        ("patients.csv", 5, None, None, "has 1 cell where the header has 5"),
        ("patients.csv", 6, "sex", "x", "is not one of female, male"),
    ]
    assert result.tables == {"patients": counts(5, inserted=1, rejected=4)}


def test_bytes_that_are_not_utf8(connection: Connection, patients: Callable[[bytes], Path]) -> None:
    umlaut = "P3,Zürich,male,2010-01-15,XX".encode("latin-1")
    lines = [HEADER.encode(), FIRST.encode(), umlaut, SECOND.encode()]
    result = take(connection, patients(b"\n".join(lines)))
    assert complaints(result) == [
        (
            "patients.csv", 3, "centre", "Z\\xfcrich",
            "is not in UTF-8; save the file as CSV UTF-8, or name its --encoding",
        ),
        ("patients.csv", 3, "diagnosis", "XX", "is not one of CD, UC, IBDU"),
    ]  # fmt: skip
    assert result.tables == {"patients": counts(3, inserted=2, rejected=1)}


def test_a_file_that_is_no_text(connection: Connection, patients: Callable[[bytes], Path]) -> None:
    """It was said of its zero bytes that they are no column of the table, and of each column that
    it is missing."""
    result = take(connection, patients(bytes(range(256)) * 9))
    [(file, line, column, _, problem)] = complaints(result)
    assert (file, line, column) == ("patients.csv", 1, None)
    assert problem.startswith("has zero bytes, so it is no text")


@pytest.mark.parametrize("encoding", ["utf-32-le", "cp037"])
def test_a_file_in_an_encoding_that_cannot_be_told(
    connection: Connection, patients: Callable[[bytes], Path], encoding: str
) -> None:
    result = take(connection, patients(f"{HEADER}\n{FIRST}\n".encode(encoding)))
    assert {(said[0], said[1]) for said in complaints(result)} == {("patients.csv", 1)}
    assert result.tables == {"patients": counts()}


@pytest.mark.parametrize("character", ["\x00", "\x01", "\x07", "\x0b", "\x1a", "\x1b", "\x7f"])
def test_control_characters(
    connection: Connection, patients: Callable[[str], Path], character: str
) -> None:
    bad = f"B{character}CH"
    result = take(connection, patients(f"{HEADER}\nP1,{bad},male,soon,CD\n{SECOND}\n"))
    assert complaints(result) == [
        ("patients.csv", 2, "centre", bad, "holds a control character"),
        ("patients.csv", 2, "birth_date", "soon", "is not a date; write YYYY-MM-DD"),
    ]
    assert result.tables == {"patients": counts(2, inserted=1, rejected=1)}


def test_a_cell_with_a_control_character_has_one_complaint(
    connection: Connection, patients: Callable[[str], Path]
) -> None:
    result = take(connection, patients(f"{HEADER}\nP1,BCH,ma\x00le,2010-01-15\x00,CD\n"))
    assert [said[2:] for said in complaints(result)] == [
        ("sex", "ma\x00le", "holds a control character"),
        ("birth_date", "2010-01-15\x00", "holds a control character"),
    ]


def test_a_gene_finding_with_control_characters(connection: Connection, tmp_path: Path) -> None:
    bad = row("gene_findings", hgvs_c="c.664C>T\x00", hgvs_p="p.R222X\x01", zygosity="?")
    write_all(tmp_path, {"patients": [VALID["patients"]], "gene_findings": [bad]})
    assert [(said[2], said[4]) for said in complaints(take(connection, tmp_path))] == [
        ("hgvs_c", "holds a control character"),
        ("hgvs_p", "holds a control character"),
        ("zygosity", "is not one of heterozygous, homozygous, hemizygous, "
         "compound_heterozygous, unknown"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("ending", "line"),
    [
        ('P3,"BCH,male,2010-01-15,CD\nP4,BCH,male,2010-01-15,CD\n', 4),
        ('P3,"BCH" x,male,2010-01-15,CD\n', 4),
        (f"\nP3,{'B' * 131_073},male,2010-01-15,CD\n", 5),
    ],
    ids=["a quote is not closed", "text after a quote", "huge cell"],
)
def test_what_is_no_csv(
    connection: Connection, patients: Callable[[str], Path], ending: str, line: int
) -> None:
    content = f"{HEADER}\n{FIRST}\nP2,BCH,x,2010-01-15,CD\n{ending}"
    first, second = complaints(take(connection, patients(content)))
    assert first[:4] == ("patients.csv", 3, "sex", "x")
    assert second[:4] == ("patients.csv", line, None, None)
    assert second[4].startswith("is not CSV from here on: ")


@pytest.mark.parametrize("content", ["", "\n\n\n", "\ufeff"])
def test_an_empty_file(
    connection: Connection, patients: Callable[[str], Path], content: str
) -> None:
    assert complaints(take(connection, patients(content))) == [
        ("patients.csv", 1, None, None, "the file is empty; it needs a header")
    ]


# Paths that are wrong


def refusal(connection: Connection, kind: type[RegistryError], *paths: Path) -> str:
    with pytest.raises(kind) as refused:
        take(connection, *paths)
    return str(refused.value)


def test_names_that_are_no_tables(connection: Connection, tmp_path: Path) -> None:
    for name in ("notes.csv", "pa tients.csv", "patient.csv"):
        (tmp_path / name).write_text("a\n")
    said = refusal(connection, Refused, tmp_path)
    assert "No table belongs to notes.csv, pa tients.csv, patient.csv." in said
    assert "pcdai_visits.csv" in said


def test_a_file_of_another_kind(connection: Connection, tmp_path: Path) -> None:
    workbook = tmp_path / "patients.xlsx"
    workbook.write_bytes(b"PK\x03\x04")
    assert "patients.xlsx" in refusal(connection, Refused, workbook)


def test_a_folder_without_a_table(connection: Connection, tmp_path: Path) -> None:
    (tmp_path / "readme.txt").write_text("nothing here")
    assert "holds no CSV file" in refusal(connection, NotFound, tmp_path)


def test_a_path_that_is_not_there(connection: Connection, tmp_path: Path) -> None:
    present = write(tmp_path, "patients", [VALID["patients"]])
    absent = tmp_path / "infusions.csv"
    assert str(absent) in refusal(connection, NotFound, present, absent)


def test_a_path_that_cannot_be(connection: Connection, tmp_path: Path) -> None:
    assert "cannot be read" in refusal(connection, Refused, tmp_path / ("x" * 5000))


def test_a_file_that_cannot_be_read(connection: Connection, tmp_path: Path) -> None:
    write(tmp_path, "patients", [VALID["patients"]])
    (tmp_path / "infusions.csv").mkdir()
    said = refusal(connection, Refused, tmp_path)
    assert f"{tmp_path / 'infusions.csv'} is a folder; only files are read" in said


def test_a_link_goes_by_its_own_name(connection: Connection, tmp_path: Path) -> None:
    source = write(tmp_path, "patients", [VALID["patients"]]).rename(tmp_path / "2024-export.csv")
    folder = tmp_path / "linked"
    folder.mkdir()
    (folder / "patients.csv").symlink_to(source)
    assert accepted(connection, folder).tables == {"patients": counts(1, inserted=1)}


def test_a_file_named_twice_is_read_once(connection: Connection, tmp_path: Path) -> None:
    path = write(tmp_path, "patients", [VALID["patients"]])
    result = accepted(connection, tmp_path, path, tmp_path / "." / "patients.csv")
    assert result.tables == {"patients": counts(1, inserted=1)}


def test_a_folder_inside_is_left_alone(connection: Connection, tmp_path: Path) -> None:
    write(tmp_path, "patients", [VALID["patients"]])
    write(tmp_path / "old", "patients", [row("patients", patient_id="P2")])
    accepted(connection, tmp_path)
    assert stored(connection, "patients", "centre") == ["BCH"]


def test_a_pipe_is_no_file(connection: Connection, tmp_path: Path) -> None:
    pipe = tmp_path / "patients.csv"
    subprocess.run(["mkfifo", str(pipe)], check=True)
    assert f"{pipe} is a pipe; only files are read" in refusal(connection, Refused, pipe)


def test_a_pipe_in_a_folder_is_not_waited_for(
    connection: Connection, patients: Callable[[str], Path]
) -> None:
    folder = patients(f"{HEADER}\n{FIRST}\n").parent
    os.mkfifo(folder / "infusions.csv")
    [note] = accepted(connection, folder).notes
    assert note.endswith(": infusions.csv (a pipe)")
    assert number_rows(connection)["patients"] == 1
