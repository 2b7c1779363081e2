"""The methods by themselves: R's numbers on classic data, two engines where both apply, bad input.

The data are those that lifelines ships (survival::lung, heart, psych of R's packages), or are short
enough to stand here; each number stands beside the R 4.2.2 call that printed it (survival 3.5-3,
coxphf 1.13.4, npsurv 0.5.0).
"""

from __future__ import annotations

import re
import subprocess
import sys
from inspect import getdoc, isroutine
from typing import Any

import numpy as np
import pandas as pd
import pytest
from lifelines.datasets import load_lung, load_psychiatric_patients, load_stanford_heart_transplants

from registry.analysis import methods
from registry.analysis.cox.partial_likelihood import PartialLikelihood, Rows, maximise
from registry.errors import CannotEstimate
from tests.docs.pages import PROJECT

EXACT = 1e-8
FUNCTIONS = [name for name in methods.__all__ if isroutine(getattr(methods, name))]


@pytest.fixture(scope="module")
def lung() -> pd.DataFrame:
    return load_lung().assign(event=lambda frame: frame["status"] == 1)


@pytest.fixture(scope="module")
def complete(lung: pd.DataFrame) -> pd.DataFrame:
    return lung.dropna(subset=["ph.ecog", "ph.karno", "inst"])


def near(found: Any, expected: Any, rel: float = EXACT) -> bool:
    return np.asarray(found, dtype=float) == pytest.approx(np.asarray(expected, float), rel=rel)


@pytest.mark.parametrize(
    ("conf_type", "lower", "upper", "median"),
    [
        # survfit(Surv(time, event) ~ 1, conf.type = ...) at 90 and 365; quantile(, 0.5)
        (
            "plain",
            (0.839639207607522, 0.339028583847676),
            (0.92351868712932, 0.479454665072453),
            (310, 284, 361),
        ),
        ("log-log", (0.83207134221092, 0.338714269088323), (0.917213604179644, 0.478380767646914),
         (310, 284, 361)),
    ],
)  # fmt: skip
def test_kaplan_meier(lung, conf_type, lower, upper, median) -> None:  # type: ignore[no-untyped-def]
    curve = methods.kaplan_meier(lung["time"], lung["event"], conf_type=conf_type)
    read = curve.at([90, 365])
    assert near(read[0], (0.881578947368421, 0.409241624460064))
    assert near(read[1], lower)
    assert near(read[2], upper)
    assert (curve.median, curve.median_lower, curve.median_upper) == median
    assert curve.number_at_risk([0, 90, 180, 365, 730]).tolist() == [228, 201, 160, 65, 13]
    # survfit(ctype = 1)$cumhaz at 90
    assert near(curve.cumulative_hazard[curve.time == 88][0], 0.12555296852674)


def test_a_median_on_a_plateau_is_its_middle() -> None:
    # quantile(survfit(Surv(c(1,2,3,4), c(1,1,1,1)) ~ 1, conf.type = "log-log"))
    curve = methods.kaplan_meier([1, 2, 3, 4], [True] * 4)
    assert [curve.quantile(share) for share in (0.25, 0.5, 0.75)] == [
        (1.5, 1, 3), (2.5, 1, None), (3.5, 1, None)
    ]  # fmt: skip


def test_late_entry_of_a_curve() -> None:
    # survfit(Surv(age, exit, death) ~ 1, conf.type = "log-log") of KMsurv::psych
    data = load_psychiatric_patients()
    entry, exit_ = data["Age"], data["Age"] + data["T"]
    curve = methods.kaplan_meier(exit_, data["C"], entry=entry)
    assert [curve.quantile(share) for share in (0.25, 0.5, 0.75)] == [
        (59, 47, 63), (67, 59, None), (76, 69, None)
    ]  # fmt: skip
    assert near(curve.at([50, 60])[0], (0.909090909090909, 0.69630545821022))
    # coxph(Surv(age, exit, death) ~ female)
    for ties, coef, se in (
        ("efron", 0.39002277820468, 0.610219436792689),
        ("breslow", 0.361573081961511, 0.611577677282021),
    ):
        fit = methods.cox(exit_, data["C"], data["sex"], ties=ties, entry=entry)  # type: ignore[arg-type]
        assert near(np.abs([fit.coefficients[0], fit.standard_errors[0]]), (coef, se), 1e-6)


def test_restricted_mean(lung: pd.DataFrame) -> None:
    # summary(survfit(Surv(time, event) ~ sex), rmean = ...)
    for tau, means, errors in (
        (365, (241.495085192057, 297.465409532037), (10.3582264910969, 10.7913239788001)),
        (700, (308.695919069729, 428.058454351016), (18.8371234284447, 26.0855140023485)),
    ):
        for sex, mean, error in zip((1, 2), means, errors, strict=True):
            one = lung[lung["sex"] == sex]
            found = methods.restricted_mean(one["time"], one["event"], tau)
            assert near((found.mean, found.standard_error), (mean, error))
    # From a landmark on, and with an entry that changes nothing, the area is our own sum.
    whole = methods.restricted_mean(lung["time"], lung["event"], 365)
    same = methods.restricted_mean(lung["time"], lung["event"], 365, entry=np.full(len(lung), -1))
    assert near((same.mean, same.standard_error), (whole.mean, whole.standard_error))
    first = methods.restricted_mean(lung["time"], lung["event"], 100)
    rest = methods.restricted_mean(lung["time"], lung["event"], 365, start=100)
    assert near(first.mean + rest.mean, whole.mean)


def test_events_up_to_where_the_area_begins_make_it_uncertain_too() -> None:
    # summary(survfit(Surv(time, event) ~ 1), rmean = 6)
    at_once = methods.restricted_mean([0, 0, 1, 2, 3, 5, 8, 9], [1, 1, 0, 1, 1, 0, 1, 0], 6)
    assert near((at_once.mean, at_once.standard_error), (3.45, 0.91538926146203))
    # Where all have the event the area is a mean of times, and Greenwood's error that of the mean.
    time = np.array([0, 2, 2, 3, 5, 7, 8, 8, 11, 14])
    for start in (0.0, 1.0, 3.0, 4.5):
        found = methods.restricted_mean(time, np.ones(10), 8, start=start)
        spent = np.clip(time, start, 8) - start
        assert near((found.mean, found.standard_error), (spent.mean(), spent.std() / np.sqrt(10)))


def test_log_rank(lung: pd.DataFrame) -> None:
    # survdiff(Surv(time, event) ~ sex)
    test = methods.logrank(lung["time"], lung["event"], lung["sex"])
    assert near((test.statistic, test.p_value), (10.3267419548856, 0.00131116452035549))
    assert test.observed.tolist() == [112, 53]
    assert near(test.expected.sum(), 165)
    # survdiff(Surv(time, event) ~ cut(age, c(0, 55, 65, 75, 100)))
    age = pd.cut(lung["age"], [0, 55, 65, 75, 100]).astype(str)
    test = methods.logrank(lung["time"], lung["event"], age)
    assert (test.df, test.statistic) == (3, pytest.approx(6.59622638633179, rel=EXACT))
    # Our own sums for strata and entry are lifelines' where both apply.
    alike = methods.logrank(lung["time"], lung["event"], age, strata=np.zeros(len(lung)))
    assert near((alike.statistic, alike.p_value), (test.statistic, test.p_value))


def test_cox(complete: pd.DataFrame) -> None:
    # coxph(Surv(time, event) ~ age + sex + ph.ecog)
    x = complete[["age", "sex", "ph.ecog"]]
    fit = methods.cox(complete["time"], complete["event"], x)
    assert near(fit.coefficients, (0.0114253821671864, -0.549705921804622, 0.460498332038502))
    assert near(fit.standard_errors, (0.00928802698879843, 0.168331519979052, 0.114725251594269))
    assert near(fit.upper, (1.03007290424045, 0.802693601432338, 1.98447757535525))
    assert near(fit.p_value, (0.218652397101095, 0.00109226677658765, 5.97178214992922e-05))
    assert near(
        (fit.log_likelihood_null, fit.log_likelihood), (-733.959486479922, -719.222388587806)
    )
    assert near(fit.likelihood_ratio_test.statistic, 29.4741957842334)
    assert near(fit.score_test.statistic, 29.442456139102)
    assert round(fit.wald_test.statistic, 2) == 28.92
    # concordance(fit); sum(residuals(fit)^2); sum(residuals(fit, "schoenfeld")^2)
    assert near(methods.concordance(fit).concordance, 0.63508980181668)
    assert near((fit.residuals.martingale**2).sum(), 175.10231543827)
    assert near((fit.schoenfeld.residual**2).sum(), 12285.2507514614)
    # cox.zph(fit), cox.zph(fit, "identity")
    assert near(methods.zph(fit).statistic, (0.241832941948174, 2.37088620305767, 2.18929561590748))
    identity = (0.197244665904393, 2.55517809979231, 1.68523945045971)
    assert near(methods.zph(fit, "identity").statistic, identity)
    # summary(survfit(fit, newdata = data.frame(age = 60, sex = 1, ph.ecog = 0)), times = 180)
    assert near(fit.survival([60, 1, 0], [180, 180.5])[0], [0.788840685869247] * 2)


def test_start_stop_rows_and_clusters() -> None:
    # coxph(Surv(start, stop, event) ~ age + year + surgery + transplant, heart)
    data = load_stanford_heart_transplants()
    x = data[["age", "year", "surgery", "transplant"]]
    fit = methods.cox(data["stop"], data["event"], x, entry=data["start"])
    expected = (0.0271666409576767, -0.146346345674196, -0.637209889966967)
    assert near(fit.coefficients[:3], expected, 1e-6)
    # cox.zph(fit)
    expected = (0.866874710915408, 1.71641442920761, 0.0973950591161542)
    assert near(methods.zph(fit).statistic[:3], expected, 1e-6)
    assert near(methods.concordance(fit).concordance, 0.635760123921221, 1e-6)
    robust = methods.cox(data["stop"], data["event"], x, entry=data["start"], cluster=data["id"])
    assert near(robust.coefficients, fit.coefficients)
    assert robust.robust_standard_errors is not None
    assert not near(robust.robust_standard_errors, fit.standard_errors, 1e-3)
    # Rows that are split give what the whole rows give.
    halves = pd.concat([data.assign(stop=(data["start"] + data["stop"]) / 2, event=0),
                        data.assign(start=(data["start"] + data["stop"]) / 2)])  # fmt: skip
    again = methods.cox(halves["stop"], halves["event"], halves[list(x)], entry=halves["start"],
                        cluster=halves["id"])  # fmt: skip
    assert near(again.coefficients, fit.coefficients, 1e-7)
    assert near(again.robust_standard_errors, robust.robust_standard_errors, 1e-6)


def test_lifelines_and_our_likelihood_are_equal_where_both_apply(complete: pd.DataFrame) -> None:
    random = np.random.default_rng(3)
    for n, days in ((40, 6), (400, 30), (2000, 900)):
        x = np.column_stack(
            [random.normal(50, 12, n), random.random(n) < 0.2, random.gamma(2, 5, n)]
        )
        time = random.integers(1, days, n)
        event = random.random(n) < 0.5
        fit = methods.cox(time, event, x, cluster=np.arange(n) // 2)
        own = maximise(PartialLikelihood(Rows.of(time, event, x / fit.scale), "efron"))
        assert own is not None
        assert near(fit.coefficients * fit.scale, own.coef, 1e-7)
        errors = np.sqrt(np.diag(np.linalg.inv(own.information)))
        assert near(fit.standard_errors * fit.scale, errors, 1e-7)
        # A stratum or an entry that parts nobody changes nothing, but who computes.
        for same in (
            methods.cox(time, event, x, strata=np.zeros(n)),
            methods.cox(time, event, x, entry=np.full(n, -1.0)),
        ):
            assert near(same.coefficients, fit.coefficients, 1e-7)


def test_units_do_not_matter(complete: pd.DataFrame) -> None:
    x = complete[["age", "sex", "ph.ecog"]].to_numpy(dtype=float)
    by = np.array([1e-6, 1e4, 1.0])
    for options in ({}, {"ties": "breslow"}, {"penalty": "firth"}):
        fit = methods.cox(complete["time"], complete["event"], x, **options)
        other = methods.cox(complete["time"], complete["event"], x * by + 1e3, **options)
        assert near(other.coefficients * by, fit.coefficients, 1e-6)
        assert near(other.standard_errors * by, fit.standard_errors, 1e-6)


# coxph(Surv(time, event) ~ x) says that its coefficient may be infinite; coxphf(...) gives these.
SEPARATED: dict[str, Any] = {"time": [1, 2, 3, 4, 5, 6, 7, 8], "event": [1, 1, 1, 0, 1, 0, 0, 0],
                             "x": [1, 1, 1, 1, 1, 0, 0, 0]}  # fmt: skip


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_separation_is_said_and_firth_is_finite(ties: Any) -> None:
    x = np.column_stack([SEPARATED["x"], [3, 1, 4, 1, 5, 9, 2, 6]])
    with pytest.raises(CannotEstimate, match="separate"):
        methods.cox(SEPARATED["time"], SEPARATED["event"], x, ties=ties)
    fit = methods.cox(SEPARATED["time"], SEPARATED["event"], x, ties=ties, penalty="firth")
    assert 0 < fit.coefficients[0] < 6
    assert fit.lower[0] < fit.hazard_ratios[0]
    with pytest.raises(methods.InvalidInput, match="penalty"):
        methods.zph(fit)
    ridge = methods.cox(SEPARATED["time"], SEPARATED["event"], x, ties=ties, penalty=1.0)
    assert 0 < ridge.coefficients[0] < fit.coefficients[0]


def test_a_strong_effect_is_no_separation() -> None:
    random = np.random.default_rng(5)
    x = random.normal(0, 1, 300)
    time = random.exponential(np.exp(-6 * x))
    fit = methods.cox(time, np.ones(300, dtype=bool), x)
    assert 5 < fit.coefficients[0] < 7
    outlier = np.append(x[:-1], 1e5)
    assert np.isfinite(methods.cox(time, np.ones(300), outlier).coefficients).all()


def test_turnbull() -> None:
    random = np.random.default_rng(2)
    left = random.integers(0, 40, 60).astype(float)
    right = np.where(random.random(60) < 0.3, np.nan, left + random.integers(0, 15, 60))
    left[(left == 0) & (right == 0)] = 0.5
    right = np.maximum(right, left)
    found = methods.turnbull(left, right)
    assert found.mass.sum() <= 1 + 1e-9
    # The condition of Gentleman and Geyer (1994): no interval can be given more. (l, r] lies in
    # (L, R]; a moment lies in the intervals that hold it.
    ends = np.where(np.isnan(right), np.inf, right)[:, None]
    moment, known = found.left == found.right, left[:, None] == ends
    inside = np.where(
        moment,
        np.where(known, left[:, None] == found.left, left[:, None] < found.left)
        & (found.left <= ends),
        ~known & (left[:, None] <= found.left) & (found.right <= ends),
    )
    beyond = np.isinf(ends[:, 0]) * (1 - found.mass.sum())
    gradient = (inside / (inside @ found.mass + beyond)[:, None]).mean(axis=0)
    assert gradient == pytest.approx(np.ones(len(gradient)), abs=1e-5)
    # With every moment known it is Kaplan and Meier's.
    time, event = np.array([2, 3, 3, 5, 8, 9, 9, 12]), np.array([1, 1, 0, 1, 1, 0, 1, 0]) == 1
    curve = methods.kaplan_meier(time, event)
    known = methods.turnbull(time, np.where(event, time, np.inf))
    assert known.right.tolist() == curve.time[curve.events > 0].tolist()
    assert known.survival == pytest.approx(curve.survival[curve.events > 0], abs=1e-7)


def test_competing_events() -> None:
    random = np.random.default_rng(1)
    time, cause = random.integers(1, 90, 200), random.integers(0, 3, 200)
    group = random.integers(0, 2, 200)
    both = methods.aalen_johansen(time, cause)
    curve = methods.kaplan_meier(time, cause > 0)
    assert both.time.tolist() == curve.time.tolist()
    assert 1 - both.incidence.sum(axis=0) == pytest.approx(curve.survival, abs=1e-12)
    # With one cause its limits are those of the complement's Greenwood error.
    one = methods.aalen_johansen(time, cause > 0)
    assert near(one.standard_error[0][:-1], curve.standard_error[:-1])
    # Followed to one day; in a tail of few at risk Gray's weights and those of the regression part.
    cause, time = np.where(time > 45, 0, cause), np.minimum(time, 45)
    test = methods.gray(time, cause, group)
    assert (test.causes, test.df) == ((1, 2), 1)
    fit = methods.fine_gray(time, cause, group)
    # The score test of a regression on two groups is Gray's: Wald's lies close.
    wald = float((fit.coefficients[0] / fit.standard_errors[0]) ** 2)
    assert wald == pytest.approx(test.statistic[0], rel=0.1)
    scaled = methods.fine_gray(time, cause, group * 1e3 + 7)
    assert near(scaled.coefficients * 1e3, fit.coefficients, 1e-5)
    # Without a competing event it is Cox's model with Breslow's ties.
    alone = methods.fine_gray(time, cause == 1, group)
    cox = methods.cox(time, cause == 1, group, ties="breslow")
    assert near(alone.coefficients, cox.coefficients, 1e-5)


T, E = [1.0, 2.0, 3.0, 4.0], [True, True, False, True]
BAD: list[tuple[str, Any]] = [
    ("empty", lambda: methods.kaplan_meier([], [])),
    ("negative", lambda: methods.kaplan_meier([-1, 2], [1, 1])),
    ("missing", lambda: methods.kaplan_meier([np.nan, 2], [1, 1])),
    ("missing", lambda: methods.kaplan_meier([np.inf, 2], [1, 1])),
    ("no column", lambda: methods.kaplan_meier(["a", "b"], [1, 1])),
    ("rows where time", lambda: methods.kaplan_meier(T, [True])),
    ("neither true", lambda: methods.kaplan_meier(T, [1, 2, 2, 1])),
    ("neither true", lambda: methods.kaplan_meier(T, [1.0, 0.0, np.nan, 1.0])),
    ("neither true", lambda: methods.kaplan_meier(T, [True, None, True, True])),
    ("not before", lambda: methods.kaplan_meier(T, E, entry=[0, 2, 0, 0])),
    ("conf_type", lambda: methods.kaplan_meier(T, E, conf_type="logit")),  # type: ignore[arg-type]
    ("missing", lambda: methods.logrank(T, E, ["a", None, "b", "b"])),
    ("missing", lambda: methods.logrank(T, E, [1.0, np.nan, 2.0, 2.0])),
    ("rows where time", lambda: methods.logrank(T, E, ["a", "b"])),
    ("x has a value", lambda: methods.cox(T, E, [1, np.nan, 2, 3])),
    ("rows where time", lambda: methods.cox(T, E, [1, 2])),
    ("ties", lambda: methods.cox(T, E, [1, 3, 2, 3], ties="exact")),  # type: ignore[arg-type]
    ("ties", lambda: methods.impute_cox(T, E, [1, 3, 2, np.nan], "exact")),  # type: ignore[arg-type]
    ("penalty", lambda: methods.cox(T, E, [1, 3, 2, 3], penalty=-1.0)),
    ("penalty", lambda: methods.cox(T, E, [1, 3, 2, 3], penalty="lasso")),  # type: ignore[arg-type]
    ("penalised", lambda: methods.cox(T, E, [1, 3, 2, 3], penalty=1.0, cluster=[1, 1, 2, 2])),
    ("cause", lambda: methods.gray(T, [0, 1, -1, 2], E)),
    ("cause", lambda: methods.aalen_johansen(T, [0, 1, 0.5, 2])),
    ("tau", lambda: methods.restricted_mean(T, E, 0)),
    ("before left", lambda: methods.turnbull([1, 2], [3, 1])),
]  # fmt: skip
CANNOT: list[tuple[str, Any]] = [
    ("only one group", lambda: methods.logrank(T, E, ["a"] * 4)),
    ("no event", lambda: methods.logrank(T, [False] * 4, [1, 1, 2, 2])),
    ("two groups were at risk", lambda: methods.logrank([1, 2, 3, 4], [0, 0, 1, 1], [1, 1, 2, 2])),
    ("no event", lambda: methods.cox(T, [False] * 4, [1, 2, 1, 2])),
    ("does not vary", lambda: methods.cox(T, E, np.ones((4, 1)))),
    ("told apart", lambda: methods.cox(T, E, np.column_stack([[1, 3, 2, 5], [2, 6, 4, 10]]))),
    ("does not vary", lambda: methods.cox([5.0], [True], [[1.0]])),
    ("told apart", lambda: methods.cox(T, E, [1, 1, 2, 2], strata=[1, 1, 2, 2])),
    ("ends at", lambda: methods.restricted_mean([1, 2, 3], [1, 0, 0], 5)),
    ("no event", lambda: methods.aalen_johansen(T, [0] * 4)),
    ("no event", lambda: methods.gray(T, [0] * 4, [1, 1, 2, 2])),
    ("cause 1", lambda: methods.fine_gray(T, [0, 2, 0, 2], [1, 2, 1, 2])),
    ("told apart", lambda: methods.fine_gray(T, [1, 2, 0, 1], [1, 1, 1, 1])),
    ("no event", lambda: methods.turnbull([1, 2], [np.nan, np.inf])),
]  # fmt: skip


@pytest.mark.parametrize(("says", "call"), BAD)
def test_bad_input_is_refused(says: str, call: Any) -> None:
    with pytest.raises(methods.InvalidInput, match=says) as caught:
        call()
    assert isinstance(caught.value, ValueError)


@pytest.mark.parametrize(("says", "call"), CANNOT)
def test_what_data_cannot_carry_is_said(says: str, call: Any) -> None:
    with pytest.raises((CannotEstimate, methods.InvalidInput), match=says):
        call()


def test_edges_of_a_curve() -> None:
    censored = methods.kaplan_meier([3, 3, 5], [False] * 3)
    assert censored.survival.tolist() == [1, 1]
    assert np.isnan(censored.lower).all()
    assert censored.median is None
    at_once = methods.kaplan_meier([4] * 5, [True] * 5)
    assert (at_once.survival.tolist(), at_once.median) == ([0], 4)
    assert methods.kaplan_meier([2], [1]).at([1, 2, 9])[0].tolist() == [1, 0, 0]
    on_day_0 = methods.kaplan_meier([0, 0, 1, 2], [1, 0, 1, 0])
    assert on_day_0.time.tolist() == [0, 1, 2]
    assert on_day_0.survival == pytest.approx([0.75, 0.375, 0.375])
    # Nobody is at risk between 3 and 5: the curve has fallen to 0 and stays.
    gap = methods.kaplan_meier([3, 8, 9], [1, 1, 0], entry=[0, 5, 5])
    assert gap.survival.tolist() == [0, 0, 0]
    assert gap.at_risk.tolist() == [1, 2, 1]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_method_says_who_computes_it_and_what_r_calls_it(name: str) -> None:
    words = getdoc(getattr(methods, name)) or ""
    assert re.search(r"\b(lifelines|surpyval|statsmodels|[Oo]ur own)\b", words)
    assert re.search(r"\bR\b[^`]*`[^`]+`", words)
    page = (PROJECT / "docs" / "methods.md").read_text(encoding="utf-8")
    assert re.search(rf"^\|[^|]*`{name}\(.*?\)`[^|]*\| [^|]+ \| [^|]+ \|$", page, re.M)


def test_nothing_heavy_comes_with_the_import() -> None:
    code = "import registry.analysis.methods, sys; print([m for m in sys.modules if m in " \
        "('lifelines', 'surpyval', 'statsmodels', 'sklearn', 'firthmodels')])"  # fmt: skip
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
