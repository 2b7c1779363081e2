"""A child who was erased, as freezes tell it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import text

from registry.database.engine import Database
from tests.programs import Program


def test_every_freeze_that_held_the_child_says_so(program: Program, study: Database) -> None:
    for name in ("kept", "dropped"):
        assert program(study, "freeze", "create", name).status == 0
    assert program(study, "freeze", "drop", "dropped", "--reason", "published").status == 0
    assert program(study, "patient", "erase", "P003", "--reason", "family asked").status == 0
    assert program(study, "freeze", "create", "after").status == 0
    notes = {
        one["name"]: one["note"]
        for one in program(study, "freeze", "list", "--format", "json").document
    }
    assert notes["after"] is None
    for name in ("kept", "dropped"):
        assert notes[name].count("a child was erased on ") == 1


def test_what_one_child_is_to_results(program: Program, study: Database) -> None:
    asked = ("freeze", "impact", "P023", "--definition", "paper")
    assert "No freeze held" in program(study, *asked).out
    for name in ("one", "gone"):
        assert program(study, "freeze", "create", name).status == 0
    assert program(study, "freeze", "drop", "gone", "--reason", "x").status == 0
    names = [word for name in ("flow", "km", "table2") for word in ("--analysis", name)]
    found = program(study, *asked, *names, "--format", "json").document
    [one, gone] = sorted(found["freezes"], key=lambda told: str(told["dropped"]))
    assert (gone["dropped"], gone["numbers"]) == (True, [])
    assert (one["status"]["state"], one["status"]["event_on"]) == ("loss_of_response", "2020-08-24")
    numbers = {(row["analysis"], row["value"]): row for row in one["numbers"]}
    # One of 85 started, of 69 in the cohort and of 18 losses goes.
    for value, n in (("started", 85), ("eligible", 69), ("events", 18)):
        row = numbers["flow", value]
        assert (row["with"], row["without"]) == (n, n - 1)

    # The same numbers as those of a registry that never had the child.
    assert program(study, "patient", "erase", "P023", "--reason", "family asked").status == 0
    for name in ("flow", "km", "table2"):
        told = program(study, "analyse", name, "--freeze", "one", "--format", "json").document
        for (analysis, value), row in numbers.items():
            if analysis == name and not value.startswith("note"):
                assert at(told, value) == row["without"], (name, value)
    turned = {(row["analysis"], row["value"]) for row in one["conclusions"]}
    for key, row in numbers.items():
        if key[1].endswith(".p") and None not in (row["with"], row["without"]):
            assert (key in turned) == ((row["with"] < 0.05) != (row["without"] < 0.05))

    left = program(study, *asked, "--format", "json").document
    assert left["erased_at"]
    assert [(told["freeze"], told["numbers"]) for told in left["freezes"]] == [
        (told["freeze"], []) for told in found["freezes"]
    ]
    assert all("a child was erased" in told["note"] for told in left["freezes"])
    assert "who was erased" in program(study, *asked).out
    assert program(study, "freeze", "impact", "P999").status == 1


def at(document: Any, path: str) -> Any:
    """A value by its path; an item of a list by its name or place."""
    for key in path.split("."):
        if isinstance(document, list):
            named = [
                one
                for one in document
                if isinstance(one, dict)
                and key in {str(value).removesuffix(".0") for value in one.values()}
            ]
            document = named[0] if named else dict(enumerate(document)).get(int(key))
        elif isinstance(document, dict):
            document = document.get(key)
    return document


def test_a_difference_after_an_erasure(program: Program, study: Database) -> None:
    as_json = ("--format", "json")
    assert program(study, "freeze", "create", "a").status == 0
    with study.engine.begin() as connection:
        connection.execute(
            text(
                "update clinical.patient set diagnosis = 'UC' where patient_id = "
                "(select patient_id from reference.patient_number where study_id = 'P004')"
            )
        )
    assert program(study, "freeze", "create", "b").status == 0
    number = program(study, "patient", "erase", "P003", "--reason", "x", *as_json).document
    assert program(study, "freeze", "create", "c").status == 0
    told = {
        pair: program(study, "freeze", "diff", *pair, "--analysis", "flow", *as_json).document
        for pair in ("ab", "bc")
    }
    for pair, held in (("ab", ["a", "b"]), ("bc", ["b"])):
        [erased] = [one for one in told[pair]["patients"] if one["cause"] == "erased"]
        assert erased["patient_id"] == f"erased, number {number['erasure']['number']}"
        [row] = erased["rows"]
        assert (row["operation"], row["reason"], row["freezes"]) == ("erase", "x", held)
        assert told[pair]["causes"]["erased"] == 1
    assert "P003" not in str(told)
    assert told["bc"]["numbers"] == []
    # A patient with another disease is no longer in the cohort: by the correction.
    [step] = {str(one["why"][0]["causes"]) for one in told["ab"]["numbers"]}
    assert step == "['correction']"
    moved = {one["value"]: (one["a"], one["b"]) for one in told["ab"]["numbers"]}
    assert moved["eligible"] == (68, 67)
    assert "erase patient (b)" in program(study, "freeze", "diff", "b", "c").out
