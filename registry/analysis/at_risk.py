"""Who is at risk: on days, and at the steps that a partial likelihood is summed over.

A patient is at risk on a day t with entry < t <= time: who enters on a day is at risk from the next
day on, who leaves on a day still counts on it. Without delayed entry `entry` is -1, so that day 0
counts too. A step is an event as ties have it: one a time for Breslow, one an event for Efron.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from registry.analysis.dataset import Days, Floats

NO_ENTRY = -1
"""Entry of a patient who is at risk from day 0 on."""
Ties = Literal["breslow", "efron"]


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
