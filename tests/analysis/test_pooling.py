"""Sums of hospitals against R's models of all their rows, stratified by hospital."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from registry.analysis.arrays import Ties, chi2_sf
from registry.analysis.cox.diagnostics import concordance_of
from registry.analysis.cox.partial_likelihood import PartialLikelihood, Rows, maximise
from registry.analysis.cox.profile import likelihood_ratio, profile_limits
from registry.analysis.pooling import cox as pooling
from registry.analysis.pooling.cox import Climb, Evaluated, Sums
from registry.analysis.pooling.curve import incidence_at
from registry.analysis.pooling.descriptive import binned, mean_sd_of, moments, quartile_bounds
from registry.analysis.pooling.log_rank import log_rank_of, log_rank_sums
from registry.analysis.pooling.profile import Profile, profiled
from registry.errors import CannotEstimate
from tests.docs.pages import PROJECT, load

GOLDEN = Path(__file__).parent / "golden"
R = json.loads((GOLDEN / "pooling.json").read_text(encoding="utf-8"))
FIXED = ["female", "growth_delay", "response"]


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    found = pd.read_csv(GOLDEN / "cox_synthetic.csv")
    return found.assign(site=found["patient_id"].str.slice(1).astype(int) % 3)


def hospitals(table: pd.DataFrame, kind: str) -> list[Rows]:
    """The rows of each hospital for one of R's models."""
    start, stop, event, terms = {
        "fixed": (None, "time", "lost", FIXED),
        "late": ("entry", "time", "lost", FIXED),
        "daily": ("start", "stop", "event", ["female", "im", "response"]),
    }[kind]
    rows = table if kind == "daily" else table.drop_duplicates("patient_id")
    rows = rows.dropna(subset=terms)
    if start is not None:
        rows = rows[rows[stop] > rows[start]]
    return [
        Rows.of(
            part[stop].to_numpy(),
            part[event].to_numpy(dtype=bool),
            part[terms].to_numpy(dtype=np.float64),
            start=None if start is None else part[start].to_numpy(),
        )
        for _, part in rows.groupby("site")
    ]


def rounds(parts: list[Rows], ties: Ties, *, firth: bool = False) -> tuple[Climb, int]:
    """The climb to its end as files would have it, and how many rounds it took."""
    reached, _, number = rounds_with_profile(parts, ties, firth=firth, profile=False)
    return reached, number


def rounds_with_profile(
    parts: list[Rows], ties: Ties, *, firth: bool, profile: bool = True
) -> tuple[Climb, Profile | None, int]:
    terms = parts[0].values.shape[1]
    points: list[Evaluated] = []
    ask: tuple[tuple[float, ...], ...] = ((0.0,) * terms,)
    for number in range(1, 30):
        told = [
            [one.to_json() for one in pooling.sums_at(rows, ties, ask, firth=firth)]
            for rows in parts
        ]
        for place, coef in enumerate(ask):
            read = [Sums.of_json(json.loads(json.dumps(one[place])), terms) for one in told]
            of = {str(site): sums for site, sums in enumerate(read)}
            points.append(Evaluated.at(coef, of))
        reached = pooling.climb(points, firth=firth)
        found = None
        ask = reached.ask
        if not ask and profile:
            found = profiled(points, reached.best, firth=firth, furthest=5.0)
            ask = found.ask
        if not ask:
            return reached, found, number
    raise AssertionError("the climb does not end")


def joined(parts: list[Rows]) -> Rows:
    """The rows of all hospitals, each a stratum."""
    return Rows.of(
        np.concatenate([one.stop for one in parts]),
        np.concatenate([one.event for one in parts]),
        np.concatenate([one.values for one in parts]),
        start=np.concatenate([one.start for one in parts]),
        stratum=np.repeat(np.arange(len(parts)), [len(one.stop) for one in parts]),
    )


@pytest.mark.parametrize(("kind", "firth"), [("fixed", False), ("daily", False), ("late", True)])
def test_limits_by_the_profile_likelihood_are_those_of_all_rows_together(
    table: pd.DataFrame, kind: str, firth: bool
) -> None:
    """Held to the search by bisection that has the rows, whose own limits are held to R's."""
    parts = hospitals(table, kind)
    _, found, number = rounds_with_profile(parts, "efron", firth=firth)
    assert found is not None
    likelihood = PartialLikelihood(joined(parts), "efron", firth=firth)
    best = maximise(likelihood)
    assert best is not None
    for which in range(len(best.coef)):
        np.testing.assert_allclose(
            found.limits[which], profile_limits(likelihood, best, which), rtol=1e-7, atol=1e-9
        )
        fall = likelihood_ratio(likelihood, best, which)
        assert fall is not None
        np.testing.assert_allclose(found.p[which], chi2_sf(fall, 1), rtol=1e-6)
    assert number <= 20


@pytest.mark.parametrize("ties", ["breslow", "efron"])
@pytest.mark.parametrize("kind", list(R["models"]))
def test_sums_over_rounds_give_rs_stratified_model(
    table: pd.DataFrame, kind: str, ties: Ties
) -> None:
    expected, parts = R["models"][kind][ties], hospitals(table, kind)
    reached, number = rounds(parts, ties)
    terms = pooling.estimated(reached.best)
    np.testing.assert_allclose([one.coef for one in terms], expected["coef"], rtol=1e-9)
    np.testing.assert_allclose([one.se for one in terms], expected["se"], rtol=1e-9)
    np.testing.assert_allclose(reached.loglik, expected["loglik"], rtol=1e-12)
    assert number <= 7
    closing = [pooling.closing_sums(rows, ties, reached.best.coef.tolist()) for rows in parts]
    test = pooling.hazards(reached.best, closing)
    assert test is not None
    np.testing.assert_allclose([*test.statistic, test.global_statistic], expected["zph"], rtol=1e-6)
    pairs = {key: sum(one["pairs"][key] for one in closing) for key in closing[0]["pairs"]}
    share = (pairs["concordant"] + pairs["tied"] / 2) / sum(pairs.values())
    np.testing.assert_allclose(share, expected["concordance"], rtol=1e-9)


@pytest.mark.parametrize("ties", ["breslow", "efron"])
def test_firths_penalty_is_of_all_hospitals_together(table: pd.DataFrame, ties: Ties) -> None:
    parts = hospitals(table, "late")
    reached, number = rounds(parts, ties, firth=True)
    expected = maximise(PartialLikelihood(joined(parts), ties, firth=True))
    assert expected is not None
    np.testing.assert_allclose(reached.best.coef, expected.coef, rtol=1e-8)
    np.testing.assert_allclose(reached.loglik, expected.loglik, rtol=1e-12)
    assert number <= 12


@pytest.mark.parametrize("term", FIXED)
def test_log_rank_sums_give_rs_stratified_test(table: pd.DataFrame, term: str) -> None:
    first = table.drop_duplicates("patient_id").dropna(subset=[term])
    told = [
        log_rank_sums(
            part["time"].to_numpy(dtype=np.int64),
            part["lost"].to_numpy(dtype=bool),
            part[term].to_numpy(dtype=bool),
        )
        for _, part in first.groupby("site")
    ]
    test = log_rank_of(told)
    assert test is not None
    np.testing.assert_allclose(test.chi2, R["logrank"][term], rtol=1e-9)


def test_a_step_too_long_is_halved() -> None:
    """Where Newton's step from 0 falls: a rare level with nearly all of the losses."""
    rng = np.random.default_rng(11)
    x = (np.arange(400) < 3).astype(float)[:, None]
    stop = np.where(x[:, 0] == 1, 1.0 + np.arange(400), 500 + rng.integers(0, 50, 400))
    event = (x[:, 0] == 1) | (np.arange(400) % 100 == 0)
    parts = [Rows.of(stop[one::2], event[one::2], x[one::2]) for one in (0, 1)]
    try:
        reached, _ = rounds(parts, "efron", firth=True)
    except CannotEstimate:
        pytest.fail("Firth's penalty has a finite estimate")
    assert np.isfinite(reached.best.coef).all()


def test_without_a_hospital_the_points_are_those_of_the_others(table: pd.DataFrame) -> None:
    parts = hospitals(table, "fixed")
    reached, _ = rounds(parts, "efron")
    of_two, _ = rounds(parts[:2], "efron")
    step = pooling.without(reached.best, "2")
    assert step is not None
    np.testing.assert_allclose(step, of_two.best.coef, atol=0.05)
    whole, of_term = pooling.heterogeneity(reached.best)
    assert whole.df == 2 * len(FIXED)
    assert [one.df for one in of_term] == [2] * len(FIXED)
    own = pooling.alone(reached.best.of["0"], reached.best.coef)
    alone, _ = rounds(parts[:1], "efron")
    assert own is not None
    np.testing.assert_allclose(own[0], alone.best.coef, atol=0.25)


def test_means_are_exact_and_medians_lie_within_their_bounds() -> None:
    rng = np.random.default_rng(5)
    parts = [rng.gamma(2, 9, n) for n in (40, 25, 60)]
    every = np.concatenate(parts)
    mean, sd = mean_sd_of([moments(one) for one in parts])
    np.testing.assert_allclose([mean, sd], [every.mean(), every.std(ddof=1)], rtol=1e-12)
    told: list[list[dict[str, Any]]] = [binned(one, 6.0, 5) for one in parts]
    assert all(one["n"] >= 5 for bins in told for one in bins)
    assert sum(one["n"] for bins in told for one in bins) == len(every)
    for share in (0.25, 0.5, 0.75):
        low, high = quartile_bounds(told, share)
        exact = np.quantile(every, share, method="weibull")
        assert low is None or low <= exact
        assert high is None or exact < high


def test_the_pairs_of_one_hospital_are_those_of_its_rows(table: pd.DataFrame) -> None:
    rows = hospitals(table, "fixed")[0]
    coef = [0.1, 0.2, 0.3]
    assert (
        pooling.closing_sums(rows, "efron", coef)["pairs"]
        == concordance_of(rows, rows.values @ np.array(coef))[1]
    )


def test_random_splits_are_what_all_rows_are(table: pd.DataFrame) -> None:
    """The short form of scripts/study_splits.py, which takes the study's children 200 times."""
    script = load(PROJECT / "scripts" / "study_splits.py")
    first = table.drop_duplicates("patient_id").dropna(subset=FIXED).iloc[:150]
    time, event = first["time"].to_numpy(dtype=float), first["lost"].to_numpy(dtype=bool)
    values = first[FIXED].to_numpy(dtype=float)
    fitted = 0
    for hospital in script.splits(len(first), 6):
        for ties in ("breslow", "efron"):
            found = script.model_apart(time, event, values, hospital, ties)
            if found is not None:
                fitted += 1
                assert found[0] < 1e-9
                assert found[1] <= 15
        assert script.means_apart(time, hospital) < 1e-12
    assert fitted >= 8


def test_whoever_leaves_on_the_last_day_of_a_month_was_at_risk_on_it() -> None:
    """Sixteen months are 487 days: twelve are lost on day 100, seven left on 487, nine stay."""
    days = np.repeat([100, 487, 600], [12, 7, 9])
    [told] = incidence_at(days, days == 100, [16], 5)
    assert told is not None
    assert told["at_risk"] == 7 + 9
    assert told["survival"] == pytest.approx(16 / 28)


def test_too_few_who_left_within_a_month_are_not_told_by_who_is_left() -> None:
    """Three left between the losses and the month's last day."""
    days = np.repeat([100, 486, 600], [12, 3, 9])
    assert incidence_at(days, days == 100, [16], 5) == [None]
