"""Kaplan-Meier's curve with limits, quantiles and numbers at risk, and the mean restricted to tau.

lifelines computes a curve without late entry of up to `MANY_ROWS` rows: survival, counts, limits on
the log-log scale and the restricted mean's point. Its variance of the mean is 8 to 20 times too
large and its risk set takes who enters on a day as at risk on it, so both are written here
(`registry.analysis.counting`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from registry.analysis import arrays
from registry.analysis.arrays import MANY_ROWS, Counts, at_risk_on
from registry.analysis.counting import Z95, product_limit, restricted_area
from registry.analysis.dataset import Days, Flags, Floats
from registry.errors import CannotEstimate
from registry.words import note, tr

ConfidenceType = Literal["log-log", "log", "plain"]
CONFIDENCE_TYPES: tuple[ConfidenceType, ...] = ("log-log", "log", "plain")


@dataclass(frozen=True)
class SurvivalCurve:
    """The curve of one group; arrays have a value for each time at which anybody leaves.

    Attributes:
        time: distinct times of events and censoring, as R's `survfit()$time`.
        survival: S(t), from each time on.
        standard_error: Greenwood's, of S(t); NaN once S is 0.
        lower, upper: 95 % limits of S(t); NaN where the scale has none (log-log: S is 1 or 0).
        cumulative_hazard: Nelson and Aalen's.
        at_risk: rows with entry < t <= time.
        events, censored: rows that leave at the time.
        n: rows.
        conf_type: the scale of the limits.
        median, median_lower, median_upper: None where the curve or the limit does not get there.
    """

    time: Floats
    survival: Floats
    standard_error: Floats
    lower: Floats
    upper: Floats
    cumulative_hazard: Floats
    at_risk: Days
    events: Days
    censored: Days
    n: int
    conf_type: ConfidenceType
    _entry: Floats = field(repr=False)
    _stop: Floats = field(repr=False)

    @property
    def median(self) -> float | None:
        """The time by which half have had the event."""
        return self.quantile(0.5)[0]

    @property
    def median_lower(self) -> float | None:
        """Its lower 95 % limit."""
        return self.quantile(0.5)[1]

    @property
    def median_upper(self) -> float | None:
        """Its upper 95 % limit."""
        return self.quantile(0.5)[2]

    def quantile(self, share: float) -> tuple[float | None, float | None, float | None]:
        """The time by which this share has had the event, with its limits: `quantile.survfit`.

        Where the curve is flat at exactly 1 - share it is the middle of the flat piece, as in R.
        """
        return (
            crossing(self.time, self.survival, 1 - share),
            crossing(self.time, self.lower, 1 - share),
            crossing(self.time, self.upper, 1 - share),
        )

    def at(self, times: Any) -> tuple[Floats, Floats, Floats]:
        """S and its limits at these times; 1 before the first, NaN after the last unless S is 0."""
        asked = np.atleast_1d(np.asarray(times, dtype=np.float64))
        place = np.searchsorted(self.time, asked, side="right")
        unknown = (asked > self.time[-1]) & (self.survival[-1] > 0)
        found = []
        for values in (self.survival, self.lower, self.upper):
            read = np.concatenate(([1.0], values))[place]
            read[unknown] = np.nan
            found.append(read)
        return found[0], found[1], found[2]

    def number_at_risk(self, times: Any) -> Days:
        """Rows with entry < t <= time at these times, as `summary(survfit(), times)$n.risk`."""
        return at_risk_on(self._entry, self._stop, np.atleast_1d(np.asarray(times, dtype=float)))


def kaplan_meier(
    time: Any, event: Any, entry: Any = None, conf_type: ConfidenceType = "log-log"
) -> SurvivalCurve:
    """Kaplan and Meier's estimate of the share without the event.

    lifelines' KaplanMeierFitter computes it; with `entry`, or of more than `MANY_ROWS` rows, our
    own product limit. R:
    `survfit(Surv(time, event) ~ 1, conf.type = "log-log")`, with entry `Surv(entry, time, event)`.

    Args:
        time: to the event or to censoring, from 0 on, shape (n,).
        event: whether the event happened, shape (n,).
        entry: from when on each is at risk (entry < t <= time), shape (n,).
        conf_type: the scale of the 95 % limits: "log-log" (the default here; R's is "log"), "log"
            or "plain".
    """
    stop = arrays.times(time)
    happened = arrays.events(event, len(stop))
    arrays.one_of(conf_type, CONFIDENCE_TYPES, "conf_type")
    limits: tuple[Floats, Floats] | None = None
    start = np.full(len(stop), -1.0) if entry is None else arrays.entries(entry, stop)
    if entry is None and len(stop) <= MANY_ROWS:
        day, survival, counts, limits = _by_lifelines(stop, happened)
    else:
        day, survival, counts = _by_product(start, stop, happened)
    at_risk, happening, censored = counts
    _, of_log = product_limit(at_risk, happening)
    with np.errstate(invalid="ignore"):
        error = survival * np.sqrt(of_log)
    if limits is None or conf_type != "log-log":
        limits = confidence_limits(survival, of_log, conf_type)
    inside = (survival > 0) & (survival < 1) if conf_type == "log-log" else survival > 0
    return SurvivalCurve(
        time=day,
        survival=survival,
        standard_error=error,
        lower=np.where(inside, limits[0], np.nan),
        upper=np.where(inside, limits[1], np.nan),
        cumulative_hazard=np.cumsum(happening / np.maximum(at_risk, 1)),
        at_risk=at_risk,
        events=happening,
        censored=censored,
        n=len(stop),
        conf_type=conf_type,
        _entry=start,
        _stop=stop,
    )


def _by_lifelines(
    time: Floats, event: Flags
) -> tuple[Floats, Floats, tuple[Days, Days, Days], tuple[Floats, Floats]]:
    from lifelines import KaplanMeierFitter

    fitted = KaplanMeierFitter().fit(time, event)
    table = fitted.event_table
    # lifelines puts time 0 in front, at which nobody may have left.
    kept = table["removed"].to_numpy() > 0
    interval = fitted.confidence_interval_.to_numpy()[kept]
    counts = tuple(
        table[name].to_numpy()[kept].astype(np.int64)
        for name in ("at_risk", "observed", "censored")
    )
    return (
        table.index.to_numpy(dtype=np.float64)[kept],
        fitted.survival_function_.to_numpy(dtype=np.float64)[kept, 0],
        (counts[0], counts[1], counts[2]),
        (interval[:, 0], interval[:, 1]),
    )


def _by_product(
    entry: Floats, time: Floats, event: Flags
) -> tuple[Floats, Floats, tuple[Days, Days, Days]]:
    day, place = np.unique(time, return_inverse=True)
    happening = np.bincount(place[event], minlength=day.size)
    at_risk = at_risk_on(entry, time, day)
    survival, _ = product_limit(at_risk, happening)
    return day, survival, (at_risk, happening, np.bincount(place) - happening)


def confidence_limits(
    proportion: Floats, variance_of_log: Floats, conf_type: ConfidenceType
) -> tuple[Floats, Floats]:
    """95 % limits of a proportion on one of the three scales, as R's `survfit_confint`."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        margin = Z95 * np.sqrt(variance_of_log)
        if conf_type == "plain":
            margin = margin * proportion
            return np.maximum(proportion - margin, 0.0), np.minimum(proportion + margin, 1.0)
        if conf_type == "log":
            lower, upper = proportion * np.exp(-margin), proportion * np.exp(margin)
            return lower, np.minimum(upper, 1.0)
        power = np.exp(margin / np.log(proportion))
        return proportion ** (1 / power), proportion**power


def crossing(time: Floats | Days, curve: Floats, level: float) -> float | None:
    """Where a falling curve reaches `level`: a port of `findq` of R's package survival 3.5-3.

    With the tolerance the first time at or below the level and the first strictly below it are
    found; they differ only on a plateau at the level, whose middle is the answer. A plateau that
    nothing follows is taken to reach the last time.
    """
    tolerance = np.sqrt(np.finfo(np.float64).eps)
    drop = 1 - np.concatenate(([1.0], curve))
    when = np.concatenate(([0.0], time))
    known = ~np.isnan(drop)
    drop, when = drop[known], when[known]
    target = 1 - level
    reached = np.flatnonzero(drop + tolerance >= target)
    if reached.size == 0:
        return None
    beyond = np.flatnonzero(drop - tolerance >= target)
    left = float(when[reached[0]])
    if beyond.size:
        return (left + float(when[beyond[0]])) / 2
    ends_there = not np.isnan(curve[-1]) and abs(drop[-1] - target) < tolerance
    return (left + float(time[-1])) / 2 if ends_there else None


@dataclass(frozen=True)
class RestrictedMean:
    """The mean time without the event up to `tau`, in the unit of the times.

    Attributes:
        mean: the area under the curve.
        standard_error: Greenwood's.
        lower, upper: 95 % limits of the normal distribution.
        tau: the horizon.
    """

    mean: float
    standard_error: float
    tau: float

    @property
    def lower(self) -> float:
        """Lower 95 % limit."""
        return self.mean - Z95 * self.standard_error

    @property
    def upper(self) -> float:
        """Upper 95 % limit."""
        return self.mean + Z95 * self.standard_error


def restricted_mean(
    time: Any, event: Any, tau: float, entry: Any = None, start: float = 0.0
) -> RestrictedMean:
    """The area under Kaplan and Meier's curve from `start` to `tau`.

    lifelines computes the mean of up to `MANY_ROWS` rows at risk from time 0 on, our own sum that
    of more and that with `entry` or `start`, and the standard error always: sum A^2 d /
    (n (n - d)), A the area from an event to tau. R:
    `summary(survfit(Surv(time, event) ~ 1), rmean = tau)`, survRM2's `rmst2`.

    Args:
        time, event, entry: as in `kaplan_meier`.
        tau: the horizon, above `start`.
        start: where the area begins, for a landmark.

    Raises:
        CannotEstimate: the observation ends before tau while some are without the event.
    """
    stop = arrays.times(time)
    happened = arrays.events(event, len(stop))
    if not (np.isfinite(tau) and tau > start >= 0):
        raise arrays.InvalidInput(tr("tau is no number above {start:g}.", start=start))
    begins = np.full(len(stop), -1.0) if entry is None else arrays.entries(entry, stop)
    counts = Counts.of(begins, stop, happened.astype(np.int64))
    survival, _ = product_limit(counts.at_risk, counts.events[0])
    if tau > counts.days[-1] and survival[-1] > 0:
        raise CannotEstimate(
            note(
                "The observation ends at {last:g}, before tau = {tau:g}.",
                last=float(counts.days[-1]),
                tau=tau,
            )
        )
    mean, error = restricted_area(counts, survival, tau, start)
    if entry is None and start == 0 and len(stop) <= MANY_ROWS:
        from lifelines import KaplanMeierFitter
        from lifelines.utils import restricted_mean_survival_time

        fitted = KaplanMeierFitter().fit(stop, happened)
        mean = float(restricted_mean_survival_time(fitted, t=float(tau)))
    return RestrictedMean(mean, error, float(tau))
