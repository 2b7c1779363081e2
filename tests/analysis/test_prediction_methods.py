"""Absolute risk, Brier score and AUC against riskRegression, and by hand.

`golden/prediction_data.py` draws the data, `golden/prediction.R` computed the numbers.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from registry.analysis import methods
from registry.errors import CannotEstimate
from tests.analysis.golden.prediction_data import ROWS, draw

EXPECTED: dict[str, dict[str, Any]] = json.loads(
    (Path(__file__).parent / "golden" / "prediction.json").read_text(encoding="utf-8")
)


@pytest.mark.parametrize("seed", EXPECTED)
def test_scores_are_those_of_riskregression(seed: str) -> None:
    rows, at = draw(int(seed))
    time, cause, _, _, early, late = rows.T
    risk = np.column_stack([early, early, late])[:, : len(at)]
    area, score = methods.auc(time, cause, risk, at), methods.brier(time, cause, risk, at)
    found = {
        "auc": area.estimate,
        "auc_se": area.standard_error,
        "brier": score.estimate,
        "brier_se": score.standard_error,
        "brier_lower": score.lower,
        "brier_upper": score.upper,
        "ipa": score.scaled,
        "ibs": score.integrated,
        "null": score.null.estimate,
        "null_se": score.null.standard_error,
    }
    for measure, numbers in found.items():
        expected = EXPECTED[seed][measure]
        assert numbers.tolist() == pytest.approx(expected, rel=1e-10, abs=1e-12), measure


@pytest.mark.parametrize("seed", EXPECTED)
def test_absolute_risk_is_that_of_riskregression(seed: str) -> None:
    rows, at = draw(int(seed))
    time, cause, x, group, _, _ = rows.T
    for ties in ("efron", "breslow"):
        model = methods.cause_specific_risk(time, cause, np.column_stack([x, group]), ties)
        expected = EXPECTED[seed][f"risk_{ties}"]
        assert model.risk(ROWS, at).ravel() == pytest.approx(expected, rel=3e-8), ties
    if "risk_se" in EXPECTED[seed]:  # where events are tied its errors are no derivative
        told = model.absolute_risk(ROWS, at)
        for name, numbers in (
            ("risk_se", told.standard_error),
            ("risk_lower", told.lower),
            ("risk_upper", told.upper),
        ):
            assert numbers.ravel() == pytest.approx(EXPECTED[seed][name], rel=1e-7), name


@pytest.mark.parametrize("seed", [one for one in EXPECTED if "pseudo" in EXPECTED[one]])
def test_calibration_is_that_of_glm_and_lowess(seed: str) -> None:
    rows, at = draw(int(seed))
    time, cause, _, _, early, late = rows.T
    risk = np.column_stack([early, early, late])[:, : len(at)]
    pseudo = methods.pseudo_values(time, cause, at)
    expected = EXPECTED[seed]["pseudo"]
    assert pseudo[:20].T.ravel() == pytest.approx(expected, rel=1e-10, abs=1e-10)
    found = methods.calibration(time, cause, risk, at)
    for k in range(len(at)):
        numbers = (
            found.intercept[k], found.intercept_error[k], found.slope[k], found.slope_error[k],
            found.ici[k],
        )  # fmt: skip
        expected = EXPECTED[seed][f"line{k + 1}"]
        assert numbers == pytest.approx(expected, rel=1e-6, abs=1e-7), k
    everybody = methods.aalen_johansen(time, cause).at(at)[0]
    assert found.ratio == pytest.approx(everybody / risk.mean(axis=0))


def test_scores_by_hand() -> None:
    """Nobody censored before 3: shares of five. Then G is 1/2, and two stand for four."""
    time, cause = [1, 2, 3, 3, 4], [1, 2, 0, 1, 1]
    risk = [0.8, 0.4, 0.4, 0.6, 0.1]
    score = methods.brier(time, cause, risk, [2, 3])
    assert score.estimate[0] == pytest.approx((0.2**2 + 0.4**2 + 0.4**2 + 0.6**2 + 0.1**2) / 5)
    # On day 3 the loss comes before the censoring: its weight is 1, that of the last one 2.
    assert score.estimate[1] == pytest.approx((0.2**2 + 0.4**2 + 0.4**2 + 2 * 0.1**2) / 5)
    assert score.null.estimate[0] == pytest.approx(0.2 * 0.8)
    # One case against four, of whom all were told less; two cases against 1 and 2 of weight.
    assert methods.auc(time, cause, risk, [2, 3]).estimate.tolist() == [1, 1]
    assert methods.auc(time, cause, [0.4] * 5, [2]).estimate[0] == 0.5


def test_where_nothing_is_known_there_is_no_number() -> None:
    ended_by_censoring = methods.brier([1, 2, 3], [1, 0, 0], 3 * [0.5], [2, 3, 4])
    assert np.isnan(ended_by_censoring.estimate).tolist() == [False, True, True]
    assert np.isnan(ended_by_censoring.standard_error).tolist() == [False, True, True]
    ended_by_events = methods.brier([1, 2, 3], [1, 0, 1], 3 * [0.5], [2, 3, 4])
    assert not np.isnan(ended_by_events.estimate).any()
    assert np.isnan(
        methods.auc([1, 2, 3], [1, 2, 1], [0.1, 0.2, 0.3], [0, 3]).estimate
    ).tolist() == [
        True,
        False,
    ]


def test_a_hazard_above_one_is_cut() -> None:
    """Far from the data the product of 1 less the hazards would leave 0 to 1."""
    rows, _ = draw(0)
    time, cause, x, group, _, _ = rows.T
    model = methods.cause_specific_risk(time, cause, np.column_stack([x, group]))
    far = model.risk([[9.0, 1.0]], np.unique(time))[0]
    assert (np.diff(far[:-1]) >= 0).all()
    assert np.nanmin(far) >= 0
    assert np.nanmax(far) <= 1


def test_what_cannot_be_taken_is_named() -> None:
    with pytest.raises(methods.InvalidInput, match="outside 0 to 1"):
        methods.brier([1, 2], [1, 0], [0.5, 1.5], [1])
    with pytest.raises(methods.InvalidInput, match="no column a time"):
        methods.auc([1, 2], [1, 0], [[0.5, 0.5], [0.1, 0.1]], [1])
    with pytest.raises(methods.InvalidInput, match="at is not in order"):
        methods.auc([1, 2], [1, 0], [0.5, 0.5], [2, 1])
    with pytest.raises(methods.InvalidInput, match="risk has 3 rows where time has 2"):
        methods.brier([1, 2], [1, 0], [0.5, 0.5, 0.1], [1])
    with pytest.raises(CannotEstimate, match="There is no event"):
        methods.cause_specific_risk([1, 2, 3], [0, 2, 2], [0.1, 0.2, 0.3])
    with pytest.raises(CannotEstimate, match=r"Cause 2: .*separate"):
        methods.cause_specific_risk([1, 2, 3, 4, 5, 6], [1, 1, 1, 2, 0, 0], [0, 1, 0, 1, 0, 0.0])
