"""Limits and P by the profile likelihood: a coefficient held, the others as high as they get."""

from __future__ import annotations

import numpy as np
from scipy.optimize import brentq

from registry.analysis.cox.partial_likelihood import PartialLikelihood, Point, maximise
from registry.analysis.distributions import chi2_ppf

# A search for a limit of a coefficient goes no further than this from its estimate.
_FARTHEST = 60.0


def profile_limits(
    likelihood: PartialLikelihood, best: Point, which: int
) -> tuple[float | None, float | None]:
    """95 % limits: where twice the fall of the profile likelihood reaches chi-square's quantile.

    Returns:
        Lower and upper limit; None where the likelihood never falls that far.
    """
    fall = float(chi2_ppf(0.95, 1)) / 2
    se = float(np.sqrt(np.linalg.inv(best.information)[which, which]))

    def search(direction: int) -> float | None:
        # The last fit is close to the next one: each search begins where the last ended.
        last = best.coef

        def beyond(coefficient: float) -> float:
            nonlocal last
            start = last.copy()
            start[which] = coefficient
            point = maximise(likelihood, start=start, held=which)
            if point is None:
                start = best.coef.copy()
                start[which] = coefficient
                point = maximise(likelihood, start=start, held=which)
            if point is None:
                return np.nan
            last = point.coef
            return best.loglik - point.loglik - fall

        inner, width = float(best.coef[which]), se
        while True:
            outer = inner + direction * width
            if abs(outer - best.coef[which]) > _FARTHEST:
                return None
            value = beyond(outer)
            if not np.isfinite(value):
                return None
            if value >= 0:
                return float(brentq(beyond, inner, outer, xtol=1e-12, rtol=1e-13))
            inner, width = outer, width * 1.5

    return search(-1), search(1)


def likelihood_ratio(likelihood: PartialLikelihood, best: Point, which: int) -> float | None:
    """Twice the fall of the (penalised) log-likelihood when a coefficient is held at 0."""
    start = best.coef.copy()
    start[which] = 0.0
    point = maximise(likelihood, start=start, held=which)
    return None if point is None else max(0.0, 2 * (best.loglik - point.loglik))
