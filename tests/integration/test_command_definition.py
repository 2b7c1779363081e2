"""`registry definition`: rule sets are listed, shown and added; what cannot be is refused."""

from __future__ import annotations

from typing import Any

import pytest

from registry.database.engine import Database
from registry.models.definition import Definition
from tests.integration.test_commands import execute, rows_of, scalar
from tests.programs import Outcome, Program

ADD = ("definition", "add", "mine", "--from", "paper")


def test_list_shows_the_presets_and_how_fresh_they_are(
    program: Program, shared_study: Database
) -> None:
    rows = program(shared_study, "definition", "list", "--format", "json").document
    assert [row["name"] for row in rows] == ["current", "paper", "recommended"]
    assert [(row["derived_patients"], row["waiting"]) for row in rows] == [(85, 0)] * 3
    assert [row["based_on"] for row in rows] == ["recommended", None, "paper"]
    cells = rows_of(program(shared_study, "definition", "list", "--format", "csv"))
    assert [row["name"] for row in cells] == ["current", "paper", "recommended"]


def test_show_has_every_parameter(program: Program, shared_study: Database) -> None:
    document = program(shared_study, "definition", "show", "paper", "--format", "json").document
    assert set(document) == {
        *Definition.parameters(),
        *Definition.DESCRIPTIVE,
        *("cut_on", "consent_on"),
    }
    assert (document["lor_above"], document["exposure_tail_days"]) == (15, None)
    assert (document["data_cut"], document["lor_requires_rise"]) == ("2023-12-31", False)
    cells = rows_of(program(shared_study, "definition", "show", "paper", "--format", "csv"))
    assert [row["parameter"] for row in cells] == list(Definition.parameters())
    words = program(shared_study, "definition", "show", "recommended").out
    assert document["hash"] not in words
    assert "exposure_tail_days" in words


def test_show_of_an_unknown_definition_is_refused(program: Program, shared_study: Database) -> None:
    error = program(shared_study, "definition", "show", "nonsense").refused(1)
    assert "There are: current, paper, recommended" in error


def test_an_added_definition_has_its_rows_in_every_view(program: Program, study: Database) -> None:
    changes = (
        "--set",
        "lor_above=10",
        "--set",
        "exposure_tail_days=90",
        "--set",
        "lor_requires_rise=yes",
        "--set",
        "data_cut=2022-12-31",
    )
    outcome = program(study, *ADD, *changes, "--user", "kim", "--format", "json")
    document = outcome.document
    assert outcome.status == 0
    assert "85 patients" in outcome.err
    assert (document["name"], document["version"], document["based_on"]) == ("mine", 1, "paper")
    assert (document["lor_above"], document["exposure_tail_days"]) == (10, 90)
    assert (document["lor_requires_rise"], document["data_cut"]) == (True, "2022-12-31")
    paper = program(study, "definition", "show", "paper", "--format", "json").document
    changed = {key for key in Definition.parameters() if document[key] != paper[key]}
    assert changed == {"lor_above", "exposure_tail_days", "lor_requires_rise", "data_cut"}
    for view in ("status", "analysis_set", "baseline", "survival", "cohort_flow", "eligibility"):
        assert scalar(study, f"select count(*) from analytics.{view} where definition = 'mine'")
    flow = program(study, "analyse", "flow", "--definition", "mine", "--format", "json").document
    assert flow["started"] == 85
    recorded = scalar(
        study,
        "select made_by || ': ' || command || ': ' || summary from reference.change_set "
        "order by change_id desc limit 1",
    )
    assert recorded == (
        "kim: definition add: mine, version 1: paper with lor_above=10, exposure_tail_days=90, "
        "lor_requires_rise=yes, data_cut=2022-12-31"
    )


def test_the_same_number_written_otherwise_is_the_same_definition(
    program: Program, study: Database
) -> None:
    for name, value in (("a", "12.5"), ("b", "12.50")):
        command = ("definition", "add", name, "--from", "paper", "--set", f"lor_above={value}")
        assert program(study, *command).status == 0
    assert (
        scalar(
            study, "select count(distinct hash) from reference.definition where name in ('a', 'b')"
        )
        == 1
    )


def test_replacing_needs_a_reason_and_derives_everybody_anew(
    program: Program, study: Database
) -> None:
    assert program(study, *ADD, "--set", "lor_above=10").status == 0
    losses = "select count(*) from analytics.status where definition = 'mine' and event"
    before = scalar(study, losses)

    taken = program(study, *ADD, "--set", "lor_above=30").refused(1)
    assert "There is a definition mine already" in taken
    assert "--replace" in taken
    for reason in ((), ("--reason", ""), ("--reason", "  ")):
        error = program(study, *ADD, "--set", "lor_above=30", "--replace", *reason).refused(2)
        assert "--reason" in error
    assert scalar(study, losses) == before

    why = ("--replace", "--reason", "the board decided so")
    outcome = program(study, *ADD, "--set", "lor_above=30", *why, "--format", "json")
    assert (outcome.document["version"], outcome.document["lor_above"]) == (2, 30)
    assert scalar(study, losses) < before
    assert (
        scalar(study, "select reason from reference.change_set order by change_id desc limit 1")
        == "the board decided so"
    )

    outcome = program(study, *ADD, "--set", "lor_above=30", *why, "--format", "json")
    assert outcome.document["version"] == 2, "nothing was changed"


def test_a_change_of_a_definition_by_hand_is_noticed(program: Program, study: Database) -> None:
    execute(study, "update reference.definition set lor_above = 10 where name = 'paper'")
    assert "85 patients have changed" in program(study, "status").err
    document = program(study, "derive", "--format", "json").document
    assert document["examined"] == 85
    assert {row["definition"] for row in document["transitions"]} == {"paper"}


REFUSED: list[tuple[str, int, str]] = [
    ("lor_abov=10", 2, "Did you mean lor_above?"),
    ("LOR_ABOVE=10", 2, "There is no parameter LOR_ABOVE"),
    ("qqq=10", 2, "registry definition show paper"),
    ("hash=abc", 2, "There is no parameter hash"),
    ("version=7", 2, "There is no parameter version"),
    ("name=x", 2, "There is no parameter name"),
    ("lor_above", 2, "is not KEY=VALUE"),
    ("lor_above=ten", 2, "is not a number"),
    ("lor_above=NaN", 2, "is not a number"),
    ("lor_above=Infinity", 2, "is not a number"),
    ("lor_above=1e999999", 1, "0 to 97.5"),
    ("lor_confirmations=1.5", 2, "is not a whole number"),
    ("lor_requires_rise=perhaps", 2, "is not yes or no"),
    ("data_cut=31.12.2022", 2, "YYYY-MM-DD"),
    ("data_cut=2022-02-30", 2, "YYYY-MM-DD"),
    ("data_cut=2999-01-01", 1, "not in the future"),
    ("lor_above=98", 1, "0 to 97.5"),
    ("lor_above=-2.5", 1, "0 to 97.5"),
    ("lor_confirmations=3", 1, "1 to 2"),
    ("required_infusions=0", 1, "1 to 4"),
    ("time_zero=diagnosis", 1, "first_infusion, week14_visit"),
    ("lor_above=", 1, "needs a value"),
    ("lor_above=none", 1, "needs a value"),
    ("week14_from_day=99", 1, "week14 window around target"),
    ("week14_to_day=97", 1, "week14 window around target"),
    ("induction_day_3=98", 1, "induction days in order"),
    ("severity_mild_from=40", 1, "severity in order"),
]


def test_what_cannot_be_is_refused_and_nothing_is_stored(program: Program, study: Database) -> None:
    for change, status, words in REFUSED:
        error = program(study, *ADD, "--set", "crp_above=11", "--set", change).refused(status)
        assert words in error, change
        assert len(error.splitlines()) <= 2, change
    assert scalar(study, "select count(*) from reference.definition") == 3
    made = "select count(*) from reference.change_set where command like 'definition%'"
    assert scalar(study, made) == 0


NAMES: list[Any] = ["Mine", "1st", "a b", "", " ", "a" * 41, "mine\n", "mïne", "a;b", "a.b", "_a"]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_of_few_signs(program: Program, shared_study: Database, name: str) -> None:
    error = program(shared_study, "definition", "add", name, "--from", "paper").refused(2)
    assert "cannot name a definition" in error


def test_what_is_missing_is_named(program: Program, shared_study: Database) -> None:
    assert "--from is missing." in program(shared_study, "definition", "add", "mine").refused(2)
    error = program(shared_study, "definition", "add", "mine", "--from", "nonsense").refused(1)
    assert "There is no definition nonsense" in error


def test_no_value_can_be_set_where_none_is_needed(program: Program, study: Database) -> None:
    add = ("definition", "add", "endless", "--from", "recommended", "--format", "json")
    outcome: Outcome = program(study, *add, "--set", "exposure_tail_days=none")
    assert outcome.document["exposure_tail_days"] is None


@pytest.mark.parametrize(
    ("given", "kept"), [((), "definition default paper"), (("--reason", "why not"), "why not")]
)
def test_the_default_is_set_with_a_reason_or_without(
    program: Program, registry: Database, given: tuple[str, ...], kept: str
) -> None:
    """Without one the command stands in its place."""
    asked = ("definition", "default")
    assert program(registry, *asked, "--format", "json").document == {"default": "current"}
    changed = program(registry, *asked, "paper", *given, "--format", "json")
    assert changed.document == {"default": "paper"}
    assert program(registry, *asked, "--format", "json").document == {"default": "paper"}
    last = "select reason from reference.change_set order by change_id desc limit 1"
    assert scalar(registry, last) == kept


def test_the_default_is_what_commands_hold_to(program: Program, study: Database) -> None:
    def default(*words: str) -> Outcome:
        return program(study, "definition", "default", *words)

    def status(*words: str) -> object:
        return program(study, "status", "--format", "json", *words).document

    assert default("--format", "json").document == {"default": "paper"}
    assert status() == status("--definition", "paper") != status("--definition", "recommended")
    said = default("recommended", "--reason", "what we hold to", "--user", "ada")
    assert (said.status, said.out) == (0, "recommended\n")
    assert status() == status("--definition", "recommended")
    assert program(study, "analyse", "flow").out.startswith("Patient flow (definition: recommended")
    listed = program(study, "definition", "list", "--format", "json").document
    assert [row["name"] for row in listed if row["is_default"]] == ["recommended"]
    last = "select {} from reference.change_set order by change_id desc limit 1"
    assert [scalar(study, last.format(name)) for name in ("made_by", "reason", "summary")] == [
        "ada",
        "what we hold to",
        "default definition: paper, now recommended",
    ]
    assert "There are: current" in default("nonsense").refused(1)
    assert default("--format", "csv").out.split() == ["default", "recommended"]


def test_a_new_registry_holds_to_what_is_there_today(program: Program, registry: Database) -> None:
    assert program(registry, "definition", "default").out == "current\n"
    shown = program(registry, "definition", "show", "current", "--format", "json").document
    assert (shown["data_cut"], shown["based_on"]) == (None, "recommended")
    assert shown["cut_on"] == scalar(registry, "select current_date::text")


def test_a_data_cut_can_be_taken_away_and_set(program: Program, study: Database) -> None:
    add = ("definition", "add", "own", "--from", "paper", "--format", "json", "--set")
    open_ended = program(study, *add, "data_cut=none").document
    assert open_ended["data_cut"] is None
    curves = program(study, "analyse", "km", "--definition", "own", "--format", "json").document
    day = scalar(study, "select current_date::text")
    assert curves["censoring"].endswith(f", death, the day of the derivation, {day}")
    again = (*add, "data_cut=2022-12-31", "--replace", "--reason", "a cut after all")
    assert program(study, *again).document["cut_on"] == "2022-12-31"
