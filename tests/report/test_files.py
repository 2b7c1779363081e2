"""The tables as Word and spreadsheet files hold what the page shows, and can be edited."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import docx
import pytest
from docx.oxml.ns import qn
from openpyxl import load_workbook

from registry.report.manuscript import write_manuscript
from registry.report.preamble import Facts
from registry.report.tables_book import write_tables_book
from registry.report.telling import Content
from tests.conftest import Command

from .reading import Element, rows_of


@pytest.fixture(scope="module")
def manuscript(content: Content, facts: Facts, tmp_path_factory: pytest.TempPathFactory) -> Any:
    path = tmp_path_factory.mktemp("files") / "tables.docx"
    write_manuscript(content, facts, path)
    return docx.Document(str(path))


@pytest.fixture(scope="module")
def book(content: Content, facts: Facts, tmp_path_factory: pytest.TempPathFactory) -> Any:
    path = tmp_path_factory.mktemp("files") / "tables.xlsx"
    write_tables_book(content, replace(facts, title="=1+1"), path)
    return load_workbook(path)


def test_word_has_every_table_of_the_page(manuscript: Any, tables: dict[str, Element]) -> None:
    captions = [one.text for one in manuscript.paragraphs if one.style.name == "Caption"]
    assert captions == [one.all("caption")[0].text for one in tables.values()]
    for made, shown in zip(manuscript.tables, tables.values(), strict=True):
        cells = [[cell.text for cell in row.cells] for row in made.rows][1:]
        wanted = rows_of(shown)
        assert [row[1:] for row in cells] == [row[1:] for row in wanted]


def test_word_tables_are_made_for_journals(manuscript: Any) -> None:
    for table in manuscript.tables:
        head = table.rows[0]._tr.trPr
        assert head.find(qn("w:tblHeader")) is not None
        sides = {one.tag for one in table._tbl.iter() if one.getparent().tag == qn("w:tcBorders")}
        assert sides <= {qn("w:top"), qn("w:bottom")}
    words = [one.text for one in manuscript.paragraphs]
    assert any("log-rank" in one.lower() for one in words)
    assert any(one.startswith("lifelines: ") for one in words)


def test_a_spreadsheet_has_every_table(book: Any, tables: dict[str, Element]) -> None:
    names = [one.removeprefix("table-") for one in tables]
    assert book.sheetnames == ["About", *names]
    for name, shown in zip(names, tables.values(), strict=True):
        sheet = book[name]
        assert sheet["A1"].value == shown.all("caption")[0].text
        for number, row in enumerate(rows_of(shown), start=4):
            for place, cell in enumerate(row[1:], start=2):
                assert written(sheet.cell(number, place)) == cell


def test_numbers_of_a_spreadsheet_are_numbers(book: Any) -> None:
    ratio = book["cox"].cell(4, 5)
    assert isinstance(ratio.value, float)
    assert ratio.number_format == "0.000"
    formulas = [
        cell.coordinate for sheet in book for row in sheet for cell in row if cell.data_type == "f"
    ]
    assert formulas == []


def written(cell: Any) -> str:
    """What the spreadsheet shows in the cell."""
    if isinstance(cell.value, int | float):
        decimals = len(cell.number_format.partition(".")[2])
        return f"{cell.value:.{decimals}f}"
    return cell.value or ""


def test_the_command(shared_study: Any, command: Command, tmp_path: Path) -> None:
    out = tmp_path / "new" / "tables.report"
    done = command(shared_study, "report", "--out", str(out), "--to", "xlsx", "--losses")
    assert (done.returncode, done.stdout) == (0, "")
    with out.open("rb") as stream:
        assert "losses" in load_workbook(stream).sheetnames
    assert list(out.parent.iterdir()) == [out]


def test_the_command_needs_to_know_the_format(tmp_path: Path, command: Command) -> None:
    done = command(tmp_path / "home", "report", "--out", str(tmp_path / "report.pdf"))
    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        "Error: report.pdf does not tell a format by its ending.",
        "End it in .html, .docx, .xlsx.",
    ]
    assert not (tmp_path / "home").exists()
