"""`registry analyse cox`, `compare-published` and `sensitivity` as a program."""

from __future__ import annotations

import csv
import json
import math
from pathlib import Path

import pytest
from sqlalchemy import text

from registry.covariates import COVARIATES
from registry.database.engine import Database
from tests.programs import Program

CONTRACT = ("covariate", "coef", "se", "wald", "hr", "hr_lower", "hr_upper", "p")
PUBLISHED = "bmi_z_low,growth_delay,response_without_remission,im_over_6_months"


def test_the_contract_holds_with_covariates_acquired_later(
    program: Program, shared_study: Database
) -> None:
    asked = ("analyse", "cox", "--covariates", PUBLISHED, "--format", "json")
    named = program(shared_study, *asked).document
    plain = program(shared_study, "analyse", "cox", "--format", "json").document
    assert [term["covariate"] for term in named["terms"]] == PUBLISHED.split(",")
    assert named["terms"] == plain["terms"]
    assert all(set(CONTRACT) <= set(term) for term in named["terms"])
    assert any("immortal-time" in note for note in named["notes"])
    for key in ("definition_hash", "clock", "entry", "censoring", "method", "ties"):
        assert named[key]


def test_immortal_time_is_refused_and_the_cure_named(
    program: Program, shared_study: Database
) -> None:
    asked = ("analyse", "cox", "--covariates", PUBLISHED, "--entry", "week14")
    said = program(shared_study, *asked).refused(1)
    assert "immortal time" in said
    assert "--time-dependent im_over_6_months" in said
    held = program(shared_study, *asked, "--as-published", "--format", "json").document
    assert len(held["terms"]) == 4
    sound = ("--time-dependent", "im_over_6_months", "--format", "json")
    document = program(shared_study, *asked, *sound).document
    assert [term["time_dependent"] for term in document["terms"]] == [False, False, False, True]
    assert document["penalty"] == "firth"


def test_residuals_and_figures(program: Program, shared_study: Database, tmp_path: Path) -> None:
    out = tmp_path / "out"
    program(
        shared_study, "analyse", "cox", "--residuals", str(out / "residuals.csv"), "--figure",
        str(out / "cox"), "--format", "json",
    )  # fmt: skip
    with (out / "residuals.csv").open(encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    assert len(rows) == 69
    assert abs(sum(float(row["martingale"]) for row in rows)) < 1e-9
    made = {path.name for path in out.iterdir()}
    assert made >= {"cox.png", "cox.svg", "cox-hazards.png", "cox-hazards.svg"}
    refused = ("analyse", "cox", "--residuals", str(out / "residuals.txt"))
    assert ".csv or .json" in program(shared_study, *refused).refused(2)


def test_published_beside_sound(program: Program, shared_study: Database) -> None:
    asked = ("analyse", "compare-published", "--format", "json")
    document = program(shared_study, *asked).document
    assert [one["id"] for one in document["models"]] == [
        "published", "delayed_entry", "time_dependent", "sound",
    ]  # fmt: skip
    plain = program(shared_study, "analyse", "cox", "--format", "json").document
    assert document["models"][0]["model"]["terms"] == plain["terms"]
    changes = {one["change"] for one in document["differences"]}
    # What the numbers beside each other tell is not said again.
    assert changes == {"delayed_entry", "time_dependent", "proportional_hazards"}


def test_every_reading_and_nothing_stored(program: Program, shared_study: Database) -> None:
    counted = text(
        "select (select count(*) from reference.definition), "
        "(select count(*) from derived.lor_status), (select count(*) from derived.derivation_run), "
        "(select count(*) from derived.changed_patient)"
    )
    with shared_study.engine.connect() as connection:
        before = connection.execute(counted).one()
    document = program(
        shared_study, "analyse", "sensitivity", "--definitions", "paper", "--vary",
        "lor_above=12.5,15", "--vary", "time_zero=first_infusion,week14_visit", "--format", "json",
    ).document  # fmt: skip
    with shared_study.engine.connect() as connection:
        assert connection.execute(counted).one() == before
    rows = document["specifications"]
    # Four combinations, of which one is the reference, with two models each.
    assert len(rows) == 8
    assert len({row["definition_hash"] for row in rows}) == 4
    assert [row["choices"] for row in rows[:2]] == [
        {"lor_above": "15", "time_zero": "first_infusion"}
    ] * 2
    assert all(row["reference"] for row in rows[:2])
    plain = program(shared_study, "analyse", "cox", "--format", "json").document
    for term in plain["terms"]:
        assert math.isclose(rows[0]["terms"][term["covariate"]]["hr"], term["hr"], rel_tol=1e-12)
    by_reading = {json.dumps(row["choices"]): row["events"] for row in rows}
    assert by_reading[json.dumps({"lor_above": "12.5", "time_zero": "first_infusion"})] == 46


def test_a_reading_is_that_of_a_definition_added(program: Program, study: Database) -> None:
    """The trial gives what the definition gives when it is added for good."""
    program(study, "definition", "add", "low", "--from", "paper", "--set", "lor_above=12.5")
    asked = ("--covariates", PUBLISHED, "--format", "json")
    added = program(study, "analyse", "cox", "--definition", "low", *asked).document
    tried = program(
        study, "analyse", "sensitivity", "--definitions", "paper", "--vary", "lor_above=12.5",
        "--model", "published", *asked,
    ).document  # fmt: skip
    row = tried["specifications"][1]
    assert row["definition_hash"] == added["definition_hash"]
    assert [row["terms"][term["covariate"]]["hr"] for term in added["terms"]] == [
        term["hr"] for term in added["terms"]
    ]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--vary", "lor_above"), "--vary lor_above=12.5"),
        (("--vary", "lor_abov=12"), "Did you mean lor_above"),
        (("--vary", "lor_above=much"), "not a number"),
        (("--vary", "lor_above=1,2", "--vary", "lor_above=3"), "given twice"),
        (("--vary", "lor_above=10,12.5", "--limit", "2"), "more than 2"),
    ],
)
def test_readings_that_make_no_sense(
    program: Program, shared_study: Database, options: tuple[str, ...], words: str
) -> None:
    assert words in program(shared_study, "analyse", "sensitivity", *options).refused(2)


def test_what_competes_is_not_called_censored(program: Program, shared_study: Database) -> None:
    asked = ("analyse", "cuminc", "--format", "json")
    for definition, tail in (("paper", ""), ("recommended", "56 days after the last infusion, ")):
        document = program(shared_study, *asked, "--definition", definition).document
        assert document["censoring"] == (
            f"censored at the first of loss to follow-up, {tail}the data cut on 2023-12-31; "
            "stop of infliximab, transfer to adult care and death are events that compete with "
            "the loss and censor nothing"
        )
    assert "censor nothing" in " ".join(program(shared_study, "analyse", "cuminc").out.split())


def test_readings_that_are_alike_bear_the_name_of_the_reference(
    program: Program, study: Database
) -> None:
    program(study, "definition", "add", "alike", "--from", "paper", "--set", "lor_above=12.5")
    asked = ("analyse", "sensitivity", "--definitions", "alike,paper", "--vary",
             "lor_above=12.5,15", "--covariates", "bmi_z_low")  # fmt: skip
    found = program(study, *asked, "--format", "json").document["specifications"]
    assert {one["definition"] for one in found} == {"paper"}
    assert len({one["definition_hash"] for one in found}) == 2
    said = " ".join(program(study, *asked).out.split())
    assert "Clock, censoring and hash above are those of the reference" in said


def test_what_is_missing_is_imputed_and_drawn(
    program: Program, shared_study: Database, tmp_path: Path
) -> None:
    asked = ("analyse", "impute", "--covariates", "trough,growth_delay", "--imputations", "3")
    asked = (*asked, "--iterations", "2", "--format", "json")
    document = program(shared_study, *asked, "--figure", str(tmp_path / "imputed")).document
    assert {path.name for path in tmp_path.iterdir()} == {"imputed.png", "imputed.svg"}
    trough = document["covariates"][0]
    # DOMAIN: levels were measured in 34 of 69.
    assert trough["known"] + trough["below_limit"] + trough["above_limit"] == 34
    assert document["complete_cases"]["left_out"][0]["covariates"] == ["trough"]
    assert program(shared_study, *asked).document == document
    assert program(shared_study, *asked, "--seed", "2").document["terms"] != document["terms"]


def test_an_imputed_model_without_enough_losses_is_refused(
    program: Program, shared_study: Database
) -> None:
    every = ",".join(one.id for one in COVARIATES)
    said = program(shared_study, "analyse", "impute", "--covariates", every).refused(4)
    assert "too few" in said
