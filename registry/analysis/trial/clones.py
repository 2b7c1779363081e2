"""Children cloned under two strategies, each clone until it departs from its own.

Days count from time zero, the week-14 PCDAI, and months from it begin on day floor(30.4375 k).
Everything about a month is what was known on its first day.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from registry.analysis.dataset import Days, Flags, Floats, flags, numbers, require_columns
from registry.errors import Refused
from registry.variables import DAYS_PER_MONTH
from registry.words import tr

WITHOUT, COMBINED = 0, 1
NEVER = np.iinfo(np.int64).max


@dataclass(frozen=True)
class Children:
    """Those at risk at time zero, with what happened to them from then on.

    `time` are the days to the loss or to the end of observation. `known` of each month has a column
    a covariate, shape (n, months, p). `departs` are the days on which the clones without and with
    combination depart, NEVER for one that does not while it is observed, and `reached` the day from
    which on the combination has lasted.
    """

    patients: tuple[str, ...]
    time: Days
    event: Flags
    begins: Days
    grace: int
    known: Floats
    reached: Days
    departs: tuple[Days, Days]

    def __len__(self) -> int:
        return len(self.time)

    def ends(self, arm: int) -> Days:
        """Until when each clone is followed."""
        return np.minimum(self.time, self.departs[arm])

    def losses(self, arm: int) -> Flags:
        """The clones that are seen to lose response."""
        return self.event & (self.time < self.departs[arm])


@dataclass(frozen=True)
class Follow:
    """The rows of one arm's clones, parted at the months: at risk where start < t <= stop.

    `month` is the row's month, or -1 of the days before the end of the grace period.
    """

    child: Days
    month: Days
    start: Days
    stop: Days
    event: Flags

    @cached_property
    def lost_on(self) -> Days:
        """The days on which any clone is lost."""
        return np.unique(self.stop[self.event])

    @cached_property
    def lost_by_start(self) -> Days:
        """On how many of these days each row is not at risk yet."""
        return np.searchsorted(self.lost_on, self.start, side="right")

    @cached_property
    def lost_by_stop(self) -> Days:
        """On how many it is no more, its last day among them."""
        return np.searchsorted(self.lost_on, self.stop, side="right")


def children_of(
    patients: Sequence[str],
    entry: Days,
    time: Days,
    event: Flags,
    baseline: Floats,
    exposure: pd.DataFrame,
    scores: pd.DataFrame,
    varying: Sequence[str],
    grace_months: int,
) -> Children:
    """Clone the children and find where each departs.

    Args:
        patients: study ids, all still at risk after their entry.
        entry: days from t0 to time zero.
        time: days from time zero to the loss or the end of observation.
        event: whether it was a loss.
        baseline: what is known at time zero, shape (n, p).
        exposure: rows of the view.
        scores: rows of `pcdai_course`.
        varying: what is read anew each month: `pcdai`, `glucocorticoid`, `intensified`, `trough`.
        grace_months: by when a strategy must be followed.
    """
    months = int(np.ceil(time.max() / DAYS_PER_MONTH)) + 1
    begins = np.floor(np.arange(max(months, grace_months + 2) + 1) * DAYS_PER_MONTH)
    begins = begins.astype(np.int64)
    grace = int(begins[grace_months])
    own = _courses(exposure, patients)
    zero = np.asarray(entry, dtype=np.int64)
    asked = zero[:, None] + begins
    columns = [np.repeat(baseline[:, None, :], len(begins), axis=1)]
    if "pcdai" in varying:
        of, day, score = _scored(scores, patients)
        first, last = _last_before(of, day, asked + 1)
        unknown = np.flatnonzero((last < first[:, None]).any(axis=1))
        if unknown.size:
            patient = patients[int(unknown[0])]
            raise Refused(tr("{patient} has no PCDAI on or before week 14.", patient=patient))
        columns.append(score[last][:, :, None])
    # What held on the day before: a change on a month's first day is no part of its past.
    first, last = _last_before(own.child, own.start, asked)
    before = np.maximum(last, first[:, None])
    names = [column for one in varying if one != "pcdai" for column in _of_course(one)]
    columns += [own.values[name][before][:, :, None] for name in names]
    since = own.start - zero[own.child]
    reached = _first_of_each(own.child, own.lasted, np.maximum(since, 0), len(patients))
    # From the grace's end on, against the strategy.
    from_day = np.maximum(since, grace)
    counts = own.stop - zero[own.child] > grace
    departs = []
    for against in (own.on | own.lasted, ~own.on & (from_day < reached[own.child])):
        found = _first_of_each(own.child, counts & against, from_day, len(patients))
        departs.append(np.where(found < time, found, NEVER))
    known = np.concatenate(columns, axis=2)
    return Children(
        tuple(patients), time, event, begins, grace, known, reached, (departs[0], departs[1])
    )


def follow(children: Children, arm: int) -> Follow:
    """The rows of the clones of an arm."""
    end = children.ends(arm)
    child = np.arange(len(children))
    early = np.minimum(end, children.grace)
    rows = [(child, np.full(len(child), -1), np.zeros(len(child), dtype=np.int64), early)]
    first = int(np.searchsorted(children.begins, children.grace))
    for k in range(first, len(children.begins) - 1):
        here = np.flatnonzero(children.begins[k] < end)
        if not here.size:
            break
        start = np.full(len(here), children.begins[k])
        stop = np.minimum(end[here], children.begins[k + 1])
        rows.append((here, np.full(len(here), k), start, stop))
    who, month, start, stop = (np.concatenate(one) for one in zip(*rows, strict=True))
    event = children.losses(arm)[who] & (stop == end[who])
    return Follow(who, month, start, stop, event)


def at_risk_of_departing(children: Children, arm: int) -> tuple[Days, Days, Flags]:
    """Child, month and whether it departs, a row a chance to do so; month -1 is the grace's end."""
    departs, begins = children.departs[arm], children.begins
    there = np.flatnonzero(children.time > children.grace)
    rows = [(there, np.full(len(there), -1), departs[there] == children.grace)]
    first = int(np.searchsorted(begins, children.grace))
    for k in range(first, len(begins) - 1):
        here = (children.time > begins[k]) & (departs > begins[k])
        if arm == COMBINED:
            # Who has had it for long enough may stop.
            here &= children.reached > begins[k]
        found = np.flatnonzero(here)
        gone = departs[found] <= begins[k + 1]
        rows.append((found, np.full(len(found), k), gone))
    child, month, gone = (np.concatenate(one) for one in zip(*rows, strict=True))
    return child, month, gone


@dataclass(frozen=True)
class _Courses:
    """The rows of `exposure` of all children, child by child in the order of their days."""

    child: Days
    start: Days
    stop: Days
    on: Flags
    lasted: Flags
    values: dict[str, Floats]


def _last_before(child: Days, day: Days | Floats, asked: Days) -> tuple[Days, Days]:
    """Each child's first row, and its last one before each of the days, shape (n, days).

    That is the row before its first where there is none.

    Args:
        child, day: of the rows, in their order.
        asked: days by child, shape (n, days).
    """
    low = day.min(initial=0)
    span = day.max(initial=0) - low + 3
    key = child * span + (day - low + 1)
    each = np.arange(len(asked))
    at = each[:, None] * span + np.clip(asked - low + 1, 0, span - 1)
    return np.searchsorted(child, each), np.searchsorted(key, at, side="left") - 1


def _first_of_each(child: Days, which: Flags, day: Days, n: int) -> Days:
    """The day of each child's first row of these; NEVER without one."""
    at = np.flatnonzero(which)
    who, first = np.unique(child[at], return_index=True)
    found = np.full(n, NEVER)
    found[who] = day[at[first]]
    return found


def _of_course(name: str) -> tuple[str, ...]:
    """The columns of a covariate; a level that was never measured is told by one of its own."""
    return ("trough_known", "trough") if name == "trough" else (name,)


def _courses(exposure: pd.DataFrame, patients: Sequence[str]) -> _Courses:
    names = ("start_day", "stop_day", "immunomodulator", "im_over_6_months", "glucocorticoid",
             "intensified")  # fmt: skip
    require_columns(exposure, ("patient_id", "trough_ug_ml", *names), "exposure")
    place = pd.Index(patients).get_indexer(pd.Index(exposure["patient_id"].astype(str)))
    chosen = exposure[place >= 0].reset_index(drop=True)
    place = place[place >= 0]
    start, stop = (numbers(chosen, name).astype(np.int64) for name in names[:2])
    order = np.lexsort((start, place))
    values: dict[str, Floats] = {}
    for name in names[2:]:
        held = flags(chosen, name, "exposure").to_numpy(dtype=np.float64, na_value=0.0)
        values[name] = np.asarray(held, dtype=np.float64)
    level = numbers(chosen, "trough_ug_ml")
    measured = np.isfinite(level)
    values["trough_known"] = measured.astype(np.float64)
    values["trough"] = np.log2(np.where(measured, np.maximum(level, 0.1), 1.0))
    values = {name: value[order] for name, value in values.items()}
    on, lasted = (values[name] == 1 for name in ("immunomodulator", "im_over_6_months"))
    return _Courses(place[order], start[order], stop[order], on, lasted, values)


def _scored(scores: pd.DataFrame, patients: Sequence[str]) -> tuple[Days, Floats, Floats]:
    """Child, day and score of each, child by child in the order of their days."""
    require_columns(scores, ("patient_id", "day", "score"), "pcdai_course")
    place = pd.Index(patients).get_indexer(pd.Index(scores["patient_id"].astype(str)))
    day, score = numbers(scores, "day"), numbers(scores, "score")
    keep = np.flatnonzero((place >= 0) & np.isfinite(day) & np.isfinite(score))
    order = keep[np.lexsort((day[keep], place[keep]))]
    return place[order], day[order], score[order]
