"""Releases of a series: a child keeps its id, and who was erased is in the next one's list."""

from __future__ import annotations

import json
from pathlib import Path

from registry.database.engine import Database
from tests.programs import Program
from tests.releases.test_release import create, rows


def test_a_series_is_brought_up_to_date_and_erasures_travel(
    study: Database, program: Program, tmp_path: Path
) -> None:
    first = create(program, study, tmp_path / "north_1", "--series", "north")
    alone = create(program, study, tmp_path / "alone")
    shown = program(study, "release", "show", "north_1", "--children", "--format", "json").document
    ids = {one["patient_id"]: one["child_id"] for one in shown["ids"]}
    gone = ("patient", "erase", "P023", "--reason", "asked by the family")
    made = program(study, *gone)
    assert made.status == 0, made
    again = create(program, study, tmp_path / "north_2", "--series", "north")
    other = create(program, study, tmp_path / "south_1", "--series", "south")

    told = {folder: {one["child_id"] for one in rows(folder, "patient")}
            for folder in (first, alone, again, other)}  # fmt: skip
    assert told[first] == set(ids.values())
    # Who is in both has one id, though nothing else may be told of the child.
    assert told[again] == told[first] - {ids["P023"]}
    assert not told[first] & told[alone]
    assert not told[first] & told[other]
    assert [one["child_id"] for one in rows(again, "erased")] == [ids["P023"]]
    assert rows(first, "erased") == rows(other, "erased") == []
    assert not (alone / "erased.csv").exists()
    about = json.loads((again / "release.json").read_text(encoding="utf-8"))
    assert about["series"] == "north"
    assert about["files"]["erased.csv"]["sha256"]


def test_what_cannot_name_a_series_is_refused(
    shared_study: Database, program: Program, tmp_path: Path
) -> None:
    series = ("--to", str(tmp_path / "x"), "--series", "A b")
    made = program(shared_study, "release", "create", "a", *series)
    assert "A b cannot be the name" in made.refused(1)
