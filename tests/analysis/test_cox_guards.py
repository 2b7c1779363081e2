"""What a Cox model and a stratified test are kept from: immortal strata, pairs too many to list,
months that stand still, errors made of nothing."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from registry.analysis.cohort.covariate_groups import levels_of
from registry.analysis.cox import refusals
from registry.analysis.cox.design import Design, prepare
from registry.analysis.cox.fit import cox_regression
from registry.analysis.cox.partial_likelihood import Rows
from registry.analysis.cox.refusals import obstacle
from registry.analysis.curves.kaplan_meier import kaplan_meier
from registry.analysis.reading import cohort_of
from registry.covariates import COVARIATES, TIME_DEPENDENT
from registry.errors import CannotEstimate, Refused

from .frames import analysis_set
from .test_sound_cox import cohort

TERM = ["response_without_remission"]


@pytest.mark.parametrize("asked", [{"late_entry": True}, {"penalty": "firth"}])
def test_a_stratum_acquired_later_is_refused_as_a_term_is(asked: dict[str, Any]) -> None:
    frame, exposure = cohort()
    design = Design(strata=("im_over_6_months",), **asked)
    with pytest.raises(Refused, match=r"im_over_6_months: .*immortal time") as refused:
        cox_regression(frame, "paper", covariates=TERM, design=design, exposure=exposure)
    assert "--landmark" in str(refused.value.cure)
    held = Design(strata=("im_over_6_months",), as_published=True, **asked)
    result = cox_regression(frame, "paper", covariates=TERM, design=held, exposure=exposure)
    assert any("immortal-time" in one for one in result.notes)


def test_a_stratum_of_the_published_model_says_what_it_does() -> None:
    frame, _ = cohort()
    design = Design(strata=("im_over_6_months",))
    result = cox_regression(frame, "paper", covariates=TERM, design=design)
    assert any("immortal-time" in one for one in result.notes)


def test_a_stratum_at_a_landmark_is_as_of_it() -> None:
    """Children who have had 183 days by month 6, and not those who reach them later."""
    frame, exposure = cohort(200)
    # The drug began on day 0 or 60; day 182 is month 6, so nobody has it yet; day 213 is month 7.
    months, day = 7.0, 213
    at_risk = frame["time_days"].to_numpy(dtype=int) > day
    reached = {
        str(row["patient_id"])
        for row in exposure.to_dict("records")
        if row["start_day"] <= day < row["stop_day"] and row["im_over_6_months"]
    }
    later = frame["im_over_6_months"].to_numpy(dtype=bool)[at_risk].sum()
    assert 0 < len(reached) < later
    design = Design(landmark_months=months, strata=("im_over_6_months",))
    prepared = prepare(
        frame, "paper", tuple(one for one in COVARIATES if one.id in TERM), design, exposure
    )
    true = {
        patient
        for patient, stratum in zip(prepared.patients, prepared.rows.stratum, strict=True)
        if stratum == 0
    }
    assert true == reached
    # The log-rank test within the strata is that of frames where the landmark's values stand.
    held = frame.assign(im_over_6_months=[str(one) in reached for one in frame["patient_id"]])
    asked: dict[str, Any] = {"by": TERM[0], "landmark_months": months, "strata": "im_over_6_months"}
    found = kaplan_meier(frame, "paper", exposure=exposure, **asked).logrank
    right = kaplan_meier(held, "paper", **asked).logrank
    wrong = kaplan_meier(frame, "paper", **asked).logrank
    assert found == right
    assert found != wrong
    assert levels_of(cohort_of(frame, "paper", landmark_months=months), TERM[0]).missing == 0


def test_months_of_combination_go_on_within_a_row() -> None:
    """Against the likelihood written out over everybody at risk on every event day."""
    frame, exposure = cohort(50, 5)
    spells: dict[str, list[tuple[int, int]]] = {}
    counted = []
    for row in exposure.to_dict("records"):
        mine = spells.setdefault(row["patient_id"], [])
        counted.append(sum(stop - start for start, stop in mine))
        if row["immunomodulator"]:
            mine.append((row["start_day"], row["stop_day"]))
    exposure = exposure.assign(combination_months=[days / 30.4375 for days in counted])

    def by(patient: str, day: int) -> float:
        spans = spells[patient]
        return sum(min(stop, day) - min(start, day) for start, stop in spans) / 30.4375

    sets = []
    for patient, day, lost in zip(
        frame["patient_id"], frame["time_days"], frame["event"], strict=True
    ):
        if lost:
            risk = frame.loc[frame["time_days"] >= day, "patient_id"]
            sets.append((by(patient, day), np.array([by(one, day) for one in risk])))

    def against(coef: float) -> float:
        return -sum(coef * own - math.log(np.exp(coef * all_of).sum()) for own, all_of in sets)

    expected = minimize_scalar(against, bounds=(-2, 2), method="bounded", options={"xatol": 1e-10})
    result = cox_regression(
        frame, "paper", covariates=["combination_months"], exposure=exposure,
        design=Design(time_dependent=("combination_months",), penalty="none"),
    )  # fmt: skip
    assert result.loglik == pytest.approx(-expected.fun, abs=1e-9)
    assert result.terms[0].coef == pytest.approx(expected.x, abs=1e-6)


def test_no_robust_errors_where_every_child_fits_exactly() -> None:
    frame = analysis_set((5,) * 6, (1,) * 6, perianal=(True, False, True, True, False, False))
    with pytest.raises(CannotEstimate, match="one day") as refused:
        cox_regression(frame, "paper", covariates=["perianal"], design=Design(robust="patient"))
    assert refused.value.cure == "Leave --robust out."


DOSE = tuple(one for one in TIME_DEPENDENT if one.id in ("dose_mg_per_kg", "combination_months"))


def many(n: int = 3000) -> Rows:
    """Rows of children whose two covariates are new in each; pairs are above a million."""
    rng = np.random.default_rng(4)
    stop = rng.integers(1, 900, n)
    event = rng.random(n) < 0.4
    return Rows.of(stop, event, rng.normal(size=(n, 2)), stratum=rng.integers(0, 3, n))


def test_many_rows_are_looked_at_too() -> None:
    rows = many()
    assert obstacle(rows, DOSE) is None
    twice = Rows.of(
        rows.stop, rows.event, np.column_stack([rows.values[:, 0], 2 * rows.values[:, 0] + 1])
    )
    found = obstacle(twice, DOSE)
    assert found is not None
    assert not found.separation
    assert "told apart" in found.error.problem
    # The sum is higher at an event than in anybody then at risk; neither by itself is.
    values = rows.values.copy()
    values[:, 1] = np.where(rows.event, 10 - rows.stop / 100, -20) - values[:, 0]
    found = obstacle(Rows.of(rows.stop, rows.event, values, stratum=rows.stratum), DOSE)
    assert found is not None
    assert found.separation
    assert "Together" in found.error.problem


def test_the_check_is_that_of_all_pairs() -> None:
    """Small cohorts with ties, entry and strata, against the definition written out."""
    rng = np.random.default_rng(11)
    seen = set()
    for _ in range(50):
        n = int(rng.integers(4, 20))
        values = rng.integers(0, 3, (n, 1)).astype(float)
        start = rng.integers(0, 8, n) * int(rng.integers(0, 2))
        stop = start + rng.integers(1, 9, n)
        event, stratum = rng.random(n) < 0.4, rng.integers(0, 2, n)
        pairs = [
            values[i, 0] - values[j, 0]
            for i, j in np.ndindex(n, n)
            if event[i] and stratum[i] == stratum[j] and start[j] < stop[i] <= stop[j]
        ]
        if not pairs:
            continue
        found = obstacle(Rows.of(stop, event, values, start=start, stratum=stratum), COVARIATES[:1])
        flat = not any(pairs)
        separated = not flat and (min(pairs) >= 0 or max(pairs) <= 0)
        assert (found is not None) == (flat or separated)
        assert found is None or found.separation == separated
        seen.add((flat, separated))
    assert seen == {(True, False), (False, True), (False, False)}


def test_what_a_climb_proves_is_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small cohorts, many of them separated or collinear: whoever asks on finds nothing else."""
    rng = np.random.default_rng(12)
    asked = []
    for _ in range(300):
        n = int(rng.integers(4, 25))
        values = rng.integers(0, 2, (n, 2)) * rng.uniform(0.1, 9, 2)
        start = rng.integers(0, 8, n) * int(rng.integers(0, 2))
        event = rng.random(n) < 0.5
        event[0] = True
        asked.append(
            Rows.of(start + rng.integers(1, 9, n), event, values, start=start, stratum=event * 0)
        )
    told = [obstacle(rows, DOSE) for rows in asked]
    monkeypatch.setattr(refusals, "proven", lambda rows: False)
    slowly = [obstacle(rows, DOSE) for rows in asked]
    for found, expected in zip(told, slowly, strict=True):
        assert (found is None) == (expected is None)
        assert found is None or str(found.error) == str(expected.error)
    monkeypatch.undo()
    spans = [np.maximum(np.ptp(rows.values, axis=0), 1e-9) for rows in asked]
    proofs = [
        refusals.proven(replace(rows, values=rows.values / span))
        for rows, span in zip(asked, spans, strict=True)
    ]
    assert sum(proofs) > 100
    assert sum(found is not None for found in told) > 50
