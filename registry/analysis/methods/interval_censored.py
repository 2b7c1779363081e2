"""Turnbull's curve of events that are known only to lie in an interval (left, right]."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np

from registry.analysis import arrays
from registry.analysis.dataset import Floats
from registry.errors import CannotEstimate
from registry.words import note

# What the steps of the estimate leave on an interval that is to have nothing.
_NO_MASS = 1e-6


@dataclass(frozen=True)
class IntervalEstimate:
    """The probability of each innermost interval (left, right]; left equals right for a moment.

    Within an interval the estimate does not say when. What is left of 1 comes after the last.

    Attributes:
        left, right: the intervals that hold probability, in the order of time.
        mass: the probability of each.
        survival: what is left after each.
    """

    left: Floats
    right: Floats
    mass: Floats

    @property
    def survival(self) -> Floats:
        """The share without the event after each interval."""
        return np.asarray(1 - np.cumsum(self.mass), dtype=np.float64)

    @property
    def median(self) -> tuple[float, float] | None:
        """The interval by whose end half have had the event; None when not reached."""
        reached = np.flatnonzero(np.cumsum(self.mass) >= 0.5 - _NO_MASS)
        if reached.size == 0:
            return None
        return float(self.left[reached[0]]), float(self.right[reached[0]])

    def at(self, time: float) -> tuple[float, float]:
        """The least and the greatest share with the event at a time that the estimate allows."""
        surely = float(self.mass[self.right <= time].sum())
        moment = (self.left == self.right) & (self.right <= time)
        possibly = float(self.mass[(self.left < time) | moment].sum())
        return surely, possibly


def turnbull(left: Any, right: Any) -> IntervalEstimate:
    """The non-parametric maximum-likelihood estimate from intervals.

    surpyval computes it; lifelines takes the left end as possible, too. R:
    `survfit(Surv(left, right, type = "interval2") ~ 1)`, `npsurv::npsurv`, `Icens::EMICM`, which
    stop at their own tolerance.

    Args:
        left: the last time without the event, 0 or more, shape (n,).
        right: the first time with it; infinite or NaN without an event, equal to `left` when the
            time is known.

    Raises:
        CannotEstimate: no event, or the estimate does not converge.
    """
    begins, ends = arrays.intervals(left, right)
    arrays.require_event(np.isfinite(ends))
    from surpyval.univariate.nonparametric.turnbull import Turnbull

    # What it warns of is whether it converged, which is asked below.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model: Any = Turnbull.fit(xl=begins, xr=ends, turnbull_estimator="Kaplan-Meier")
    if not model.converged:
        raise CannotEstimate(note("The interval-censored curve did not converge."))
    bounds = np.asarray(model.x, dtype=np.float64)
    mass = -np.diff(np.concatenate(([1.0], np.asarray(model.R, dtype=np.float64))))
    held = (mass > _NO_MASS) & np.isfinite(bounds)
    before = np.concatenate(([0.0], bounds[:-1]))
    return IntervalEstimate(before[held], bounds[held], mass[held])
