"""`registry patient show`: on a terminal that cannot, as data, as a file, and where it refuses."""

from __future__ import annotations

import csv
import io
import json
import os
import re
from pathlib import Path

import pytest

from registry.database.engine import Database
from tests.conftest import Command
from tests.patient.conftest import Read
from tests.programs import Program


def test_the_whole_tree_as_json(program: Program, children: Database, read: Read) -> None:
    outcome = program(children, "patient", "show", "LOST", "--format", "json")
    assert (outcome.status, outcome.err) == (0, "")
    document = outcome.document
    assert (document["patient_id"], document["birth_date"]) == ("LOST", "2008-05-01")
    assert document["status"]["event_on"] == "2020-06-08"
    assert document["pcdai_visits"][2]["score"] == 22.5
    assert document["infusions"][0]["interval_days"] is None
    assert document["explanation"]["conclusion"] == "Lost response on 2020-06-08."
    assert document.keys() == read("LOST").keys()


def test_every_value_in_a_row_of_csv(program: Program, children: Database) -> None:
    outcome = program(children, "patient", "show", "LOST", "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(outcome.out)))
    found = {(row["table"], row["row"], row["column"]): row["value"] for row in rows}
    assert len(found) == len(rows)
    assert found["patients", "", "sex"] == "male"
    assert found["status", "", "state"] == "loss_of_response"
    assert found["infusions", "5", "dose_mg_per_kg"] == "8"
    assert found["tdm_levels", "1", "ifx_ug_ml_comparator"] == "<"


def test_the_screen_has_no_colours_where_nobody_looks(
    program: Program, children: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    outcome = program(children, "patient", "show", "LOST", "--width", "80")
    assert outcome.status == 0
    assert outcome.out.startswith("LOST · male · CD · centre BCH\n")
    assert "\x1b" not in outcome.out


@pytest.mark.parametrize(
    ("locale", "first"),
    [
        ({"LANG": "C"}, "LOST / male"),
        ({"LANG": "C", "LC_CTYPE": "C.UTF-8"}, "LOST / male"),
        ({"LANG": "en_GB.UTF-8", "LC_ALL": "POSIX"}, "LOST / male"),
        ({"LANG": "C", "LC_CTYPE": "en_GB.UTF-8"}, "LOST · male"),
        ({"LANG": "en_GB.UTF-8"}, "LOST · male"),
        ({}, "LOST · male"),
    ],
)
def test_a_locale_of_c_asks_for_ascii(
    program: Program,
    children: Database,
    monkeypatch: pytest.MonkeyPatch,
    locale: dict[str, str],
    first: str,
) -> None:
    for name in ("LANG", "LC_ALL", "LC_CTYPE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in locale.items():
        monkeypatch.setenv(name, value)
    assert program(children, "patient", "show", "LOST").out.startswith(first)


def test_a_terminal_without_utf_8_is_written_to_in_ascii(
    process: Command, children: Database
) -> None:
    plain = {"LC_ALL": "C", "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0", "COLUMNS": "70"}
    outcome = process(children, "patient", "show", "LOST", env=os.environ | plain)
    assert (outcome.returncode, outcome.stderr) == (0, "")
    assert outcome.stdout.isascii()
    assert "?" not in outcome.stdout.replace("? above 12", "").replace("? not told", "")
    assert max(map(len, outcome.stdout.splitlines())) <= 70


@pytest.mark.parametrize("ending", ["svg", "PNG"])
def test_a_figure_into_a_folder_of_its_own(
    program: Program, children: Database, tmp_path: Path, ending: str
) -> None:
    file = tmp_path / "new" / f"lost.{ending}"
    outcome = program(children, "patient", "show", "LOST", "--to", str(file))
    assert (outcome.status, outcome.out, outcome.err) == (0, "", f"Drawn: {file}\n")
    assert file.read_bytes()[:5] in (b"<?xml", b"\x89PNG\r")


def test_what_is_refused(program: Program, children: Database, tmp_path: Path) -> None:
    missing = program(children, "patient", "show", "P999").refused(1)
    assert missing.startswith("Error: There is no patient ***.")
    assert "LOST" not in missing
    assert "no definition other" in program(
        children, "patient", "show", "LOST", "--definition", "other"
    ).refused(1)
    ending = program(children, "patient", "show", "LOST", "--to", "x.pdf").refused(2)
    assert "x.pdf ends neither in .svg nor in .png." in ending
    (tmp_path / "file").write_text("")
    blocked = str(tmp_path / "file" / "x.svg")
    refused = program(children, "patient", "show", "LOST", "--to", blocked).refused(1)
    assert "cannot be written" in refused


def test_what_has_changed_is_derived_first(
    program: Program, registry: Database, cohort: Path
) -> None:
    """The status shown is never behind the records beside it."""
    for path in cohort.glob("*.csv"):
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        path.write_text(lines[0] + "".join(line for line in lines if re.match("P023,", line)))
    assert program(registry, "import", str(cohort)).status == 0
    outcome = program(registry, "patient", "show", "P023", "--format", "json")
    assert "Derived 1 changed patient first." in outcome.err
    assert json.loads(outcome.out)["status"]["event_on"] == "2020-08-24"
