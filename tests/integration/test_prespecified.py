"""A definition's own covariates: stored, held to, named in what they give; P chooses when asked."""

from __future__ import annotations

import pytest

from registry.database.engine import Database
from tests.integration.test_commands import scalar
from tests.programs import Program

JSON = ("--format", "json")
# As the study prints them: the covariates with a univariate P below 0.05.
BY_P = ["bmi_z_low", "growth_delay", "response_without_remission", "im_over_6_months"]
STATED = ["perianal", "severity_moderate_severe", "alb_low"]


def test_the_definition_chooses_and_the_result_says_so(
    program: Program, shared_study: Database
) -> None:
    asked = ("analyse", "cox", *JSON, "--definition")
    own = program(shared_study, *asked, "recommended").document
    assert [term["covariate"] for term in own["terms"]] == STATED
    assert own["covariates_from"] == "definition"
    assert "prespecified in the definition" in own["method"]
    assert own["events_per_term"] == pytest.approx(own["events"] / 3)
    published = program(shared_study, *asked, "paper").document
    assert [term["covariate"] for term in published["terms"]] == BY_P
    assert published["covariates_from"] == "as_published"
    assert any("chosen by their P" in note for note in published["notes"])
    named = program(shared_study, *asked, "paper", "--covariates", "perianal").document
    assert named["covariates_from"] == "named"
    assert not any("chosen by their P" in note for note in named["notes"])


def test_p_chooses_anywhere_when_asked_and_says_so(
    program: Program, shared_study: Database
) -> None:
    asked = ("analyse", "cox", "--definition", "recommended", "--as-published")
    document = program(shared_study, *asked, *JSON).document
    table2 = program(
        shared_study, "analyse", "table2", "--definition", "recommended", *JSON
    ).document
    small = [row["covariate"] for row in table2["rows"] if row["p"] < 0.05]
    assert [term["covariate"] for term in document["terms"]] == small
    assert document["covariates_from"] == "as_published"
    assert "claim too much" in " ".join(program(shared_study, *asked).out.split())


def test_covariates_are_stored_audited_and_part_of_the_hash(
    program: Program, study: Database
) -> None:
    add = ("definition", "add", "mine", "--from", "paper")
    chosen = ("--set", "covariates=perianal, im_over_6_months,dose_mg_per_kg")
    stored = program(study, *add, *chosen, "--user", "kim", *JSON).document
    assert stored["covariates"] == "perianal,im_over_6_months,dose_mg_per_kg"
    paper = program(study, "definition", "show", "paper", *JSON).document
    assert paper["covariates"] is None
    assert stored["hash"] != paper["hash"]
    # Whatever is acquired after the start is not held fixed from it on.
    asked = ("analyse", "cox", "--definition", "mine", *JSON)
    document = program(study, *asked).document
    varies = {term["covariate"]: term["time_dependent"] for term in document["terms"]}
    assert varies == {"perianal": False, "im_over_6_months": True, "dose_mg_per_kg": True}
    landmark = program(study, *asked, "--landmark", "12").document
    varies = {term["covariate"]: term["time_dependent"] for term in landmark["terms"]}
    assert varies == {"perianal": False, "im_over_6_months": False, "dose_mg_per_kg": True}
    # The same rules are one reading, whatever covariates they were to be held to.
    readings = program(
        study,
        "analyse",
        "sensitivity",
        "--definition",
        "mine",
        "--definitions",
        "mine,paper",
        *JSON,
    ).document
    assert [one["covariate"] for one in readings["covariates"]] == list(varies)
    assert {one["definition"] for one in readings["specifications"]} == {"mine"}
    assert all(one["terms"]["dose_mg_per_kg"] for one in readings["specifications"])
    program(
        study, "definition", "add", "mine", "--from", "mine", "--set", "covariates=none",
        "--replace", "--reason", "back to the published choice",
    )  # fmt: skip
    assert program(study, *asked).document["covariates_from"] == "as_published"
    kept = (
        "select old_values->>'covariates' from audit.reference_change "
        "where table_name = 'definition' and key->>'name' = 'mine' "
        "and old_values ? 'covariates' order by audit_id desc limit 1"
    )
    assert scalar(study, kept) == stored["covariates"]


@pytest.mark.parametrize(
    "written", ["perianl", "perianal,perianal", "perianal,,alb_low", "perianal;alb_low"]
)
def test_what_is_no_list_of_covariates_is_refused(
    program: Program, shared_study: Database, written: str
) -> None:
    asked = ("definition", "add", "mine", "--from", "paper", "--set", f"covariates={written}")
    assert "one or more of sex_female, veo_cd" in program(shared_study, *asked).refused(1)


def test_readings_have_the_covariates_of_their_reference(
    program: Program, shared_study: Database
) -> None:
    asked = (
        "analyse",
        "sensitivity",
        "--definition",
        "recommended",
        "--definitions",
        "recommended",
    )
    held = program(shared_study, *asked, *JSON).document
    assert [one["covariate"] for one in held["covariates"]] == STATED
    assert held["covariates_from"] == "definition"
    chosen = program(shared_study, *asked, "--as-published", *JSON).document
    assert chosen["covariates_from"] == "as_published"
    refused = program(shared_study, *asked, "--vary", "covariates=perianal").refused(2)
    assert "--covariates" in refused
