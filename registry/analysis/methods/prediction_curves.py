"""Brier score and AUC at many times: the estimates alone, in bounded memory.

A bootstrap asks for them of every sample; errors and what each row gives are in `prediction`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from registry.analysis.dataset import Days, Floats
from registry.analysis.methods.competing_risks import aalen_johansen
from registry.analysis.methods.prediction import Censoring, area_between, integrated_to, scaled_by

_BLOCK = 128
"""Rows that are worked on at once: a processor has them near it."""


@dataclass(frozen=True)
class BrierCurve:
    """The estimates of a Brier score alone, without what each row gives to them.

    Attributes:
        at, estimate: as of `BrierScore`.
        null: the estimates of the null score.
        incidence: Aalen and Johansen's, which the null score tells of everybody.
    """

    at: Floats
    estimate: Floats
    null: Floats
    incidence: Floats

    @property
    def scaled(self) -> Floats:
        """As of `BrierScore`."""
        return scaled_by(self.estimate, self.null)

    @property
    def integrated(self) -> Floats:
        """As of `BrierScore`."""
        return integrated_to(self.estimate, self.at)


def brier_curves(
    time: Floats | Days,
    cause: Days,
    risk: Floats,
    at: Floats,
    samples: Sequence[Days | None] = (None,),
    *,
    grown: Floats | None = None,
) -> list[BrierCurve]:
    """The estimates of `brier` at many times, where risks change at few of them.

    Args:
        time, cause, at: as of `brier`, and held to nothing.
        risk: of each row, shape (n, 1 + grown): before the first of the times `grown`, and from
            each on. Without `grown` there is a risk for each time of `at`.
        samples: of each how often each row counts; once without it.
    """
    time = np.asarray(time, dtype=np.float64)
    order = np.argsort(time, kind="stable")
    ordered = bool((order[1:] > order[:-1]).all())
    # A row a step, in the order of leaving: who stands beside one another is read at once.
    steps = risk.T if ordered else risk.T[:, order]
    time, cause = time[order], cause[order]
    counted = [None if one is None else one[order] for one in samples]
    censorings = [Censoring(time, cause, one) for one in counted]
    # What a row counts: after leaving, and of that with cause 1, and up to then.
    often = np.array([np.ones(len(time)) if one is None else one for one in counted], dtype=float)
    gone = often * [one.before for one in censorings]
    lost = np.where(cause == 1, gone, 0.0)
    if grown is None:
        step, leaving = np.arange(len(at)), np.searchsorted(at, time, side="left")
    else:
        step, leaving = (np.searchsorted(grown, one, side="right") for one in (at, time))
    # w (y - r)^2 = w r^2 - 2 w y r + w y, summed over rows at each step of their risks. Who leaves
    # during a step has left at none of its times yet.
    until, later = np.zeros((2, len(samples), len(steps)))
    for first in range(0, len(time), _BLOCK):
        some = slice(first, first + _BLOCK)
        told = steps[:, some]
        square = told * told
        low, high = leaving[some][0], leaving[some][-1] + 1
        later[:, :low] += often[:, some] @ square[:low].T
        until[:, high:] += gone[:, some] @ square[high:].T - 2 * (lost[:, some] @ told[high:].T)
        left = leaving[some] < np.arange(low, min(high, len(steps)))[:, None]
        told, square = np.where(left, told[low:high], 0.0), square[low:high]
        until[:, low:high] += gone[:, some] @ (told * told).T - 2 * (lost[:, some] @ told.T)
        later[:, low:high] += often[:, some] @ np.where(left, 0.0, square).T
    # Those who leave during a step, by the times of it.
    place = np.searchsorted(at, time, side="left")
    inside = np.flatnonzero((place < len(at)) & (leaving < len(steps)))
    own = steps[leaving[inside], inside]
    first_of_step = np.searchsorted(step, step, side="left")

    def since(part: Floats) -> Floats:
        running = np.cumsum(np.bincount(place[inside], part, len(at)))
        return np.asarray(running - np.concatenate(([0.0], running))[first_of_step], dtype=float)

    found = []
    for k, censoring in enumerate(censorings):
        told_until = until[k, step] + since(gone[k, inside] * own**2 - 2 * lost[k, inside] * own)
        told_later = later[k, step] - since(often[k, inside] * own**2)
        total = told_until + censoring.of_cases(at) + told_later / censoring.of(at)
        there = np.repeat(np.arange(len(time)), often[k].astype(np.int64))
        incidence = np.zeros(len(at))
        if cause[there].any():
            incidence = np.asarray(aalen_johansen(time[there], cause[there]).at(at)[0])
        null = censoring.of_cases(at) * (1 - 2 * incidence) + censoring.of_all(at) * incidence**2
        found.append(BrierCurve(at, total / len(there), null / len(there), incidence))
    return found


def auc_curve(
    time: Floats | Days, cause: Days, levels: Days, at: Floats, often: Days | None = None
) -> Floats:
    """The estimates of `auc` alone, of risks of which the order is known.

    Args:
        time, cause, at: as of `auc`, and held to nothing.
        levels: see `levels_of`; those of rows that are not there may be missing.
        often: how often each row counts; once without it.
    """
    time = np.asarray(time, dtype=np.float64)
    censoring = Censoring(time, cause, often)
    count = np.ones(len(time)) if often is None else often.astype(np.float64)
    later, before = 1 / censoring.of(at), count * censoring.before
    of_case, of_other = (np.where(one, before, 0.0) for one in (cause == 1, cause != 1))
    found = np.full(len(at), np.nan)
    for i, t in enumerate(at):
        gone = time <= t
        # NaN of all where nobody is known to be uncensored.
        others = np.where(gone, of_other, count * later[i]) + 0 * later[i]
        found[i] = area_between(np.where(gone, of_case, 0.0), others, levels[:, i])
    return found
