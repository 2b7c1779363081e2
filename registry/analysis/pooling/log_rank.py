"""A log-rank test stratified by hospital, from each hospital's observed and expected losses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from registry.analysis.arrays import NO_ENTRY, chi2_sf
from registry.analysis.curves.logrank import LogRank, differences
from registry.analysis.dataset import Days, Flags


def log_rank_sums(time_days: Days, event: Flags, group: Flags) -> dict[str, Any]:
    """Children and losses of both levels; expected losses and variance of the true one."""
    entry = np.full(len(time_days), NO_ENTRY)
    observed, expected, variance = differences(
        entry, time_days.astype(np.float64), event, group.astype(np.int64), groups=2
    )
    return {
        "n_true": int(group.sum()),
        "n_false": int((~group).sum()),
        "events_true": int(observed[1]),
        "events_false": int(observed[0]),
        "expected_true": float(expected[1]),
        "variance": float(variance[1, 1]),
    }


def log_rank_of(told: Sequence[Mapping[str, Any]]) -> LogRank | None:
    """The test of the sums; None where no loss fell in a time when both levels were at risk."""
    variance = sum(one["variance"] for one in told)
    if not variance > 0:
        return None
    events = sum(one["events_true"] for one in told), sum(one["events_false"] for one in told)
    expected = sum(one["expected_true"] for one in told)
    chi2 = float((events[0] - expected) ** 2 / variance)
    return LogRank(
        chi2,
        1,
        float(chi2_sf(chi2, 1)),
        (float(events[1]), float(events[0])),
        (sum(events) - expected, expected),
    )
