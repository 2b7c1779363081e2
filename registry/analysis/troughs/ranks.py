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

from registry.analysis.arrays import norm_sf
from registry.analysis.dataset import Days, Flags, Floats
from registry.words import note

EXACT_BELOW = 50
"""Both groups smaller than this: exact distribution, otherwise normal; as R's `wilcox.test`."""

METHOD = note(
    "Mann-Whitney test, two-sided; a level reported as <x is lower than every number from "
    "x on, one reported as >x higher than every number up to x, and tied with those it "
    "cannot be told from."
)
EXACT = note("exact: all ways to divide the ranks, ties as they are, counted")
NORMAL = note("normal approximation with correction for ties and continuity")


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
            "method": note("{method} P {how}.", method=METHOD, how=EXACT if self.exact else NORMAL),
            "undecided_pairs": self.undecided,
        }


def surely(
    value: Floats, comparator: Sequence[Any], other: Floats, other_comparator: Sequence[Any]
) -> tuple[Days, Days]:
    """Of each level, how many of the others are surely lower, and how many surely higher.

    Args:
        value: levels, or the limits of those with a comparator.
        comparator: `<`, `>` or null (None, NaN), one for each level.
        other, other_comparator: the levels to compare with.
    """
    below, above, exact = _kinds(comparator)
    other_below, other_above, other_exact = _kinds(other_comparator)
    numbers = np.sort(other[other_exact])
    limits_below, limits_above = np.sort(other[other_below]), np.sort(other[other_above])
    lower = np.searchsorted(limits_below, value, side="right") + np.where(
        exact, np.searchsorted(numbers, value, "left"), np.searchsorted(numbers, value, "right")
    )
    higher = len(limits_above) - np.searchsorted(limits_above, value, side="left") + len(numbers)
    higher -= np.where(
        exact, np.searchsorted(numbers, value, "right"), np.searchsorted(numbers, value, "left")
    )
    return np.where(below, 0, lower).astype(np.int64), np.where(above, 0, higher).astype(np.int64)


def undecided(
    value: Floats, comparator: Sequence[Any], other: Floats, other_comparator: Sequence[Any]
) -> int:
    """How many pairs are tied because of a limit, not because two numbers are the same."""
    lower, higher = surely(value, comparator, other, other_comparator)
    mine = value[_kinds(comparator)[2]]
    numbers = np.sort(other[_kinds(other_comparator)[2]])
    same = np.searchsorted(numbers, mine, "right") - np.searchsorted(numbers, mine, "left")
    return int(len(value) * len(other) - lower.sum() - higher.sum() - same.sum())


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
    lower, higher = surely(value, comparator, value, comparator)
    score = lower - higher
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
    return float(min(1.0, 2 * norm_sf(distance / np.sqrt(variance))))


def _kinds(comparator: Sequence[Any]) -> tuple[Flags, Flags, Flags]:
    """Which levels are limits below which, limits above which, and numbers."""
    below = np.array([one == "<" for one in comparator], dtype=bool)
    above = np.array([one == ">" for one in comparator], dtype=bool)
    return below, above, ~(below | above)
