"""The curve of losses of response that are known only to lie between two visits, (left, right]."""

from __future__ import annotations

import numpy as np

from registry.analysis import methods
from registry.analysis.dataset import Floats
from registry.analysis.methods import IntervalEstimate
from registry.errors import CannotEstimate, Refused
from registry.words import tr


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
