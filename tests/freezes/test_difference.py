"""Whose status differs between two freezes, each by the change that was made to it."""

from __future__ import annotations

from sqlalchemy import text

from registry.database.engine import Database
from tests.programs import Program


def test_by_their_causes(program: Program, study: Database) -> None:
    made = ("--format", "json")
    assert program(study, "freeze", "create", "a").status == 0
    assert program(study, "freeze", "create", "same").status == 0
    same = program(study, "freeze", "diff", "a", "same", *made).document
    assert (same["same"], same["patients"]) == (True, [])

    # A child is entered, a date is mended, a child is taken out.
    number = "(select patient_id from reference.patient_number where study_id = '{}')"
    with study.engine.begin() as connection:
        connection.execute(
            text(
                "insert into clinical.condition (patient_id, condition, onset_on) "
                f"values ({number.format('P003')}, 'lymphoma', '2015-01-01')"
            )
        )
        connection.execute(
            text(
                "update clinical.patient set diagnosis = 'UC' "
                f"where patient_id = {number.format('P004')}"
            )
        )
    assert program(study, "patient", "void", "P001", "--with-records", "--reason", "x").status == 0
    assert program(study, "freeze", "create", "b").status == 0
    found = program(study, "freeze", "diff", "a", "b", "--analysis", "flow", *made).document
    told = {one["patient_id"]: one for one in found["patients"]}
    assert {name: one["cause"] for name, one in told.items()} == {
        "P001": "correction",
        "P003": "new_data",
        "P004": "correction",
    }
    assert told["P001"]["after"] is None
    [row] = [row for row in told["P004"]["rows"] if "diagnosis" in row["values"]]
    assert row["values"]["diagnosis"] == ["CD", "UC"]
    assert (row["operation"], row["reason"]) == ("update", "a test")
    numbers = {one["value"]: (one["a"], one["b"]) for one in found["numbers"]}
    started, left = numbers["started"]
    assert started - left == 1

    # A parameter.
    with study.engine.begin() as connection:
        connection.execute(text("update reference.definition set lor_above = 5"))
    assert program(study, "freeze", "create", "c").status == 0
    found = program(study, "freeze", "diff", "b", "c", *made).document
    assert found["patients"]
    assert {one["cause"] for one in found["patients"]} == {"definition"}
    assert "changed definitions" in program(study, "freeze", "diff", "b", "c").out
