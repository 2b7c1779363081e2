"""A drug's stop that is written but not known to the day: in, out and shown, never still taken."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from registry.database.engine import Database
from tests.programs import Program
from tests.records.conftest import rows

STORED = "drug, stopped_on::text, stopped_on_precision"
UNKNOWN = ["unknown", "不详", "未知", "?", "？", "unbekannt", "Unknown", " inconnu ", "(不详)"]
ONGOING = ["", "至今", "ongoing", "laufend", "Still taken", "bis heute", "持续"]
DRUGS = ["azathioprine", "methotrexate", "mercaptopurine", "prednisone", "prednisolone",
         "methylprednisolone", "budesonide", "EEN", "mesalazine"]  # fmt: skip


def medications(folder: Path, *stops: str) -> Path:
    path = folder / "medications.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        lines = csv.writer(file)
        lines.writerow(["patient_id", "drug", "started_on", "stopped_on"])
        lines.writerows(
            ["T1", drug, "2019-05-20", stop] for drug, stop in zip(DRUGS, stops, strict=False)
        )
    return path


@pytest.fixture
def child(child: Database, program: Program) -> Database:
    return child


def test_words_in_a_file(child: Database, program: Program, tmp_path: Path) -> None:
    done = program(child, "import", str(medications(tmp_path, *UNKNOWN)))
    assert done.status == 0, done.err
    assert {row[1:] for row in rows(child, "medication", STORED)} == {(None, "unknown")}
    again = program(child, "import", str(medications(tmp_path, *reversed(UNKNOWN))))
    assert again.status == 0, again.err
    changed = (
        "import", str(medications(tmp_path, *ONGOING)), "--update", "--reason", "asked the family"
    )  # fmt: skip
    assert program(child, *changed).status == 0
    found = {row[0]: row[1:] for row in rows(child, "medication", STORED)}
    assert {found[drug] for drug in DRUGS[: len(ONGOING)]} == {(None, None)}


def test_periods_in_a_file(child: Database, program: Program, tmp_path: Path) -> None:
    path = medications(tmp_path, "2020-03", "2020", "2019-05-20", "2019年6月")
    assert program(child, "import", str(path)).status == 0
    assert sorted(rows(child, "medication", STORED)) == [
        ("azathioprine", "2020-03-01", "month"),
        ("mercaptopurine", "2019-05-20", "day"),
        ("methotrexate", "2020-01-01", "year"),
        ("prednisone", "2019-06-01", "month"),
    ]
    refused = program(child, "import", str(medications(tmp_path / "..", "2018", "2019-04")))
    assert refused.err.count("lies before the start") == 2


def test_what_stays_unknown_goes_out_and_in_again(
    child: Database, program: Program, tmp_path: Path
) -> None:
    stops = ["unknown", "2020", "2020-03", "2020-03-04", ""]
    assert program(child, "import", str(medications(tmp_path, *stops))).status == 0
    listed = program(child, "medication", "list", "--format", "csv").out
    assert [row["stopped_on"] for row in csv.DictReader(listed.splitlines())] == sorted(
        stops, key=lambda stop: DRUGS[stops.index(stop)]
    )
    (tmp_path / "medications.csv").write_text(listed, encoding="utf-8")
    again = program(child, "import", str(tmp_path / "medications.csv"), "--format", "json")
    assert again.document["tables"]["medications"]["unchanged"] == len(stops)


def test_a_word_for_nothing_does_not_make_it_still_taken(
    child: Database, program: Program, tmp_path: Path
) -> None:
    path = medications(tmp_path, "?", "-")
    done = program(child, "import", str(path), "--missing", "?,-")
    assert done.status == 0, done.err
    assert sorted(rows(child, "medication", STORED)) == [
        ("azathioprine", None, "unknown"),
        ("methotrexate", None, None),
    ]


def test_entered_and_shown(child: Database, program: Program) -> None:
    course = ("medication", "add", "T1", "--drug", "azathioprine", "--started-on", "2019-05-20")
    added = program(child, *course, "--stopped-on", "不详")
    assert added.status == 0, added.err
    assert "at least 0: the stop is not known to the day" in added.out
    assert "stopped, day not known" in program(child, "patient", "show", "T1").out
    # It is over: another course of the drug may begin.
    second = program(
        child, "medication", "add", "T1", "--drug", "azathioprine", "--started-on", "2020-01-01"
    )
    assert second.status == 0, second.err
    amended = program(
        child, "medication", "amend", "T1", "azathioprine", "2019-05-20", "--stopped-on", "2019",
        "--reason", "the letter says 2019",
    )  # fmt: skip
    assert "stopped_on unknown -> 2019" in amended.out
    number = program(child, "history", "T1", "--format", "json").document[-1]["audit_id"]
    assert program(child, "undo", str(number), "--reason", "the wrong child's").status == 0
    found = rows(child, "medication", STORED.replace("drug", "started_on::text"))
    assert found == [("2019-05-20", None, "unknown"), ("2020-01-01", None, None)]


def test_a_course_that_is_over_is_not_offered_as_taken(
    child: Database, program: Program, tmp_path: Path
) -> None:
    course = ("medication", "add", "T1", "--drug", "azathioprine", "--started-on", "2019-05-20")
    assert program(child, *course, "--stopped-on", "unknown").status == 0
    visit = tmp_path / "visit.toml"
    visit.write_text('on = 2020-06-01\n[medication]\nstopped = ["azathioprine"]\n', "utf-8")
    ended = program(child, "visit", "T1", "--file", str(visit))
    assert ended.status == 1
    assert "is not taken on that day; taken are: none" in ended.err
