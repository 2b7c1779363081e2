"""The curve of one group, with its limits and quantiles, and what is read off it.

Kaplan-Meier's as R's package survival gives it, and Turnbull's of losses of response that are known
only to lie between two visits, (left, right].
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from registry.analysis import methods
from registry.analysis.arrays import NO_ENTRY, Counts, at_risk_on, norm_sf
from registry.analysis.counting import Z95
from registry.analysis.dataset import (
    Days,
    Flags,
    Floats,
    complement,
    in_months,
    known,
    numbers,
    require_columns,
)
from registry.analysis.methods import IntervalEstimate, kaplan_meier, restricted_mean
from registry.analysis.methods.survival_curve import crossing
from registry.analysis.reading import Cohort
from registry.errors import CannotEstimate, Refused, WrongUsage
from registry.variables import DAYS_PER_MONTH
from registry.words import Note, note, tr


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


def turnbull(left: Floats, right: Floats) -> IntervalEstimate:
    """The share of patients that lost response within each interval of days.

    Args:
        left: last day without loss of response, from the clock's start.
        right: first day that shows it; NaN without a loss.

    Raises:
        Refused: an interval without days.
        CannotEstimate: the estimate did not converge.
    """
    until = np.where(np.isnan(right), np.inf, right)
    if not (np.isfinite(left).all() and (left >= 0).all() and (until > left).all()):
        raise Refused(tr("interval_censored has an interval that ends before it begins."))
    if not np.isfinite(until).any():
        return IntervalEstimate(np.zeros(0), np.zeros(0), np.zeros(0))
    try:
        return methods.turnbull(left, right)
    except CannotEstimate as error:
        raise CannotEstimate(error.problem, cure=tr("Leave --interval-censored out.")) from error


@dataclass(frozen=True)
class Estimate:
    """Cumulative incidence (a proportion) with limits at a number of months."""

    at_months: float
    cumulative_incidence: float | None
    lower: float | None
    upper: float | None
    at_risk: int

    def to_json(self) -> dict[str, Any]:
        return dict(vars(self))


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
        "p": float(2 * norm_sf(abs(between) / se)),
    }


def checked_months(at_months: Sequence[float]) -> list[float]:
    """When to read a curve, each once and in order; WrongUsage for what is no month."""
    if any(not np.isfinite(month) or month < 0 for month in at_months):
        raise WrongUsage(
            tr("A month to read the curve at is negative or not a number."),
            cure=tr("Give months from the first infusion, for example 12,24,36."),
        )
    return sorted(set(at_months))


def never_at_risk(cohort: Cohort) -> list[str]:
    """The note on those who left on the day on which they would have entered."""
    if not cohort.never_at_risk:
        return []
    return [
        note(
            "{number} patients left on the day of their week-14 PCDAI and were never at risk.",
            number=cohort.never_at_risk,
        )
    ]


def who(group: str, label: str) -> str:
    """Whose a curve is, within a sentence; nothing for that of all."""
    return "" if group == "all" else note(" of the group '{group}'", group=label)


def ends_before(months: Sequence[str], group: str, label: str, last: float) -> Note:
    """The note on months at which a curve gives no estimate, since it ends before."""
    return note(
        "No estimate at {beyond} months: the observation{who} ends after {last:.1f} months.",
        beyond=", ".join(months),
        who=who(group, label),
        last=last,
    )
