"""Cohorts that carry little or nothing: a sentence instead of an estimate, never a warning.

`conftest` fails every test here in which a library has warned.
"""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
import pytest

from registry.analysis.choices import PermutationRule
from registry.analysis.cohort.table2 import univariate_table
from registry.analysis.curves.competing import cumulative_incidence
from registry.analysis.curves.curve import Curve, turnbull
from registry.analysis.curves.kaplan_meier import kaplan_meier
from registry.analysis.curves.logrank import log_rank_test, permutation_test
from registry.errors import CannotEstimate, WrongUsage
from registry.report import curve_tables
from registry.report.text import render

from .frames import analysis_set

ALWAYS = PermutationRule(below=1e9, permutations=499)


def cohort(time: Any, event: Any, **columns: Any) -> pd.DataFrame:
    """Rows with what stands beside them; entry on day 10, losses seen 5 days after a visit."""
    beside = {
        "entry_days": columns.pop("entry_days", [10] * len(time)),
        "left_days": columns.pop("left_days", [max(t - 5, 0) for t in time]),
        "right_days": [t if e else None for t, e in zip(time, event, strict=True)],
        "event_code": columns.pop("event_code", [int(e) for e in event]),
        "location": columns.pop("location", [None] * len(time)),
    }
    return analysis_set(time, event, **columns).assign(**beside)


EVERYTHING: dict[str, Any] = {
    "by": "perianal", "strata": "sex_female", "rmst_months": 6, "interval_censored": True,
    "permutation": ALWAYS, "late_entry": True,
}  # fmt: skip


@pytest.mark.parametrize(
    ("time", "event", "level"),
    [
        ((100, 200, 300), (0, 0, 0), (True, False, True)),
        ((100, 200, 300), (1, 0, 0), (True, False, True)),
        ((100, 200, 300), (1, 1, 1), (True, True, True)),
        ((200,), (1,), (True,)),
        ((200,), (0,), (False,)),
        ((200, 200, 200), (1, 1, 1), (True, False, True)),
        ((100, 110, 300, 310), (0, 0, 1, 1), (True, True, False, False)),
    ],
)
def test_every_option_on_little_data(time: Any, event: Any, level: Any) -> None:
    frame = cohort(time, event, perianal=list(level), sex_female=[True] * len(time))
    document = kaplan_meier(frame, "paper", **EVERYTHING).to_json()
    assert sum(group["n"] for group in document["groups"]) == len(time)
    assert render(curve_tables.km(document))
    if not any(event):
        assert (
            "Nobody lost response, so every incidence is 0 and has no limits."
            in (document["notes"])
        )
    if any(event):
        assert render(
            curve_tables.cuminc(cumulative_incidence(frame, "paper", by="perianal").to_json())
        )
        assert render(
            curve_tables.cuminc(cumulative_incidence(frame, "paper", late_entry=True).to_json())
        )
        assert univariate_table(frame, "paper", permutation=ALWAYS).events == sum(event)


def test_nobody_is_under_observation_after_entry() -> None:
    frame = cohort((100, 200), (0, 0), entry_days=[100, 250])
    for analysis in (kaplan_meier, cumulative_incidence):
        with pytest.raises(CannotEstimate, match="None of the 2 patients was still") as error:
            analysis(frame, "paper", late_entry=True)
        assert error.value.exit_status == 4
    with pytest.raises(CannotEstimate, match="after 12 months"):
        kaplan_meier(frame, "paper", landmark_months=12)


def test_no_event_of_any_cause() -> None:
    with pytest.raises(CannotEstimate, match="no incidence to estimate") as error:
        cumulative_incidence(cohort((100, 200), (0, 0)), "paper")
    assert error.value.exit_status == 4


def test_no_patient() -> None:
    for analysis in (kaplan_meier, cumulative_incidence, univariate_table):
        with pytest.raises(CannotEstimate, match="No patient is eligible"):
            analysis(cohort((), ()), "paper")


def test_a_group_without_loss_has_no_subdistribution_ratio() -> None:
    frame = cohort(
        (100, 150, 200, 250), (1, 1, 0, 0), event_code=[1, 1, 2, 0],
        perianal=[True, True, False, False],
    )  # fmt: skip
    document = cumulative_incidence(frame, "paper", by="perianal").to_json()
    assert document["fine_gray"] is None
    assert (
        "No Fine and Gray's regression: nobody of the group 'no' lost response."
        in document["notes"]
    )


def test_a_curve_that_falls_to_0_before_others_enter() -> None:
    frame = cohort((100, 400, 500), (1, 0, 1), entry_days=[10, 200, 210])
    document = kaplan_meier(frame, "paper", late_entry=True, at_months=[12]).to_json()
    assert document["groups"][0]["estimates"][0]["cumulative_incidence"] == 1
    assert any("the curve cannot rise again" in note for note in document["notes"])


def test_numbers_at_risk_with_delayed_entry() -> None:
    # At risk on a day: entered before it, and still there.
    curve = Curve.fit(
        np.array([30, 50, 50, 90]), np.array([True, False, True, False]), np.array([10, 30, 20, 50])
    )
    assert curve.days.tolist() == [0, 10, 20, 30, 50, 90]
    assert curve.at_risk.tolist() == [0, 0, 1, 2, 2, 1]
    # 2 at risk on day 30, one lost; 2 on day 50, one lost.
    assert curve.survival.tolist() == [1, 1, 1, 0.5, 0.25, 0.25]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"landmark_months": 0}, "landmark"),
        ({"landmark_months": float("nan")}, "landmark"),
        ({"rmst_months": -1}, "above 0"),
        ({"rmst_months": 3, "landmark_months": 6}, "above 6"),
        ({"strata": "perianal"}, "Strata are levels"),
        ({"by": "perianal", "strata": "perianal"}, "Strata are levels"),
        ({"by": "shoe_size"}, "No covariate is called shoe_size"),
        ({"landmark_months": 6, "interval_censored": True}, "either side of a landmark"),
    ],
)
def test_options_that_do_not_fit(options: dict[str, Any], words: str) -> None:
    frame = cohort((300, 400), (1, 0), perianal=[True, False])
    with pytest.raises(WrongUsage, match=words):
        kaplan_meier(frame, "paper", **options)


def test_holm_by_hand() -> None:
    # P of 0.01, 0.02 and 0.04 adjusted over three tests: 0.03, 0.04 and 0.04.
    from registry.analysis.cohort.table2 import UnivariateRow, _with_holm
    from registry.analysis.curves.logrank import LogRank
    from registry.covariates import COVARIATES

    ps = (0.04, None, 0.01, 0.02)
    rows = [
        UnivariateRow(one, 0, 0, 0, 0, 0, None if p is None else LogRank(0, 1, p), None)
        for one, p in zip(COVARIATES, ps, strict=False)
    ]
    adjusted = [row.p_holm for row in _with_holm(rows)]
    assert adjusted == [pytest.approx(0.04), None, pytest.approx(0.03), pytest.approx(0.04)]


def test_permutation_against_all_permutations() -> None:
    # Every one of the 70 ways to choose 4 of 8, by the log-rank statistic's difference O - E.
    time = np.array([5, 8, 9, 12, 14, 20, 21, 30])
    event = np.array([1, 1, 0, 1, 1, 0, 1, 0], dtype=bool)
    group = np.array([1, 1, 1, 0, 1, 0, 0, 0], dtype=bool)

    def difference(chosen: Any) -> float:
        found = 0.0
        for day in time[event]:
            at_risk = time >= day
            found += chosen[time == day].sum() - (at_risk & chosen).sum() / at_risk.sum()
        return abs(found)

    observed = difference(group)
    ways = [np.isin(np.arange(8), some) for some in combinations(range(8), 4)]
    exact = np.mean([difference(way) >= observed - 1e-9 for way in ways])
    test, _ = log_rank_test(time, event, group)
    rule = PermutationRule(below=1e9, permutations=40_000, seed=3)
    permuted = permutation_test(time, event, group, test, rule)
    assert permuted is not None
    # Four standard errors of 40,000 draws.
    assert permuted.p == pytest.approx(exact, abs=4 * np.sqrt(exact * (1 - exact) / 40_000))
    again = permutation_test(time, event, group, test, rule)
    assert again is not None
    assert again.p == permuted.p


@pytest.mark.parametrize("seed", [1, 2])
def test_groups_of_the_same_children_share_their_permutations(seed: int) -> None:
    """The same draws as one stratum of all, whose permutations are made for each test."""
    random = np.random.default_rng(seed)
    rule = PermutationRule(below=1e9, permutations=999, seed=seed)
    time, event = random.integers(1, 50, 30), random.random(30) < 0.6
    for groups in (2, 3, 2):
        group = random.integers(0, groups, 30)
        test, _ = log_rank_test(time, event, group)
        shared = permutation_test(time, event, group, test, rule)
        assert shared == permutation_test(time, event, group, test, rule, strata=np.zeros(30))
        assert shared is not None


def test_a_permutation_is_made_only_where_a_group_expects_few() -> None:
    frame = cohort(range(20, 60), [1] * 40, perianal=[True, False] * 20)
    few = PermutationRule(below=5, permutations=99)
    assert kaplan_meier(frame, "paper", by="perianal", permutation=few).permutation is None
    many = PermutationRule(below=50, permutations=99)
    assert kaplan_meier(frame, "paper", by="perianal", permutation=many).permutation is not None
    assert kaplan_meier(frame, "paper", by="perianal").permutation is None


def test_interval_censored_by_hand() -> None:
    # (0, 5] and (4, 9] overlap in (4, 5], which holds both losses; the third is never seen to lose.
    curve = turnbull(np.array([0.0, 4.0, 9.0]), np.array([5.0, 9.0, np.nan]))
    assert (curve.left.tolist(), curve.right.tolist()) == ([4], [5])
    assert curve.mass.tolist() == pytest.approx([2 / 3])
    assert curve.at(4) == (0, 0)
    assert curve.at(4.5) == (0, pytest.approx(2 / 3))
    assert curve.at(5) == (pytest.approx(2 / 3), pytest.approx(2 / 3))
    assert turnbull(np.array([3.0]), np.array([np.nan])).median is None


def test_a_landmark_takes_the_covariate_as_it_stood() -> None:
    frame = cohort((300, 400, 500), (1, 1, 0), im_over_6_months=[True, True, False])
    # P0001 came to the drug's six months after the landmark, P0002 before it.
    exposure = pd.DataFrame(
        {
            "definition": "paper",
            "patient_id": ["P0001", "P0001", "P0002", "P0002", "P0003"],
            "start_day": [0, 280, 0, 190, 0],
            "stop_day": [280, 300, 190, 400, 500],
            "origin_day": 0,
            "im_over_6_months": [False, True, False, True, False],
        },
        dtype=object,
    )
    by = kaplan_meier(
        frame, "paper", by="im_over_6_months", landmark_months=7, exposure=exposure
    ).to_json()
    assert [(group["group"], group["n"]) for group in by["groups"]] == [("true", 1), ("false", 2)]
    assert any("as it stood at the landmark" in note for note in by["notes"])
    assert not any("immortal-time bias" in note for note in by["notes"])
