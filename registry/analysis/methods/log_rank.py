"""The log-rank test of two or more groups, in strata and with late entry."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import numpy as np

from registry.analysis import inputs
from registry.analysis.at_risk import NO_ENTRY, at_risk_on
from registry.analysis.dataset import Days, Flags, Floats
from registry.analysis.distributions import chi2_sf
from registry.errors import CannotEstimate
from registry.words import note

_NONE = 1e-12
# Statistics by the digest of their rows.
_TESTED: dict[bytes, float] = {}


@dataclass(frozen=True)
class LogRankTest:
    """Mantel-Cox chi-square.

    Attributes:
        statistic, df, p_value: the test.
        groups: their names in sorted order; the arrays below follow it.
        n, observed, expected: rows, events and events under the null hypothesis of each.
    """

    statistic: float
    df: int
    p_value: float
    groups: tuple[Any, ...]
    n: Days
    observed: Floats
    expected: Floats


def logrank(
    time: Any, event: Any, group: Any, strata: Any = None, entry: Any = None
) -> LogRankTest:
    """Compare the hazards of groups.

    lifelines' multivariate_logrank_test computes the plain test; with `strata` or `entry`, which it
    has not, our own sums of observed minus expected events and their hypergeometric covariance. R:
    `survdiff(Surv(time, event) ~ group + strata(strata))`; with late entry the score test of
    `coxph(Surv(entry, time, event) ~ group, ties = "exact")`.

    A group that nobody of is at risk at any event, or is alone at risk, does not count: it has no
    degree of freedom, as in R.

    Args:
        time: to the event or to censoring, from 0 on, shape (n,).
        event: whether the event happened, shape (n,).
        group: the group of each row, two or more.
        strata: groups are compared within each stratum, and the differences summed.
        entry: from when on each is at risk (entry < t <= time).

    Raises:
        CannotEstimate: one group, no event, or no event while two groups were at risk.
        InvalidInput: see `registry.analysis.methods`.
    """
    stop = inputs.times(time)
    happened = inputs.events(event, len(stop))
    names, index = inputs.groups(group, len(stop))
    start = np.full(len(stop), NO_ENTRY) if entry is None else inputs.entries(entry, stop)
    stratum = np.zeros(len(stop), dtype=np.int64)
    if strata is not None:
        stratum = inputs.groups(strata, len(stop), "strata")[1]
    if len(names) < 2:
        raise CannotEstimate(note("There is only one group, so there is nothing to compare."))
    if not happened.any():
        raise CannotEstimate(note("There is no event."))
    observed, expected = np.zeros(len(names)), np.zeros(len(names))
    variance = np.zeros((len(names), len(names)))
    for one in np.unique(stratum):
        member = stratum == one
        o, e, v = differences(
            start[member], stop[member], happened[member], index[member], len(names)
        )
        observed, expected, variance = observed + o, expected + e, variance + v
    together = np.flatnonzero(np.diag(variance) > _NONE)
    free = together[1:]
    v = variance[np.ix_(free, free)]
    if together.size < 2 or np.linalg.matrix_rank(v) < free.size:
        raise CannotEstimate(note("No event fell in a time when two groups were at risk."))
    if entry is None and strata is None:
        kept = np.isin(index, together)
        statistic = _by_lifelines(stop[kept], happened[kept], index[kept])
    else:
        difference = (observed - expected)[free]
        statistic = float(difference @ np.linalg.solve(v, difference))
    return LogRankTest(
        statistic=statistic,
        df=int(free.size),
        p_value=float(chi2_sf(statistic, free.size)),
        groups=names,
        n=np.bincount(index, minlength=len(names)),
        observed=observed,
        expected=expected,
    )


def _by_lifelines(time: Floats, event: Flags, group: Days) -> float:
    """The statistic; a report asks for that of the same rows six times, and each takes a while."""
    from lifelines.statistics import multivariate_logrank_test

    asked = sha256(time.tobytes() + event.tobytes() + group.tobytes()).digest()
    if asked not in _TESTED:
        _TESTED[asked] = float(multivariate_logrank_test(time, group, event).test_statistic)
    return _TESTED[asked]


def differences(
    entry: Floats | Days, time: Floats, event: Flags, index: Days, groups: int
) -> tuple[Floats, Floats, Floats]:
    """Observed and expected events of each group, and the hypergeometric covariance."""
    days = np.unique(time[event])
    at_risk = np.array(
        [at_risk_on(entry[index == g], time[index == g], days) for g in range(groups)],
        dtype=np.float64,
    )
    happened = np.zeros((groups, days.size))
    np.add.at(happened, (index[event], np.searchsorted(days, time[event])), 1)
    n, d = at_risk.sum(axis=0), happened.sum(axis=0)
    share = at_risk / n
    weight = np.where(n > 1, d * (n - d) / np.maximum(n - 1, 1), 0.0)
    variance = np.diag((share * weight).sum(axis=1)) - (share * weight) @ share.T
    return happened.sum(axis=1), (share * d).sum(axis=1), variance
