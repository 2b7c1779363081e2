"""Imputation that agrees with the Cox model: R's pooled numbers, bounds, streams, refusals."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import truncnorm

from registry.analysis import methods
from registry.analysis.choices import ImputationRule
from registry.analysis.cox.design import Design
from registry.analysis.cox.fit import cox_regression
from registry.analysis.cox.imputed import impute_regression
from registry.analysis.cox.imputed_result import Imputed
from registry.errors import CannotEstimate, WrongUsage
from registry.report import imputation_tables
from registry.report.text import render

from .frames import analysis_set
from .golden.imputation_data import draw

R: dict[str, Any] = json.loads(
    (Path(__file__).parent / "golden" / "imputation.json").read_text(encoding="utf-8")
)
QUICK = ImputationRule(imputations=4, iterations=3)
START = date(2020, 1, 1)


def test_rubins_rules_are_those_of_mice() -> None:
    q, u, few = np.array(R["q"]), np.array(R["u"]), R["few"]
    pooled = methods.rubin(q, u, R["events"] - 4)
    for name, key in (
        ("estimate", "estimate"), ("within", "ubar"), ("between", "b"), ("total", "t"),
        ("df", "df"), ("fraction_missing", "fmi"), ("increase", "riv"),
    ):  # fmt: skip
        assert getattr(pooled, name) == pytest.approx(few[key], rel=1e-10)
    one = methods.rubin(q[:, 0], u[:, 0])
    found = [one.estimate, one.within, one.between, one.total, one.df, one.fraction_missing]
    assert [float(value[0]) for value in found] == pytest.approx(R["scalar"], rel=1e-10)


def test_estimates_that_do_not_differ_lose_nothing() -> None:
    pooled = methods.rubin([0.5] * 5, [0.04] * 5)
    assert float(pooled.standard_error[0]) == pytest.approx(0.2)
    assert float(pooled.fraction_missing[0]) < 0.001
    assert float(pooled.relative_efficiency[0]) > 0.999


@pytest.mark.parametrize(
    ("estimates", "variances"), [([1.0], [1.0]), ([1.0, 2.0], [1.0, 0.0]), ([1.0, 2.0], [1.0])]
)
def test_what_cannot_be_pooled_is_refused(estimates: Any, variances: Any) -> None:
    with pytest.raises(methods.InvalidInput):
        methods.rubin(estimates, variances)


def test_the_pooled_model_is_that_of_smcfcs() -> None:
    data = draw()
    made = methods.impute_cox(
        data[:, 0], data[:, 1], data[:, 2:], imputations=24, iterations=5, seed=11
    )
    many, pooled = R["many"], made.pooled
    # Both are means of draws, R's of 200 and ours of 24: their spread tells their errors.
    error = np.sqrt(np.array(many["b"]) / R["m"] + pooled.between / 24)
    assert (np.abs(pooled.estimate - many["estimate"]) < 4 * error).all()
    assert pooled.within == pytest.approx(many["ubar"], rel=0.03)
    spread = pooled.between * np.sqrt(2 / 23) + np.array(many["b"]) * np.sqrt(2 / (R["m"] - 1))
    assert (np.abs(pooled.total - many["t"]) < 3 * spread).all()
    imputed = [made.completed[:, made.imputed[:, j], j].mean() for j in range(3)]
    assert imputed == pytest.approx(R["imputed_means"], abs=0.08)
    # Complete cases say something else of the first covariate; imputation is not them in disguise.
    complete = methods.cox(*_complete(data))
    assert complete.coefficients == pytest.approx(R["complete"][:4], rel=1e-6)
    assert (pooled.standard_error < complete.standard_errors).all()
    assert (made.scale_reduction[:3] < 1.2).all()
    assert np.isnan(made.scale_reduction[3])


def _complete(data: Any) -> tuple[Any, Any, Any]:
    known = data[~np.isnan(data).any(axis=1)]
    return known[:, 0], known[:, 1], known[:, 2:]


def test_each_data_set_has_a_stream_of_its_own() -> None:
    data = draw(n=120)
    few, more = (
        methods.impute_cox(
            data[:, 0], data[:, 1], data[:, 2:], "breslow", imputations=m, iterations=2, seed=5
        )
        for m in (2, 3)
    )
    assert (few.completed == more.completed[:2]).all()
    assert not (more.completed[0] == more.completed[2]).all()
    known = ~more.imputed
    assert (more.completed[:, known] == data[:, 2:][known]).all()


def test_a_level_below_its_limit_is_drawn_below_it() -> None:
    rng = np.random.default_rng(2)
    n, limit = 900, -0.5
    level = rng.normal(size=n)
    below = level < limit
    x = np.where(below, np.nan, level)
    made = methods.impute_cox(
        rng.exponential(100, n), rng.random(n) < 0.5, x, "breslow",
        upper=np.where(below, limit, np.nan), imputations=5, iterations=8,
    )  # fmt: skip
    drawn = made.completed[:, below, 0]
    assert drawn.max() <= limit
    # The levels have nothing to do with the outcome, so what is below the limit is a normal tail.
    tail = truncnorm(-np.inf, limit)
    assert drawn.mean() == pytest.approx(tail.mean(), abs=0.06)
    assert drawn.std() == pytest.approx(tail.std(), abs=0.06)


def test_who_lost_response_early_is_given_a_level_that_fits() -> None:
    """Against the conditional density by numerical integration, at the truth."""
    rng = np.random.default_rng(4)
    n, effect = 3000, -1.0
    level = rng.normal(size=n)
    time = rng.exponential(1 / np.exp(effect * level)) + 1e-6
    event = time < 1.0
    time = np.minimum(time, 1.0)
    x = np.where(rng.random(n) < 0.3, np.nan, level)
    made = methods.impute_cox(time, event, x, "breslow", imputations=3, iterations=3)
    lacking = made.imputed[:, 0]
    grid = np.linspace(-6, 6, 1201)
    for chosen in (~event, event & (time < 0.2)):
        here = chosen & lacking
        hazard = np.exp(effect * grid)
        density = np.exp(-(grid**2) / 2) * np.exp(-time[here, None] * hazard)
        density *= np.where(event[here, None], hazard, 1.0)
        expected = (density * grid).sum(axis=1) / density.sum(axis=1)
        assert made.completed[:, here, 0].mean() == pytest.approx(expected.mean(), abs=0.09)


def test_an_auxiliary_covariate_that_tells_all_is_believed() -> None:
    data = draw(n=200)
    truth = np.nan_to_num(data[:, 2])
    x = np.column_stack([data[:, 2], truth])
    made = methods.impute_cox(
        data[:, 0], data[:, 1], x, "breslow", auxiliary=[False, True], imputations=2, iterations=2
    )
    lacking = made.imputed[:, 0]
    assert made.coefficients.shape == (2, 1)
    assert (made.completed[:, lacking, 0] == truth[lacking]).mean() > 0.9


@pytest.mark.parametrize("column", [[np.nan] * 6, [1.0, 1.0, np.nan, 1.0, 1.0, 1.0]])
def test_a_covariate_without_knowledge_is_refused(column: list[float]) -> None:
    with pytest.raises(CannotEstimate, match="covariate 1"):
        methods.impute_cox([1, 2, 3, 4, 5, 6], [1, 0, 1, 0, 1, 0], column)


def test_separation_in_a_completed_data_set_is_refused() -> None:
    event = np.arange(40) < 12
    x = event.astype(float)
    x[-1] = np.nan
    with pytest.raises(methods.NotFinite):
        methods.impute_cox(np.arange(40) + 1.0, event, x, "breslow")


def imputed_cohort(n: int = 80, **asked: Any) -> Imputed:
    """Children with a yes-or-no covariate and a trough, some of each missing or below 0.4."""
    frame, levels = cohort(n)
    asked = {"covariates": ("growth_delay", "trough"), "rule": QUICK} | asked
    return impute_regression(frame, "paper", levels=levels, **asked)


def cohort(n: int) -> tuple[pd.DataFrame, dict[str, pd.DataFrame]]:
    rng = np.random.default_rng(6)
    growth = rng.random(n) < 0.4
    trough = np.round(2.0 ** rng.normal(2 - growth, 1.5), 2)
    lost = rng.exponential(600 / np.exp(0.6 * growth - 0.3 * np.log2(trough)))
    end = rng.uniform(50, 900, n)
    frame = analysis_set(
        (np.floor(np.minimum(lost, end)) + 101).astype(int).tolist(),
        (lost < end).tolist(),
        growth_delay=[None if i % 9 == 0 else bool(one) for i, one in enumerate(growth)],
        sex_female=(rng.random(n) < 0.5).tolist(),
    ).assign(entry_days=[95 + i % 4 for i in range(n)])
    ids = frame["patient_id"]
    measured = [i for i in range(n) if i % 4]
    small = [trough[i] < 0.8 for i in measured]
    value = [0.8 if low else float(trough[i]) for low, i in zip(small, measured, strict=True)]
    tdm = pd.DataFrame(
        {
            "definition": "paper",
            "patient_id": [ids[i] for i in measured],
            "sampled_on": [START + timedelta(days=97 if i % 4 == 1 else 99) for i in measured],
            "ifx_ug_ml": value,
            "ifx_comparator": ["<" if low else None for low in small],
            "ifx_for_mean": [v / 2 if low else v for low, v in zip(small, value, strict=True)],
        }
    )
    survival = pd.DataFrame({"definition": "paper", "patient_id": ids, "origin_on": START})
    return frame, {"tdm_week14": tdm, "survival": survival}


def test_a_trough_is_imputed_from_its_limit_and_from_nothing() -> None:
    result = imputed_cohort()
    document = result.to_json(details=True)
    trough = document["covariates"][1]
    assert (trough["covariate"], trough["missing"]) == ("trough", 20)
    assert trough["known"] + trough["below_limit"] == 60
    assert trough["below_limit"] > 0
    assert result.made is not None
    below = ~np.isnan(result.found.upper[:, 1])
    assert (result.made.completed[:, below, 1] <= np.log2(0.8)).all()
    # At risk after the later of week-14 PCDAI and sample.
    start = result.found.prepared.rows.start
    assert [start[i] for i in range(1, 4)] == [97.0, 99.0, 99.0]
    assert [start[i] for i in (0, 4)] == [95.0, 95.0]
    assert "trough where that is later" in document["entry"]


def test_complete_cases_stand_beside_with_who_was_left_out() -> None:
    document = imputed_cohort().to_json()
    complete = document["complete_cases"]
    assert sum(one["n"] for one in complete["left_out"]) == document["n"] - complete["n"]
    assert {tuple(one["covariates"]) for one in complete["left_out"]} == {
        ("trough",), ("growth_delay",), ("growth_delay", "trough"),
    }  # fmt: skip
    assert all(term["complete"]["se"] > 0 for term in document["terms"])
    shown = "\n".join(map(render, imputation_tables.all_tables(document)))
    assert "Not among complete cases for want of" in shown
    assert len(imputation_tables.rows(document)) == 2
    assert json.loads(json.dumps(document)) == document


def test_without_anything_missing_the_plain_model_stands() -> None:
    frame, _ = cohort(80)
    result = impute_regression(frame, "paper", covariates=("sex_female",), rule=QUICK)
    plain = cox_regression(frame, "paper", covariates=("sex_female",))
    document = result.to_json()
    assert document["imputations"] == 0
    assert document["terms"][0]["coef"] == pytest.approx(plain.terms[0].coef, rel=1e-9)
    assert "Nothing is missing" in document["method"]
    assert document["terms"][0]["fraction_missing"] == 0


def test_strata_and_auxiliary_covariates_are_taken() -> None:
    asked = {"covariates": ("growth_delay",), "auxiliary": ("trough",)}
    document = imputed_cohort(design=Design(strata=("sex_female",)), **asked).to_json()
    assert [one["covariate"] for one in document["terms"]] == ["growth_delay"]
    assert [one["auxiliary"] for one in document["covariates"]] == [False, True]
    assert document["complete_cases"]["left_out"] == [
        {
            "covariates": ["growth_delay"],
            "n": document["covariates"][0]["missing"],
            "events": document["events"] - document["complete_cases"]["events"],
        }
    ]


def test_separation_and_collinearity_are_told_apart() -> None:
    frame, _ = cohort(80)
    twin = frame.assign(crp_high=frame["growth_delay"], hb_low=frame["event"].astype(object))
    with pytest.raises(CannotEstimate, match="cannot be told apart"):
        impute_regression(twin, "paper", covariates=("growth_delay", "crp_high"), rule=QUICK)
    with pytest.raises(CannotEstimate, match="separat"):
        impute_regression(twin, "paper", covariates=("growth_delay", "hb_low"), rule=QUICK)


def test_what_cannot_be_imputed_is_told() -> None:
    with pytest.raises(CannotEstimate, match="is known of none"):
        imputed_cohort(covariates=("growth_delay", "crp_high"))
    with pytest.raises(WrongUsage, match="more than once"):
        imputed_cohort(covariates=("growth_delay",), auxiliary=("growth_delay",))
    with pytest.raises(WrongUsage, match="cannot help to impute"):
        imputed_cohort(covariates=("growth_delay",), auxiliary=("im_over_6_months",))
