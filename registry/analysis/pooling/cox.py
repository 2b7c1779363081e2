"""A Cox model stratified by hospital, from sums that hospitals give at the coefficients asked for.

With a hazard of its own for each hospital the log-likelihood of all rows is the sum of the
hospitals', and so are its slope and information: Newton's steps from the sums are those from the
rows, whatever the ties, the entry or what varies over time. Firth's penalty is of the information
of all; its slope needs the third moments, which add too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from typing import Any

import numpy as np

from registry.analysis.arrays import Ties, chi2_sf
from registry.analysis.counting import Z95
from registry.analysis.cox.diagnostics import (
    Zph,
    concordance_of,
    hazard_sums,
    score_test,
    transformed,
)
from registry.analysis.cox.partial_likelihood import HALVINGS, LONGEST_STEP, PartialLikelihood, Rows
from registry.analysis.dataset import Floats
from registry.errors import CannotEstimate
from registry.words import note

# A step shorter than this part of each standard error is the last.
_CLOSE = 1e-10
# How many lengths are asked for at once when a step was too long.
_AT_ONCE = 3
# Of the least eigenvalue of an information in units of its diagonal: below it there is no estimate.
_SINGULAR = 1e-8


@dataclass(frozen=True)
class Sums:
    """What some rows say at some coefficients; without a common stratum they add."""

    loglik: float
    score: Floats
    information: Floats
    third: Floats | None = None

    def __add__(self, other: Sums) -> Sums:
        third = None if self.third is None or other.third is None else self.third + other.third
        return Sums(
            self.loglik + other.loglik,
            self.score + other.score,
            self.information + other.information,
            third,
        )

    def to_json(self) -> dict[str, Any]:
        """As one JSON object."""
        made = {
            "loglik": self.loglik,
            "score": self.score.tolist(),
            "information": self.information.tolist(),
        }
        return made if self.third is None else made | {"third": self.third.tolist()}

    @classmethod
    def of_json(cls, given: Mapping[str, Any], terms: int) -> Sums:
        """What `to_json` made; ValueError where it is not of so many terms, or not finite."""
        made = cls(
            float(given["loglik"]),
            _array(given["score"], (terms,)),
            _array(given["information"], (terms, terms)),
            _array(given["third"], (terms,) * 3) if "third" in given else None,
        )
        if not np.isfinite(made.loglik):
            raise ValueError
        return made


def _array(given: Any, shape: tuple[int, ...]) -> Floats:
    found = np.asarray(given, dtype=np.float64)
    if found.shape != shape or not np.isfinite(found).all():
        raise ValueError
    return found


def sums_at(rows: Rows, ties: Ties, coefs: Sequence[Sequence[float]], *, firth: bool) -> list[Sums]:
    """What the rows of one hospital say at each of the coefficients; at least one event."""
    likelihood = PartialLikelihood(rows, ties)
    made = []
    for coef in coefs:
        at = np.asarray(coef, dtype=np.float64)
        point = likelihood.at(at)
        third = likelihood.third_moments(at) if firth else None
        made.append(Sums(point.loglik, point.score, point.information, third))
    return made


def closing_sums(rows: Rows, ties: Ties, coef: Sequence[float]) -> dict[str, Any]:
    """At the estimate: pairs within the hospital for the concordance, sums to test hazards."""
    likelihood, at = PartialLikelihood(rows, ties), np.asarray(coef, dtype=np.float64)
    _, pairs = concordance_of(rows, rows.values @ at)
    g = transformed(rows, likelihood.steps.time, "identity")
    slope, _, mixed, square = hazard_sums(likelihood, at, g)
    return {
        "pairs": pairs,
        "slope": slope.tolist(),
        "mixed": mixed.tolist(),
        "square": square.tolist(),
    }


@dataclass(frozen=True)
class Evaluated:
    """Coefficients that were asked for, and what each hospital said there."""

    coef: Floats
    of: Mapping[str, Sums]

    @classmethod
    def at(cls, coef: Sequence[float], of: Mapping[str, Sums]) -> Evaluated:
        """The point of these numbers."""
        return cls(np.asarray(coef, dtype=np.float64), of)

    @property
    def total(self) -> Sums:
        """The sum over the hospitals."""
        return reduce(Sums.__add__, self.of.values())


@dataclass(frozen=True)
class Climb:
    """The highest point so far, the step from it, and what is to be asked next.

    Nothing is to be asked where the estimate is reached.
    """

    best: Evaluated
    step: Floats
    ask: tuple[tuple[float, ...], ...]
    loglik: float


def climb(points: Sequence[Evaluated], *, firth: bool) -> Climb:
    """Where to go from what is known, by Newton's steps, halved while they do not climb.

    It depends on nothing but the points, so that a hospital can be left out of all of them.

    Raises CannotEstimate where the sums have no finite estimate.
    """
    heights = [height(one.total, firth=firth) for one in points]
    at = _highest(points, heights)
    best, (loglik, slope) = points[at], heights[at]
    information = best.total.information
    if not np.isfinite(loglik) or is_singular(information):
        raise CannotEstimate(
            note("The hospitals together cannot tell the covariates of the model apart.")
        )
    change = curvature(points, heights, at) if firth else information
    step: Floats = np.asarray(np.linalg.solve(change, slope), dtype=np.float64)
    errors = np.sqrt(np.diag(np.linalg.inv(information)))
    if np.abs(step / errors).max() < _CLOSE:
        return Climb(best, step, (), loglik)
    step = step * min(1.0, LONGEST_STEP / np.abs(step).max())
    lengths = [0.5**halved for halved in range(HALVINGS)]
    moves = [one.coef - best.coef for one in points if one is not best]
    tried = [
        length
        for length in lengths
        if any(np.allclose(move, length * step, rtol=1e-6, atol=0) for move in moves)
    ]
    left = [length for length in lengths if not tried or length < min(tried)]
    ask = left[: _AT_ONCE if tried else 1]
    if not ask or np.abs(step * ask[0] / errors).max() < _CLOSE:
        return Climb(best, step, (), loglik)
    return Climb(best, step, tuple(_numbers(best.coef + length * step) for length in ask), loglik)


def _highest(points: Sequence[Evaluated], heights: Sequence[tuple[float, Floats]]) -> int:
    """The number of the highest point; of those that rounding cannot tell apart the flattest."""
    top = max(height for height, _ in heights)
    as_high = [n for n, (height, _) in enumerate(heights) if height >= top - 1e-12 * (1 + abs(top))]
    if len(as_high) < 2:
        return as_high[0] if as_high else 0
    return min(as_high, key=lambda n: float(np.abs(heights[n][1]).max()))


def height(total: Sums, *, firth: bool) -> tuple[float, Floats]:
    """The log-likelihood and its slope, with the penalty where there is one."""
    if not firth:
        return total.loglik, total.score
    sign, log_det = np.linalg.slogdet(total.information)
    if not sign > 0 or total.third is None:
        return -np.inf, total.score
    inverse = np.linalg.inv(total.information)
    pull = np.einsum("ij,ijk->k", inverse, total.third) / 2
    return total.loglik + log_det / 2, total.score + pull


def curvature(
    points: Sequence[Evaluated], heights: Sequence[tuple[float, Floats]], at: int
) -> Floats:
    """The information, mended by what the slopes at other points say of the penalty's curvature.

    Symmetric rank-one updates, nearest point last; without them few events take many rounds.
    """
    best, slope = points[at], heights[at][1]
    found = best.total.information.copy()
    others = [n for n in range(len(points)) if n != at and np.isfinite(heights[n][0])]
    others.sort(key=lambda n: -float(np.abs(points[n].coef - best.coef).max()))
    for n in others:
        moved, changed = points[n].coef - best.coef, slope - heights[n][1]
        left = changed - found @ moved
        along = float(left @ moved)
        if abs(along) < 1e-8 * np.linalg.norm(left) * np.linalg.norm(moved):
            continue
        mended = found + np.outer(left, left) / along
        if np.linalg.eigvalsh(mended).min() > 0:
            found = mended
    return found


def _numbers(coef: Floats) -> tuple[float, ...]:
    return tuple(float(one) for one in coef)


def is_singular(information: Floats) -> bool:
    """Whether an information says nothing of some combination of the terms."""
    size = np.sqrt(np.diag(information))
    if not (size > 0).all():
        return True
    return float(np.linalg.eigvalsh(information / np.outer(size, size)).min()) < _SINGULAR


@dataclass(frozen=True)
class Heterogeneity:
    """Whether hospitals differ in a coefficient: Cochran's Q of the interaction with hospital.

    `i_squared` is the part of Q beyond what chance gives (Higgins and Thompson, Stat Med
    2002;21:1539-58).
    """

    q: float
    df: int

    @property
    def i_squared(self) -> float:
        """Between 0 and 1."""
        return max(0.0, (self.q - self.df) / self.q) if self.q > 0 else 0.0


def heterogeneity(at: Evaluated) -> tuple[Heterogeneity, list[Heterogeneity]]:
    """The score test of an interaction with hospital: of all terms, and of each alone.

    Of one term by what each hospital's own first step from the pooled estimate says of it.
    """
    k = len(at.coef)
    told = [one for one in at.of.values() if not is_singular(one.information)]
    if len(told) < 2:
        return Heterogeneity(0.0, 0), [Heterogeneity(0.0, 0)] * k
    inverses = [np.linalg.inv(one.information) for one in told]
    steps = np.array([inv @ one.score for inv, one in zip(inverses, told, strict=True)])
    whole = sum(float(one.score @ step) for one, step in zip(told, steps, strict=True))
    # What these hospitals have in common, where others or a penalty have part in the estimate.
    common = reduce(Sums.__add__, told)
    whole -= float(common.score @ np.linalg.solve(common.information, common.score))
    weight = np.array([1 / np.diag(inverse) for inverse in inverses])
    mean = (weight * steps).sum(axis=0) / weight.sum(axis=0)
    of_term = (weight * (steps - mean) ** 2).sum(axis=0)
    apart = len(told) - 1
    return Heterogeneity(whole, apart * k), [Heterogeneity(float(q), apart) for q in of_term]


def apart_from_all(sums: Sums) -> list[float]:
    """What one hospital gives to `heterogeneity` at the estimate, as numbers that add.

    1, its score test, score, information, and of each term the weight, and weight by step and by
    its square; all 0 where it says nothing of some combination of the terms.
    """
    k = len(sums.score)
    if is_singular(sums.information):
        return [0.0] * (2 + 4 * k + k * k)
    inverse = np.linalg.inv(sums.information)
    step, weight = inverse @ sums.score, 1 / np.diag(inverse)
    parts = (sums.score, sums.information.ravel(), weight, weight * step, weight * step**2)
    return [1.0, float(sums.score @ step), *(float(one) for part in parts for one in part)]


def heterogeneity_of_sums(
    sums: Sequence[Fraction], k: int
) -> tuple[Heterogeneity, list[Heterogeneity]]:
    """`heterogeneity` from what hospitals gave by `apart_from_all`, added."""
    told, whole, *rest = sums
    if told < 2:
        return Heterogeneity(0.0, 0), [Heterogeneity(0.0, 0)] * k
    score, information = rest[:k], rest[k : k + k * k]
    weight, moved, square = (rest[k + k * k + n * k :][:k] for n in range(3))
    slope = np.array(score, dtype=np.float64)
    common = np.array(information, dtype=np.float64).reshape(k, k)
    df = int(told) - 1
    q = float(whole) - float(slope @ np.linalg.solve(common, slope))
    of_term = (s - m * m / w for s, m, w in zip(square, moved, weight, strict=True))
    return Heterogeneity(q, df * k), [Heterogeneity(float(one), df) for one in of_term]


def alone(sums: Sums, coef: Floats) -> tuple[Floats, Floats] | None:
    """Coefficients and errors that a hospital alone would have, by one step from the estimate.

    None where it alone says nothing of some combination of the terms.
    """
    if is_singular(sums.information):
        return None
    inverse = np.linalg.inv(sums.information)
    return coef + inverse @ sums.score, np.sqrt(np.diag(inverse))


def without(at: Evaluated, hospital: str) -> Floats | None:
    """The coefficients without a hospital, by one step from the estimate of all."""
    others = [one for name, one in at.of.items() if name != hospital]
    if not others:
        return None
    left = reduce(Sums.__add__, others)
    if is_singular(left.information):
        return None
    return np.asarray(at.coef + np.linalg.solve(left.information, left.score))


def hazards(at: Evaluated, closing: Sequence[Mapping[str, Any]]) -> Zph | None:
    """The test of proportional hazards from the hospitals' closing sums."""
    slope, mixed, square = (
        np.sum([np.asarray(one[name], dtype=np.float64) for one in closing], axis=0)
        for name in ("slope", "mixed", "square")
    )
    return score_test(slope, at.total.information, mixed, square, "identity")


@dataclass(frozen=True)
class Estimated:
    """A term over the hospitals; limits and P are Wald's unless others are put in their place."""

    coef: float
    se: float
    lower: float
    upper: float
    p: float


def estimated(at: Evaluated) -> list[Estimated]:
    """Each term at the estimate."""
    errors = np.sqrt(np.diag(np.linalg.inv(at.total.information)))
    return [
        Estimated(
            float(coef),
            float(error),
            float(coef - Z95 * error),
            float(coef + Z95 * error),
            float(chi2_sf((coef / error) ** 2, 1)),
        )
        for coef, error in zip(at.coef, errors, strict=True)
    ]
