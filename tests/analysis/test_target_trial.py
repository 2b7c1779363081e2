"""The target trial: R's glm, coxph and survfit on stored children, E-values as published."""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from registry.analysis import methods
from registry.analysis.choices import TrialPlan
from registry.analysis.trial.clones import COMBINED, NEVER, WITHOUT, Children, children_of
from registry.analysis.trial.emulation import target_trial
from registry.analysis.trial.result import Emulation
from registry.analysis.trial.weights import Arm, risk_by
from registry.database.engine import Database
from registry.errors import CannotEstimate, Refused, WrongUsage
from tests.analysis.golden.methods_data import draw
from tests.programs import Program

GOLDEN = Path(__file__).parent / "golden"
R: dict[str, Any] = json.loads((GOLDEN / "trial.json").read_text(encoding="utf-8"))
SCRIPTS = Path(__file__).parents[2] / "scripts"
PLAN = TrialPlan(("severity_moderate_severe",), ("pcdai",), resamples=50)


@pytest.fixture(scope="module")
def rows() -> Iterator[tuple[pd.DataFrame, ...]]:
    """The stored children as rows of the views."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(SCRIPTS))
        names = ("children", "spells", "scores")
        stored = {name: pd.read_csv(GOLDEN / f"trial_{name}.csv") for name in names}
        yield importlib.import_module("simulate_trial").views(stored)


@pytest.fixture(scope="module")
def found(rows: tuple[pd.DataFrame, ...]) -> Emulation:
    return target_trial(*rows, "paper", PLAN)


def test_weights_and_risks_are_rs(found: Emulation) -> None:
    document = found.to_json()
    for arm in document["arms"]:
        weights = arm["weights"]
        shown = [weights[key] for key in ("least", "q1", "median", "q3", "greatest",
                                          "greatest_untruncated", "effective_clones")]  # fmt: skip
        risks = [one[arm["arm"]] for one in document["risks"]]
        numbers = [*risks, arm["departures"], arm["losses"], *shown]
        assert numbers == pytest.approx(R[arm["arm"]], rel=1e-6), arm["arm"]


@pytest.mark.parametrize("ties", ["breslow", "efron"])
def test_the_weighted_cox_is_rs(rows: Any, ties: Any) -> None:
    plan = TrialPlan(PLAN.covariates, PLAN.varying, resamples=1, ties=ties)
    [answer, *_] = target_trial(*rows, "paper", plan).answers
    assert answer.hr is not None
    assert answer.upper is not None
    coef, error = R[ties]
    assert np.log(answer.hr) == pytest.approx(coef, rel=1e-6)
    assert np.log(answer.upper / answer.hr) / 1.959963984540054 == pytest.approx(error, rel=1e-6)


@pytest.mark.parametrize("seed", R["weighted"])
@pytest.mark.parametrize("ties", ["breslow", "efron"])
def test_weights_of_a_cox_model_are_rs(seed: str, ties: Any) -> None:
    time, entry, cause, x, y, stratum = draw(int(seed)).T
    weights = 0.5 + (np.arange(1, len(time) + 1) % 7) / 3
    fit = methods.cox(
        time, cause == 1, np.column_stack([x, y]), ties, entry=entry, cluster=stratum,
        weights=weights,
    )  # fmt: skip
    assert fit.robust_standard_errors is not None
    numbers = [*fit.coefficients, *fit.standard_errors, *fit.robust_standard_errors,
               fit.log_likelihood]  # fmt: skip
    assert numbers == pytest.approx(R["weighted"][seed][ties], rel=1e-6)


def test_a_whole_weight_is_so_many_rows() -> None:
    time, entry, cause, x, _, _ = draw(2).T
    weights = 1 + np.arange(len(time)) % 3
    once = methods.cox(time, cause == 1, x, "breslow", entry=entry, weights=weights)
    row = np.repeat(np.arange(len(time)), weights)
    often = methods.cox(time[row], cause[row] == 1, x[row], "breslow", entry=entry[row])
    assert once.coefficients == pytest.approx(often.coefficients)
    assert once.standard_errors == pytest.approx(often.standard_errors)


@pytest.mark.parametrize(
    ("ratio", "measure", "expected"),
    [
        # VanderWeele and Ding, Ann Intern Med 2017;167:268-74: breastfeeding and respiratory
        # death, breastfeeding and leukaemia.
        ((3.9, 1.8, 8.7), "risk_ratio", (7.26, 3.0)),
        ((0.80, 0.71, 0.91), "risk_ratio", (1.81, 1.43)),
        ((1.2, 0.9, 1.6), "risk_ratio", (1.69, 1.0)),
        # By hand: (1 - 0.5^sqrt(0.56)) / (1 - 0.5^sqrt(1 / 0.56)) = 0.6701 and 0.7732 for 0.69.
        ((0.56, 0.46, 0.69), "common_hazard_ratio", (2.35, 1.91)),
        ((1.5, 1.2, 1.9), "rare_hazard_ratio", (2.37, 1.69)),
    ],
)
def test_e_values(ratio: Any, measure: Any, expected: Any) -> None:
    assert methods.e_value(*ratio, measure) == pytest.approx(expected, abs=0.006)


def test_what_it_refuses(rows: Any) -> None:
    for plan, error, words in (
        (TrialPlan(("im_over_6_months",)), Refused, "immortal time"),
        (TrialPlan((), ("mood",)), WrongUsage, "mood is not known day by day"),
        (TrialPlan(PLAN.covariates, events_per_covariate=100), CannotEstimate, "must be"),
        (
            TrialPlan(PLAN.covariates, ("pcdai",), events_per_arm=500),
            CannotEstimate,
            "fewer than 500",
        ),
    ):
        with pytest.raises(error, match=words):
            target_trial(*rows, "paper", plan)
    with pytest.raises(methods.InvalidInput, match="not above 0"):
        methods.cox([1, 2, 3], [1, 1, 0], [0, 1, 1], weights=[1, 0, 1])
    weighted = methods.cox([1, 2, 3, 4], [1, 1, 0, 1], [0, 1, 1, 0], weights=[1, 2, 1, 1])
    with pytest.raises(methods.InvalidInput, match="weights"):
        methods.zph(weighted)


def test_weights_change_as_asked(rows: Any, found: Emulation) -> None:
    plan = TrialPlan(PLAN.covariates, PLAN.varying, stabilised=False, truncate=100, resamples=1)
    document = target_trial(*rows, "paper", plan).to_json()
    for one in document["arms"]:
        assert one["weights"]["least"] >= 1
        assert one["weights"]["truncated"] == 0
    assert found.to_json()["arms"][0]["weights"]["truncated"] > 0


def test_the_study_cannot_carry_it(program: Program, shared_study: Database) -> None:
    words = program(shared_study, "analyse", "target-trial").refused(4)
    assert "Of 69 patients at time zero 5 lose response" in words
    assert "neither risk nor hazard ratio can be estimated" in words


def test_a_grace_period_that_outlasts_everybody_is_refused(
    program: Program, shared_study: Database
) -> None:
    """A hundred years: nobody is there at its end."""
    words = program(shared_study, "analyse", "target-trial", "--grace", "1200").refused(4)
    assert "0 follow it at the end of the grace period" in words


def test_its_strategy_is_told_by_the_definitions_own_limit(
    program: Program, study: Database
) -> None:
    program(study, "definition", "add", "shorter", "--from", "paper", "--set=im_min_days=100")
    asked = ("analyse", "target-trial", "--definition", "shorter", "--events-per-arm")
    assert "'immunomodulator for more than 100 days'" in program(study, *asked, "13").refused(4)
    found = program(study, *asked, "1", "--resamples", "50", "--format", "json").document
    told = [arm["strategy"] for arm in found["arms"]]
    assert told == ["without immunomodulator", "immunomodulator for more than 100 days"]
    assert "6 months" not in program(study, *asked, "1", "--resamples", "50").out


def some_children(seed: int) -> Children:
    """Two hundred children of ten months, who depart and are lost as chance has it."""
    rng = np.random.default_rng(seed)
    n, begins = 200, np.floor(np.arange(12) * 30.4375).astype(np.int64)
    grace = int(begins[3])
    departs = rng.integers(grace, begins[-1], (2, n))
    kind = rng.random((2, n))
    departs[kind < 0.2], departs[kind > 0.6] = grace, NEVER
    return Children(
        patients=tuple(map(str, range(n))),
        time=rng.integers(20, begins[-2], n),
        event=rng.random(n) < 0.5,
        begins=begins,
        grace=grace,
        known=rng.integers(0, 2, (n, len(begins), 2)).astype(float),
        reached=np.where(rng.random(n) < 0.3, rng.integers(grace, begins[-1], n), NEVER),
        departs=(departs[0], departs[1]),
    )


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("arm", [WITHOUT, COMBINED])
def test_weights_and_risks_child_by_child_and_day_by_day(seed: int, arm: int) -> None:
    children = some_children(seed)
    one = Arm(children, arm, stabilised=True)
    rng = np.random.default_rng(seed)
    for drawn in (None, rng.multinomial(len(children), np.full(200, 1 / 200))):
        often = np.ones(200, dtype=int) if drawn is None else drawn
        found = one.weighted(100, drawn)
        each = often[one.child].astype(float)
        stays = 1 - one._of_all.chance(each, finite=drawn is None)
        over = 1 - one._of_time.chance(each, finite=drawn is None)
        rows = found.rows
        for at in np.flatnonzero(often[rows.child] > 0)[::5]:
            earlier = one.slot <= rows.month[at] - one.first
            so_far = (one.child == rows.child[at]) & earlier & ~one.gone
            expected = np.prod(over[so_far] / stays[so_far]) if rows.month[at] >= 0 else 1.0
            assert found.untruncated[at] == pytest.approx(expected, rel=1e-10)
        weight, survival, by_day = found.weight * often[rows.child], 1.0, [1.0]
        for day in range(1, int(children.begins[-1])):
            at_risk = weight[(rows.start < day) & (day <= rows.stop)].sum()
            lost = weight[rows.event & (rows.stop == day)].sum()
            survival *= 1 - (lost / at_risk if lost else 0.0)
            by_day.append(survival)
        asked = np.array([0.0, 50, 100, 200, 300])
        told = 1 - np.array(by_day)[asked.astype(int)]
        assert risk_by(rows, found.weight, asked, drawn) == pytest.approx(told, rel=1e-9)


def test_what_is_known_and_when_clones_depart_child_by_child(rows: Any, found: Emulation) -> None:
    _, exposure, scores = rows
    ids, time = found.children.patients, found.children.time
    of = {one: spells.sort_values("start_day") for one, spells in exposure.groupby("patient_id")}
    zero = np.array([int(of[one]["entry_day"].iloc[0]) for one in ids])
    varying = ("pcdai", "glucocorticoid", "intensified", "trough")
    children = children_of(
        ids, zero, time, found.children.event, np.zeros((len(ids), 0)), exposure, scores, varying, 6
    )  # fmt: skip
    for i in range(0, len(ids), 9):
        own, visits = of[ids[i]], scores[scores["patient_id"] == ids[i]].sort_values("day")
        for k, begin in enumerate(children.begins):
            before = own[own["start_day"] < zero[i] + begin]
            held = own.iloc[0] if before.empty else before.iloc[-1]
            level = float("nan" if held["trough_ug_ml"] is None else held["trough_ug_ml"])
            assert list(children.known[i, k]) == [
                float(visits[visits["day"] <= zero[i] + begin]["score"].iloc[-1]),
                float(held["glucocorticoid"]),
                float(held["intensified"]),
                float(not np.isnan(level)),
                0.0 if np.isnan(level) else np.log2(max(level, 0.1)),
            ]
        lasted = own[own["im_over_6_months"].astype(bool)]["start_day"]
        reached = NEVER if lasted.empty else max(int(lasted.iloc[0]) - zero[i], 0)
        assert children.reached[i] == reached
        departs = {WITHOUT: NEVER, COMBINED: NEVER}
        for _, row in own.iterrows():
            day = max(int(row["start_day"]) - zero[i], children.grace)
            if int(row["stop_day"]) - zero[i] <= children.grace or day >= time[i]:
                continue
            on, lasting = bool(row["immunomodulator"]), bool(row["im_over_6_months"])
            if on or lasting:
                departs[WITHOUT] = min(departs[WITHOUT], day)
            if not on and day < reached:
                departs[COMBINED] = min(departs[COMBINED], day)
        assert [children.departs[arm][i] for arm in departs] == list(departs.values())
