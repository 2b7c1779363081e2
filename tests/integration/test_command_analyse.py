"""`registry analyse`: the contract's keys, the three formats, and what cannot be analysed.

The numbers themselves are tested against the study and against independent computations elsewhere.
"""

from __future__ import annotations

from typing import Any

import pytest

from registry.covariates import COVARIATES, PUBLISHED, limits_of
from registry.database.engine import Database
from registry.definitions.store import get_definition
from tests.integration.test_commands import execute, lose_response, rows_of, scalar
from tests.programs import Program

IDS = [covariate.id for covariate in COVARIATES]
ANALYSES = ("flow", "table1", "table2", "km", "cox", "tdm", "outcomes")


def keys(document: dict[str, Any], *names: str) -> bool:
    """Whether the document has these keys, whatever it has beside them."""
    return set(names) <= set(document)


def test_flow(program: Program, shared_study: Database) -> None:
    flow = program(shared_study, "analyse", "flow", "--format", "json").document
    assert keys(flow, "started", "excluded", "eligible", "events", "responders")
    assert all(keys(row, "reason", "n") for row in flow["excluded"])
    assert (flow["started"], flow["eligible"], flow["events"]) == (85, 69, 18)
    assert flow["responders"] == 51


def test_table1(program: Program, shared_study: Database) -> None:
    table = program(shared_study, "analyse", "table1", "--format", "json").document
    assert table["n"] == 69
    for row in table["rows"]:
        assert (
            keys(row, "id", "n", "percent")
            or keys(row, "id", "mean", "sd")
            or keys(row, "id", "median", "q1", "q3")
        )


def test_table2(program: Program, shared_study: Database) -> None:
    table = program(shared_study, "analyse", "table2", "--format", "json").document
    assert table["n"] == 69
    assert [row["covariate"] for row in table["rows"]] == IDS
    counts = ("events_true", "n_true", "events_false", "n_false", "missing")
    assert all(keys(row, "covariate", *counts, "chi2", "df", "p") for row in table["rows"])


def test_km(program: Program, shared_study: Database) -> None:
    km = program(shared_study, "analyse", "km", "--format", "json").document
    assert keys(km, "groups", "logrank", "time_to_lor_quartiles_months")
    [group] = km["groups"]
    assert keys(group, "group", "n", "events", "median_months", "estimates")
    assert [estimate["at_months"] for estimate in group["estimates"]] == [12, 24, 36]
    limits = ("cumulative_incidence", "lower", "upper", "at_risk")
    assert all(keys(estimate, "at_months", *limits) for estimate in group["estimates"])
    assert km["logrank"] is None
    assert len(km["time_to_lor_quartiles_months"]) == 3


def test_km_by_a_covariate_and_at_other_months(program: Program, shared_study: Database) -> None:
    asked = ("analyse", "km", "--by", "im_over_6_months", "--at", "6, 60", "--format", "json")
    km = program(shared_study, *asked).document
    assert len(km["groups"]) == 2
    assert sum(group["n"] for group in km["groups"]) == 69
    assert keys(km["logrank"], "chi2", "df", "p")
    for group in km["groups"]:
        assert [estimate["at_months"] for estimate in group["estimates"]] == [6, 60]


@pytest.mark.parametrize("ties", ["breslow", "efron"])
def test_cox(program: Program, shared_study: Database, ties: str) -> None:
    asked = ("analyse", "cox", "--ties", ties, "--format", "json")
    cox = program(shared_study, *asked).document
    assert (cox["n"], cox["events"], cox["ties"]) == (69, 18, ties)
    numbers = ("coef", "se", "wald", "hr", "hr_lower", "hr_upper", "p")
    assert all(keys(term, "covariate", *numbers) for term in cox["terms"])
    chosen = program(shared_study, *asked, "--covariates", "growth_delay, bmi_z_low").document
    assert [term["covariate"] for term in chosen["terms"]] == ["growth_delay", "bmi_z_low"]


def test_tdm(program: Program, shared_study: Database) -> None:
    tdm = program(shared_study, "analyse", "tdm", "--format", "json").document
    assert keys(tdm, "groups", "t", "df", "p")
    assert all(keys(group, "group", "n", "mean", "sd", "censored") for group in tdm["groups"])


def test_outcomes(program: Program, shared_study: Database) -> None:
    found = program(shared_study, "analyse", "outcomes", "--format", "json").document
    assert keys(found, "lor", "stopped", "optimised", "regained", "not_regained")


@pytest.mark.parametrize("analysis", ANALYSES)
def test_every_analysis_is_printed_for_people_and_as_csv(
    program: Program, shared_study: Database, analysis: str
) -> None:
    outcome = program(shared_study, "analyse", analysis)
    assert (outcome.status, outcome.err) == (0, "")
    assert "paper" in outcome.out
    assert max(map(len, outcome.out.splitlines())) <= 100
    assert "nan" not in outcome.out.lower().split()
    assert rows_of(program(shared_study, "analyse", analysis, "--format", "csv"))


def test_an_analysis_brings_the_changed_up_to_date_first(program: Program, study: Database) -> None:
    lose_response(study)
    outcome = program(study, "analyse", "flow", "--format", "json")
    assert outcome.document["events"] == 19
    assert "1 changed patient first" in outcome.err
    assert scalar(study, "select sum(waiting) from analytics.freshness") == 0
    assert program(study, "analyse", "flow", "--format", "json").err == ""


WRONG = [
    (("km", "--by", "nonsense"), 2, "sex_female"),
    (("km", "--at", "12,x"), 2, "--at 12,24,36"),
    (("cox", "--covariates", "sex_female,nonsense"), 2, "nonsense"),
    (("cox", "--covariates", "sex_female,sex_female"), 2, "more than once"),
    (("cox", "--ties", "exact"), 2, "breslow"),
    (("flow", "--definition", "nonsense"), 1, "paper, recommended"),
    (("table1", "--format", "xml"), 2, "table"),
]


@pytest.mark.parametrize(("arguments", "status", "words"), WRONG)
def test_what_is_asked_wrongly_is_told_how(
    program: Program,
    shared_study: Database,
    arguments: tuple[str, ...],
    status: int,
    words: str,
) -> None:
    assert words in program(shared_study, "analyse", *arguments).refused(status)


def test_a_registry_without_patients_has_a_flow_and_no_estimates(
    program: Program, registry: Database
) -> None:
    flow = program(registry, "analyse", "flow", "--format", "json").document
    assert (flow["started"], flow["eligible"], flow["events"]) == (0, 0, 0)
    for analysis in ("table1", "table2", "km", "cox", "tdm"):
        outcome = program(registry, "analyse", analysis, "--format", "json")
        assert outcome.refused(4)
        assert outcome.out == ""


def test_without_a_loss_of_response_nothing_is_compared(program: Program, study: Database) -> None:
    execute(
        study,
        "update clinical.pcdai_visit v set total = 0, abdominal_pain = null "
        "from derived.lor_status s where s.patient_id = v.patient_id "
        "and s.definition = 'paper' and s.eligible and v.visited_on > s.week14_on",
    )
    assert program(study, "analyse", "flow", "--format", "json").document["events"] == 0
    for analysis in (("km",), ("cuminc",), ("cox",), ("cox", "--covariates", "sex_female")):
        error = program(study, "analyse", *analysis).refused(4)
        assert "lost response" in error


@pytest.mark.parametrize("analysis", ["km", "cuminc"])
def test_one_group_is_not_compared(program: Program, study: Database, analysis: str) -> None:
    execute(study, "update clinical.patient set sex = 'male'")
    error = program(study, "analyse", analysis, "--by", "sex_female").refused(4)
    assert "All 69 patients whose 'sex_female' is known have the same" in error
    assert "Leave --by out" in error


def test_a_mean_beyond_what_was_observed_is_refused(program: Program, study: Database) -> None:
    """Only P023 loses response, so that others are seen last without loss."""
    execute(
        study,
        "update clinical.pcdai_visit v set total = 0, abdominal_pain = null "
        "from derived.lor_status s join reference.patient_number n using (patient_id) "
        "where s.patient_id = v.patient_id and s.definition = 'paper' and s.event "
        "and v.visited_on > s.week14_on and n.study_id <> 'P023'",
    )
    assert program(study, "analyse", "km", "--rmst", "24").status == 0
    error = program(study, "analyse", "km", "--rmst", "500").refused(4)
    assert "No patient was observed for 500 months without loss." in error


def test_the_method_names_a_test_only_where_one_was_made(
    program: Program, shared_study: Database
) -> None:
    def method(*options: str) -> str:
        document = program(shared_study, "analyse", "km", *options, "--format", "json").document
        return str(document["method"])

    assert "log-rank" not in method()
    assert "log-rank" in method("--by", "perianal")


def test_few_losses_are_no_prediction_whatever_the_ratio(program: Program, study: Database) -> None:
    """Nine losses are left."""
    execute(
        study,
        "update clinical.pcdai_visit v set total = 0, abdominal_pain = null "
        "from derived.lor_status s where s.patient_id = v.patient_id and s.definition = 'paper' "
        "and v.visited_on > s.week14_on and s.patient_id in (select patient_id "
        "from derived.lor_status where definition = 'paper' and event order by patient_id limit 9)",
    )
    assert program(study, "analyse", "flow", "--format", "json").document["events"] == 9
    options = ("--covariates", "week14_pcdai", "--events-per-covariate", "1")
    error = program(study, "analyse", "risk", *options).refused(4)
    assert "below 10 losses nothing can be predicted" in error


def test_separation_is_said_in_a_sentence(program: Program, study: Database) -> None:
    """Without a loss among those with growth delay, their hazard ratio has no bound."""
    execute(
        study,
        "update clinical.phenotype f set growth = case when s.event then 'G0' else 'G1' end "
        "from derived.lor_status s where s.patient_id = f.patient_id and s.definition = 'paper'",
    )
    error = program(study, "analyse", "cox", "--covariates", "growth_delay").refused(4)
    assert "Growth delay" in error or "growth_delay" in error


MOVED = {
    "veo_before_years": 5,
    "duration_from_months": 8,
    "dose_from_mg_per_kg": 6.5,
    "bmi_z_at_most": -0.5,
    "crp_above": 13,
    "esr_above": 21,
    "wbc_above": 9,
    "hb_below": 111,
    "plt_above": 390,
    "alb_below": 36,
    "im_min_days": 182,
    "severity_mild_from": 12.5,
    "severity_moderate_from": 32.5,
    "severity_severe_from": 42.5,
}
TOLD = (
    ("table1",),
    ("table2",),
    ("tdm",),
    *(("km", "--by", one) for one in ("crp_high", "duration_ge_6_months", "im_over_6_months")),
    ("cuminc", "--by", "hb_low"),
    ("cox", "--covariates", "veo_cd,bmi_z_low,plt_high,im_over_6_months", "--as-published"),
    ("compare-published", "--covariates", "initial_dose_ge_7,im_over_6_months"),
    ("sensitivity", "--covariates", "esr_high,alb_low", "--definitions", "moved"),
)


def test_what_a_level_is_called_is_by_the_limits_of_the_definition(
    study: Database, program: Program
) -> None:
    """A definition with every limit moved: none of the published study's is told of it."""
    limits = [f"--set={name}={value}" for name, value in MOVED.items()]
    added = program(study, "definition", "add", "moved", "--from", "paper", *limits)
    assert added.status == 0, added
    assert MOVED.keys() == PUBLISHED.keys()
    words = ""
    for asked in TOLD:
        told = program(study, "analyse", *asked, "--definition", "moved", "--format", "json")
        assert told.status == 0, told
        words += told.out
    before = limits_of(PUBLISHED)
    for covariate in COVARIATES:
        moved = covariate.under(limits_of(MOVED))
        for old, new in (
            (covariate.label, moved.label),
            (covariate.level, moved.level),
            (covariate.other_level, moved.other_level),
        ):
            if old != new:
                assert f'"{old}"' not in words
                assert f"{old})" not in words
                assert f'"{new}"' in words, new
    assert "{" not in words.replace("{\n", "").replace("{}", "")
    for band in ("<12.5,", "12.5 to 30,", "32.5 to 40,", ">=42.5,"):
        assert f"PCDAI {band}" in words
    assert before["severity_moderate_to"] == "37.5"
    assert "37.5" not in program(study, "analyse", "table1", "--definition", "moved").out


def test_the_published_limits_are_those_of_the_papers_definition(shared_study: Database) -> None:
    with shared_study.engine.connect() as connection:
        paper = get_definition(connection, "paper")
    assert {name: float(paper[name]) for name in PUBLISHED} == {
        name: float(str(value)) for name, value in PUBLISHED.items()
    }
