"""One group of a Kaplan-Meier analysis: its curve, and what is read off it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy.stats import norm

from registry.analysis.cohort.patients import Cohort
from registry.analysis.counting import NO_ENTRY, Z95, at_risk_on
from registry.analysis.curves.curve import Curve
from registry.analysis.curves.turnbull import turnbull
from registry.analysis.dataset import complement, in_months, numbers, require_columns
from registry.analysis.methods import IntervalEstimate, restricted_mean
from registry.variables import DAYS_PER_MONTH


@dataclass(frozen=True)
class Estimate:
    """Cumulative incidence (a proportion) with limits at a number of months."""

    at_months: float
    cumulative_incidence: float | None
    lower: float | None
    upper: float | None
    at_risk: int

    def to_json(self) -> dict[str, Any]:
        return {
            "at_months": self.at_months,
            "cumulative_incidence": self.cumulative_incidence,
            "lower": self.lower,
            "upper": self.upper,
            "at_risk": self.at_risk,
        }


@dataclass(frozen=True)
class RestrictedMean:
    """Months without loss of response up to a horizon (from the landmark, with one)."""

    horizon_months: float
    months: float
    se: float | None

    def to_json(self) -> dict[str, Any]:
        margin = None if self.se is None else Z95 * self.se
        return {
            "horizon_months": self.horizon_months,
            "months": self.months,
            "se": self.se,
            "lower": None if margin is None else self.months - margin,
            "upper": None if margin is None else self.months + margin,
        }


@dataclass(frozen=True)
class Group:
    """One curve: `group` is 'all' or the code of a level, `label` the level in words."""

    group: str
    label: str
    n: int
    events: int
    median_months: float | None
    median_lower: float | None
    median_upper: float | None
    estimates: tuple[Estimate, ...]
    curve: Curve = field(repr=False)
    restricted_mean: RestrictedMean | None = None
    intervals: IntervalEstimate | None = field(default=None, repr=False)

    def to_json(self, *, curves: bool = False) -> dict[str, Any]:
        entry: dict[str, Any] = {
            "group": self.group,
            "label": self.label,
            "n": self.n,
            "events": self.events,
            "median_months": self.median_months,
            "median_lower_months": self.median_lower,
            "median_upper_months": self.median_upper,
            "estimates": [estimate.to_json() for estimate in self.estimates],
            "restricted_mean": self.restricted_mean.to_json() if self.restricted_mean else None,
        }
        if self.intervals is not None:
            entry["interval_censored"] = self._intervals_to_json(self.intervals)
        if curves:
            entry["curve"] = self.curve.to_json()
        return entry

    def _intervals_to_json(self, intervals: IntervalEstimate) -> dict[str, Any]:
        median = intervals.median
        estimates = []
        for estimate in self.estimates:
            least, greatest = intervals.at(estimate.at_months * DAYS_PER_MONTH)
            beyond = estimate.cumulative_incidence is None
            estimates.append(
                {
                    "at_months": estimate.at_months,
                    "least": None if beyond else least,
                    "greatest": None if beyond else greatest,
                }
            )
        return {
            "median_between_months": [in_months(day) for day in median] if median else None,
            "estimates": estimates,
            "left_days": intervals.left.tolist(),
            "right_days": intervals.right.tolist(),
            "mass": intervals.mass.tolist(),
        }


@dataclass(frozen=True)
class Options:
    """What to read off the curve of each group."""

    months: Sequence[float]
    rmst_months: float | None
    interval_censored: bool


def group_of(name: str, label: str, cohort: Cohort, options: Options) -> Group:
    """Fit the curve of a group and read it off."""
    curve = Curve.fit(cohort.time, cohort.event, cohort.entry)
    estimates = []
    for month in options.months:
        day = month * DAYS_PER_MONTH
        before = day < cohort.start_day
        survival, lower, upper = (None, None, None) if before else curve.at(day)
        estimates.append(
            Estimate(
                at_months=month,
                cumulative_incidence=complement(survival),
                lower=complement(upper),
                upper=complement(lower),
                at_risk=int(at_risk_on(cohort.entry, cohort.time, np.array([day]))[0]),
            )
        )
    median, low, high = curve.quantile_days(0.5)
    return Group(
        group=name,
        label=label,
        n=len(cohort),
        events=int(cohort.event.sum()),
        median_months=in_months(median),
        median_lower=in_months(low),
        median_upper=in_months(high),
        estimates=tuple(estimates),
        curve=curve,
        restricted_mean=_restricted(curve, cohort, options.rmst_months),
        intervals=_intervals(cohort) if options.interval_censored else None,
    )


def _restricted(
    curve: Curve, cohort: Cohort, horizon_months: float | None
) -> RestrictedMean | None:
    """None where the curve ends before the horizon."""
    if horizon_months is None:
        return None
    horizon = horizon_months * DAYS_PER_MONTH
    if horizon > curve.days[-1] and curve.survival[-1] > 0:
        return None
    late = cohort.entry if (cohort.entry != NO_ENTRY).any() else None
    found = restricted_mean(cohort.time, cohort.event, horizon, late, cohort.start_day)
    se = found.standard_error
    return RestrictedMean(
        horizon_months, found.mean / DAYS_PER_MONTH, se / DAYS_PER_MONTH if se > 0 else None
    )


def _intervals(cohort: Cohort) -> IntervalEstimate:
    require_columns(cohort.rows, ("left_days", "right_days"), "interval_censored")
    return turnbull(numbers(cohort.rows, "left_days"), numbers(cohort.rows, "right_days"))


def difference(groups: Sequence[Group]) -> dict[str, float] | None:
    """The difference of two restricted means, with 95 % limits and P of the normal distribution."""
    means = [group.restricted_mean for group in groups]
    if len(means) != 2:
        return None
    first, second = means
    if first is None or second is None or first.se is None or second.se is None:
        return None
    between, se = first.months - second.months, float(np.hypot(first.se, second.se))
    return {
        "horizon_months": first.horizon_months,
        "months": between,
        "se": se,
        "lower": between - Z95 * se,
        "upper": between + Z95 * se,
        "p": float(2 * norm.sf(abs(between) / se)),
    }
