"""What all methods stand on: columns that they can take, who is at risk in them, and tails.

What a method would turn into a wrong number is refused here, before a library sees it.

A patient is at risk on a day t with entry < t <= time: who enters on a day is at risk from the next
day on, who leaves on a day still counts on it. Without delayed entry `entry` is -1, so that day 0
counts too. A step is an event as ties have it: one a time for Breslow, one an event for Efron.

Tails and quantiles are those functions of scipy.special by which scipy.stats gives them: to load
all of that takes longer than a model of a hospital's children. A test holds both equal to the bit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from scipy import special

from registry.analysis.dataset import Days, Flags, Floats
from registry.errors import CannotEstimate, WrongUsage
from registry.words import note, tr

NO_ENTRY = -1
"""Entry of a patient who is at risk from day 0 on."""
Ties = Literal["breslow", "efron"]
MANY_ROWS = 10_000
"""Beyond so many rows own sums stand for lifelines', sooner than it loads; a test holds both."""


class InvalidInput(WrongUsage, ValueError):
    """Arrays that a method cannot take: what is wrong, in which of them, and what it takes."""


class NotFinite(CannotEstimate):
    """The likelihood climbs for ever: covariates separate the events.

    Attributes:
        column: the number of the column of x that runs away most.
    """

    def __init__(self, problem: str, *, cure: str | None = None, column: int = 0) -> None:
        super().__init__(problem, cure=cure)
        self.column = column


class NoRobustErrors(CannotEstimate):
    """All clusters fit exactly, so there is nothing for robust errors to be made of."""


def times(value: Any, name: str = "time") -> Floats:
    """Times from 0 on, finite, at least one."""
    found = numbers(value, name)
    if not (np.isfinite(found).all() and (found >= 0).all()):
        raise InvalidInput(
            tr("{name} has a value that is missing, negative or not finite.", name=name)
        )
    return found


def numbers(value: Any, name: str) -> Floats:
    """One column of floats, at least one; NaN stays."""
    try:
        found = np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError):
        raise InvalidInput(tr("{name} is no column of numbers.", name=name)) from None
    if found.ndim != 1:
        raise InvalidInput(tr("{name} is no column of numbers.", name=name))
    if found.size == 0:
        raise InvalidInput(tr("{name} is empty.", name=name))
    return found


def events(value: Any, n: int, name: str = "event") -> Flags:
    """True or false for each row; 1 and 0 are taken for them, R's 1 and 2 are not."""
    found = np.asarray(value)
    same_length(found, n, name)
    if found.dtype != bool:
        try:
            number = found.astype(np.float64)
        except (TypeError, ValueError):
            number = np.full(n, np.nan)
        if not ((number == 0) | (number == 1)).all():
            raise InvalidInput(
                tr("{name} is neither true nor false in some row.", name=name),
                cure=tr("Code an event as true or 1, censoring as false or 0."),
            )
        found = number == 1
    return np.asarray(found, dtype=bool)


def entries(value: Any, time: Floats) -> Floats:
    """From when on each row is at risk, before its time."""
    found = numbers(value, "entry")
    same_length(found, len(time), "entry")
    if not np.isfinite(found).all():
        raise InvalidInput(tr("{name} has a value that is missing or not finite.", name="entry"))
    if not (found < time).all():
        raise InvalidInput(tr("entry is not before time in some row."))
    return found


def intervals(left: Any, right: Any) -> tuple[Floats, Floats]:
    """Both ends of intervals (left, right] from 0 on; a missing right end is infinite."""
    begins, ends = times(left, "left"), numbers(right, "right")
    same_length(ends, len(begins), "right")
    ends = np.where(np.isnan(ends), np.inf, ends)
    if not (ends >= begins).all():
        raise InvalidInput(tr("right is before left in some row."))
    return begins, ends


def weights(value: Any, n: int) -> Floats:
    """How often each row counts, finite and above 0."""
    found = numbers(value, "weights")
    same_length(found, n, "weights")
    if not (np.isfinite(found).all() and (found > 0).all()):
        raise InvalidInput(tr("weights has a value that is not above 0 or not finite."))
    return found


def require_event(happened: Any) -> None:
    """Raises CannotEstimate where nothing happened: all of it is 0 or false."""
    if not np.any(happened):
        raise CannotEstimate(note("There is no event."))


def require_groups(names: Sequence[Any]) -> None:
    """Raises CannotEstimate for a single group."""
    if len(names) < 2:
        raise CannotEstimate(note("There is only one group, so there is nothing to compare."))


def spread_of(values: Floats) -> Floats:
    """The range of each covariate. Raises CannotEstimate for one that does not vary."""
    spread = np.asarray(np.ptp(values, axis=0), dtype=np.float64)
    if not (spread > 0).all():
        raise CannotEstimate(
            note("Covariate {number} does not vary.", number=int(np.argmin(spread)) + 1)
        )
    return spread


def ridge(penalty: str | float | None) -> float:
    """Lambda of a ridge; 0 without one."""
    if penalty is None or penalty == "firth":
        return 0.0
    if isinstance(penalty, str) or not (np.isfinite(penalty) and penalty >= 0):
        raise InvalidInput(
            tr("{name} cannot be '{value}'.", name="penalty", value=penalty),
            cure=tr("Use {allowed}.", allowed="None, firth, 0.5"),
        )
    return float(penalty)


def groups(value: Any, n: int, name: str = "group") -> tuple[tuple[Any, ...], Days]:
    """The names of the groups in sorted order, and the number of each row's group."""
    found = np.asarray(value)
    same_length(found, n, name)
    missing = (
        np.isnan(found)
        if found.dtype.kind == "f"
        # None and pandas.NA are equal to nothing, or to something that is neither true nor false.
        else np.array([one is None or one != one or str(one) == "<NA>" for one in found.tolist()])
        if found.dtype == object
        else np.zeros(n, dtype=bool)
    )
    if missing.any():
        raise InvalidInput(tr("{name} is missing in some row.", name=name))
    try:
        names, index = np.unique(found, return_inverse=True)
    except TypeError:
        names, index = np.unique(found.astype(str), return_inverse=True)
    return tuple(names.tolist()), index.reshape(-1).astype(np.int64)


def causes(value: Any, n: int) -> Days:
    """The cause that ended each row: 0 censored, 1, 2, ... the causes."""
    found = numbers(value, "cause")
    same_length(found, n, "cause")
    if not (np.isfinite(found).all() and (found >= 0).all() and (found == np.floor(found)).all()):
        raise InvalidInput(
            tr("cause is not 0, 1, 2, ... in some row."),
            cure=tr("Code censoring as 0 and the causes from 1 on."),
        )
    return found.astype(np.int64)


def covariates(value: Any, n: int) -> Floats:
    """A column a covariate, shape (n, k); one column may be given flat."""
    try:
        found = np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError):
        raise InvalidInput(tr("{name} is no column of numbers.", name="x")) from None
    found = found[:, None] if found.ndim == 1 else found
    if found.ndim != 2 or found.shape[1] == 0:
        raise InvalidInput(tr("x has no column a covariate."))
    same_length(found, n, "x")
    if not np.isfinite(found).all():
        raise InvalidInput(tr("{name} has a value that is missing or not finite.", name="x"))
    return found


def one_of(value: Any, allowed: tuple[str, ...], name: str) -> None:
    """Refuse a choice that is none of these."""
    if value not in allowed:
        raise InvalidInput(
            tr("{name} cannot be '{value}'.", name=name, value=value),
            cure=tr("Use {allowed}.", allowed=", ".join(allowed)),
        )


def ties_of(value: str) -> Ties:
    """The way of handling events on the same day; any other is refused."""
    one_of(value, get_args(Ties), "ties")
    return "breslow" if value == "breslow" else "efron"


def same_length(value: Any, n: int, name: str) -> None:
    """Refuse a column with more or fewer rows than `time`."""
    if np.ndim(value) == 0 or len(value) != n:
        raise InvalidInput(
            tr(
                "{name} has {found} rows where time has {expected}.",
                name=name,
                found=np.size(value) if np.ndim(value) == 0 else len(value),
                expected=n,
            )
        )


@dataclass(frozen=True)
class Counts:
    """Those at risk and those leaving, a value per day on which anybody enters or leaves, from 0.

    `events` has a row per cause, in the order of the codes 1, 2, ...; code 0 is censoring.
    """

    days: Any
    at_risk: Days
    events: Days
    censored: Days

    @classmethod
    def of(cls, entry: Floats | Days, time: Floats | Days, code: Days, causes: int = 1) -> Counts:
        """Count patients; every entry must lie before its time."""
        days = np.unique(np.concatenate(([0], entry[entry >= 0], time)))
        leaving = np.zeros((causes + 1, days.size), dtype=np.int64)
        np.add.at(leaving, (code, np.searchsorted(days, time)), 1)
        return cls(days, at_risk_on(entry, time, days), leaving[1:], leaving[0])


def at_risk_on(entry: Floats | Days, time: Floats | Days, days: Floats | Days) -> Days:
    """How many are at risk on each of these days: entry < day <= time."""
    entered = np.searchsorted(np.sort(entry), days, side="left")
    left = np.searchsorted(np.sort(time), days, side="left")
    return np.asarray(entered - left, dtype=np.int64)


@dataclass(frozen=True)
class Steps:
    """The times of events, one element a distinct time of a stratum, and the steps in them.

    Attributes:
        time: the time of each.
        stratum: its stratum.
        events: number of events.
        of_step: for each step, to which of the times it belongs.
        share: for each step, how much of the tied events is no longer at risk.
        times: for each step, how often it counts.
    """

    time: Floats
    stratum: Days
    events: Days
    of_step: Days
    share: Floats
    times: Floats


class Ordered:
    """Sums over the rows of a stratum whose time is `t` or later, by running totals of blocks."""

    def __init__(self, stratum: Days, time: Floats, steps: Steps) -> None:
        # Latest first within a stratum; a step's rows then stand between two places.
        order = np.lexsort((-time, stratum))
        ordered_stratum, ordered_time = stratum[order], time[order]
        first = np.searchsorted(ordered_stratum, steps.stratum, side="left")
        last = np.empty_like(first)
        for one in np.unique(steps.stratum):
            low, high = np.searchsorted(ordered_stratum, [one, one + 1])
            late, here = -ordered_time[low:high], steps.stratum == one
            last[here] = low + np.searchsorted(late, -steps.time[here], side="right")
        # No step parts the rows between two of the places: they are added up once.
        places = np.unique(np.concatenate([first, last]))
        self._blocks, self.order = places[:-1], order[: places[-1]]
        self._first, self._last = np.searchsorted(places, first), np.searchsorted(places, last)

    def sums(self, quantity: Floats) -> Floats:
        """Of a quantity of each row, shape (n, m)."""
        return self.sums_in_order(quantity[self.order])

    def sums_in_order(self, quantity: Floats) -> Floats:
        """Of the rows of `order` alone."""
        running = np.zeros((len(self._blocks) + 1, quantity.shape[1]))
        if len(self._blocks):
            of_block = np.add.reduceat(quantity, self._blocks, axis=0)
            np.cumsum(of_block, axis=0, out=running[1:])
        return np.asarray(running[self._last] - running[self._first], dtype=np.float64)


def places(steps: Steps, stratum: Days, time: Floats) -> Days:
    """Before which of the times, which stand stratum by stratum, each row's time lies."""
    found = np.searchsorted(steps.stratum, stratum, side="left")
    for one in np.unique(steps.stratum):
        first, last = np.searchsorted(steps.stratum, [one, one + 1])
        here = stratum == one
        found[here] += np.searchsorted(steps.time[first:last], time[here], side="right")
    return np.asarray(found, dtype=np.int64)


def steps_of(time: Floats, stratum: Days, events: Days, counted: Floats, ties: Ties) -> Steps:
    """`counted` is the number of events with each as often as it counts."""
    each = np.arange(len(time))
    if ties == "breslow":
        return Steps(time, stratum, events, each, np.zeros(len(time)), counted)
    of_step = np.repeat(each, events)
    within = np.arange(len(of_step)) - np.repeat(np.cumsum(events) - events, events)
    # Tied events count as often as they do on average, as in R.
    times = (counted / events)[of_step]
    return Steps(time, stratum, events, of_step, within / events[of_step], times)


def norm_sf(value: Any) -> Any:
    """Probability that a standard normal variable is above the value."""
    return special.ndtr(-value)


def norm_ppf(probability: Any) -> Any:
    """The value below which a standard normal variable is with that probability."""
    return special.ndtri(probability)


def chi2_sf(value: Any, df: Any) -> Any:
    """Probability that a chi-squared variable is above the value, with `df` degrees of freedom."""
    return special.chdtrc(np.where(np.greater(df, 0), df, np.nan), np.maximum(value, 0))


def chi2_ppf(probability: Any, df: Any) -> Any:
    """The value below which a chi-squared variable is with that probability."""
    return 2 * special.gammaincinv(df / 2, probability)


def t_sf(value: Any, df: Any) -> Any:
    """Probability that Student's variable is above the value, with `df` degrees of freedom."""
    return special.stdtr(df, -value)


def t_ppf(probability: Any, df: Any) -> Any:
    """The value below which Student's variable is with that probability."""
    return special.stdtrit(df, probability)
