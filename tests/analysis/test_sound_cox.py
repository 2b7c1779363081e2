"""What a sound Cox model refuses, chooses and says, on frames small enough to work out."""

from __future__ import annotations

import json
import math
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import pytest

from registry.analysis.basis import Basis
from registry.analysis.cox.choice import Choice
from registry.analysis.cox.design import Design
from registry.analysis.cox.diagnostics import concordance_of
from registry.analysis.cox.fit import cox_regression
from registry.analysis.cox.partial_likelihood import PartialLikelihood, Rows, maximise
from registry.analysis.cox.published import compare_with_published
from registry.analysis.cox.sensitivity import Reading, sensitivity_analysis
from registry.errors import CannotEstimate, Refused, WrongUsage
from registry.report import model_tables, rows, text
from registry.report.figures import forest, hazards, specifications

from .frames import analysis_set

BASIS = Basis("paper", "0" * 64, "days from the first infusion", "censored at the end")


def cohort(n: int = 60, seed: int = 3) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Patients whose immunomodulator does nothing, and their rows of exposure.

    It begins on day 0 or 60 in two of three and counts once 183 days are over, if still at risk.
    """
    rng = np.random.default_rng(seed)
    time = np.ceil(rng.exponential(400, n)).astype(int) + 100
    event = rng.random(n) < 0.6
    begun = rng.choice([0, 60, 10_000], n)
    reached = begun + 184
    fixed = time > reached
    frame = analysis_set(
        time.tolist(),
        event.tolist(),
        im_over_6_months=fixed.tolist(),
        response_without_remission=(rng.random(n) < 0.4).tolist(),
    ).assign(
        entry_days=[90 + int(i) % 20 for i in range(n)], centre=[f"C{i % 6}" for i in range(n)]
    )
    split: list[dict[str, Any]] = []
    for patient, stop, lost, day in zip(
        frame["patient_id"], time.tolist(), event.tolist(), reached.tolist(), strict=True
    ):
        cuts = [0, day, stop] if day < stop else [0, stop]
        for start, end in pairwise(cuts):
            split.append(
                {
                    "definition": "paper",
                    "patient_id": patient,
                    "start_day": start,
                    "stop_day": end,
                    "origin_day": 0,
                    "event": int(lost and end == stop),
                    "at_risk": True,
                    "im_over_6_months": start >= day,
                    "immunomodulator": start >= day - 184,
                }
            )
    return frame, pd.DataFrame(split, dtype=object)


BOTH = ["response_without_remission", "im_over_6_months"]


@pytest.mark.parametrize(
    "design",
    [Design(late_entry=True), Design(penalty="firth"), Design(penalty="auto")],
)
def test_what_is_acquired_later_is_not_held_fixed_in_a_sound_model(design: Design) -> None:
    frame, exposure = cohort()
    with pytest.raises(Refused, match="immortal time") as refused:
        cox_regression(frame, "paper", covariates=BOTH, design=design, exposure=exposure)
    assert "--time-dependent im_over_6_months" in str(refused.value)
    held = Design(late_entry=design.late_entry, penalty=design.penalty, as_published=True)
    result = cox_regression(frame, "paper", covariates=BOTH, design=held, exposure=exposure)
    assert any("immortal-time" in note for note in result.notes)


def test_the_published_call_still_holds_it_fixed_and_says_what_that_does() -> None:
    frame, _ = cohort()
    result = cox_regression(frame, "paper", covariates=BOTH)
    assert [term.covariate.id for term in result.terms] == BOTH
    assert any("immortal-time" in note for note in result.notes)
    assert not result.firth


def test_immortal_time_looks_like_protection_and_time_dependence_takes_it_away() -> None:
    frame, exposure = cohort(400)
    published = cox_regression(frame, "paper", covariates=["im_over_6_months"])
    sound = cox_regression(
        frame,
        "paper",
        covariates=["im_over_6_months"],
        design=Design(time_dependent=("im_over_6_months",)),
        exposure=exposure,
    )
    held, varying = published.terms[0], sound.terms[0]
    assert held.upper is not None
    assert held.upper < 0
    assert varying.lower is not None
    assert varying.upper is not None
    assert varying.lower < 0 < varying.upper
    assert held.coef < varying.coef


def test_firth_is_chosen_when_events_are_few_or_separated() -> None:
    frame, exposure = cohort(40)
    few = cox_regression(
        frame, "paper", covariates=BOTH, design=Design(time_dependent=("im_over_6_months",)),
        exposure=exposure,
    )  # fmt: skip
    events = sum(frame["event"])
    assert few.firth == (events < 20)
    separated = analysis_set(
        (1, 2, 3, 4, 5, 6), (1, 1, 1, 0, 0, 0), perianal=(True, True, True, True, False, False)
    )
    result = cox_regression(
        separated, "paper", covariates=["perianal"], design=Design(penalty="auto")
    )
    assert result.firth
    assert any("separation" in note for note in result.notes)
    assert result.hazards == ()
    term = result.to_json()["terms"][0]
    assert math.isfinite(term["hr"])
    assert term["limits"] == "profile"
    with pytest.raises(CannotEstimate, match="separation"):
        cox_regression(separated, "paper", covariates=["perianal"], design=Design(penalty="none"))


def test_firth_by_hand() -> None:
    # Two events among two: at 1 with x = 1 of {1, 0}, at 2 alone. l = log(p), p = r/(r+1), and
    # I = p(1-p): l + log(I)/2 is highest where 1 - p + (1 - 2p)/2 = 0, so p = 3/4 and r = 3.
    rows = Rows.of(np.array([1, 2]), np.array([True, True]), np.array([[1.0], [0.0]]))
    best = maximise(PartialLikelihood(rows, "breslow", firth=True))
    assert best is not None
    assert best.coef == pytest.approx([math.log(3)])


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"time_dependent": ("shoe_size",)}, WrongUsage, "not known day by day"),
        ({"time_dependent": ("im", "immunomodulator")}, WrongUsage, "more than once"),
        ({"robust": "centre", "penalty": "firth"}, WrongUsage, "Robust"),
        ({"landmark_months": -1.0}, WrongUsage, "landmark"),
        ({"landmark_months": 500.0}, CannotEstimate, "after 500 months"),
        ({"strata": ("shoe_size",)}, WrongUsage, "shoe_size"),
    ],
)
def test_what_does_not_fit_is_said(options: dict[str, Any], error: Any, words: str) -> None:
    frame, exposure = cohort()
    with pytest.raises(error, match=words):
        cox_regression(
            frame,
            "paper",
            covariates=["response_without_remission"],
            design=Design(**options),
            exposure=exposure,
        )


def test_one_centre_has_no_robust_errors() -> None:
    frame, _ = cohort()
    with pytest.raises(CannotEstimate, match="one centre"):
        cox_regression(
            frame.assign(centre="C1"),
            "paper",
            covariates=["response_without_remission"],
            design=Design(robust="centre"),
        )


def test_rows_that_are_not_the_days_at_risk_are_refused() -> None:
    frame, exposure = cohort()
    with pytest.raises(Refused, match="days at risk"):
        cox_regression(
            frame,
            "paper",
            covariates=BOTH,
            design=Design(time_dependent=("im_over_6_months",)),
            exposure=exposure.iloc[1:],
        )


def test_joining_rows_changes_nothing() -> None:
    """Rows cut once more on every hundredth day give the same likelihood."""
    frame, exposure = cohort()
    cut = []
    for row in exposure.to_dict("records"):
        days = [*range(row["start_day"], row["stop_day"], 100), row["stop_day"]]
        for start, stop in pairwise(days):
            event = row["event"] if stop == row["stop_day"] else 0
            cut.append({**row, "start_day": start, "stop_day": stop, "event": event})
    design = Design(time_dependent=("im",), late_entry=True)
    found = [
        cox_regression(frame, "paper", covariates=BOTH[:1], design=design, exposure=rows).to_json()
        for rows in (exposure, pd.DataFrame(cut, dtype=object))
    ]
    assert found[0]["terms"] == found[1]["terms"]


def test_residuals_add_up() -> None:
    frame, exposure = cohort()
    design = Design(time_dependent=("im_over_6_months",), penalty="none")
    result = cox_regression(frame, "paper", covariates=BOTH, design=design, exposure=exposure)
    rows = result.residual_rows()
    assert [row["patient_id"] for row in rows] == sorted(frame["patient_id"])
    assert sum(row["martingale"] for row in rows) == pytest.approx(0, abs=1e-9)
    for name in BOTH:
        assert sum(row[f"dfbeta_{name}"] for row in rows) == pytest.approx(0, abs=1e-9)


def test_a_landmark_takes_what_was_acquired_by_then() -> None:
    frame, exposure = cohort(200)
    design = Design(landmark_months=9)
    result = cox_regression(frame, "paper", covariates=BOTH, design=design, exposure=exposure)
    day = math.floor(9 * 30.4375)
    assert result.n == sum(time > day for time in frame["time_days"])
    assert result.never_at_risk == 200 - result.n
    assert not any("immortal-time" in note for note in result.notes)


@pytest.mark.parametrize("seed", [3, 8])
def test_the_comparison_says_what_its_numbers_say(seed: int) -> None:
    frame, exposure = cohort(120, seed)
    document = compare_with_published(
        frame, exposure, "paper", covariates=BOTH, basis=BASIS
    ).to_json()
    json.dumps(document, allow_nan=False)
    immunomodulator = document["covariates"][1]
    held, varying = immunomodulator["delayed_entry"]["hr"], immunomodulator["time_dependent"]["hr"]
    said = next(
        one["sentence"]
        for one in document["differences"]
        if one["change"] == "time_dependent" and one["covariate"] == "im_over_6_months"
    )
    assert f"{held:.2f} (" in said
    assert f"{varying:.2f} (" in said
    assert ("lower" in said) == (held < 0.99 * varying)
    shown = text.render(model_tables.compare_published(document))
    assert max(len(line) for line in shown.splitlines()) <= text.WIDTH
    assert len(rows.compare_published(document)) == 8
    assert forest.compared_figure(document)


def test_the_comparison_tells_losses_before_entry() -> None:
    frame, exposure = cohort(60)
    frame["entry_days"] = [10 + 5 * i for i in range(60)]
    time = frame["time_days"].to_numpy(dtype=float)
    entry = frame["entry_days"].to_numpy(dtype=float)
    # An event before one's own entry cannot be: those are at risk from the start.
    frame["entry_days"] = np.where(time > entry, entry, 0).astype(int)
    document = compare_with_published(frame, exposure, "paper", covariates=BOTH).to_json()
    entry = frame["entry_days"].to_numpy(dtype=float)
    early = sum(
        int(((entry >= day) & (time >= day)).sum())
        for day, lost in zip(time, frame["event"], strict=True)
        if lost
    )
    assert early > 0
    assert f"takes {early} " in document["differences"][0]["sentence"]


def test_every_reading_has_its_row() -> None:
    frame, exposure = cohort(80)
    nobody = frame.assign(event=False)
    nothing = exposure.assign(event=0)
    readings = [
        Reading("paper", {"lor_above": "15"}, BASIS, frame, exposure),
        Reading("paper", {"lor_above": "90"}, BASIS, nobody, nothing),
    ]
    document = sensitivity_analysis(
        readings, Choice(tuple(BOTH), "named"), varied={"lor_above": ["15", "90"]}
    ).to_json()
    json.dumps(document, allow_nan=False)
    found = [(one["model"], one["reference"], one["n"]) for one in document["specifications"]]
    assert found == [
        ("published", True, 80), ("sound", True, 80),
        ("published", False, None), ("sound", False, None),
    ]  # fmt: skip
    assert "lost response" in document["specifications"][2]["reason"]
    assert any("2 of 4 models" in note for note in document["notes"])
    assert len(rows.sensitivity(document)) == 4
    assert len(model_tables.sensitivity(document).rows) == 4
    assert specifications.sensitivity_figure(document)
    with pytest.raises(CannotEstimate, match="No reading gives a model"):
        sensitivity_analysis(readings[1:], Choice(tuple(BOTH), "named"))


def test_figures_of_one_model() -> None:
    frame, _ = cohort()
    document = cox_regression(frame, "paper", covariates=BOTH).to_json(details=True)
    json.dumps(document, allow_nan=False)
    assert forest.cox_figure(document)
    assert hazards.hazards_figure(document)


@pytest.mark.parametrize(
    ("time", "event"),
    [((), ()), ((400,), (False,)), ((400,), (True,)), ((10, 20, 30), (0, 0, 0))],
)
def test_degenerate_cohorts_end_in_a_sentence(time: Any, event: Any) -> None:
    frame = analysis_set(time, event, perianal=[True] * len(time)).assign(entry_days=0)
    exposure = pd.DataFrame(columns=["patient_id", "start_day", "stop_day"], dtype=object)
    for design in (Design(), Design(penalty="firth"), Design(late_entry=True)):
        with pytest.raises(CannotEstimate) as refused:
            cox_regression(frame, "paper", covariates=["perianal"], design=design)
        assert refused.value.cure
    with pytest.raises(CannotEstimate):
        compare_with_published(frame, exposure, "paper", covariates=["perianal"])


def test_without_any_loss_no_covariate_is_blamed() -> None:
    frame, _ = cohort()
    frame["perianal"] = [None, *[bool(i % 2) for i in range(1, len(frame))]]
    nobody = frame.assign(event=False)
    for asked in ({"covariates": ["perianal"]}, {}):
        with pytest.raises(CannotEstimate) as refused:
            cox_regression(nobody, "paper", **asked)
        assert refused.value.cure == "`registry analyse table1` and `flow` still describe them."
    only_the_unknown = nobody.assign(event=[True, *[False] * (len(frame) - 1)])
    with pytest.raises(CannotEstimate) as refused:
        cox_regression(only_the_unknown, "paper", covariates=["perianal"])
    assert refused.value.cure == "Leave out the covariate with the most missing values."


def test_treatment_after_the_loss_counts_against_a_drug_and_the_note_says_so() -> None:
    frame, _ = cohort()
    (told,) = (
        note
        for note in cox_regression(frame, "paper", covariates=["im_over_6_months"]).notes
        if "immortal-time" in note
    )
    assert "in favour of that drug" not in told
    assert "what is given after the loss, which counts too, speaks against it" in told


def test_concordance_counts_every_pair_once() -> None:
    """Against a loop over all pairs, with strata, late entry and equal scores."""
    random = np.random.default_rng(5)
    for n in (1, 2, 15, 40):
        start, event = random.integers(0, 20, n), random.random(n) < 0.6
        stop, stratum = start + random.integers(1, 15, n), random.integers(0, 2, n)
        score = random.integers(0, 6, n).astype(float)
        expected = {"concordant": 0, "discordant": 0, "tied": 0}
        for i, j in np.ndindex(n, n):
            at_risk = start[j] < stop[i] <= stop[j] and not (event[j] and stop[j] == stop[i])
            if event[i] and stratum[i] == stratum[j] and at_risk:
                higher = np.sign(score[i] - score[j])
                expected[{1: "concordant", -1: "discordant", 0: "tied"}[int(higher)]] += 1
        rows = Rows.of(stop, event, score, start=start, stratum=stratum)
        assert concordance_of(rows, score)[1] == expected
