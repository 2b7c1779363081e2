"""Regression of a loss between two visits: R's survreg, lifelines', and what has no estimate."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from lifelines import LogLogisticAFTFitter, WeibullAFTFitter

from registry.analysis import methods
from registry.covariates import COVARIATES
from registry.database.engine import Database
from registry.errors import CannotEstimate
from tests.analysis.golden.interval_data import draw
from tests.programs import Program

EXPECTED: dict[str, dict[str, Any]] = json.loads(
    (Path(__file__).parent / "golden" / "interval.json").read_text(encoding="utf-8")
)


@pytest.mark.parametrize("seed", EXPECTED)
def test_it_is_survreg(seed: str) -> None:
    left, right, x, y = draw(int(seed)).T
    expected = EXPECTED[seed]
    for distribution in ("weibull", "log-logistic"):
        fit = methods.interval_regression(left, right, np.column_stack([x, y]), distribution)  # type: ignore[arg-type]
        found = [fit.intercept, *fit.times.coefficients, fit.scale,
                 *np.sqrt(np.diag(fit.covariance)), fit.log_likelihood, fit.aic]  # fmt: skip
        assert found == pytest.approx(expected[distribution], rel=1e-10), distribution
        if distribution == "weibull":
            assert fit.hazards is not None
            hazards = [*fit.hazards.coefficients, *fit.hazards.standard_errors]
            assert hazards == pytest.approx(expected["hazards"], rel=1e-10)
        else:
            assert fit.hazards is None


@pytest.mark.parametrize("distribution", ["weibull", "log-logistic"])
@pytest.mark.parametrize("exact", [0.0, 0.3, 1.0])
def test_it_is_lifelines(distribution: Any, exact: float) -> None:
    rng = np.random.default_rng(11)
    n = 60
    x = np.column_stack([rng.normal(size=n), rng.random(n) < 0.4])
    time = np.exp(1 + x @ [0.5, -0.7] + 0.8 * np.log(rng.exponential(size=n)))
    known, lost = rng.random(n) < exact, rng.random(n) < 0.7
    left = np.where(known, time, np.floor(time))
    right = np.where(lost, np.where(known, time, np.floor(time) + 1), np.inf)
    fit = methods.interval_regression(left, right, x, distribution)
    fitter = WeibullAFTFitter() if distribution == "weibull" else LogLogisticAFTFitter()
    frame = pd.DataFrame(x, columns=["x", "y"]).assign(left=left, right=right)
    # At its default it stops before the fourth digit; what it warns of is that it got so far.
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        fitter.fit_interval_censoring(frame, "left", "right", fit_options={"ftol": 1e-16})
    place, shape = ("lambda_", "rho_") if distribution == "weibull" else ("alpha_", "beta_")
    order = [(place, "Intercept"), (place, "x"), (place, "y"), (shape, "Intercept")]
    # It has the log of the shape, the inverse of the scale.
    sign = np.array([1.0, 1.0, 1.0, -1.0])
    found = [fit.intercept, *fit.times.coefficients, np.log(fit.scale), fit.log_likelihood]
    expected = [*(fitter.params_.loc[order].to_numpy() * sign), fitter.log_likelihood_]
    assert found == pytest.approx(expected, rel=1e-5, abs=1e-6)
    variance = fitter.variance_matrix_.loc[order, order].to_numpy() * np.outer(sign, sign)
    assert fit.covariance == pytest.approx(variance, rel=1e-5, abs=1e-6)


def test_units_change_nothing_but_themselves() -> None:
    left, right, x, y = draw(3).T
    days = methods.interval_regression(left, right, np.column_stack([x, y]))
    years = methods.interval_regression(
        left / 365.25, right / 365.25, np.column_stack([1000 * x + 5, y])
    )
    assert years.hazards is not None
    assert days.hazards is not None
    assert years.hazards.coefficients * (1000, 1) == pytest.approx(
        days.hazards.coefficients, rel=1e-5
    )
    assert years.scale == pytest.approx(days.scale, rel=1e-5)


@pytest.mark.parametrize(
    ("left", "right", "x", "error", "words"),
    [
        ([1, 2], [2, 1], [0, 1], methods.InvalidInput, "right is before left"),
        ([1, 2], [np.inf, np.nan], [0, 1], CannotEstimate, "no event"),
        ([1, 2], [3, np.inf], [1, 1], CannotEstimate, "does not vary"),
        ([-1, 2], [3, np.inf], [1, 0], methods.InvalidInput, "negative"),
        ([1, 2], [3], [1, 0], methods.InvalidInput, "1 rows where time has 2"),
    ],
)
def test_what_it_refuses(left: Any, right: Any, x: Any, error: Any, words: str) -> None:
    with pytest.raises(error, match=words):
        methods.interval_regression(left, right, x)


def test_a_level_without_an_event_has_no_estimate() -> None:
    left, right, _, y = draw(1).T
    right = np.where(y == 1, np.inf, right)
    with pytest.raises(methods.NotFinite, match="separate the events"):
        methods.interval_regression(left, right, y)


@pytest.mark.parametrize("distribution", ["weibull", "log-logistic"])
@pytest.mark.parametrize(
    ("left", "right"),
    [
        # The group tells every interval, and a visit parts them whatever the group.
        ([1] * 6 + [3] * 6, [2] * 6 + [4] * 6),
        ([1, 1, 1, 2, 2, 2] * 2, [2, 2, 2, 3, 3, 3] * 2),
    ],
)
def test_a_scale_that_shrinks_for_ever_has_no_estimate(
    left: list[int], right: list[int], distribution: Any
) -> None:
    with pytest.raises(methods.NotFinite, match="separate the events"):
        methods.interval_regression(left, right, [0] * 6 + [1] * 6, distribution)


def test_the_study_beside_its_visit_dates(program: Program, shared_study: Database) -> None:
    # R 4.2.2 on days since week 14: coxph(ties = "breslow"), survreg(Surv(time, event)),
    # survreg(Surv(left, right, type = "interval2")) with "weibull" and "loglogistic".
    asked = ("interval-censored", "--definition", "paper", "--covariates", "bmi_z_low,growth_delay")
    document = program(shared_study, "analyse", *asked, "--format", "json").document
    assert (document["n"], document["events"], document["unseen"]) == (69, 18, 4)
    expected = {
        "cox_visit_dates": ((1.376853915, 0.7576238657), (1.022595848, 0.5514136365)),
        "weibull_visit_dates": ((1.396046019, 0.7535289451), (1.031227661, 0.5355280971)),
        "weibull_intervals": ((1.397919211, 0.7537299654), (1.002841842, 0.5345316438)),
    }
    for model, numbers in expected.items():
        found = [(term[model]["coef"], term[model]["se"]) for term in document["terms"]]
        for one, other in zip(found, numbers, strict=True):
            assert one == pytest.approx(other, rel=1e-6)
    weibull, other = document["distributions"]
    assert (weibull["loglik"], weibull["shape"]) == pytest.approx((-88.95508214, 1.022057653))
    assert (other["loglik"], other["shape"]) == pytest.approx((-88.32842353, 1.27503617))


@pytest.mark.parametrize(
    ("covariates", "status", "words"),
    [
        ("im_over_6_months", 1, "immortal time"),
        ("hobby", 2, "No covariate is called hobby"),
        (",".join(one.id for one in COVARIATES if not one.acquired_after_start), 4, "too few"),
    ],
)
def test_what_the_command_refuses(
    program: Program, shared_study: Database, covariates: str, status: int, words: str
) -> None:
    asked = program(shared_study, "analyse", "interval-censored", "--covariates", covariates)
    assert words in asked.refused(status)
