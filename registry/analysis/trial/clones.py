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
    courses = _courses(exposure, patients)
    scored = _scored(scores, patients)
    n, varied = len(patients), [_of_course(name) for name in varying if name != "pcdai"]
    known = []
    reached = np.full(n, NEVER)
    departs = (np.full(n, NEVER), np.full(n, NEVER))
    for i in range(n):
        own, zero = courses[i], int(entry[i])
        columns = [np.repeat(baseline[i][None, :], len(begins), axis=0)]
        if "pcdai" in varying:
            days, values = scored[i]
            place = np.searchsorted(days, zero + begins, side="right") - 1
            if place.min() < 0:
                raise Refused(
                    tr("{patient} has no PCDAI on or before week 14.", patient=patients[i])
                )
            columns.append(values[place][:, None])
        # What held on the day before: a change on a month's first day is no part of its past.
        before = np.maximum(np.searchsorted(own.start, zero + begins, side="left") - 1, 0)
        columns += [own.values[name][before][:, None] for names in varied for name in names]
        known.append(np.hstack(columns))
        done = own.start[own.lasted]
        reached[i] = max(int(done[0]) - zero, 0) if done.size else NEVER
        for arm in (WITHOUT, COMBINED):
            day = _departure(own, zero, grace, int(reached[i]), arm)
            departs[arm][i] = day if day < time[i] else NEVER
    return Children(tuple(patients), time, event, begins, grace, np.array(known), reached, departs)


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
class _Course:
    start: Days
    stop: Days
    on: Flags
    lasted: Flags
    values: dict[str, Floats]


def _departure(own: _Course, zero: int, grace: int, reached: int, arm: int) -> int:
    """The first day from the grace's end on that is against the strategy; NEVER without one."""
    from_day = np.maximum(own.start - zero, grace)
    counts = own.stop - zero > grace
    if arm == WITHOUT:
        against = counts & (own.on | own.lasted)
    else:
        against = counts & ~own.on & (from_day < reached)
    days = from_day[against]
    return int(days[0]) if days.size else NEVER


def _of_course(name: str) -> tuple[str, ...]:
    """The columns of a covariate; a level that was never measured is told by one of its own."""
    return ("trough_known", "trough") if name == "trough" else (name,)


def _courses(exposure: pd.DataFrame, patients: Sequence[str]) -> list[_Course]:
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
    first, last = np.searchsorted(place[order], [np.arange(len(patients)),
                                                 np.arange(len(patients)) + 1])  # fmt: skip
    return [
        _Course(
            start[one], stop[one], values["immunomodulator"][one] == 1,
            values["im_over_6_months"][one] == 1, {name: v[one] for name, v in values.items()},
        )
        for one in (order[a:b] for a, b in zip(first, last, strict=True))
    ]  # fmt: skip


def _scored(scores: pd.DataFrame, patients: Sequence[str]) -> list[tuple[Floats, Floats]]:
    require_columns(scores, ("patient_id", "day", "score"), "pcdai_course")
    place = pd.Index(patients).get_indexer(pd.Index(scores["patient_id"].astype(str)))
    day, score = numbers(scores, "day"), numbers(scores, "score")
    keep = np.flatnonzero((place >= 0) & np.isfinite(day) & np.isfinite(score))
    order = keep[np.lexsort((day[keep], place[keep]))]
    first, last = np.searchsorted(place[order], [np.arange(len(patients)),
                                                 np.arange(len(patients)) + 1])  # fmt: skip
    return [(day[order[a:b]], score[order[a:b]]) for a, b in zip(first, last, strict=True)]
