"""Drug levels and the model of the risk against R (golden/levels.R), and the rows R was given."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from registry.analysis.choices import Bootstrap
from registry.analysis.cox.diagnostics import concordance_of
from registry.analysis.cox.partial_likelihood import Rows
from registry.analysis.risk.fitting import gains, ridge
from registry.analysis.risk.validation import slope_of
from registry.analysis.troughs.at_week import week14_troughs
from registry.analysis.troughs.quartiles import trough_quartiles
from registry.analysis.troughs.ranks import mann_whitney
from registry.analysis.troughs.roc import roc_curve
from registry.database.engine import Database

from .golden import levels_data

GOLDEN = Path(__file__).parent / "golden"
R = json.loads((GOLDEN / "levels.json").read_text())
FEW = Bootstrap(resamples=100)
CLOSE = 1e-9


def rows_of(name: str) -> pd.DataFrame:
    read = {"comparator": str}
    return pd.read_csv(GOLDEN / f"{name}.csv", dtype=read, keep_default_na=False)


def classic() -> pd.DataFrame:
    """The lung data without missing values."""
    from lifelines.datasets import load_lung

    names = ["time", "status", "age", "sex", "ph.ecog", "ph.karno"]
    return load_lung()[names].dropna().reset_index(drop=True)


def groups(name: str) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Levels of those with and without the event."""
    if name.startswith("lung"):
        rows = classic()
        level = -rows["age"] if name == "lung_age" else rows["ph.karno"]
        event = rows["status"] == rows["status"].max()
    else:
        rows = rows_of(f"levels_{name.removesuffix('_numbers')}")
        rows = rows[rows["comparator"] == ""]
        level, event = rows["level"], rows["event"] == 1
    return level[event].to_numpy(float), level[~event].to_numpy(float)


@pytest.mark.parametrize("name", R["groups"])
def test_ranks_and_roc(name: str) -> None:
    lost, kept = groups(name)
    expected = R["groups"][name]
    # wilcox.test is exact below 50 in each group without ties, as here.
    test = mann_whitney(lost, kept)
    assert test.exact == (expected["u_method"] == "Wilcoxon rank sum exact test")
    assert test.u == pytest.approx(expected["u"], rel=CLOSE)
    assert test.p == pytest.approx(expected["u_p"], rel=CLOSE)
    curve = roc_curve(lost, kept, [None] * len(lost), [None] * len(kept), FEW)
    assert curve.auc == pytest.approx(expected["auc"], rel=CLOSE)
    assert curve.se == pytest.approx(expected["se"], rel=CLOSE)
    assert curve.se == pytest.approx(expected["se_proc"], rel=CLOSE)
    assert curve.limits == pytest.approx((expected["lower"], expected["upper"]), rel=CLOSE)
    youden = curve.youden
    assert (youden.at, youden.sensitivity, youden.specificity) == pytest.approx(
        (expected["cut"], expected["sensitivity"], expected["specificity"]), rel=CLOSE
    )


def test_ranks_with_levels_beyond_a_limit() -> None:
    rows = rows_of("levels_synthetic")
    event = rows["event"].to_numpy() == 1
    level, comparator = rows["level"].to_numpy(float), rows["comparator"].to_numpy()
    test = mann_whitney(
        level[event], level[~event], comparator[event].tolist(), comparator[~event].tolist()
    )
    assert not test.exact
    assert test.u == pytest.approx(R["gehan"]["u"], rel=CLOSE)
    assert test.p == pytest.approx(R["gehan"]["p"], rel=CLOSE)


def views(name: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rows of `tdm_week14` and `survival` for the levels that R was given."""
    rows = rows_of(f"levels_{name}")
    start = date(2020, 1, 1)
    patients = [f"P{i}" for i in range(len(rows))]
    half = np.where(rows["comparator"] == "<", rows["level"] / 2, rows["level"])
    week14 = pd.DataFrame(
        {
            "definition": "paper",
            "patient_id": patients,
            "event": rows["event"] == 1,
            "ifx_ug_ml": rows["level"],
            "ifx_for_mean": half,
            "ifx_comparator": rows["comparator"].replace("", None),
            "sampled_on": [start + timedelta(days=int(day)) for day in rows["sampled"]],
        }
    )
    survival = pd.DataFrame(
        {
            "definition": "paper",
            "patient_id": patients,
            "origin_on": start,
            "entry_days": rows["entry"],
            "time_days": rows["time"],
        }
    )
    return week14, survival


def test_welch() -> None:
    week14, _ = views("study")
    expected = R["groups"]["study"]
    found = week14_troughs(week14, "paper")
    assert (found.t, found.df, found.p) == pytest.approx(
        (expected["t"], expected["df"], expected["p"]), rel=CLOSE
    )


@pytest.mark.parametrize("name", R["quartiles"])
def test_quartiles(name: str) -> None:
    expected = R["quartiles"][name]
    found = trough_quartiles(*views(name), "paper").to_json()
    assert [group["to"] for group in found["groups"]][:-1] == pytest.approx(
        expected["bounds"], rel=CLOSE
    )
    for group, one in zip(found["groups"], expected["groups"], strict=True):
        assert (group["n"], group["events"]) == (one["n"], one["events"])
        for i, estimate in enumerate(group["estimates"]):
            assert estimate["cumulative_incidence"] == pytest.approx(
                one["incidence"][i], rel=CLOSE, abs=1e-12
            )
            # Where nobody was lost R has limits of 0 on one side and none on the other; we none.
            if one["incidence"][i] > 0:
                assert (estimate["lower"], estimate["upper"]) == pytest.approx(
                    (one["lower"][i], one["upper"][i]), rel=1e-8
                )
    # The score test of the exact partial likelihood is the log-rank test.
    assert found["logrank"]["chi2"] == pytest.approx(expected["logrank"], rel=1e-8)
    assert found["trend"]["chi2"] == pytest.approx(expected["trend"], rel=1e-8)
    ratio = found["hazard_ratio_per_doubling"]
    assert (ratio["coef"], ratio["se"]) == pytest.approx(
        (expected["coef"], expected["se"]), rel=1e-7
    )


def model(name: str) -> tuple[Rows, pd.DataFrame]:
    if name == "lung":
        rows = classic()
        time = rows["time"].to_numpy(np.int64)
        event = (rows["status"] == rows["status"].max()).to_numpy()
        raw = rows[["age", "sex", "ph.ecog"]].to_numpy(float)
    else:
        rows = pd.read_csv(GOLDEN / f"risk_{name}.csv")
        time, event = rows["time"].to_numpy(np.int64), rows["event"].to_numpy() == 1
        raw = rows.drop(columns=["time", "event", "fold"]).to_numpy(float)
    x = (raw - raw.mean(axis=0)) / raw.std(axis=0, ddof=1)
    return Rows.of(time, event, x), rows


@pytest.mark.parametrize("name", R["ridge"])
def test_ridge(name: str) -> None:
    rows, _ = model(name)
    for expected in R["ridge"][name]:
        fit = ridge(rows, expected["penalty"])
        assert fit.coef == pytest.approx(expected["coef"], rel=1e-6)
        # R's degrees of freedom are those of its last step but one.
        assert fit.effective_df == pytest.approx(expected["df"], rel=1e-5)
        eta = rows.values @ fit.coef
        assert concordance_of(rows, eta)[0] == pytest.approx(expected["concordance"], rel=CLOSE)
        assert slope_of(rows, eta) == pytest.approx(expected["slope"], rel=1e-6)
        days = np.array([365.25, 730.5])
        assert fit.until(days) == pytest.approx(expected["hazard"], rel=1e-6)


def test_cross_validation() -> None:
    rows, read = model("study")
    expected = R["cross_validation"]
    penalties = np.array(expected["penalties"])
    found = gains(rows, read["fold"].to_numpy(), penalties)
    assert found == pytest.approx(expected["gains"], rel=1e-6)
    assert np.argmax(found) == np.argmax(expected["gains"])


def test_the_rows_given_to_r_are_those_of_the_views(shared_study: Database) -> None:
    with shared_study.engine.connect() as connection:
        frames = levels_data.views_of(connection)
    for made, given in (
        (levels_data.levels(frames), rows_of("levels_study")),
        (levels_data.risk(frames, "study"), pd.read_csv(GOLDEN / "risk_study.csv")),
    ):
        # R takes them in any order.
        columns = list(made.columns)
        pd.testing.assert_frame_equal(
            *(one.sort_values(columns, ignore_index=True) for one in (made, given)),
            check_dtype=False,
        )
