"""The Mann-Whitney test of levels of which some are known only to lie beyond a limit.

A level reported as <x lies in [0, x), one reported as >x in (x, infinity). Of two levels the lower
is known, or they count as tied: for numbers that is Mann and Whitney's comparison, for limits
Gehan's (Biometrika 1965;52:203-23). No number has to be put in the place of a limit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import norm

from registry.analysis.dataset import Days, Floats

EXACT_BELOW = 50
"""Both groups smaller than this: exact distribution, otherwise normal; as R's `wilcox.test`."""

METHOD = (
    "Mann-Whitney test, two-sided; a level reported as <x is lower than every number from x on, one"
    " reported as >x higher than every number up to x, and tied with those it cannot be told from."
)
EXACT = "exact: all ways to divide the ranks, ties as they are, counted"
NORMAL = "normal approximation with correction for ties and continuity"


@dataclass(frozen=True)
class MannWhitney:
    """`u` is the number of pairs in which the second group has the higher level, ties half.

    `undecided` pairs have a limit that does not tell which is higher; they count as ties.
    """

    u: float
    pairs: int
    undecided: int
    p: float
    exact: bool

    @property
    def share(self) -> float:
        """The probability that the level of the second group is the higher one, ties half."""
        return self.u / self.pairs

    def to_json(self) -> dict[str, Any]:
        return {
            "u": self.u,
            "p": self.p,
            "probability_higher": self.share,
            "exact": self.exact,
            "method": f"{METHOD} P {EXACT if self.exact else NORMAL}.",
            "undecided_pairs": self.undecided,
        }


def comparisons(
    value: Floats, comparator: Sequence[Any], other: Floats, other_comparator: Sequence[Any]
) -> Floats:
    """1 where a level of `other` is surely higher, -1 where surely lower, else 0; (n, m).

    Args:
        value: levels, or the limits of those with a comparator.
        comparator: `<`, `>` or null (None, NaN), one for each level.
        other, other_comparator: the levels to compare with.
    """
    low, high, exact = _interval(value, comparator)
    low_2, high_2, exact_2 = _interval(other, other_comparator)
    both = exact[:, None] & exact_2[None, :]

    def below(upper: Floats, lower: Floats) -> Any:
        return (upper < lower) | ((upper == lower) & ~both)

    higher = below(high[:, None], low_2[None, :]).astype(np.float64)
    return np.asarray(higher - below(high_2[None, :], low[:, None]), dtype=np.float64)


def undecided(
    value: Floats, comparator: Sequence[Any], other: Floats, other_comparator: Sequence[Any]
) -> int:
    """How many pairs are tied because of a limit, not because two numbers are the same."""
    tied = comparisons(value, comparator, other, other_comparator) == 0
    same = (value[:, None] == other[None, :]) & (
        _interval(value, comparator)[2][:, None] & _interval(other, other_comparator)[2][None, :]
    )
    return int((tied & ~same).sum())


def mann_whitney(
    first: Floats,
    second: Floats,
    first_comparator: Sequence[Any] | None = None,
    second_comparator: Sequence[Any] | None = None,
    *,
    exact_below: int = EXACT_BELOW,
) -> MannWhitney:
    """Compare two groups of at least one level each.

    Args:
        first, second: levels, or limits.
        first_comparator, second_comparator: `<`, `>` or null; without them all are numbers.
        exact_below: the exact distribution is used when both groups are smaller.
    """
    n, m = len(first), len(second)
    value = np.concatenate((first, second))
    comparator = [
        *(first_comparator if first_comparator is not None else [None] * n),
        *(second_comparator if second_comparator is not None else [None] * m),
    ]
    # Of each level: how many are surely lower, less how many surely higher.
    score = -comparisons(value, comparator, value, comparator).sum(axis=1).astype(np.int64)
    observed = int(score[n:].sum())
    u = (observed + n * m) / 2
    unclear = undecided(first, comparator[:n], second, comparator[n:])
    exact = n < exact_below and m < exact_below
    p = _exact_p(score, m, observed) if exact else _normal_p(score, n, m, observed)
    return MannWhitney(u, n * m, unclear, p, exact)


def _exact_p(score: Days, m: int, observed: int) -> float:
    """Twice the smaller tail of the sum of m of the scores, all choices alike."""
    shifted = score - score.min()
    most = int(np.sort(shifted)[-m:].sum())
    ways = np.zeros((m + 1, most + 1))
    ways[0, 0] = 1
    for step in shifted.tolist():
        # From many to few, so that each score is taken once.
        ways[1:, step:] += ways[:-1, : most + 1 - step]
    sums = np.arange(most + 1) + m * int(score.min())
    weight = ways[m] / ways[m].sum()
    tail = min(weight[sums <= observed].sum(), weight[sums >= observed].sum())
    return min(1.0, 2 * float(tail))


def _normal_p(score: Days, n: int, m: int, observed: int) -> float:
    total = n + m
    variance = n * m * float((score.astype(np.float64) ** 2).sum()) / (total * (total - 1)) / 4
    if variance == 0:
        return 1.0
    distance = max(abs(observed) / 2 - 0.5, 0.0)
    return float(min(1.0, 2 * norm.sf(distance / np.sqrt(variance))))


def _interval(value: Floats, comparator: Sequence[Any]) -> tuple[Floats, Floats, Any]:
    below = np.array([one == "<" for one in comparator], dtype=bool)
    above = np.array([one == ">" for one in comparator], dtype=bool)
    low, high = np.where(below, -np.inf, value), np.where(above, np.inf, value)
    return low, high, ~(below | above)
