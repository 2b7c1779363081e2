"""The prediction at week 14: what it refuses, that it is reproducible, that it finds a truth."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest

from registry.analysis import methods
from registry.analysis.choices import RiskRule
from registry.analysis.risk.telling import risk_of_loss
from registry.covariates import COVARIATES
from registry.errors import CannotEstimate, NotFound, WrongUsage
from registry.report import risk_tables
from registry.report.figures.calibration import calibration_figure
from registry.report.text import render

START = date(2020, 1, 1)
ENTRY = 98
QUICK = RiskRule(resamples=25)
MODEL = ("bmi_z", "growth_delay")


def views(
    n: int,
    seed: int = 1,
    *,
    effect: float = 0.7,
    yearly: float = 0.3,
    stops: float = 0.0,
    **columns: Any,
) -> dict[str, pd.DataFrame]:
    """Patients whose hazard after week 14 is `yearly` times exp(effect times BMI Z-score).

    They stop with `stops` a year, which rules a loss out.
    """
    random = np.random.default_rng(seed)
    bmi, growth = random.normal(size=n), random.random(n) < 0.3
    loss = random.exponential(365.25 / (yearly * np.exp(effect * bmi)))
    end = random.uniform(200, 1500, n)
    stop = random.exponential(365.25 / stops, n) if stops else np.full(n, np.inf)
    code = np.select([loss <= np.minimum(end, stop), stop <= end], [1, 2], 0)
    end = np.minimum(end, stop)
    patients = [f"P{i:03d}" for i in range(n)]
    every = pd.DataFrame({"definition": "paper", "patient_id": patients})
    time = np.maximum(1, np.minimum(loss, end)).astype(int) + ENTRY
    flags = {one.id: [False] * n for one in COVARIATES} | {"growth_delay": growth.tolist()}
    numbers = dict.fromkeys(
        ("height_z", "age_at_start_years", "duration_before_start_months",
         "initial_dose_mg_per_kg", "alb", "hb", "week14_pcdai", "baseline_pcdai"), 1.0,
    )  # fmt: skip
    baseline = every.assign(**numbers, bmi_z=bmi).assign(**columns)
    return {
        "analysis_set": every.assign(time_days=time, event=loss <= end, **flags),
        "survival": every.assign(origin_on=START, entry_days=ENTRY),
        "baseline": baseline,
        "tdm_week14": every.iloc[: n // 2].assign(
            sampled_on=START + timedelta(days=ENTRY + 3), ifx_for_mean=5.0
        ),
        "competing_events": every.assign(event_code=code),
    }


def test_a_known_truth_is_found() -> None:
    """By the way they are made the probability is 1 - exp(-0.3 years exp(0.7 z))."""
    frames = views(1500)
    document = risk_of_loss(
        frames, "paper", patient="P003", covariates=MODEL, rule=RiskRule(resamples=50)
    ).to_json()
    z = frames["baseline"]["bmi_z"][3]
    for one in document["risks"]:
        truth = 1 - np.exp(-0.3 * one["at_months"] / 12 * np.exp(0.7 * z))
        assert one["lower"] < truth < one["upper"]
        assert one["probability"] == pytest.approx(truth, abs=0.05)
    terms = {term["covariate"]: term for term in document["terms"]}
    assert terms["bmi_z"]["coef"] == pytest.approx(0.7, abs=0.1)
    assert terms["growth_delay"]["coef"] == pytest.approx(0, abs=0.2)
    assert terms["bmi_z"]["value"] == z
    slope = document["validation"]["calibration_slope"]["corrected"]
    assert slope == pytest.approx(1, abs=0.15)
    for group in document["validation"]["groups"]:
        assert group["lower"] < group["predicted"] < group["upper"]


def test_who_stops_can_no_longer_lose_response() -> None:
    """With constant hazards h of loss and s of stops: h / (h + s) (1 - exp(-(h + s) years))."""
    frames = views(1200, stops=0.5)
    rule = RiskRule(resamples=10)
    document = risk_of_loss(frames, "paper", patient="P003", covariates=MODEL, rule=rule).to_json()
    hazard = 0.3 * np.exp(0.7 * frames["baseline"]["bmi_z"][3])
    for one in document["risks"]:
        both, years = hazard + 0.5, one["at_months"] / 12
        truth = hazard / both * (1 - np.exp(-both * years))
        assert one["probability"] == pytest.approx(truth, abs=0.05)
        assert one["were_nobody_to_stop"] == pytest.approx(1 - np.exp(-hazard * years), abs=0.06)
        assert one["probability"] < one["were_nobody_to_stop"] - 0.02
    for one in document["cohort"]:
        assert one["probability"] < one["one_minus_kaplan_meier"] - 0.02
    for group in document["validation"]["groups"]:
        assert group["lower"] < group["predicted"] < group["upper"]


def test_without_an_effect_the_model_says_so() -> None:
    document = risk_of_loss(
        views(120, seed=2, effect=0), "paper", covariates=MODEL, rule=QUICK
    ).to_json()
    concordance = document["validation"]["concordance"]
    assert concordance["corrected"] < concordance["apparent"]
    assert concordance["corrected"] == pytest.approx(0.5, abs=0.1)
    assert any("hardly tells patients apart" in note for note in document["notes"])
    assert document["effective_df"] < 2


def test_the_same_seed_gives_the_same_and_another_one_other_limits() -> None:
    frames = views(80)

    def told(seed: int) -> Any:
        rule = RiskRule(resamples=15, seed=seed)
        return risk_of_loss(frames, "paper", patient="P003", covariates=MODEL, rule=rule).to_json()[
            "risks"
        ]

    assert told(1) == told(1)
    assert told(1) != told(2)


def test_too_few_losses_are_refused_with_what_can_be_done() -> None:
    frames = views(40, yearly=0.2)
    losses = int(frames["analysis_set"]["event"].sum())
    assert 10 <= losses < 20
    with pytest.raises(CannotEstimate, match=r"per covariate, fewer than 10") as refused:
        risk_of_loss(
            frames, "paper", covariates=MODEL, rule=RiskRule(events_per_covariate=10, resamples=50)
        )
    assert refused.value.cure == "Name fewer covariates, for example --covariates bmi_z"
    # The trough is missing in half: leaving it out is the first thing to try.
    frames["baseline"]["week14_pcdai"] = np.arange(40.0)
    with pytest.raises(CannotEstimate) as refused:
        risk_of_loss(
            frames, "paper", covariates=("trough", "bmi_z"), rule=RiskRule(events_per_covariate=9)
        )
    assert refused.value.cure == "Name fewer covariates, for example --covariates bmi_z"


def test_without_a_loss_there_is_no_model() -> None:
    frames = views(60)
    frames["analysis_set"]["event"] = False
    with pytest.raises(CannotEstimate, match="0 of these lost response"):
        risk_of_loss(frames, "paper", covariates=("bmi_z",), rule=QUICK)


def test_a_patient_who_cannot_be_predicted() -> None:
    frames = views(80)
    with pytest.raises(NotFound, match="X99 is not in the cohort"):
        risk_of_loss(frames, "paper", patient="X99", covariates=MODEL, rule=QUICK)
    frames["baseline"].loc[3, "bmi_z"] = np.nan
    with pytest.raises(CannotEstimate, match="P003 has no bmi_z") as refused:
        risk_of_loss(frames, "paper", patient="P003", covariates=MODEL, rule=QUICK)
    assert "--covariates growth_delay" in str(refused.value.cure)


@pytest.mark.parametrize(
    ("covariates", "error", "reason"),
    [
        (("im_over_6_months",), WrongUsage, "not known at week 14"),
        (("nonsense",), WrongUsage, "No predictor is called nonsense"),
        (("bmi_z", "bmi_z"), WrongUsage, "once"),
        ((), WrongUsage, "one at least"),
        (("hb",), CannotEstimate, "is the same in all"),
        (("trough",), CannotEstimate, "is the same in all"),
    ],
)
def test_covariates_that_cannot_be(
    covariates: tuple[str, ...], error: type[Exception], reason: str
) -> None:
    with pytest.raises(error, match=reason):
        risk_of_loss(views(120), "paper", covariates=covariates, rule=QUICK)


def test_time_is_counted_from_the_later_of_score_and_sample() -> None:
    frames = views(120)
    frames["tdm_week14"] = frames["tdm_week14"].assign(ifx_for_mean=np.arange(1.0, 61))
    with_trough = risk_of_loss(frames, "paper", covariates=("trough",), rule=QUICK)
    without = risk_of_loss(frames, "paper", covariates=("bmi_z",), rule=QUICK)
    assert (without.data.time[:60] - with_trough.data.time[:60] == 3).all()
    assert with_trough.to_json()["dropped"] == 60


def test_beyond_the_follow_up_there_is_no_probability() -> None:
    frames = views(120)
    short = frames["analysis_set"]
    late = short["time_days"] - ENTRY > 500
    short.loc[late, "event"] = False
    short.loc[late, "time_days"] = 500 + ENTRY
    document = risk_of_loss(frames, "paper", patient="P003", covariates=MODEL, rule=QUICK).to_json()
    first, second = document["risks"]
    assert first["probability"] is not None
    nothing = dict.fromkeys(("probability", "lower", "upper", "were_nobody_to_stop"))
    assert second == {"at_months": 24.0, **nothing}
    assert [render(table) for table in risk_tables.all_tables(document)]
    assert len(risk_tables.rows(document)) == 2
    words = [one.get_text() for one in calibration_figure(document).axes[0].texts]
    assert words.count("Predicted, %") == words.count("Observed, %") == 2


def test_without_any_loss_no_curve_is_offered_that_would_be_refused() -> None:
    frames = views(40)
    frames["analysis_set"]["event"] = False
    with pytest.raises(CannotEstimate) as refused:
        risk_of_loss(frames, "paper", covariates=MODEL, rule=QUICK)
    assert refused.value.cure == "`registry analyse table1` and `flow` still describe them."


def test_without_a_penalty_it_is_the_cause_specific_model() -> None:
    """Of `methods`, riskRegression's, with limits from the influence of each patient."""
    frames = views(300, stops=0.4)
    rule = RiskRule(resamples=8, penalised=False)
    pattern = {"bmi_z": -1.0, "growth_delay": 1.0}
    asked = risk_of_loss(
        frames, "paper", pattern=pattern, covariates=MODEL, months=(6, 18), rule=rule
    )
    document = asked.to_json()
    data = asked.data
    model = methods.cause_specific_risk(data.time, data.code, data.values, "breslow")
    days = np.array([6, 18]) * 30.4375
    told = model.absolute_risk([[-1.0, 1.0]], days)
    for name, expected in (
        ("probability", told.risk), ("lower", told.lower), ("upper", told.upper)
    ):  # fmt: skip
        found = [one[name] for one in document["risks"]]
        assert found == pytest.approx(expected[0].tolist(), rel=1e-6), name
    assert document["pattern"] == pattern
    assert document["penalty"] == 0
    every = [one["probability"] for one in document["patients"]]
    assert every == pytest.approx(model.risk(data.values, days).ravel().tolist(), rel=1e-6)
    # And its scores as it appears are those of these probabilities.
    risk = np.array(every).reshape(-1, 2)
    scores = methods.brier(data.time, data.code, risk, days)
    area = methods.auc(data.time, data.code, risk, days)
    for i, one in enumerate(document["validation"]["by_time"]):
        assert one["brier"]["apparent"] == pytest.approx(scores.estimate[i])
        assert one["auc"]["apparent"] == pytest.approx(area.estimate[i])
        assert one["null_brier"] == pytest.approx(scores.null.estimate[i])
        shift = one["auc"]["optimism"]
        assert one["auc"]["lower"] == pytest.approx(area.lower[i] - shift)
    assert len(risk_tables.patients(document)) == 600
    assert {one["measure"] for one in risk_tables.performance(document)} >= {"brier", "ici"}


def test_what_is_measured_by_time_needs_losses_and_followed() -> None:
    document = risk_of_loss(
        views(120), "paper", covariates=MODEL, months=(0.2, 12), rule=RiskRule(resamples=5)
    ).to_json(curves=True)
    early, late = document["validation"]["by_time"]
    assert early["losses"] < 5 <= late["losses"]
    assert early["brier"]["apparent"] is None
    assert early["auc"] == {
        "apparent": None, "optimism": None, "corrected": None, "lower": None, "upper": None
    }  # fmt: skip
    assert late["brier"]["lower"] < late["brier"]["corrected"] < late["brier"]["upper"]
    assert late["auc"]["corrected"] > 0.6
    assert [one["at_months"] for one in document["validation"]["curves"]] == list(range(1, 13))
    words = render(risk_tables.all_tables(document)[-1])
    assert "12 months: " in words


def test_a_model_without_a_penalty_needs_events_of_both_kinds() -> None:
    frames = views(200, stops=0.005)
    with pytest.raises(CannotEstimate, match="cannot be told without a penalty") as refused:
        risk_of_loss(frames, "paper", covariates=MODEL, rule=RiskRule(penalised=False))
    assert refused.value.cure == "Leave --penalty none out."


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ({"bmi_z": 1.0}, "each covariate of the model once"),
        ({"bmi_z": 1.0, "growth_delay": 1.0, "hb": 1.0}, "each covariate of the model once"),
        ({"bmi_z": 1.0, "growth_delay": 0.5}, "growth_delay cannot be 0.5"),
    ],
)
def test_a_pattern_that_cannot_be(pattern: dict[str, float], reason: str) -> None:
    with pytest.raises(WrongUsage, match=reason):
        risk_of_loss(views(120), "paper", pattern=pattern, covariates=MODEL, rule=QUICK)


@pytest.mark.parametrize("months", [(), (0, 12), (24, 12), (12, float("nan"))])
def test_months_that_cannot_be(months: tuple[float, ...]) -> None:
    with pytest.raises(WrongUsage, match="months above 0"):
        risk_of_loss(views(120), "paper", covariates=MODEL, months=months, rule=QUICK)
