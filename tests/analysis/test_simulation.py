"""A small run of scripts/simulate.py: what is biased is seen to be, what is sound covers the truth.

The bounds come from theory: the mean of a sound estimate lies within 4 standard errors of the
truth, and of 20 intervals of 95 % fewer than 16 cover it once in 400 runs.
"""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import pytest

SCRIPTS = Path(__file__).parents[2] / "scripts"


@pytest.fixture
def simulate(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The script as a module."""
    monkeypatch.syspath_prepend(str(SCRIPTS))
    return importlib.import_module("simulate")


def test_known_truths(simulate: Any) -> None:
    summaries, ratio = simulate.simulate(20, 250, seed=5, population=20_000)
    found = {(one.question.split(",")[0], one.way): one for one in summaries}
    assert len(found) == 7

    published = found["immortal time", "fixed, as published"]
    assert published.mean < 0.95
    assert published.z < -3
    for (_, way), one in found.items():
        if way.startswith("time-dependent") or way in ("entry taken", "Aalen-Johansen"):
            assert abs(one.z) < 4, one
            assert one.coverage >= 16 / 20, one
    ignored = found["delayed entry", "entry ignored"]
    assert ignored.mean < ignored.truth
    assert ignored.z < -4
    naive = found["competing stops", "1 - Kaplan-Meier"]
    assert naive.mean > naive.truth
    assert naive.z > 4
    # 14 weeks in which nobody can lose response, of an observation of some 22 months.
    assert 0.8 < ratio < 0.9


def test_days_on_a_drug_are_counted_once(simulate: Any) -> None:
    one = simulate.Drawn(
        loss=None, end=500, end_code=0, week14=98, spells=((10, 110), (200, 400)), whole_until=900
    )
    rows = simulate.exposure([one])
    # 100 days of the first course and 84 of the second are 184.
    assert rows.loc[rows["im_over_6_months"], "start_day"].min() == 284
    assert rows["start_day"].tolist() == [0, 10, 110, 200, 284, 400]
    assert rows["stop_day"].tolist() == [10, 110, 200, 284, 400, 500]
    assert rows["immunomodulator"].tolist() == [False, True, False, True, True, False]
    assert simulate.analysis_set([one])["im_over_6_months"].tolist() == [True]
