"""Files as tables of text, before anything in them is interpreted."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from registry.errors import Refused, WrongUsage
from registry.importing.files.encoding import check_encoding, encoding_of
from registry.importing.files.find import find_tables
from registry.importing.files.table import read_tables
from registry.parsing.conventions import Conventions
from registry.records.rows import Problem


def cells_of(path: Path) -> list[list[str]]:
    """The header and the rows of a file of one table without a problem."""
    [table] = read_tables(path, header_names=("a",))
    problems: list[Problem] = []
    rows = [row.cells or [] for row in table.rows(problems)]
    assert table.problems + problems == []
    return [table.header, *rows]


words = st.text(
    st.characters(codec="gb2312", exclude_characters="\r\x00", exclude_categories=("Cc",)),
    min_size=1,
    max_size=8,
).map(str.strip)
tables = st.lists(st.lists(words, min_size=3, max_size=3).filter(any), min_size=1, max_size=4)


@given(
    tables,
    st.sampled_from(",;\t"),
    st.sampled_from(("utf-8", "utf-8-sig", "utf-16", "gb18030")),
    st.sampled_from(("\n", "\r\n")),
)
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_table_is_the_same_in_every_encoding_and_with_every_separator(
    tmp_path: Path, rows: list[list[str]], separator: str, encoding: str, end: str
) -> None:
    header = ["a", "北京", "儿童医院"]
    lines = [
        separator.join('"' + cell.replace('"', '""') + '"' for cell in row)
        for row in (header, *rows)
    ]
    path = tmp_path / "any.csv"
    path.write_bytes(end.join(lines).encode(encoding))
    assert [[cell.strip() for cell in row] for row in cells_of(path)] == [header, *rows]


@given(st.binary(max_size=200))
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_are_a_table_or_complained_of(tmp_path: Path, content: bytes) -> None:
    for name in ("any.csv", "any.xlsx"):
        path = tmp_path / name
        path.write_bytes(content)
        try:
            [table] = read_tables(path)
        except Refused:
            assert name == "any.xlsx"
            continue
        problems: list[Problem] = []
        for row in table.rows(problems):
            assert row.cells is None or len(row.cells) == len(table.header)


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Größe, Öl, ÄÖÜ äöü ß", "latin-1"),
        ("µg/g, ±5 °C, é, naïve", "cp1252"),
        ("Østergård", "cp1252"),
        ("臺北榮民總醫院兒童醫學部", "big5"),
    ],
)
def test_other_text_is_not_taken_for_chinese(tmp_path: Path, text: str, encoding: str) -> None:
    path = tmp_path / "any.csv"
    path.write_bytes(f"a\n{text}\n".encode(encoding))
    assert encoding_of(path, None).guessed is None
    assert encoding_of(path, encoding).problem is None


def test_a_mark_beats_what_is_said(tmp_path: Path) -> None:
    path = tmp_path / "any.csv"
    path.write_bytes("a\n北京\n".encode("utf-8-sig"))
    [table] = read_tables(path, Conventions(encoding="gb18030"))
    assert table.header == ["a"]
    assert [row.cells for row in table.rows([])] == [["北京"]]


@pytest.mark.parametrize("name", ["gb18030", "UTF-8", "cp1252", "big5", None])
def test_an_encoding_that_there_is(name: str | None) -> None:
    check_encoding(name)


@pytest.mark.parametrize("name", ["", "martian", "base64", "hex", "rot13", "idna\x00"])
def test_an_encoding_that_there_is_not(name: str) -> None:
    with pytest.raises(WrongUsage, match="There is no text encoding"):
        check_encoding(name)


def test_rows_can_be_read_again(tmp_path: Path) -> None:
    path = tmp_path / "any.csv"
    path.write_text("a,b\n1,2\n3,4\n")
    assert cells_of(path) == cells_of(path) == [["a", "b"], ["1", "2"], ["3", "4"]]


def test_cells_merged_downwards_do_no_harm_where_empty_cells_take_the_one_above(
    tmp_path: Path,
) -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (["id", "day"], ["P1", date(2020, 1, 1)], [None, date(2020, 1, 2)]):
        sheet.append(row)
    sheet.merge_cells("A2:A3")
    path = tmp_path / "any.xlsx"
    book.save(path)
    [refused] = read_tables(path)
    assert [problem.problem for problem in refused.problems] == [
        "the cells A2:A3 are merged; split them"
    ]
    [table] = read_tables(path, filled_down=("id",))
    assert table.problems == []
    assert [row.cells for row in table.rows([])] == [["P1", "2020-01-01"], ["", "2020-01-02"]]


def test_what_other_programs_keep_beside_a_file_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "patients.csv").write_text("patient_id\n")
    for name in ("~$patients.xlsx", "._patients.csv", "readme.txt", "patients.docx"):
        (tmp_path / name).write_bytes(b"\x00")
    assert [table.table.shown for table in find_tables([tmp_path])] == ["patients.csv"]


@pytest.mark.parametrize("ending", [".xlsb", ".numbers"])
def test_another_workbook_is_refused_with_the_cure(tmp_path: Path, ending: str) -> None:
    (tmp_path / "patients.csv").write_text("patient_id\n")
    (tmp_path / f"infusions{ending}").write_bytes(b"\x00")
    with pytest.raises(Refused, match=rf"infusions\{ending}") as refused:
        find_tables([tmp_path])
    assert ".xlsx" in str(refused.value.cure)
