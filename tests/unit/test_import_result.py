"""How an import's result is printed: as much as helps on a screen, all of it for programs."""

from __future__ import annotations

import csv
import io
import json
from datetime import date

import pytest

from registry.cli.files.import_result import changes_kept, print_result
from registry.cli.frame.output import Format
from registry.derivation.run import Transition
from registry.records.rows import Change, TableCounts, WriteResult

TURNED = [
    Transition("paper", "NEW", None, "no_infliximab", None),
    Transition("paper", "P1", "sustained_response", "loss_of_response", date(2020, 5, 6)),
]


def result(changes: int, *, committed: bool = False) -> WriteResult:
    """An update of so many doses, of which as many are kept as a screen shows."""
    cells = [
        Change(
            file="infusions.csv",
            line=line,
            table="infusions",
            patient_id="P1",
            key={"infused_on": f"2020-01-{line:02}", "product": None},
            column="dose_mg",
            old="150",
            new=None,
        )
        for line in range(2, changes + 2)
    ]
    return WriteResult(
        committed=committed,
        tables={"infusions": TableCounts(read=changes, updated=changes)},
        changes=cells[: changes_kept(Format.TABLE)],
        number_of_changes=changes,
    )


def test_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    print_result(result(1), TURNED, Format.TABLE, dry_run=True)
    shown = capsys.readouterr()
    assert shown.err == ""
    counts, changes, states = shown.out.split("\n\n")[0::2]
    assert counts.split()[-6:] == ["infusions", "1", "0", "1", "0", "0"]
    assert "Values that would change: 1" in shown.out
    assert "States that would change: 2" in shown.out
    assert changes.splitlines()[-1].split() == ["infusions", "P1", "2020-01-02", "dose_mg", "150"]
    # Who turns stands before who comes.
    assert [line.split()[1] for line in states.splitlines()[2:]] == ["P1", "NEW"]


def test_more_than_a_screen_is_counted(capsys: pytest.CaptureFixture[str]) -> None:
    print_result(result(45, committed=True), None, Format.TABLE, dry_run=False)
    shown = capsys.readouterr()
    assert "Values changed: 45" in shown.out
    assert shown.out.count("dose_mg") == 40
    assert shown.err == "... and 5 more; --format json lists them all\n"


def test_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    print_result(result(1), TURNED, Format.JSON, dry_run=True)
    document = json.loads(capsys.readouterr().out)
    assert document["changes"][0]["key"] == {"infused_on": "2020-01-02", "product": None}
    assert document["status_changes"][1] == {
        "definition": "paper",
        "patient_id": "P1",
        "from": "sustained_response",
        "to": "loss_of_response",
        "on": "2020-05-06",
    }
    print_result(result(2), TURNED, Format.CSV, dry_run=True)
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [(row["line"], row["record"], row["old"], row["new"]) for row in rows] == [
        ("2", "2020-01-02", "150", ""),
        ("3", "2020-01-03", "150", ""),
    ]
    print_result(result(2), None, Format.CSV, dry_run=False)
    assert capsys.readouterr().out.startswith("table,read,inserted")
