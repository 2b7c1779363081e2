"""What is computed by a short way equals the slow, obvious way."""

from __future__ import annotations

import re
from dataclasses import replace
from importlib import import_module
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq
from scipy.stats import chi2

from registry.analysis import methods
from registry.analysis.arrays import MANY_ROWS
from registry.analysis.cox.diagnostics import baseline_faced
from registry.analysis.cox.partial_likelihood import PartialLikelihood, Rows, maximise
from registry.analysis.cox.profile import profile_limits
from registry.analysis.methods.cox_model import _by_lifelines
from registry.analysis.methods.prediction import auc, brier, levels_of
from registry.analysis.methods.prediction_curves import auc_curve, brier_curves
from registry.analysis.methods.survival_curve import SurvivalCurve
from registry.analysis.risk.fitting import Hazard, Hazards, fitted, folds_of
from registry.analysis.risk.performance import Watch
from registry.analysis.troughs.roc import _best
from tests.docs.pages import PROJECT


def rows(seed: int, *, late: bool) -> Rows:
    """Forty rows with ties, two strata, weights, some never at risk."""
    rng = np.random.default_rng(seed)
    n = 40
    stop = rng.integers(1, 9, n).astype(float)
    event = rng.random(n) < 0.6
    event[0] = True
    return Rows.of(
        stop,
        event,
        rng.normal(size=(n, 3)),
        start=rng.integers(0, 6, n).astype(float) if late else None,
        stratum=rng.integers(0, 2, n),
        weight=rng.uniform(0.5, 2, n),
    )


def slowly(likelihood: PartialLikelihood, given: Rows, ties: str, coef: Any) -> tuple[Any, Any]:
    """Score and information step by step, event by event, from the formulas of the module."""
    k = given.values.shape[1]
    score, information = np.zeros(k), np.zeros((k, k))
    weight = np.ones(len(given.stop)) if given.weight is None else given.weight
    risk = weight * np.exp(given.values @ coef)
    for stratum in np.unique(given.stratum):
        inside = given.stratum == stratum
        for time in np.unique(given.stop[inside & given.event]):
            tied = np.flatnonzero(inside & given.event & (given.stop == time))
            there = inside & (given.start < time) & (time <= given.stop)
            score += weight[tied] @ given.values[tied]
            for j in range(len(tied)):
                share = np.where(there, risk, 0.0)
                if ties == "efron":
                    share[tied] -= j / len(tied) * risk[tied]
                mean = share @ given.values / share.sum()
                spread = given.values - mean
                counts = weight[tied].mean()
                score -= counts * mean
                information += counts * (spread.T * share) @ spread / share.sum()
    return score, information


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.booleans(), st.sampled_from(["breslow", "efron"]))
def test_score_and_information_of_the_likelihood(seed: int, late: bool, ties: Any) -> None:
    given = rows(seed, late=late)
    # A row that is over before it begins has no event that counts.
    given = Rows.of(
        given.stop, given.event & (given.stop > given.start), given.values, start=given.start,
        stratum=given.stratum, weight=given.weight,
    )  # fmt: skip
    if not given.event.any():
        return
    coef = np.array([0.4, -0.3, 0.1])
    likelihood = PartialLikelihood(given, ties)
    point = likelihood.at(coef)
    score, information = slowly(likelihood, given, ties, coef)
    assert point.score == pytest.approx(score, rel=1e-9, abs=1e-9)
    assert point.information == pytest.approx(information, rel=1e-9, abs=1e-9)
    assert likelihood.information_by_step(coef).sum(axis=0) == pytest.approx(
        information, rel=1e-9, abs=1e-9
    )


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6), st.booleans(), st.sampled_from(["breslow", "efron"]))
def test_the_hazard_that_each_row_faced(seed: int, late: bool, ties: Any) -> None:
    given = rows(seed, late=late)
    given = replace(given, event=given.event & (given.stop > given.start))
    if not given.event.any():
        return
    likelihood, coef = PartialLikelihood(given, ties), np.array([0.4, -0.3, 0.1])
    steps, jumps = likelihood.steps, likelihood.baseline(coef)
    expected = [
        sum(
            jump
            for jump, time, within in zip(jumps, steps.time, steps.stratum, strict=True)
            if within == stratum and start < time <= stop
        )
        for start, stop, stratum in zip(given.start, given.stop, given.stratum, strict=True)
    ]
    assert baseline_faced(likelihood, coef) == pytest.approx(expected, rel=1e-9, abs=1e-12)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6))
def test_the_risk_of_patients_that_are_alike(seed: int) -> None:
    rng = np.random.default_rng(seed)

    def hazard() -> Hazard:
        days = np.unique(rng.integers(1, 60, 12))
        return Hazard(rng.normal(size=2), 0.0, 2.0, days, rng.uniform(0, 0.05, len(days)))

    both = Hazards(hazard(), hazard())
    x = rng.integers(0, 2, (30, 2)).astype(float)
    asked = np.array([0.0, 10.0, 30.0, 100.0])
    found = both.risk(x, asked)
    for row, told in zip(x, found, strict=True):
        alive, lost, by_day = 1.0, 0.0, {}
        for day in range(101):
            faced = [
                float(np.exp(row @ one.coef) * one.jumps[one.days == day].sum())
                for one in (both.loss, both.ruled_out)
                if one is not None
            ]
            if sum(faced) > 0:
                lost += alive * -np.expm1(-sum(faced)) * faced[0] / sum(faced)
                alive *= np.exp(-sum(faced))
            by_day[day] = lost
        assert told == pytest.approx([by_day[int(day)] for day in asked], rel=1e-10)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6))
def test_a_brier_curve_has_the_estimates_of_the_score(seed: int) -> None:
    rng = np.random.default_rng(seed)
    time = rng.integers(1, 40, 50).astype(float)
    cause = rng.integers(0, 3, 50)
    at = np.arange(1.0, 40.0)
    risk = np.sort(rng.random((50, len(at))), axis=1)
    whole = brier(time, cause, risk, at)
    [curve] = brier_curves(time, cause, risk, at)
    for found, expected in (
        (curve.estimate, whole.estimate),
        (curve.null, whole.null.estimate),
        (curve.scaled, whole.scaled),
        (curve.integrated, whole.integrated),
    ):
        np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-12)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6))
def test_areas_of_a_sample_need_only_the_order_of_all(seed: int) -> None:
    rng = np.random.default_rng(seed)
    time, cause = rng.integers(1, 40, 50).astype(float), rng.integers(0, 3, 50)
    at = np.arange(1.0, 40.0)
    # Few risks, so that there are equal ones.
    risk = np.sort(rng.integers(0, 12, (50, len(at))), axis=1) / 12
    drawn = np.sort(rng.integers(0, 50, 50))
    found = auc_curve(time[drawn], cause[drawn], levels_of(risk)[drawn], at)
    expected = auc(time[drawn], cause[drawn], risk[drawn], at).estimate
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("seed", range(3))
def test_a_sample_is_scored_by_what_was_told_of_all(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n = 120
    time, code = rng.integers(1, 800, n), rng.integers(0, 3, n)
    x, days = rng.normal(size=(n, 2)), np.array([300.0, 600.0])
    loss, other = (
        Hazard(rng.normal(size=2), 1.0, 1.0, np.unique(time[code == cause]), np.full(k, 0.01))
        for cause, k in ((cause, len(np.unique(time[code == cause]))) for cause in (1, 2))
    )
    model = Hazards(loss, other)
    watch = Watch(time, code, x, days, methods.pseudo_values(time, code, days))
    drawn = np.sort(rng.integers(0, n, n))
    alone = Watch(time[drawn], code[drawn], x[drawn], days, watch.pseudo[drawn])
    often = np.bincount(drawn, minlength=n)
    found, _ = watch.measured(watch.told(model), often, None)
    [expected] = alone.measured(alone.told(model), None)
    np.testing.assert_allclose(found.asked, expected.asked, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(found.curves, expected.curves, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("penalised", [True, False])
def test_a_sample_is_fitted_by_how_often_each_is_in_it(seed: int, penalised: bool) -> None:
    rng = np.random.default_rng(seed)
    n = 150
    x = rng.normal(size=(n, 2))
    time = np.ceil(rng.exponential(300 * np.exp(-x @ [0.5, 0.2]))).astype(np.int64)
    code, often = rng.integers(0, 3, n), rng.multinomial(n, np.full(n, 1 / n))
    fold, drawn = folds_of(code == 1, seed), np.repeat(np.arange(n), often)
    found = fitted(time, code, x, fold, penalised=penalised, often=often)
    expected = fitted(time[drawn], code[drawn], x[drawn], fold[drawn], penalised=penalised)
    for one, other in ((found.loss, expected.loss), (found.ruled_out, expected.ruled_out)):
        assert one is not None
        assert other is not None
        np.testing.assert_array_equal(one.days, other.days)
        for name in ("coef", "penalty", "effective_df", "jumps"):
            np.testing.assert_allclose(getattr(one, name), getattr(other, name), rtol=1e-9)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6))
def test_the_best_cut_of_counted_levels(seed: int) -> None:
    rng = np.random.default_rng(seed)
    levels = np.sort(rng.choice(np.arange(1, 60) / 4, 20, replace=False))
    lost, kept = rng.choice(levels[:15], rng.integers(2, 12)), rng.choice(levels, 9)
    counts = ((one[:, None] == levels).sum(axis=0) for one in (lost, kept))
    there = np.unique(np.concatenate([lost, kept]))
    cuts = [-np.inf, *((there[1:] + there[:-1]) / 2), np.inf]
    # The highest of those with the most.
    tried = [(round((lost < cut).mean() + (kept > cut).mean(), 12), cut) for cut in cuts]
    cut = max(tried)[1]
    expected = (cut, (lost < cut).mean(), (kept > cut).mean())
    assert _best(levels, *counts) == pytest.approx(expected, rel=1e-12)


def test_many_rows_are_fitted_as_lifelines_fits_them() -> None:
    rng = np.random.default_rng(12)
    n = 10_500
    x = np.column_stack([rng.normal(size=n), rng.integers(0, 2, n)])
    time = np.ceil(rng.exponential(400 * np.exp(-x @ [0.3, 0.5])))
    event = rng.random(n) < 0.6
    fit = methods.cox(time, event, x)
    there = _by_lifelines(fit.likelihood.rows, fit.likelihood)
    assert there is not None
    np.testing.assert_allclose(fit.scaled_coefficients, there.coef, rtol=1e-9)
    np.testing.assert_allclose(
        fit.covariance * np.outer(fit.scale, fit.scale),
        np.linalg.inv(there.information),
        rtol=1e-9,
        atol=1e-12,
    )


@pytest.mark.parametrize("share", [0.6, 1.0])
def test_curves_and_tests_of_many_rows_are_those_of_lifelines(
    share: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(13)
    n = 10_500
    time = np.ceil(rng.exponential(400, n))
    event = rng.random(n) < share
    two, four = rng.integers(0, 2, n), rng.integers(0, 4, n)

    def found() -> tuple[SurvivalCurve, list[float]]:
        tests = [methods.logrank(time, event, groups) for groups in (two, four)]
        mean = methods.restricted_mean(time, event, 700)
        told = [mean.mean, mean.standard_error, *(one.statistic for one in tests)]
        return methods.kaplan_meier(time, event), told

    curve, told = found()
    for place in ("curves.logrank", "methods.survival_curve"):
        monkeypatch.setattr(import_module(f"registry.analysis.{place}"), "MANY_ROWS", n)
    expected, told_by_lifelines = found()
    for name in ("time", "survival", "standard_error", "lower", "upper", "at_risk", "events"):
        np.testing.assert_allclose(
            getattr(curve, name), getattr(expected, name), rtol=1e-11, atol=1e-13, err_msg=name
        )
    np.testing.assert_array_equal(curve.censored, expected.censored)
    assert told == pytest.approx(told_by_lifelines, rel=1e-11)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.booleans(), st.sampled_from([0.0, 1.0, 4.0]))
def test_limits_of_the_profile_are_its_roots(seed: int, firth: bool, apart: float) -> None:
    given = rows(seed, late=False)
    # Covariates that tell events apart, more and more, have limits far off, or none.
    values = given.values + apart * given.event[:, None] * [1.0, 0.0, 0.0]
    likelihood = PartialLikelihood(replace(given, values=values), "breslow", firth=firth)
    best = maximise(likelihood)
    if best is None:
        return
    fall = float(chi2.ppf(0.95, 1)) / 2

    def beyond(coefficient: float, which: int) -> float:
        start = best.coef.copy()
        start[which] = coefficient
        point = maximise(likelihood, start=start, held=which)
        return np.nan if point is None else best.loglik - point.loglik - fall

    for which, middle in enumerate(best.coef):
        for limit, side in zip(profile_limits(likelihood, best, which), (-1, 1), strict=True):
            if limit is None:
                assert not beyond(middle + side * 60, which) > 0
                continue
            assert (limit - middle) * side > 0
            root = brentq(beyond, middle, middle + (limit - middle) * 1.5, (which,), xtol=1e-12)
            assert limit == pytest.approx(root, rel=1e-9, abs=1e-9)


def test_the_page_on_methods_says_how_many_rows_are_many() -> None:
    page = (PROJECT / "docs" / "methods.md").read_text(encoding="utf-8")
    said = re.findall(r"(?:up to|beyond|more than) ([\d,]+) rows", page)
    assert set(said) == {f"{MANY_ROWS:,}"}
