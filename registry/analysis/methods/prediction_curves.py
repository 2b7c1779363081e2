"""Brier score and AUC at many times: the estimates alone, in bounded memory.

A bootstrap asks for them of every sample; errors and what each row gives are in `prediction`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from registry.analysis.dataset import Days, Floats
from registry.analysis.methods.competing_risks import aalen_johansen
from registry.analysis.methods.prediction import Censoring, area_of, integrated_to, scaled_by

_BLOCK = 64
"""Patients that are worked on at once: a processor has them near it."""


@dataclass(frozen=True)
class BrierCurve:
    """The estimates of a Brier score alone, without what each row gives to them.

    Attributes:
        at, estimate: as of `BrierScore`.
        null: the estimates of the null score.
    """

    at: Floats
    estimate: Floats
    null: Floats

    @property
    def scaled(self) -> Floats:
        """As of `BrierScore`."""
        return scaled_by(self.estimate, self.null)

    @property
    def integrated(self) -> Floats:
        """As of `BrierScore`."""
        return integrated_to(self.estimate, self.at)


def brier_curve(
    time: Floats | Days,
    cause: Days,
    risk: Floats,
    at: Floats,
    *,
    grown: Floats | None = None,
    who: Days | None = None,
) -> BrierCurve:
    """The estimates of `brier` at many times, where risks change at few of them.

    Args:
        time, cause, at: as of `brier`, and held to nothing.
        risk: of patients, shape (patients, 1 + grown): before the first of the times `grown`, and
            from each on. Without `grown` there is a risk for each time of `at`.
        who: which of the patients each row is; without it each row is its own.
    """
    time = np.asarray(time, dtype=np.float64)
    censoring = Censoring(time, cause)
    patients, row = np.unique(np.arange(len(time)) if who is None else who, return_inverse=True)
    leaves = np.empty(len(patients))
    leaves[row] = time
    # What a patient counts: after leaving, and of that with cause 1, and up to then.
    gone = np.bincount(row, censoring.before)
    lost = np.bincount(row, np.where(cause == 1, censoring.before, 0.0))
    often = np.bincount(row).astype(np.float64)
    if grown is None:
        step, leaving = np.arange(len(at)), np.searchsorted(at, leaves, side="left")
    else:
        step, leaving = (np.searchsorted(grown, one, side="right") for one in (at, leaves))
    # w (y - r)^2 = w r^2 - 2 w y r + w y, summed over patients at each step of their risks. Who
    # leaves during a step has left at none of its times yet.
    until, later = np.zeros((2, risk.shape[1]))
    order = np.argsort(leaves, kind="stable")
    for first in range(0, len(order), _BLOCK):
        some = order[first : first + _BLOCK]
        told = risk[patients[some]]
        square = told * told
        low, high = leaving[some[0]], leaving[some[-1]] + 1
        later[:low] += often[some] @ square[:, :low]
        until[high:] += gone[some] @ square[:, high:] - 2 * (lost[some] @ told[:, high:])
        left = leaving[some, None] < np.arange(low, min(high, len(until)))
        told, square = told[:, low:high], square[:, low:high]
        until[low:high] += (np.where(left, gone[some, None], 0.0) * square).sum(axis=0)
        until[low:high] -= 2 * (np.where(left, lost[some, None], 0.0) * told).sum(axis=0)
        later[low:high] += (np.where(left, 0.0, often[some, None]) * square).sum(axis=0)
    # Those who leave during a step, by the times of it.
    place = np.searchsorted(at, leaves, side="left")
    inside = (place < len(at)) & (leaving < risk.shape[1])
    own = risk[patients[inside], leaving[inside]]
    first_of_step = np.searchsorted(step, step, side="left")

    def since(part: Floats) -> Floats:
        running = np.cumsum(np.bincount(place[inside], part, len(at)))
        return np.asarray(running - np.concatenate(([0.0], running))[first_of_step], dtype=float)

    told_until = until[step] + since(gone[inside] * own**2 - 2 * lost[inside] * own)
    told_later = later[step] - since(often[inside] * own**2)
    total = told_until + censoring.of_cases(at) + told_later / censoring.of(at)
    incidence = aalen_johansen(time, cause).at(at)[0] if cause.any() else np.zeros(len(at))
    null = censoring.of_cases(at) * (1 - 2 * incidence) + censoring.of_all(at) * incidence**2
    return BrierCurve(at, total / len(time), null / len(time))


def auc_curve(time: Floats | Days, cause: Days, levels: Days, at: Floats) -> Floats:
    """The estimates of `auc` alone, of risks of which the order is known.

    Args:
        time, cause, at: as of `auc`, and held to nothing.
        levels: see `levels_of`; those of rows that are not there may be missing.
    """
    time = np.asarray(time, dtype=np.float64)
    weights = Censoring(time, cause).weights(at)
    areas = [area_of(time, cause, weights[:, i], levels[:, i], t) for i, t in enumerate(at)]
    return np.array([np.nan if one is None else one.area for one in areas])
