"""What is computed by a short way equals the slow, obvious way."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.analysis.cox.partial_likelihood import PartialLikelihood, Rows
from registry.analysis.methods.prediction import brier, brier_curve
from registry.analysis.risk.fitting import Hazard, Hazards


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
    curve = brier_curve(time, cause, lambda part: risk[part], at)
    for found, expected in (
        (curve.estimate, whole.estimate),
        (curve.null, whole.null.estimate),
        (curve.scaled, whole.scaled),
        (curve.integrated, whole.integrated),
    ):
        np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-12)
