"""`derive`, `status`, `explain`: their main path, their refusals, and what all commands share."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest
from sqlalchemy import text

from registry.cli.status import COLUMNS
from registry.database.engine import Database
from tests.programs import Outcome, Program

STATUS_KEYS = [
    *("patient_id", "eligible", "reason", "start_on", "baseline_pcdai", "week14_pcdai"),
    *("induction_outcome", "event", "event_on", "end_on", "time_days", "censor_reason"),
    "last_negative_on",
]
# What a patient who is not eligible still has.
ALWAYS = {"patient_id", "eligible", "reason", "start_on", "baseline_pcdai", "week14_pcdai"}


def execute(database: Database, statement: str, **values: Any) -> None:
    """A change made behind the program's back, as by psql."""
    with database.engine.begin() as connection:
        connection.execute(text(statement), values)


def scalar(database: Database, question: str) -> Any:
    with database.engine.connect() as connection:
        return connection.execute(text(question)).scalar_one()


def of_patient(table: str, study_id: str) -> str:
    return (
        f"{table} where patient_id = (select patient_id from reference.patient_number "
        f"where study_id = '{study_id}')"
    )


def rows_of(outcome: Outcome) -> list[dict[str, str]]:
    """CSV as its rows; every row as long as the header."""
    assert (outcome.status, outcome.err) == (0, "")
    lines = list(csv.reader(io.StringIO(outcome.out)))
    assert {len(line) for line in lines} == {len(lines[0])}
    return [dict(zip(lines[0], line, strict=True)) for line in lines[1:]]


# --- derive


def lose_response(study: Database) -> None:
    """P003, so far without a loss, has a high score at a late visit."""
    execute(
        study,
        "update clinical.pcdai_visit v set total = 50, abdominal_pain = null from ("
        "select patient_id, max(visited_on) as visited_on from "
        + of_patient("clinical.pcdai_visit", "P003")
        + " and visited_on <= '2023-12-31' group by 1) last "
        "where v.patient_id = last.patient_id and v.visited_on = last.visited_on",
    )


def test_derive_reports_and_stores_what_has_changed(program: Program, study: Database) -> None:
    lose_response(study)
    dry = program(study, "derive", "--dry-run", "--format", "json").document
    assert dry["run_id"] is None
    assert scalar(study, "select waiting from analytics.freshness where definition = 'paper'") == 1
    assert scalar(study, "select count(*) from derived.derivation_run") == 1

    outcome = program(study, "derive", "--user", "nightly", "--format", "json")
    document = outcome.document
    assert (outcome.status, outcome.err) == (0, "")
    assert set(document) == {"run_id", "definitions", "examined", "changed", "transitions"}
    assert document["run_id"] > 1
    assert {key: document[key] for key in document if key != "run_id"} == {
        key: dry[key] for key in dry if key != "run_id"
    }
    assert document["definitions"] == ["current", "paper", "recommended"]
    assert (document["examined"], document["changed"]) == (1, 3)
    on = scalar(
        study, "select max(event_on)::text from " + of_patient("derived.lor_status", "P003")
    )
    assert document["transitions"] == [
        {
            "definition": definition,
            "patient_id": "P003",
            "from": "sustained_response",
            "to": "loss_of_response",
            "on": on,
        }
        for definition in ("current", "paper", "recommended")
    ]
    assert scalar(
        study, "select made_by from derived.derivation_run order by run_id desc limit 1"
    ) == ("nightly")
    assert program(study, "derive", "--format", "json").document["examined"] == 0


def test_derive_in_words_and_in_csv(program: Program, study: Database) -> None:
    lose_response(study)
    assert [
        row["patient_id"]
        for row in rows_of_derive(program(study, "derive", "--dry-run", "--format", "csv"))
    ] == ["P003"] * 3
    outcome = program(study, "derive", "--dry-run")
    assert "sustained_response" in outcome.out
    assert "A dry run of current, paper, recommended: 1 patient examined" in outcome.err
    assert "Run " in program(study, "derive").err
    assert program(study, "derive").out == ""


def rows_of_derive(outcome: Outcome) -> list[dict[str, str]]:
    """The summary beside the rows goes to standard error."""
    assert outcome.err
    return rows_of(Outcome(outcome.status, outcome.out, ""))


def test_derive_of_one_definition_leaves_the_other_waiting(
    program: Program, study: Database
) -> None:
    lose_response(study)
    chosen = ("derive", "--definition", "recommended", "--format", "json")
    document = program(study, *chosen).document
    assert document["definitions"] == ["recommended"]
    waiting = "select string_agg(definition || waiting, ' ' order by 1) from analytics.freshness"
    assert scalar(study, waiting) == "current1 paper1 recommended0"
    full = program(study, "derive", "--full", "--format", "json").document
    assert (full["examined"], full["changed"]) == (85, 2)
    assert scalar(study, waiting) == "current0 paper0 recommended0"


def test_derive_of_an_unknown_definition_is_refused(program: Program, study: Database) -> None:
    error = program(study, "derive", "--definition", "nonsense").refused(1)
    assert "There is no definition nonsense" in error
    assert "paper, recommended" in error
    assert scalar(study, "select count(*) from derived.derivation_run") == 1


# --- status


def test_status_has_the_fields_of_the_contract_and_nulls_where_there_is_nothing(
    program: Program, shared_study: Database
) -> None:
    rows = program(shared_study, "status", "--format", "json").document
    assert len(rows) == 85
    assert list(COLUMNS) == STATUS_KEYS
    for row in rows:
        assert list(row) == STATUS_KEYS
        given = {key for key, value in row.items() if value is not None}
        if not row["eligible"]:
            assert row["reason"]
            assert given <= ALWAYS
        else:
            assert row["reason"] is None
            assert given >= (ALWAYS - {"reason"}) | {"event", "end_on", "time_days"}
            assert (row["event_on"] is None) == (not row["event"])
            assert (row["censor_reason"] is None) == row["event"]
            assert type(row["time_days"]) is int
    assert sum(row["eligible"] for row in rows) == 69
    assert sum(bool(row["event"]) for row in rows) == 18
    assert {row["induction_outcome"] for row in rows} == {None, "remission", "response"}


def test_status_of_one_patient(program: Program, shared_study: Database) -> None:
    [row] = program(shared_study, "status", "P001", "--format", "json").document
    assert row == {
        "patient_id": "P001",
        "eligible": True,
        "reason": None,
        "start_on": "2017-07-24",
        "baseline_pcdai": 37.5,
        "week14_pcdai": 2.5,
        "induction_outcome": "remission",
        "event": False,
        "event_on": None,
        "end_on": "2018-01-04",
        "time_days": 164,
        "censor_reason": "ifx_stopped",
        "last_negative_on": "2017-11-01",
    }
    [cells] = rows_of(program(shared_study, "status", "P001", "--format", "csv"))
    assert cells == {
        key: {True: "yes", False: "no", None: ""}.get(value, str(value))
        if isinstance(value, bool | None)
        else str(value)
        for key, value in row.items()
    }
    table = program(shared_study, "status", "P001").out.splitlines()
    assert table[0].split() == STATUS_KEYS
    assert table[2].split()[0] == "P001"


def test_status_by_another_definition(program: Program, study: Database) -> None:
    add = ("definition", "add", "strict", "--from", "paper", "--set", "lor_above=0")
    assert program(study, *add).status == 0
    rows = program(study, "status", "--definition", "strict", "--format", "json").document
    assert sum(bool(row["event"]) for row in rows) > 18


def test_status_tells_what_waits(program: Program, study: Database) -> None:
    lose_response(study)
    outcome = program(study, "status", "P003")
    assert (outcome.status, outcome.err.count("1 patient has changed")) == (0, 1)
    assert "registry derive" in outcome.err
    assert program(study, "status", "--format", "json").document


@pytest.mark.parametrize("command", ["status", "explain"])
def test_an_unknown_patient_or_definition_is_refused(
    program: Program, shared_study: Database, command: str
) -> None:
    for patient in ("P999", "p001"):
        error = program(shared_study, command, patient).refused(1)
        assert f"There is no patient {patient}" in error
    # What is not of the form of a study id may be a name or a hospital's number.
    for patient in ("1", "'; select 1", "Ä"):
        error = program(shared_study, command, patient).refused(1)
        assert error.startswith("Error: There is no patient ***.")
    assert "Did you mean P001" in program(shared_study, command, "P0O1").refused(1)
    error = program(shared_study, command, "P001", "--definition", "papre").refused(1)
    assert "There is no definition papre" in error


# --- explain

# Patient -> the state, and of the rule that decided: its words, the finding, the threshold.
EXPLAINED = {
    "P066": ("age_18_or_over", "Is a child at t0", "18 completed years", "below 18 years"),
    "P012": ("prior_biologic", "No other biologic", "adalimumab from 2018-01-27", "2018-11-23"),
    "P047": ("contraindication", "No contraindication", "lymphoma from 2017-05-24", "2017-08-22"),
    "P031": ("fewer_than_4_infusions", "Induction complete", "3 infusions", "at least 4"),
    "P028": ("late_induction_infusion", "Induction on time", "3: day 102", "42±14"),
    "P044": ("no_week14_pcdai", "Week-14 PCDAI", "none", "84 to 112"),
    "P005": ("primary_non_response", "Responded to", "fell by 12.5, from 50 to 37.5", "least 15"),
}


@pytest.mark.parametrize("patient", EXPLAINED)
def test_explain_names_the_rule_that_took_a_patient_out(
    program: Program, shared_study: Database, patient: str
) -> None:
    state, rule, finding, held_to = EXPLAINED[patient]
    document = program(shared_study, "explain", patient, "--format", "json").document
    assert (document["patient_id"], document["definition"]) == (patient, "paper")
    assert document["state"] == state
    [decisive] = [step for step in document["rules"] if step["passed"] is False]
    assert rule in decisive["rule"]
    assert finding in decisive["finding"]
    assert held_to in decisive["held_to"]
    place = document["rules"].index(decisive)
    assert all(step["passed"] is True for step in document["rules"][:place])
    assert all(step["passed"] is None for step in document["rules"][place + 1 :])
    words = program(shared_study, "explain", patient).out
    assert document["conclusion"] in words
    assert f"NO   {decisive['rule']}" in words
    assert f"held to: {decisive['held_to']}" in words
    [status] = program(shared_study, "status", patient, "--format", "json").document
    assert status["reason"] == state


def test_explain_of_a_loss_of_response(program: Program, shared_study: Database) -> None:
    [status] = program(shared_study, "status", "P006", "--format", "json").document
    document = program(shared_study, "explain", "P006", "--format", "json").document
    assert document["state"] == "loss_of_response"
    assert document["conclusion"] == f"Lost response on {status['event_on']}."
    loss = document["rules"][-1]
    assert loss["on"] == status["event_on"]
    assert status["event_on"] in loss["finding"]
    assert "first PCDAI above 15" in loss["held_to"]
    assert loss["table"] == "pcdai_visit"


def test_explain_of_a_sustained_response(program: Program, shared_study: Database) -> None:
    document = program(shared_study, "explain", "P001", "--format", "json").document
    assert document["state"] == "sustained_response"
    assert "2018-01-04: infliximab was stopped" in document["conclusion"]
    assert "no visit shows it" in document["rules"][-1]["finding"]
    cells = rows_of(program(shared_study, "explain", "P001", "--format", "csv"))
    assert [row["rule"] for row in cells] == [step["rule"] for step in document["rules"]]


@pytest.mark.parametrize(
    ("change", "state", "finding"),
    [
        ("delete from " + of_patient("clinical.infusion", "P001"), "no_infliximab", "no infusion"),
        (
            "update clinical.patient set diagnosis = 'UC' where patient_id = (select patient_id "
            "from reference.patient_number where study_id = 'P001')",
            "not_crohns_disease",
            "diagnosis UC",
        ),
        (
            "delete from "
            + of_patient("clinical.pcdai_visit", "P001")
            + " and visited_on <= '2017-07-24'",
            "no_baseline_pcdai",
            "none",
        ),
    ],
    ids=["no_infliximab", "not_crohns_disease", "no_baseline_pcdai"],
)
def test_explain_applies_the_rules_to_the_data_as_they_are_now(
    program: Program, study: Database, change: str, state: str, finding: str
) -> None:
    execute(study, change)
    document = program(study, "explain", "P001", "--format", "json").document
    assert document["state"] == state
    [decisive] = [step for step in document["rules"] if step["passed"] is False]
    assert finding in decisive["finding"]
    assert program(study, "explain", "P001").status == 0


def test_explain_is_held_to_the_definition_asked_for(program: Program, study: Database) -> None:
    own = ("--set", "age_limit_years=15", "--set", "lor_confirmations=2")
    assert program(study, "definition", "add", "young", "--from", "recommended", *own).status == 0
    asked = ("explain", "P001", "--definition", "young", "--format", "json")
    document = program(study, *asked).document
    assert document["state"] == "age_18_or_over"
    assert "below 15 years" in json.dumps(document)
    asked = ("explain", "P006", "--definition", "young", "--format", "json")
    last = program(study, *asked).document["rules"][-1]
    assert "two consecutive visits" in last["held_to"]
    assert "above W" in last["held_to"]
