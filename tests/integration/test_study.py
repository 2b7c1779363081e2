"""The study's numbers from the study's files, through import, derivation, views and analyses.

Expected values: the published tables (Translational Pediatrics, doi 10.21037/tp-2025-344) and an
independent computation on the same files with pandas, lifelines and statsmodels.
"""

from __future__ import annotations

import pandas as pd
import pytest

from registry.analysis.cohort.flow import cohort_flow
from registry.analysis.cohort.outcome import outcomes_after_loss
from registry.analysis.cohort.table1 import baseline_table
from registry.analysis.cohort.table2 import univariate_table
from registry.analysis.cox.fit import cox_regression
from registry.analysis.curves.kaplan_meier import kaplan_meier
from registry.analysis.reading import read_view
from registry.analysis.troughs.at_week import week14_troughs
from registry.database.engine import Database
from registry.validation.published import EXCLUDED, PUBLISHED_CHI2, PUBLISHED_COX, TABLE2

DEFINITIONS = ("paper", "recommended")

COX = {
    "efron": {
        "response_without_remission": (2.0216, 0.7850),
        "im_over_6_months": (-1.3885, 0.6143),
        "bmi_z_low": (0.8649, 0.7864),
        "growth_delay": (0.4389, 0.6397),
    },
    "breslow": {
        "response_without_remission": (2.0216, None),
        "im_over_6_months": (-1.3858, None),
        "bmi_z_low": (0.8614, None),
        "growth_delay": (0.4415, None),
    },
}
COUNTS = {
    "male": 41,
    "L1": 14,
    "L2": 20,
    "L3": 35,
    "L4a_only": 21,
    "L4b_only": 2,
    "L4a+4b": 10,
    "B1": 43,
    "B2": 16,
    "B3": 7,
    "B2B3": 3,
    "p": 23,
    "growth_delay": 11,
    "surgery": 7,
}
MEANS = {"haz": (0.06, 1.14), "baz": (-1.65, 1.63), "pcdai": (39.0, 16.5)}
QUARTILES = {
    "age_first_ifx_y": (9.3, 12.0, 13.7),
    "duration_before_ifx_mo": (3.4, 7.59, 16.8),
    "infusions": (9.0, 13.0, 23.5),
}


def frame(study: Database, view: str, definition: str) -> pd.DataFrame:
    with study.engine.connect() as connection:
        return read_view(connection, view, definition)


@pytest.mark.parametrize("definition", DEFINITIONS)
def test_flow(shared_study: Database, definition: str) -> None:
    flow = cohort_flow(frame(shared_study, "cohort_flow", definition), definition).to_json()
    assert (flow["started"], flow["eligible"], flow["events"], flow["responders"]) == (
        85,
        69,
        18,
        51,
    )
    assert {row["reason"]: row["n"] for row in flow["excluded"]} == EXCLUDED


@pytest.mark.parametrize("definition", DEFINITIONS)
def test_table1(shared_study: Database, definition: str) -> None:
    table = baseline_table(frame(shared_study, "baseline", definition), definition).to_json()
    rows = {row["id"]: row for row in table["rows"]}
    assert table["n"] == 69
    assert {key: rows[key]["n"] for key in COUNTS} == COUNTS
    for key, (mean, sd) in MEANS.items():
        # The independent computation prints one or two decimals.
        assert rows[key]["mean"] == pytest.approx(mean, abs=0.05 if key == "pcdai" else 0.005)
        assert rows[key]["sd"] == pytest.approx(sd, abs=0.05 if key == "pcdai" else 0.005)
    for key, quartiles in QUARTILES.items():
        found = (rows[key]["q1"], rows[key]["median"], rows[key]["q3"])
        assert found == pytest.approx(quartiles, abs=0.0501)


@pytest.mark.parametrize("definition", DEFINITIONS)
def test_table2(shared_study: Database, definition: str) -> None:
    table = univariate_table(frame(shared_study, "analysis_set", definition), definition).to_json()
    rows = {row["covariate"]: row for row in table["rows"]}
    assert list(rows) == list(TABLE2)
    for covariate, (events, patients, chi2) in TABLE2.items():
        row = rows[covariate]
        assert (row["events_true"], row["n_true"], row["missing"]) == (events, patients, 0)
        assert (row["events_false"], row["n_false"]) == (18 - events, 69 - patients)
        assert row["chi2"] == pytest.approx(chi2, abs=0.01)
        assert row["chi2"] == pytest.approx(PUBLISHED_CHI2[covariate], abs=0.04)
        assert row["df"] == 1


@pytest.mark.parametrize("definition", DEFINITIONS)
def test_kaplan_meier(shared_study: Database, definition: str) -> None:
    result = kaplan_meier(frame(shared_study, "analysis_set", definition), definition).to_json()
    incidence = [e["cumulative_incidence"] for e in result["groups"][0]["estimates"]]
    assert incidence == pytest.approx([0.1571, 0.2728, 0.3092], abs=0.0005)
    assert result["time_to_lor_quartiles_months"] == pytest.approx([11.58, 16.20, 29.17], abs=0.005)


@pytest.mark.parametrize("ties", ["breslow", "efron"])
@pytest.mark.parametrize("definition", DEFINITIONS)
def test_cox(shared_study: Database, definition: str, ties: str) -> None:
    model = cox_regression(
        frame(shared_study, "analysis_set", definition), definition, ties=ties
    ).to_json()
    terms = {term["covariate"]: term for term in model["terms"]}
    assert set(terms) == set(COX[ties])
    assert (model["n"], model["events"]) == (69, 18)
    for covariate, (coefficient, error) in COX[ties].items():
        assert terms[covariate]["coef"] == pytest.approx(coefficient, abs=0.001)
        assert terms[covariate]["coef"] == pytest.approx(PUBLISHED_COX[covariate], abs=0.03)
        if error is not None:
            assert terms[covariate]["se"] == pytest.approx(error, abs=0.001)


@pytest.mark.parametrize("definition", DEFINITIONS)
def test_troughs(shared_study: Database, definition: str) -> None:
    result = week14_troughs(frame(shared_study, "tdm_week14", definition), definition).to_json()
    groups = {group["group"]: group for group in result["groups"]}
    assert (groups["lor"]["n"], groups["responder"]["n"]) == (6, 28)
    assert groups["lor"]["mean"] == pytest.approx(2.550, abs=0.0005)
    assert groups["lor"]["sd"] == pytest.approx(1.531, abs=0.0005)
    assert groups["responder"]["mean"] == pytest.approx(6.654, abs=0.0005)
    assert groups["responder"]["sd"] == pytest.approx(4.801, abs=0.0005)
    assert result["t"] == pytest.approx(3.724, abs=0.0005)
    assert result["p"] == pytest.approx(0.0009, abs=0.00005)


@pytest.mark.parametrize("definition", DEFINITIONS)
def test_outcomes(shared_study: Database, definition: str) -> None:
    result = outcomes_after_loss(frame(shared_study, "lor_outcome", definition), definition)
    document = result.to_json()
    assert [document[key] for key in ("lor", "stopped", "optimised")] == [18, 7, 11]
    assert [document[key] for key in ("regained", "not_regained")] == [5, 6]
