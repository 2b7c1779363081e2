"""The codebook against the dictionary as agreed, in each of its forms."""

from __future__ import annotations

import csv
from html.parser import HTMLParser
from pathlib import Path

import pytest
from openpyxl import load_workbook
from typer.testing import CliRunner

from registry.cli import app
from registry.errors import Refused, WrongUsage
from registry.export.codebook import write_codebook
from registry.models.codebook import codebook, descriptions
from tests.schema.agreed import agreed

# Neither is closed by a tag of its own.
VOID = ("meta", "br")


class Page(HTMLParser):
    """The ids, the links and the tags of a page, which must be closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.tags: set[str] = set()
        self.text = ""
        self._open: list[str] = []
        self.feed(text)
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        for name, value in attrs:
            assert not name.startswith("on")
            assert name != "src"
            if name == "id":
                self.ids.append(value or "")
            elif name == "href":
                self.links.append(value or "")
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def test_it_has_every_variable_and_every_code_has_a_meaning() -> None:
    rows = codebook()
    assert [(row["table"], row["column"]) for row in rows] == [
        (line["table"], line["column"]) for line in agreed()
    ]
    for row, line in zip(rows, agreed(), strict=True):
        assert row["required"] == (line["required"] == "yes")
        if "|" in line["allowed"] and line["type"] == "code":
            assert list(row["codes"]) == line["allowed"].split("|")
        if row["codes"]:
            assert all(row["codes"].values())


def test_the_page_needs_nothing_else_and_every_link_leads_somewhere(tmp_path: Path) -> None:
    path = tmp_path / "codebook.html"
    write_codebook(codebook(), descriptions(), path)
    page = Page(path.read_text(encoding="utf-8"))
    assert "script" not in page.tags
    assert "link" not in page.tags
    assert len(set(page.ids)) == len(page.ids)
    assert {link.removeprefix("#") for link in page.links} <= set(page.ids)
    assert {f"{line['table']}.{line['column']}" for line in agreed()} <= set(page.ids)
    # The Paris classification and the limits, in words.
    for words in ("terminal ileum", "stricturing and penetrating", "above 0 to 2000", "AU/mL"):
        assert words in page.text


def test_as_csv_and_as_a_workbook(tmp_path: Path) -> None:
    write_codebook(codebook(), descriptions(), tmp_path / "codebook.csv")
    write_codebook(codebook(), descriptions(), tmp_path / "codebook.xlsx")
    with (tmp_path / "codebook.csv").open(encoding="utf-8-sig", newline="") as stream:
        lines = list(csv.DictReader(stream))
    assert [(line["table"], line["column"]) for line in lines] == [
        (line["table"], line["column"]) for line in agreed()
    ]
    workbook = load_workbook(tmp_path / "codebook.xlsx")
    sheet = workbook["variables"]
    assert [[cell.value or "" for cell in cells] for cells in sheet.iter_rows()] == [
        list(lines[0]),
        *(list(line.values()) for line in lines),
    ]
    codes = [[cell.value for cell in cells] for cells in workbook["codes"].iter_rows(min_row=2)]
    assert ["phenotypes", "behaviour", "B2", "stricturing"] in codes


def test_targets_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(WrongUsage, match=r"codebook\.pdf"):
        write_codebook(codebook(), descriptions(), tmp_path / "codebook.pdf")
    with pytest.raises(Refused, match="cannot be written"):
        write_codebook(codebook(), descriptions(), tmp_path / "none" / "codebook.html")


def test_the_commands(tmp_path: Path) -> None:
    runner = CliRunner()
    shown = runner.invoke(app, ["codebook", "phenotypes"]).output
    assert "proximal to the ligament of Treitz" in shown
    target = tmp_path / "infusions.csv"
    done = runner.invoke(app, ["codebook", "infusions", "--to", str(target)])
    assert (done.exit_code, done.stdout) == (0, "")
    assert len(target.read_text().splitlines()) == 6
    assert runner.invoke(app, ["template", str(tmp_path / "t")]).exit_code == 0
    assert len(list((tmp_path / "t").glob("*.csv"))) == len(descriptions())
    assert (tmp_path / "t" / "registry.xlsx").exists()
    assert runner.invoke(app, ["template", str(tmp_path / "t")]).exit_code == 1
