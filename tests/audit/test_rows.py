"""The rows of the audit as an inspector reads them."""

from __future__ import annotations

import csv
import io
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from registry.database.engine import Database
from tests.programs import Program


class Cells(HTMLParser):
    """The texts of a page's cells, and all its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.cells: list[str] = []
        self.inside = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        if tag in ("td", "th"):
            self.cells.append("")
        self.inside = tag in ("td", "th") or (self.inside and tag == "span")

    def handle_data(self, data: str) -> None:
        if self.inside:
            self.cells[-1] += data


@pytest.fixture
def worked(study: Database, program: Program) -> Database:
    """The study, after a day's work of two people."""
    ann, bob = ("--user", "ann"), ("--user", "bob")
    for arguments in (
        (
            "surgery",
            "add",
            "P023",
            "--performed-on",
            "2020-02-01",
            "--procedure",
            "seton of gold",
            *ann,
        ),
        ("patient", "amend", "P023", "--centre", "B", "--reason", "moved to B in May", *bob),
        ("patient", "amend", "P024", "--centre", "<b>", "--reason", "Moved too", *ann),
        ("definition", "add", "strict", "--from", "paper", "--set", "lor_above=20", *bob),
        ("surgery", "void", "P023", "2020-02-01", "--reason", "another child's", *ann),
        ("audit", "seal"),
        ("patient", "amend", "P023", "--centre", "C", "--reason", "again", *bob),
    ):
        assert program(study, *arguments).status == 0, arguments
    return study


def test_filters(worked: Database, program: Program, tmp_path: Path) -> None:
    def listed(*options: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = program(
            worked, "audit", "list", *options, "--format", "json"
        ).document
        return rows

    every = listed()
    tables = {row["table_name"] for row in every}
    assert {"patient", "infusion", "surgery", "definition"} <= tables
    places = [row["commit_number"] for row in every]
    assert places == sorted(places)

    own = listed("--patient", "P023")
    assert {row["patient_id"] for row in own} == {"P023"}
    assert own == [row for row in every if row["patient_id"] == "P023"]
    [first, second] = listed("--patient", "P023", "--table", "patient", "--operation", "update")
    assert first["new_values"] == {"centre": "B"}
    assert (first["changed_by"], first["command"]) == ("bob", "patient amend")
    assert (first["seal_number"], second["seal_number"]) == (1, None)
    of_it = listed("--change", str(first["change_id"]))
    assert {row["table_name"] for row in of_it} == {"patient", "centre"}
    assert {row["patient_id"] for row in listed("--reason", "moved", "--table", "patient")} == {
        "P023",
        "P024",
    }
    assert {row["changed_by"] for row in listed("--person", "ann")} == {"ann"}
    of_surgery = [row["operation"] for row in listed("--command", "surgery")]
    assert of_surgery == ["insert", "delete"]
    assert listed("--command", "surg") == []
    [added] = listed("--table", "definition", "--person", "bob")
    assert (added["patient_id"], added["key"]["name"]) == (None, "strict")
    assert listed("--last", "3") == every[-3:]
    moment = second["changed_at"]
    assert listed("--since", moment, "--until", moment, "--table", "patient") == [second]
    assert listed("--until", "1990-01-01") == []
    assert listed("--since", moment[:10], "--patient", "P023") == own

    out = program(worked, "audit", "list", "--patient", "P024", "--format", "csv").out
    rows = list(csv.DictReader(io.StringIO(out)))
    assert len(rows) == sum(row["patient_id"] == "P024" for row in every)
    table = program(worked, "audit", "list", "--operation", "update").out
    assert "centre: B -> C" in table
    assert "no patient P999" in program(worked, "audit", "list", "--patient", "P999").refused(1)
    wrong = program(worked, "audit", "list", "--table", "infusions").refused(2)
    assert "Did you mean infusion?" in wrong
    assert "is no moment" in program(worked, "audit", "list", "--since", "May").refused(2)

    file = tmp_path / "audit.html"
    page = ("audit", "list", "--operation", "update", "--to", str(file))
    assert program(worked, *page).status == 0
    assert "already" in program(worked, *page).refused(1)
    html = file.read_text()
    cells = [cell.strip() for cell in Cells(html).cells]
    assert "centre: B -> C" in cells
    assert "moved to B in May" in cells
    assert any("centre: " in cell and "-> <b>" in cell for cell in cells)
    assert "<b>" not in html
    assert "://" not in html.split("<style>")[0]

    shown = program(worked, "audit", "show", str(first["change_id"]), "--format", "json").document
    assert (shown["reason"], shown["seal_number"]) == ("moved to B in May", 1)
    assert {"centre": "B"} in [row["new_values"] for row in shown["rows"]]
    told = program(worked, "audit", "show", str(first["change_id"])).out
    assert "moved to B in May" in told
    assert "centre: " in told
    assert "no change 99999" in program(worked, "audit", "show", "99999").refused(1)


def test_of_who_was_erased_there_are_rows_without_values(
    worked: Database, program: Program
) -> None:
    assert program(worked, "patient", "erase", "P023", "--reason", "family asked").status == 0
    found = program(worked, "audit", "list", "--patient", "P023", "--format", "json")
    assert "P023" not in found.out
    rows = found.document
    assert {row["is_erased"] for row in rows} == {True}
    assert len({row["patient_number"] for row in rows}) == 1
    values = [row for row in rows if row["source"] != "erasure"]
    assert not any(row["old_values"] or row["new_values"] for row in values)
    [erasure] = [row for row in rows if row["source"] == "erasure"]
    assert erasure["reason"] == "family asked"
    assert "seton of gold" not in program(worked, "audit", "list").out
