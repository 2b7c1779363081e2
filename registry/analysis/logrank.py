"""The log-rank test of two groups, with a reason where there is none."""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from lifelines.statistics import logrank_test

from registry.analysis.dataset import Days, Flags
from registry.words import note


@dataclass(frozen=True)
class LogRank:
    """Mantel-Cox chi-square of two groups, as R's `survdiff(rho = 0)`."""

    chi2: float
    df: int
    p: float

    def to_json(self) -> dict[str, Any]:
        return {"chi2": self.chi2, "df": self.df, "p": self.p}


def logrank(time_days: Days, event: Flags, group: Flags) -> tuple[LogRank | None, str | None]:
    """Compare two groups.

    Args:
        time_days: whole days to the event or to censoring.
        event: whether the event happened.
        group: the group of each patient.

    Returns:
        The test and None; or None and why there is none, as half a sentence: an empty group, no
        event, or no event while both groups were still at risk (the variance is then 0).
    """
    if not group.any() or group.all():
        return None, note("one group is empty")
    if not event.any():
        return None, note("nobody lost response")
    if not _both_at_risk(time_days, event, group):
        return None, note(
            "no loss of response fell in a time when both groups were under observation"
        )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        test = logrank_test(time_days[group], time_days[~group], event[group], event[~group])
    if not math.isfinite(test.test_statistic):
        return None, note("the variance of the difference is 0")
    return LogRank(float(test.test_statistic), 1, float(test.p_value)), None


def _both_at_risk(time_days: Days, event: Flags, group: Flags) -> bool:
    """Whether any event happened while both groups had a patient at risk and somebody was spared.

    Only such a day adds to the variance: d (n - d) n1 n2 / (n^2 (n - 1)), which is 0 when one
    group is empty or everybody at risk has the event at once.
    """
    for day in np.unique(time_days[event]):
        at_risk = time_days >= day
        happened = (time_days == day) & event
        in_group = at_risk & group
        if in_group.any() and (at_risk & ~group).any() and happened.sum() < at_risk.sum():
            return True
    return False
