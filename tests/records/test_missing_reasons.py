"""Why a value is missing: said at entry, kept beside the value, cleared by a value given later.

The codes are HL7's null flavours as OpenClinica offers them (OpenClinica user manual, "Null
values"); what a column may do without is the dictionary's.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pexpect
import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from registry.database.engine import Database
from registry.models import ENTITIES, table_of
from registry.models.missing_reason import may_lack
from tests.conftest import place
from tests.programs import Program
from tests.records.conftest import LACKING, rows

CODES = ("NI", "NA", "UNK", "NASK", "ASKU", "NAV")
HEIGHTS = "height_cm, weight_kg, missing_reasons"
WEIGHED = ("anthropometry", "add", "T1", "--measured-on", "2020-01-07", "--weight-kg", "30")


def test_the_columns_that_may_lack_a_value() -> None:
    found = {e.file_name: set(may_lack(table_of(e), e.natural_key)) for e in ENTITIES}
    assert {name: columns for name, columns in found.items() if columns} == LACKING


@pytest.mark.parametrize("code", CODES)
def test_a_reason_is_entered_shown_and_cleared_by_the_value(
    child: Database, program: Program, code: str
) -> None:
    assert program(child, *WEIGHED, "--missing", f"height_cm={code.lower()}").status == 0
    assert rows(child, "anthropometry", HEIGHTS) == [(None, 30, {"height_cm": code})]
    listed = program(child, "anthropometry", "list", "T1", "--format", "csv")
    assert listed.out.splitlines() == [
        "patient_id,measured_on,height_cm,height_cm_missing,weight_kg,height_z,bmi_z",
        f"T1,2020-01-07,,{code},30,,",
    ]
    amended = program(
        child, "anthropometry", "amend", "T1", "2020-01-07", "--height-cm", "135",
        "--reason", "found in the notes",
    )  # fmt: skip
    assert f"height_cm - -> 135, height_cm_missing {code} -> -" in amended.out
    assert rows(child, "anthropometry", HEIGHTS) == [(135, 30, None)]


def test_undo_brings_the_reason_back(child: Database, program: Program) -> None:
    program(child, *WEIGHED, "--missing", "height_cm=NASK")
    program(
        child, "anthropometry", "amend", "T1", "2020-01-07", "--height-cm", "135", "--reason", "x"
    )
    changes = program(child, "history", "T1", "--format", "json").document
    assert changes[-1]["old_values"]["missing_reasons"] == {"height_cm": "NASK"}
    undone = program(child, "undo", str(changes[-1]["audit_id"]), "--reason", "wrong child")
    assert undone.status == 0
    assert rows(child, "anthropometry", HEIGHTS) == [(None, 30, {"height_cm": "NASK"})]


def test_a_code_in_place_of_a_value_is_the_reason(child: Database, program: Program) -> None:
    assert program(child, *WEIGHED, "--height-cm", "UNK").status == 0
    assert rows(child, "anthropometry", HEIGHTS) == [(None, 30, {"height_cm": "UNK"})]
    # Free text is text, whatever it says.
    infusion = ("infusion", "add", "T1", "--infused-on", "2020-01-07", "--dose-mg", "150")
    assert program(child, *infusion, "--weight-kg", "30", "--product", "NA").status == 0
    assert rows(child, "infusion", "product, missing_reasons") == [("NA", None)]


@pytest.mark.parametrize(
    ("given", "status", "words"),
    [
        ("height_cm=", 0, ""),
        ("height_cm=XYZ", 1, "is not one of NI, NA, UNK, NASK, ASKU, NAV"),
        ("weight_kg=UNK", 1, "is a reason for a missing value, but the value is there"),
        ("measured_on=UNK", 2, "is not COLUMN=CODE"),
        ("height_cm", 2, "is not COLUMN=CODE"),
    ],
)
def test_what_is_no_reason_is_refused(
    child: Database, program: Program, given: str, status: int, words: str
) -> None:
    ended = program(child, *WEIGHED, "--missing", given)
    assert (ended.status, words in ended.err) == (status, True), ended.err
    assert len(rows(child, "anthropometry", HEIGHTS)) == (status == 0)


def test_a_visit_with_reasons_in_place_of_items_has_no_score(
    child: Database, program: Program
) -> None:
    """An item that is missing for a reason is missing (DOMAIN.md: all but height count)."""
    items = [f"--{name.replace('_', '-')}=0" for name in LACKING["pcdai_visits"] - {"albumin"}]
    visit = ("pcdai", "add", "T1", "--visited-on", "2020-01-07", "--missing", "albumin=NASK")
    refused = program(child, *visit, *items)
    assert refused.status == 1
    assert "so are the items to compute it from: albumin" in refused.err
    assert program(child, *visit, *items, "--total", "10").status == 0
    assert rows(child, "pcdai_visit", "score, computed_total") == [(10, None)]


@pytest.mark.parametrize(
    "reasons",
    [
        {"height_cm": "XYZ"},
        {"height_cm": None},
        {"height_cm": []},
        {"measured_on": "UNK"},
        {"height_z": "UNK"},
        {"nothing": "UNK"},
        {"weight_kg": "UNK"},
        {},
        [],
        ["height_cm"],
    ],
)
def test_the_database_itself_holds_the_rule(
    child: Database, program: Program, reasons: object
) -> None:
    program(child, *WEIGHED)
    with child.engine.begin() as connection, pytest.raises(IntegrityError):
        connection.execute(
            text("update clinical.anthropometry set missing_reasons = cast(:given as jsonb)"),
            {"given": json.dumps(reasons)},
        )


def test_a_value_given_by_hand_clears_its_reason_and_no_other(
    child: Database, program: Program
) -> None:
    program(child, *WEIGHED[:-2], "--missing", "height_cm=NAV", "--missing", "weight_kg=ASKU")
    with child.engine.begin() as connection:
        connection.execute(text("update clinical.anthropometry set height_cm = 135"))
    assert rows(child, "anthropometry", HEIGHTS) == [(135, None, {"weight_kg": "ASKU"})]


def test_the_reason_stands_beside_the_value_in_the_views(child: Database, program: Program) -> None:
    program(child, *WEIGHED, "--missing", "height_cm=NASK")
    with child.engine.connect() as connection:
        row = connection.execute(text("select * from analytics.anthropometry")).mappings().one()
        names = list(row)
        assert (row["height_cm"], row["height_cm_missing"]) == (None, "NASK")
        assert names.index("height_cm_missing") == names.index("height_cm") + 1
        assert "missing_reasons" not in names


def test_at_a_prompt_the_code_is_typed_in_place_of_the_value(
    child: Database, program: Program
) -> None:
    asked = pexpect.spawn(
        sys.executable,
        ["-m", "registry", *place(child), "anthropometry", "add", "T1"],
        encoding="utf-8",
        timeout=60,
    )
    asked.expect("Why a value is missing can stand in its place: NI, NA, UNK, NASK, ASKU, NAV")
    for answer in ("2020-01-07", "nask", "30", "", ""):
        asked.expect(": $")
        asked.sendline(answer)
    asked.expect("Stored")
    asked.expect(pexpect.EOF)
    assert rows(child, "anthropometry", HEIGHTS) == [(None, 30, {"height_cm": "NASK"})]


def test_a_visit_takes_a_code_in_place_of_a_value(
    child: Database, program: Program, tmp_path: Path
) -> None:
    file = tmp_path / "visit.toml"
    file.write_text('[anthropometry]\nheight_cm = "UNK"\nweight_kg = 30\n', encoding="utf-8")
    ended = program(child, "visit", "T1", "--on", "2020-01-07", "--file", str(file))
    assert ended.status == 0, ended.err
    assert rows(child, "anthropometry", HEIGHTS) == [(None, 30, {"height_cm": "UNK"})]


def test_the_screen_of_a_patient_says_why(child: Database, program: Program) -> None:
    program(child, *WEIGHED, "--missing", "height_cm=NASK")
    program(child, "patient", "amend", "T1", "--missing", "onset_on=ASKU", "--reason", "asked")
    program(
        child, "tdm", "add", "T1", "--sampled-on", "2020-01-07", "--assay", "ELISA",
        "--missing", "ifx_ug_ml=NAV", "--ada-au-ml", "12",
    )  # fmt: skip
    shown = program(child, "patient", "show", "T1")
    lines = [line.split() for line in shown.out.splitlines()]
    assert "onset: ASKU" in shown.out
    assert ["2020-01-07", "NASK", "30"] in [line[:3] for line in lines]
    assert ["2020-01-07", "NAV"] in [line[:2] for line in lines]
    told = program(child, "patient", "show", "T1", "--format", "json").document
    assert told["missing_reasons"] == {"onset_on": "ASKU"}
