"""A Kaplan-Meier curve over hospitals: each hospital's own, weighted by its children.

It is the curve standardised to the hospitals' sizes, exactly. The curve of all rows together would
need every day on which a child was lost, and those are not sent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from registry.analysis.arrays import NO_ENTRY, at_risk_on
from registry.analysis.dataset import Days, Flags
from registry.variables import DAYS_PER_MONTH


def incidence_at(
    time_days: Days, event: Flags, months: Sequence[float], least: int
) -> list[dict[str, Any] | None]:
    """The curve's height and Greenwood's variance at some months, of one hospital.

    None where fewer than `least` losses came since the month before that is told, fewer children
    left in that time, or fewer were still at risk. At risk on a day is who leaves or loses on it,
    as in every curve.
    """
    days = np.unique(time_days[event])
    entry = np.full(len(time_days), NO_ENTRY)
    at_risk = at_risk_on(entry, time_days, days)
    lost = np.array([(event & (time_days == day)).sum() for day in days])
    made: list[dict[str, Any] | None] = []
    before = 0.0
    for month in months:
        until = month * DAYS_PER_MONTH
        seen = days <= until
        between = event & (time_days > before) & (time_days <= until)
        left = ~event & (time_days >= before) & (time_days < until)
        still = int(at_risk_on(entry, time_days, np.array([until]))[0])
        gone = int(left.sum())
        if between.sum() < least or still < least or 0 < gone < least:
            made.append(None)
            continue
        before = until
        survival = float(np.prod(1 - lost[seen] / at_risk[seen]))
        greenwood = float((lost[seen] / (at_risk[seen] * (at_risk[seen] - lost[seen]))).sum())
        made.append({"at_risk": still, "survival": survival, "variance": survival**2 * greenwood})
    return made


def standardised(told: Sequence[tuple[int, Mapping[str, Any]]]) -> tuple[float, float]:
    """The curve's height over hospitals, of (children, what a hospital told), and its error."""
    n = sum(children for children, _ in told)
    survival = sum(children * one["survival"] for children, one in told) / n
    variance = sum((children / n) ** 2 * one["variance"] for children, one in told)
    return survival, variance**0.5
