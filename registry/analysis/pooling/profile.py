"""Limits and P by the profile likelihood, from sums that hospitals give at coefficients asked for.

A limit of a coefficient is where the log-likelihood has fallen by half of chi-square's quantile
while the slopes of all others are 0 (Venzon and Moolgavkar, Appl Stat 1988;37:87-94); its P is of
the fall where it is held at 0. Both are found by Newton's steps, those of all terms asked at once,
and depend on nothing but the points that were asked, as the climb to the estimate does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from registry.analysis.arrays import chi2_ppf, chi2_sf
from registry.analysis.dataset import Floats
from registry.analysis.pooling.cox import Evaluated, curvature, height

# A step shorter than this part of the standard error is the last: what rounding leaves of the
# height allows no much shorter one, and the next would be its square.
_CLOSE = 1e-7
# No step moves a coefficient by more standard errors than this.
_LONGEST = 2.0


@dataclass(frozen=True)
class Profile:
    """Of each term lower and upper limit and P, None where unknown; and what is to be asked next.

    Nothing is to be asked where all are reached, or lie further out than may be asked.
    """

    limits: tuple[tuple[float | None, float | None], ...]
    p: tuple[float | None, ...]
    ask: tuple[tuple[float, ...], ...]


def profiled(
    points: Sequence[Evaluated], best: Evaluated, *, firth: bool, furthest: float
) -> Profile:
    """What the points say of the limits and P of every term around the estimate."""
    known = _Known(points, best, firth)
    asked: list[Floats] = []

    def reached(which: int, direction: int) -> Floats | None:
        """Where the search has arrived; None while there is something to ask, or beyond."""
        coef, last = known.next(which, direction)
        if np.abs(coef).max() > furthest:
            return None
        if last:
            return coef
        asked.append(coef)
        return None

    limits, tests = [], []
    for which in range(len(best.coef)):
        ends = [reached(which, direction) for direction in (-1, 1)]
        limits.append(tuple(None if end is None else float(end[which]) for end in ends))
        reached(which, 0)
        tests.append(known.p_at_zero(which))
    ask = tuple(tuple(float(one) for one in coef) for coef in asked)
    return Profile(tuple((low, high) for low, high in limits), tuple(tests), ask)


class _Known:
    """The points with their heights, and the steps between them."""

    def __init__(self, points: Sequence[Evaluated], best: Evaluated, firth: bool) -> None:
        self._points, self._firth = points, firth
        self._heights = [height(one.total, firth=firth) for one in points]
        self._at = next(n for n, one in enumerate(points) if one is best)
        # By the information alone, so that a search begins in one place whatever was asked since.
        self._inverse = np.linalg.inv(best.total.information)
        self._se = np.sqrt(np.diag(self._inverse))
        self._fall = float(chi2_ppf(0.95, 1)) / 2

    def next(self, which: int, direction: int) -> tuple[Floats, bool]:
        """The next coefficients of a search, and whether the step to them is the last.

        `direction` is -1 or 1 for a limit, 0 for the coefficient held at 0.
        """
        near = self._nearest(which, direction)
        if near is None:
            return self._first(which, direction), False
        step = self._step(near, which, direction)
        size = float(np.abs(step / self._se).max())
        if size > _LONGEST:
            step = step * (_LONGEST / size)
        coef: Floats = self._points[near].coef + step
        if direction == 0:
            coef[which] = 0.0
        return coef, size < _CLOSE

    def p_at_zero(self, which: int) -> float | None:
        """P of twice the fall where the coefficient is held at 0; None as long as it is not known.

        The fall is flat where the others are as high as they get: a last step adds nothing to it.
        """
        near = self._nearest(which, 0)
        if near is None or np.abs(self._step(near, which, 0) / self._se).max() > 1e-6:
            return None
        fall = self._heights[self._at][0] - self._heights[near][0]
        return float(chi2_sf(max(0.0, 2 * fall), 1))

    def _curvature(self, at: int) -> Floats:
        if self._firth:
            return curvature(self._points, self._heights, at)
        return self._points[at].total.information

    def _first(self, which: int, direction: int) -> Floats:
        """Along the estimate's own ridge, as far as a parabola falls."""
        ridge = self._inverse[:, which] / self._inverse[which, which]
        best = self._points[self._at].coef
        if direction == 0:
            moved: Floats = best - best[which] * ridge
            moved[which] = 0.0
            return moved
        width = np.sqrt(2 * self._fall * self._inverse[which, which])
        return np.asarray(best + direction * width * ridge)

    def _nearest(self, which: int, direction: int) -> int | None:
        """The point of this side that is least wrong; None where the search has not begun."""
        best = self._points[self._at].coef[which]

        def is_of_it(n: int) -> bool:
            coef = self._points[n].coef[which]
            if not np.isfinite(self._heights[n][0]):
                return False
            return coef == 0.0 if direction == 0 else bool(direction * (coef - best) > 0)

        found = [n for n in range(len(self._points)) if n != self._at and is_of_it(n)]
        begun = {tuple(self._first(which, direction))}
        if not any(tuple(self._points[n].coef) in begun for n in found):
            return None
        return min(found, key=lambda n: self._wrong(n, which, direction))

    def _residual(self, n: int, which: int, direction: int) -> Floats:
        loglik, slope = self._heights[n]
        residual = slope.copy()
        if direction == 0:
            residual[which] = 0.0
        else:
            residual[which] = loglik - (self._heights[self._at][0] - self._fall)
        return residual

    def _wrong(self, n: int, which: int, direction: int) -> float:
        residual = np.abs(self._residual(n, which, direction))
        others = np.delete(residual * self._se, which)
        return float(residual[which] / self._fall + (others.max() if others.size else 0.0))

    def _step(self, n: int, which: int, direction: int) -> Floats:
        """Newton's, by how the slopes and the height change."""
        change = -self._curvature(n)
        change[which] = self._heights[n][1]
        if direction == 0:
            change[which] = np.eye(len(change))[which]
        return np.asarray(-np.linalg.solve(change, self._residual(n, which, direction)))
