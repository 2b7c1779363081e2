"""Drug levels by hand and by brute force; what the data cannot carry is refused with a reason."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.analysis.choices import Bootstrap
from registry.analysis.troughs.course import troughs_over_time
from registry.analysis.troughs.levels_and_loss import drug_levels
from registry.analysis.troughs.measured import who_was_measured
from registry.analysis.troughs.mechanisms import mechanisms
from registry.analysis.troughs.quartiles import trough_quartiles
from registry.analysis.troughs.ranks import mann_whitney, surely, undecided
from registry.analysis.troughs.roc import roc_curve
from registry.errors import CannotEstimate
from registry.report import tdm_tables
from registry.report.figures import troughs as trough_figures
from registry.report.rows import TDM
from registry.report.text import render

START = date(2020, 1, 1)
FEW = Bootstrap(resamples=200)
LEVELS = st.lists(
    st.tuples(st.integers(1, 4), st.sampled_from([None, None, "<", ">"])), min_size=1, max_size=5
)


def surely_below(a: tuple[float, str | None], b: tuple[float, str | None]) -> bool:
    """Whether the first level is lower whatever the two really were."""
    (x, of_x), (y, of_y) = a, b
    if of_x == ">" or of_y == "<":
        return False
    return x < y if of_x is None and of_y is None else x <= y


@settings(max_examples=60, deadline=None)
@given(LEVELS, LEVELS)
def test_exact_test_is_the_count_of_all_divisions(
    first: list[tuple[int, str | None]], second: list[tuple[int, str | None]]
) -> None:
    levels = [*first, *second]

    def u(chosen: tuple[int, ...]) -> float:
        others = [i for i in range(len(levels)) if i not in chosen]
        return sum(
            1.0
            if surely_below(levels[i], levels[j])
            else 0.0
            if surely_below(levels[j], levels[i])
            else 0.5
            for i in others
            for j in chosen
        )

    observed = u(tuple(range(len(first), len(levels))))
    every = [u(chosen) for chosen in combinations(range(len(levels)), len(second))]
    tails = (
        sum(one <= observed for one in every) / len(every),
        sum(one >= observed for one in every) / len(every),
    )
    found = mann_whitney(
        np.array([x for x, _ in first], float),
        np.array([x for x, _ in second], float),
        [c for _, c in first],
        [c for _, c in second],
    )
    assert found.exact
    assert found.u == observed
    assert found.p == pytest.approx(min(1.0, 2 * min(tails)), rel=1e-12)


def test_a_limit_is_ordered_where_it_can_be() -> None:
    limit, number = np.array([0.4]), np.array([0.3, 0.4, 5.0])
    # Of the numbers 0.4 and 5 are surely higher than a level below 0.4, 0.3 may be either.
    assert [one.tolist() for one in surely(limit, ["<"], number, [None] * 3)] == [[0], [2]]
    five = np.array([5.0])
    assert [one.tolist() for one in surely(five, [">"], number, [None] * 3)] == [[3], [0]]
    two = np.array([0.8])
    assert [one.tolist() for one in surely(limit, ["<"], two, ["<"])] == [[0], [0]]
    assert undecided(limit, ["<"], number, [None] * 3) == 1
    assert undecided(number, [None] * 3, number, [None] * 3) == 0


def test_roc_by_hand() -> None:
    """Losses at 1, 2, 4; kept at 3, 5, 6, 7: 11 of 12 pairs are right; the best cut is 4.5."""
    lost, kept = np.array([1.0, 2, 4]), np.array([3.0, 5, 6, 7])
    curve = roc_curve(lost, kept, [None] * 3, [None] * 4, FEW)
    assert curve.auc == pytest.approx(11 / 12)
    # Placements 1, 1, 3/4 and 2/3, 1, 1, 1: variances 1/48 and 1/36 over 3 and 4.
    assert curve.se == pytest.approx((1 / 48 / 3 + 1 / 36 / 4) ** 0.5)
    assert (curve.youden.at, curve.youden.sensitivity) == (4.5, 1.0)
    assert curve.youden.specificity == pytest.approx(0.75)
    assert curve.youden.lower <= 4.5 <= curve.youden.upper
    assert curve.youden.corrected_j < 0.75
    again = roc_curve(lost, kept, [None] * 3, [None] * 4, FEW)
    assert again.to_json() == curve.to_json()


def test_roc_of_groups_that_do_not_overlap_has_no_limits() -> None:
    curve = roc_curve(np.array([1.0, 2]), np.array([3.0, 4]), [None] * 2, [None] * 2, FEW)
    assert (curve.auc, curve.limits) == (1.0, (None, None))
    assert (curve.youden.at, curve.youden.sensitivity, curve.youden.specificity) == (2.5, 1, 1)


def course(rows: list[tuple[str, str | None, int, float, str | None]], **more: Any) -> pd.DataFrame:
    """Rows of `trough`: patient, timepoint, day, level, comparator."""
    frame = pd.DataFrame(rows, columns=["patient_id", "timepoint", "day", "ifx_ug_ml", "limit"])
    half = np.where(frame["limit"] == "<", frame["ifx_ug_ml"] / 2, frame["ifx_ug_ml"])
    return frame.assign(
        definition="paper",
        within_observation=True,
        after_event=False,
        is_trough=True,
        sampled_on=[START + timedelta(days=day) for day in frame["day"]],
        assay="ELISA",
        ifx_for_mean=half,
        censored=frame["limit"].notna(),
        trough_level=np.where(half < 5, "below", "above"),
        phenotype_held_to="any",
        threshold_ug_ml=5.0,
    ).assign(**more)


def test_troughs_over_time() -> None:
    rows = course(
        [
            ("A", "week_14", 98, 6.0, None),
            ("B", "week_14", 97, 0.4, "<"),
            ("A", "maintenance", 150, 3.0, None),
            ("A", "maintenance", 182, 4.0, None),
            ("B", "maintenance", 183, 8.0, None),
            ("C", "maintenance", 90, 9.0, None),
        ]
    )
    rows.loc[5, "after_event"] = True
    other = course([("D", None, 20, 30.0, None)], is_trough=False)
    found = troughs_over_time(pd.concat([rows, other], ignore_index=True), "paper").to_json()
    told = [
        (one["window"], one["n"], one["median"], one["censored"], one["below_threshold"])
        for one in found["windows"]
    ]
    # Six months are 182.6 days; of the two of A in the first half-year the last counts.
    assert told == [
        ("week_14", 2, pytest.approx(3.1), 1, 1),
        ("months_0", 1, 4.0, 0, 1),
        ("months_6", 1, 8.0, 0, 0),
    ]
    assert found["windows"][0]["censored_share"] == 0.5
    assert (found["after_loss"], found["not_troughs"]) == (1, 1)


def test_mechanisms_with_what_followed() -> None:
    mechanism = pd.DataFrame(
        {
            "definition": "paper",
            "patient_id": ["A", "B", "C"],
            "mechanism": ["pharmacokinetic", "pharmacokinetic", "undetermined"],
            "action": ["raise", "raise", "measure first"],
            "level_record_id": [1, 2, None],
        }
    )
    outcome = pd.DataFrame(
        {
            "definition": "paper",
            "patient_id": ["C", "B", "A"],
            "outcome": ["stopped", "optimised", "optimised"],
            "regained": pd.array([None, False, True], dtype="boolean"),
        }
    )
    first, second = mechanisms(mechanism, outcome, "paper").to_json()["rows"]
    assert (first["mechanism"], first["n"], first["with_a_level"]) == ("pharmacokinetic", 2, 2)
    assert (first["optimised"], first["regained"], first["not_regained"]) == (2, 1, 1)
    assert (second["n"], second["stopped"], second["with_a_level"]) == (1, 1, 0)
    with pytest.raises(CannotEstimate, match="Nobody lost response"):
        mechanisms(mechanism.iloc[:0], outcome.iloc[:0], "paper")


def views(
    levels: list[float | None], event: list[bool], time: list[int], limits: list[str | None]
) -> dict[str, pd.DataFrame]:
    """All views of patients of whom some have a week-14 trough."""
    n = len(levels)
    patients = [f"P{i:03d}" for i in range(n)]
    every = pd.DataFrame({"definition": "paper", "patient_id": patients})
    survival = every.assign(
        start_on=START, origin_on=START, entry_days=98, time_days=time, event=event
    )
    from registry.covariates import COVARIATES

    covariates = {one.id: [i % 2 == 0 for i in range(n)] for one in COVARIATES}
    baseline = every.assign(**{name: float(i) for i, name in enumerate(("height_z", "bmi_z"))})
    has = [i for i, level in enumerate(levels) if level is not None]
    week14 = pd.DataFrame(
        {
            "definition": "paper",
            "patient_id": [patients[i] for i in has],
            "event": [event[i] for i in has],
            "sampled_on": START + timedelta(days=98),
            "ifx_ug_ml": [levels[i] for i in has],
            "ifx_comparator": pd.Series([limits[i] for i in has], dtype=object),
            "ifx_for_mean": [(levels[i] or 0) / (2 if limits[i] == "<" else 1) for i in has],
        }
    )
    rows = [(patients[i], "week_14", 98, float(levels[i] or 0), limits[i]) for i in has]
    lost = every[event]
    return {
        "tdm_week14": week14,
        "survival": survival,
        "trough": course(rows),
        "lor_mechanism": lost.assign(
            mechanism="undetermined", action="measure first", level_record_id=None
        ),
        "lor_outcome": lost.assign(outcome="neither", regained=None),
        "analysis_set": every.assign(time_days=time, event=event, **covariates),
        "baseline": baseline,
    }


def printed(document: dict[str, Any]) -> str:
    return "\n\n".join(map(render, tdm_tables.all_tables(document)))


LEVELS_OF_20 = [float(1 + (7 * i) % 20) for i in range(20)]


def test_the_whole_document() -> None:
    event = [i % 3 == 0 for i in range(24)]
    time = [200 + 10 * i for i in range(24)]
    frames = views([*LEVELS_OF_20, None, None, None, None], event, time, [None] * 24)
    result = drug_levels(frames, "paper", bootstrap=FEW)
    document = result.to_json()
    assert [part for part in TDM if document[part] is None] == []
    assert {"groups", "t", "df", "p"} <= set(document)
    assert [one["n"] for one in document["quartiles"]["groups"]] == [5, 5, 5, 5]
    assert "Mann-Whitney U" in printed(document)
    for part in TDM:
        rows = TDM[part](document)
        assert rows
        assert len({tuple(row) for row in rows}) == 1
    figure = trough_figures.levels_figure(result.to_json(levels=True))
    words = {one.get_text() for one in figure.axes[0].texts}
    assert {"Sensitivity, %", "Loss of response, %", "Infliximab, ug/mL"} <= words
    assert any(one.startswith("Loss of response (") for one in words)


def test_parts_that_cannot_be_made_say_why() -> None:
    frames = views([1.0, 2, 3, 4], [True, True, False, False], [300] * 4, [None] * 4)
    document = drug_levels(frames, "paper", bootstrap=FEW).to_json()
    assert document["quartiles"] is None
    assert document["measured"] is None
    notes = " ".join(document["notes"])
    assert "4 patients have one" in notes
    assert "Every patient has a trough" in notes
    assert printed(document)
    assert trough_figures.levels_figure(
        drug_levels(frames, "paper", bootstrap=FEW).to_json(levels=True)
    )


@pytest.mark.parametrize(
    ("levels", "event", "limits", "reason"),
    [
        ([], [], [], "fewer than two levels"),
        ([1.0], [True], [None], "fewer than two levels"),
        ([1.0] * 6, [False] * 6, [None] * 6, "fewer than two levels"),
        ([0.4] * 6, [True] * 3 + [False] * 3, ["<"] * 6, "do not vary"),
    ],
)
def test_what_cannot_be_compared(
    levels: list[float], event: list[bool], limits: list[str], reason: str
) -> None:
    frames = views([*levels, None], [*event, True], [300] * (len(levels) + 1), [*limits, None])
    with pytest.raises(CannotEstimate, match=reason):
        drug_levels(frames, "paper", bootstrap=FEW)


def test_quartiles_without_a_loss_or_with_levels_alike() -> None:
    frames = views(LEVELS_OF_20, [False] * 20, [300] * 20, [None] * 20)
    found = trough_quartiles(frames["tdm_week14"], frames["survival"], "paper").to_json()
    assert found["logrank"] is None
    assert found["logrank_reason"] == "No log-rank test: nobody lost response."
    assert (found["trend"], found["hazard_ratio_per_doubling"]) == (None, None)
    alike = views([5.0] * 20, [True] * 20, [300] * 20, [None] * 20)
    with pytest.raises(CannotEstimate, match="all levels are the same"):
        trough_quartiles(alike["tdm_week14"], alike["survival"], "paper")


def test_levels_that_separate_have_no_hazard_ratio() -> None:
    """The lowest levels are lost first, one after the other: no finite estimate."""
    n = 20
    frames = views(
        [*map(float, range(1, n + 1)), None],
        [True] * 8 + [False] * 13,
        [110 + 10 * i for i in range(n + 1)],
        [None] * (n + 1),
    )
    document = drug_levels(frames, "paper", bootstrap=FEW).to_json()
    assert document["quartiles"]["hazard_ratio_per_doubling"] is None
    assert (document["roc"]["auc"], document["roc"]["lower"]) == (1, None)
    words = " ".join(printed(document).split())
    assert "it has no finite estimate" in words
    assert "the area has no limits" in words


def test_a_late_sample_is_a_late_entry() -> None:
    """Who lost response before the sample was drawn was never at risk with that level."""
    frames = views(LEVELS_OF_20, [True] * 20, [99] + [300 + i for i in range(19)], [None] * 20)
    week14 = frames["tdm_week14"].assign(sampled_on=START + timedelta(days=99))
    found = trough_quartiles(week14, frames["survival"], "paper").to_json()
    assert found["left_before_risk"] == 1
    assert sum(one["n"] for one in found["groups"]) == 19


def test_standardised_difference_by_hand() -> None:
    frames = views(
        [1.0, 2, 3, None, None, None], [True] * 6, [300 + i for i in range(6)], [None] * 6
    )
    frames["baseline"] = frames["baseline"].assign(bmi_z=[1.0, 2, 3, 3, 4, 5])
    found = who_was_measured(frames, "paper").to_json()
    rows = {row["id"]: row for row in found["rows"]}
    # Means 2 and 4, both standard deviations 1.
    assert rows["bmi_z"]["standardised_difference"] == pytest.approx(-2)
    # Yes in 2 of 3 and 1 of 3: a third over the root of 2/9.
    assert rows["sex_female"]["standardised_difference"] == pytest.approx((1 / 3) / (2 / 9) ** 0.5)
    assert rows["height_z"]["standardised_difference"] is None
    assert (found["n_measured"], found["n_not_measured"]) == (3, 3)
    assert "im_over_6_months" not in rows
