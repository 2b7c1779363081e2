"""A Kaplan-Meier curve with its limits and quantiles, as R's package survival gives them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from registry.analysis.counting import NO_ENTRY, Counts, log_log_limits, product_limit
from registry.analysis.dataset import DAYS_PER_MONTH, Days, Flags, Floats


@dataclass(frozen=True)
class Curve:
    """A Kaplan-Meier curve; all arrays have one value per day on which anything happened, from 0.

    `survival`, `lower` and `upper` are proportions without loss of response. Limits are NaN where
    the log-log scale has none: before the first event and where nobody is left without one.
    `at_risk` counts those with time >= day.
    """

    days: Days
    survival: Floats
    lower: Floats
    upper: Floats
    at_risk: Days
    events: Days
    censored: Days

    @classmethod
    def fit(cls, time_days: Days, event: Flags, entry_days: Days | None = None) -> Curve:
        """Fit the curve of whole days and events; at least one patient.

        With `entry_days` a patient counts on the days entry < day <= time.
        """
        entry = np.full(len(time_days), NO_ENTRY) if entry_days is None else entry_days
        counts = Counts.of(entry, time_days, event.astype(np.int64))
        survival, greenwood = product_limit(counts.at_risk, counts.events[0])
        with np.errstate(invalid="ignore"):
            se = survival * np.sqrt(greenwood)
        lower, upper = log_log_limits(survival, se)
        return cls(
            counts.days, survival, lower, upper, counts.at_risk, counts.events[0], counts.censored
        )

    @property
    def counts(self) -> Counts:
        """The counts that the curve was made of."""
        return Counts(self.days, self.at_risk, self.events[None, :], self.censored)

    def at(self, day: float) -> tuple[float | None, float | None, float | None]:
        """Survival and limits on a day; None once nobody is under observation any more.

        The curve stays where it is after the last patient only if it has reached 0.
        """
        last = len(self.days) - 1
        if day > self.days[last] and self.survival[last] > 0:
            return None, None, None
        i = int(np.searchsorted(self.days, day, side="right")) - 1
        return float(self.survival[i]), known(self.lower[i]), known(self.upper[i])

    def quantile_days(self, share: float) -> tuple[float | None, float | None, float | None]:
        """The day by which this share has lost response, with its 95 % limits.

        As R's `quantile.survfit`: where the curve is flat at exactly 1 - share, the middle of the
        flat piece, which is taken to reach the last day of observation if nothing follows.
        """
        return (
            _crossing(self.days, self.survival, 1 - share),
            _crossing(self.days, self.lower, 1 - share),
            _crossing(self.days, self.upper, 1 - share),
        )

    def to_json(self) -> dict[str, Any]:
        return {
            "days": self.days.tolist(),
            "incidence": [1 - s for s in self.survival.tolist()],
            "lower": [complement(known(s)) for s in self.upper],
            "upper": [complement(known(s)) for s in self.lower],
            "at_risk": self.at_risk.tolist(),
            "events": self.events.tolist(),
            "censored": self.censored.tolist(),
        }


def _crossing(days: Days, curve: Floats, level: float) -> float | None:
    """Where a falling curve reaches `level`: a port of `findq` of R's package survival 3.5-3.

    With the tolerance the first day at or below the level and the first day strictly below it are
    found; they differ only on a plateau at the level, whose middle is the answer.
    """
    tolerance = np.sqrt(np.finfo(np.float64).eps)
    # Time 0 stands with survival 1; limits have no value there, so it is put in front again.
    drop = 1 - np.concatenate(([1.0], curve[days > 0]))
    day = np.concatenate(([0], days[days > 0]))
    known = ~np.isnan(drop)
    drop, day = drop[known], day[known]
    target = 1 - level
    reached = np.flatnonzero(drop + tolerance >= target)
    if reached.size == 0:
        return None
    beyond = np.flatnonzero(drop - tolerance >= target)
    left = float(day[reached[0]])
    if beyond.size:
        return (left + float(day[beyond[0]])) / 2
    ends_there = not np.isnan(curve[-1]) and abs(drop[-1] - target) < tolerance
    return (left + float(days[-1])) / 2 if ends_there else None


def known(value: Any) -> float | None:
    """The number, None for NaN."""
    return None if np.isnan(value) else float(value)


def complement(proportion: float | None) -> float | None:
    """One minus it."""
    return None if proportion is None else 1 - proportion


def in_months(days: float | None) -> float | None:
    """Days as months."""
    return None if days is None else days / DAYS_PER_MONTH
