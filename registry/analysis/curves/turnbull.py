"""Turnbull's curve: loss of response known only to lie between two visits, (left, right].

Fitted by surpyval, which takes an interval as open to the left, as visits are: response was still
there on the left day and lost by the right one. lifelines takes the left day as possible too.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np

from registry.analysis.dataset import DAYS_PER_MONTH, Floats
from registry.errors import CannotEstimate, Refused
from registry.words import note, tr

_NO_MASS = 1e-8


@dataclass(frozen=True)
class IntervalCurve:
    """The share of patients that lost response within each interval of days (left, right].

    Within an interval the estimate does not say when: the incidence is known before and after it.
    What is left of 1 was lost later than the last interval, or not at all.
    """

    left: Floats
    right: Floats
    mass: Floats

    def at(self, day: float) -> tuple[float, float]:
        """The least and the greatest incidence on a day that the estimate allows."""
        surely = float(self.mass[self.right <= day].sum())
        possibly = float(self.mass[self.left < day].sum())
        return surely, possibly

    def median_months(self) -> tuple[float, float] | None:
        """The interval in which half have lost response, in months; None when not reached."""
        reached = np.flatnonzero(np.cumsum(self.mass) >= 0.5 - _NO_MASS)
        if reached.size == 0:
            return None
        i = int(reached[0])
        return self.left[i] / DAYS_PER_MONTH, self.right[i] / DAYS_PER_MONTH

    def to_json(self) -> dict[str, Any]:
        return {
            "left_days": self.left.tolist(),
            "right_days": self.right.tolist(),
            "mass": self.mass.tolist(),
        }


def turnbull(left: Floats, right: Floats) -> IntervalCurve:
    """The non-parametric maximum-likelihood estimate (NPMLE).

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
        nothing = np.zeros(0)
        return IntervalCurve(nothing, nothing, nothing)
    from surpyval.univariate.nonparametric.turnbull import Turnbull

    # What it warns of is whether it converged, which is asked below.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model: Any = Turnbull.fit(xl=left, xr=until, turnbull_estimator="Kaplan-Meier")
    if not model.converged:
        raise CannotEstimate(
            note("The interval-censored curve did not converge."),
            cure=tr("Leave --interval-censored out."),
        )
    ends = np.asarray(model.x, dtype=np.float64)
    mass = -np.diff(np.concatenate(([1.0], np.asarray(model.R, dtype=np.float64))))
    held = mass > _NO_MASS
    begins = np.concatenate(([0.0], ends[:-1]))
    return IntervalCurve(begins[held], ends[held], mass[held])
