"""The log-rank test of any number of groups, in strata and with delayed entry; with a reason where
there is none, and its permutation P value where the chi-square cannot be trusted.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256
from typing import Any

import numpy as np
from numpy.typing import NDArray

from registry.analysis import arrays
from registry.analysis.arrays import MANY_ROWS, NO_ENTRY, at_risk_on, chi2_sf
from registry.analysis.choices import PermutationRule
from registry.analysis.dataset import Days, Flags, Floats
from registry.errors import CannotEstimate
from registry.words import note

_NONE = 1e-12
_MOST_CELLS = 4_000_000
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

    lifelines' multivariate_logrank_test computes the plain test of up to `MANY_ROWS` rows; of more,
    and with `strata` or `entry`, which it has not, our own sums of observed minus expected events
    and their hypergeometric covariance. R:
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
    """
    stop = arrays.times(time)
    happened = arrays.events(event, len(stop))
    names, index = arrays.groups(group, len(stop))
    start = np.full(len(stop), NO_ENTRY) if entry is None else arrays.entries(entry, stop)
    stratum = np.zeros(len(stop), dtype=np.int64)
    if strata is not None:
        stratum = arrays.groups(strata, len(stop), "strata")[1]
    arrays.require_groups(names)
    arrays.require_event(happened)
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
    if entry is None and strata is None and len(stop) <= MANY_ROWS:
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


@dataclass(frozen=True)
class LogRank:
    """Mantel-Cox chi-square, as R's `survdiff(rho = 0)`.

    `observed` and `expected` are the events of each group, in sorted order of the groups.
    """

    chi2: float
    df: int
    p: float
    observed: tuple[float, ...] = field(default=(), compare=False)
    expected: tuple[float, ...] = field(default=(), compare=False)

    def to_json(self) -> dict[str, Any]:
        return {"chi2": self.chi2, "df": self.df, "p": self.p}


@dataclass(frozen=True)
class PermutationTest:
    """P of the log-rank statistic over random permutations of the groups (within strata).

    (1 + permutations at least as extreme) / (1 + permutations). It takes who enters, stays and is
    censored to be exchangeable between the groups under the null hypothesis.
    """

    p: float
    smallest_expected: float
    rule: PermutationRule

    def to_json(self) -> dict[str, Any]:
        return {
            "p": self.p,
            "permutations": self.rule.permutations,
            "seed": self.rule.seed,
            "smallest_expected_events": self.smallest_expected,
            "used_below_expected_events": self.rule.below,
        }


def log_rank_test(
    time_days: Days,
    event: Flags,
    group: NDArray[Any],
    *,
    entry_days: Days | None = None,
    strata: NDArray[Any] | None = None,
) -> tuple[LogRank | None, str | None]:
    """Compare groups.

    Args:
        time_days: whole days to the event or to censoring.
        event: whether the event happened.
        group: the group of each patient.
        entry_days: from when on each is at risk (entry < day <= time); without it from day 0.
        strata: groups are compared within each stratum, and the differences summed.

    Returns:
        The test and None; or None and why there is none, as half a sentence: an empty group, no
        event, or no event while the groups were at risk together (the variance is then 0).
    """
    names = np.unique(group)
    if names.size < 2:
        return None, note("one group is empty")
    if not event.any():
        return None, note("nobody lost response")
    try:
        test = logrank(time_days, event, group, strata, entry_days)
    except CannotEstimate:
        if names.size == 2:
            return None, note(
                "no loss of response fell in a time when both groups were under observation"
            )
        return None, note(
            "no loss of response fell in a time when two groups were under observation"
        )
    return LogRank(
        test.statistic, test.df, test.p_value, tuple(test.observed), tuple(test.expected)
    ), None


def permutation_test(
    time_days: Days,
    event: Flags,
    group: NDArray[Any],
    test: LogRank | None,
    rule: PermutationRule,
    *,
    entry_days: Days | None = None,
    strata: NDArray[Any] | None = None,
) -> PermutationTest | None:
    """The P by permutation where a group's expected events are fewer than the rule says.

    The observed minus the expected events of a group are the sum of its patients' martingale
    residuals, so a permutation only shuffles residuals; their covariance over all permutations
    makes one number of several groups (Strasser and Weber 1999), the squared difference of two.
    """
    if test is None or min(test.expected) >= rule.below or rule.permutations < 1:
        return None
    names, index = np.unique(group, return_inverse=True)
    entry = np.full(len(time_days), NO_ENTRY) if entry_days is None else entry_days
    random = np.random.default_rng(rule.seed)
    observed = np.zeros(names.size - 1)
    covariance = np.zeros((names.size - 1, names.size - 1))
    drawn = np.zeros((rule.permutations, names.size - 1))
    for member in _strata(strata, len(time_days)):
        residual = _residuals(entry[member], time_days[member], event[member])
        n = len(residual)
        if n < 2:
            continue
        indicator = (index[member][:, None] == np.arange(names.size - 1)).astype(np.float64)
        observed += residual @ indicator
        share = indicator.mean(axis=0)
        spread = float(residual @ residual) / (n - 1)
        covariance += spread * n * (np.diag(share) - np.outer(share, share))
        if strata is None and rule.permutations * n <= _MOST_CELLS:
            drawn += _shuffled(residual.tobytes(), rule.permutations, rule.seed) @ indicator
            continue
        step = max(1, _MOST_CELLS // n)
        for start in range(0, rule.permutations, step):
            rows = min(step, rule.permutations - start)
            shuffled = random.permuted(np.tile(residual, (rows, 1)), axis=1)
            drawn[start : start + rows] += shuffled @ indicator
    inverse = np.linalg.pinv(covariance)
    statistic = float(observed @ inverse @ observed)
    others = np.einsum("ij,jk,ik->i", drawn, inverse, drawn)
    extreme = int((others >= statistic * (1 - 1e-9)).sum())
    return PermutationTest((1 + extreme) / (1 + rule.permutations), min(test.expected), rule)


@lru_cache(maxsize=1)
def _shuffled(residuals: bytes, permutations: int, seed: int) -> Floats:
    """The residuals in the order of each permutation: the groups of a table share its children."""
    random = np.random.default_rng(seed)
    return random.permuted(np.tile(np.frombuffer(residuals), (permutations, 1)), axis=1)


def _strata(strata: NDArray[Any] | None, n: int) -> list[Flags]:
    if strata is None:
        return [np.ones(n, dtype=bool)]
    return [strata == one for one in np.unique(strata)]


def _residuals(entry: Days, time: Days, event: Flags) -> Floats:
    """Events minus the cumulative hazard of everybody over the days at risk (martingale)."""
    days, d = np.unique(time[event], return_counts=True)
    hazard = np.concatenate(([0.0], np.cumsum(d / at_risk_on(entry, time, days))))
    until = hazard[np.searchsorted(days, time, side="right")]
    since = hazard[np.searchsorted(days, entry, side="right")]
    return np.asarray(event - (until - since), dtype=np.float64)
