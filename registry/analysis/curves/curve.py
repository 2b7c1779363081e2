"""A Kaplan-Meier curve with its limits and quantiles, as R's package survival gives them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from registry.analysis.counting import NO_ENTRY, Counts
from registry.analysis.dataset import Days, Flags, Floats, complement, known
from registry.analysis.methods import kaplan_meier
from registry.analysis.methods.survival_curve import crossing


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
        late = entry if (entry != NO_ENTRY).any() else None
        fitted = kaplan_meier(time_days, event, late)
        # Days on which somebody enters, and day 0, stand here too.
        place = np.searchsorted(fitted.time, counts.days, side="right")

        def read(values: Floats, before: float) -> Floats:
            return np.asarray(np.concatenate(([before], values))[place])

        return cls(
            counts.days,
            read(fitted.survival, 1.0),
            read(fitted.lower, np.nan),
            read(fitted.upper, np.nan),
            counts.at_risk,
            counts.events[0],
            counts.censored,
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
        after = self.days > 0
        time, level = self.days[after], 1 - share
        return (
            crossing(time, self.survival[after], level),
            crossing(time, self.lower[after], level),
            crossing(time, self.upper[after], level),
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
