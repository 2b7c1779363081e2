"""Estimates from counts of those at risk: product limit, Aalen-Johansen, restricted mean.

A library computes where none enters late (`registry.analysis.methods`); this is for the others,
since no library takes late entry as R does, and for what is told beside an estimate.
"""

from __future__ import annotations

import numpy as np

from registry.analysis.arrays import Counts, norm_ppf
from registry.analysis.dataset import Days, Floats

Z95 = float(norm_ppf(0.975))


def product_limit(at_risk: Days, events: Days) -> tuple[Floats, Floats]:
    """Survival by Kaplan and Meier, and Greenwood's variance of its logarithm (inf at 0)."""
    n, d = at_risk.astype(np.float64), events.astype(np.float64)
    survival = np.asarray(np.cumprod(1 - _ratio(d, n)), dtype=np.float64)
    steps = np.where(d > 0, np.inf, 0.0)
    some = n > d
    steps[some] = d[some] / (n[some] * (n[some] - d[some]))
    return survival, np.cumsum(steps)


def log_log_limits(proportion: Floats, se: Floats) -> tuple[Floats, Floats]:
    """95 % limits p^exp(-+ z se / (p ln p)), NaN where p is 0 or 1 or nothing is known of it."""
    known = (proportion > 0) & (proportion < 1) & np.isfinite(se) & (se > 0)
    p = np.where(known, proportion, 0.5)
    power = np.exp(Z95 * np.where(known, se, 0.0) / (p * np.log(p)))
    lower, upper = p ** (1 / power), p**power
    return np.where(known, lower, np.nan), np.where(known, upper, np.nan)


def restricted_area(
    counts: Counts, survival: Floats, horizon: float, start: float = 0.0
) -> tuple[float, float]:
    """Days without the event between `start` and `horizon`, and the standard error.

    The area under the curve; variance sum A^2 d / (n (n - d)) over the days of events up to the
    horizon, A what of the area lies behind that day (Greenwood).
    """
    inside = (counts.days > start) & (counts.days < horizon)
    edges = np.concatenate(([start], counts.days[inside], [horizon]))
    before = counts.days <= start
    height = np.concatenate(([survival[before][-1]], survival[inside]))
    pieces = np.diff(edges) * height
    after = np.cumsum(pieces[::-1])[::-1]
    # All of it lies behind a day up to its start, on which there may be events too.
    after = np.concatenate((np.full(before.sum(), after[0]), after[1:]))
    n, d = (
        of_day[: len(after)].astype(np.float64) for of_day in (counts.at_risk, counts.events[0])
    )
    # Where everybody at risk has the event the curve is 0 and so is the area after it.
    usable = (d > 0) & (n > d)
    variance = after[usable] ** 2 * d[usable] / (n[usable] * (n[usable] - d[usable]))
    return float(pieces.sum()), float(np.sqrt(variance.sum()))


def aalen_johansen(counts: Counts) -> tuple[Floats, Floats]:
    """Cumulative incidence of every cause and its standard error, arrays (causes, days).

    F_k(t) = sum over s <= t of S(s-) d_k(s) / n(s); variance by the delta method, as R's survfit of
    a multi-state factor gives it (Marubini and Valsecchi 1995, chapter 10):

        sum (F_k(t) - F_k(s))^2 d/(n (n - d)) + S(s-)^2 d_k (n - d_k)/n^3
            - 2 (F_k(t) - F_k(s)) S(s-) d_k/n^2
    """
    n = counts.at_risk.astype(np.float64)
    by_cause = counts.events.astype(np.float64)
    d = by_cause.sum(axis=0)
    survival, _ = product_limit(counts.at_risk, counts.events.sum(axis=0))
    before = np.concatenate(([1.0], survival[:-1]))
    incidence = np.cumsum(before * _ratio(by_cause, n), axis=1)
    # After a day on which everybody has an event no incidence grows: its first term is 0 for ever.
    first = np.where(n > d, _ratio(d, n) / np.where(n > d, n - d, 1), 0.0)
    second = before**2 * _ratio(by_cause * (n - by_cause), n**3)
    third = before * _ratio(by_cause, n**2)
    f = incidence
    variance = (
        f**2 * np.cumsum(first)
        - 2 * f * np.cumsum(f * first, axis=1)
        + np.cumsum(f**2 * first, axis=1)
        + np.cumsum(second, axis=1)
        - 2 * f * np.cumsum(third, axis=1)
        + 2 * np.cumsum(f * third, axis=1)
    )
    return incidence, np.sqrt(np.maximum(variance, 0.0))


def _ratio(above: Floats, below: Floats) -> Floats:
    """The quotient, 0 where nobody is at risk."""
    return np.asarray(above / np.where(below > 0, below, 1.0), dtype=np.float64)
