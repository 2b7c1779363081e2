"""Limits and P by the profile likelihood: a coefficient held, the others as high as they get."""

from __future__ import annotations

import numpy as np

from registry.analysis.arrays import chi2_ppf
from registry.analysis.cox.partial_likelihood import PartialLikelihood, Point, maximise
from registry.analysis.dataset import Floats

# A search for a limit of a coefficient goes no further than this from its estimate.
_FARTHEST = 60.0
_STEPS, _CLOSE = 100, 1e-11


def profile_limits(
    likelihood: PartialLikelihood, best: Point, which: int
) -> tuple[float | None, float | None]:
    """95 % limits: where twice the fall of the profile likelihood reaches chi-square's quantile.

    Returns:
        Lower and upper limit; None where the likelihood never falls that far.
    """
    fall = float(chi2_ppf(0.95, 1)) / 2
    middle = float(best.coef[which])
    se = float(np.sqrt(np.linalg.inv(best.information)[which, which]))

    def search(direction: int) -> float | None:
        # The last fit is close to the next one: each begins where the last ended.
        last = best.coef
        # By Newton's steps: the slope of the profile is the score of what is held. Where the fall
        # is a parabola the root of it grows evenly, so that is what the steps are taken on.
        inner, outer, width = middle, np.inf * direction, se
        here = middle + direction * np.sqrt(2 * fall) * se
        for _ in range(_STEPS):
            if abs(here - middle) > _FARTHEST:
                return None
            point = _held(likelihood, which, here, last) or _held(
                likelihood, which, here, best.coef
            )
            if point is None:
                return None
            last, fallen = point.coef, best.loglik - point.loglik
            if fallen < fall:
                inner = here
            else:
                outer = here
            slope = -float(point.score[which]) * direction
            goes_down = fallen > 0 and slope > 0
            step = 2 * (np.sqrt(fallen * fall) - fallen) / slope if goes_down else np.nan
            if abs(step) <= _CLOSE * (1 + abs(here)):
                return float(here + direction * step)
            there = here + direction * step
            if not min(inner, outer) < there < max(inner, outer):
                there = (inner + outer) / 2 if np.isfinite(outer) else here + direction * width
            elif not np.isfinite(outer):
                # Until the fall has been passed steps grow no faster than this.
                there = here + direction * min(abs(there - here), width)
            here, width = there, width * 1.5
        # Halved so often, what is left between the two is less than a number can hold.
        return float(here)

    return search(-1), search(1)


def _held(
    likelihood: PartialLikelihood, which: int, coefficient: float, near: Floats
) -> Point | None:
    start = near.copy()
    start[which] = coefficient
    return maximise(likelihood, start=start, held=which)


def likelihood_ratio(likelihood: PartialLikelihood, best: Point, which: int) -> float | None:
    """Twice the fall of the (penalised) log-likelihood when a coefficient is held at 0."""
    point = _held(likelihood, which, 0.0, best.coef)
    return None if point is None else max(0.0, 2 * (best.loglik - point.loglik))
