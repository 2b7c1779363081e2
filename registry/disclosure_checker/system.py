"""Whole numbers of which some are known and sums of some are: between which bounds each lies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import block_diag, csr_array


class NotProved(Exception):
    """The integer program did not end in the time that it was given."""


MANY = 1_000_000
"""No registry has so many children."""


_OUT_OF_TIME = 1


@dataclass(frozen=True)
class Sum:
    """low <= the weighted sum of numbers <= high."""

    weights: Mapping[str, float]
    low: float
    high: float


@dataclass
class System:
    """Numbers by name, none negative, and what is known of them."""

    least: dict[str, int] = field(default_factory=dict)
    known: dict[str, int] = field(default_factory=dict)
    sums: list[Sum] = field(default_factory=list)

    def number(self, name: str, value: int | None = None, least: int = 0) -> str:
        """A number, known or not."""
        self.least[name] = max(least, self.least.get(name, 0))
        if value is not None:
            self.known.setdefault(name, value)
            self.add({name: 1}, value, value)
        return name

    def add(self, weights: Mapping[str, float], low: float = 0, high: float = 0) -> None:
        """What is known of a weighted sum; by default that it is 0."""
        for name in weights:
            self.least.setdefault(name, 0)
        self.sums.append(Sum(weights, low, high))

    def whole(self, whole: str, *parts: str) -> None:
        """A number is the sum of others."""
        self.add({whole: 1, **dict.fromkeys(parts, -1)})

    def bounds(self, seconds: float | None = None) -> dict[str, tuple[int, int]]:
        """The least and the greatest that each number can be.

        Raises:
            NotProved: either took longer than so many seconds.
            ValueError: nothing fits, so that a relation or a document is wrong.
        """
        found = {name: (value, value) for name, value in self.known.items()}
        apart = self._apart()
        least, greatest = (_ends(apart, self.least, sign, seconds) for sign in (1, -1))
        return found | {name: (low, greatest[name]) for name, low in least.items()}

    def _apart(self) -> list[tuple[list[str], list[Sum]]]:
        """The unknown numbers in groups that no sum joins, each with its sums."""
        group = {name: name for name in self.least if name not in self.known}

        def root(name: str) -> str:
            while group[name] != name:
                name = group[name]
            return name

        reduced = [self._reduced(one) for one in self.sums]
        for one in reduced:
            first, *others = [*map(root, one.weights), ""][:-1] or [""]
            for other in others:
                if first:
                    group[root(other)] = root(first)
        members: dict[str, list[str]] = {}
        for name in group:
            members.setdefault(root(name), []).append(name)
        held: dict[str, list[Sum]] = {}
        for one in reduced:
            if one.weights:
                held.setdefault(root(next(iter(one.weights))), []).append(one)
            elif not one.low - 1e-6 <= 0 <= one.high + 1e-6:
                raise ValueError("known numbers do not add up")
        return [(names, held.get(at, [])) for at, names in members.items()]

    def _reduced(self, one: Sum) -> Sum:
        """The sum without what is known."""
        taken = sum(weight * self.known.get(name, 0) for name, weight in one.weights.items())
        left = {name: weight for name, weight in one.weights.items() if name not in self.known}
        return Sum(left, one.low - taken, one.high - taken)


def _ends(
    apart: list[tuple[list[str], list[Sum]]],
    least: Mapping[str, int],
    sign: int,
    seconds: float | None,
) -> dict[str, int]:
    """The least (1) or the greatest (-1) of every number.

    Each is asked of a copy of its group of its own, and all copies are solved at once.
    """
    targets: list[str] = []
    asked: list[float] = []
    lowest: list[int] = []
    blocks, low, high = [], [], []
    for names, sums in apart:
        matrix = np.array([[one.weights.get(name, 0.0) for name in names] for one in sums])
        for target in names:
            targets.append(target)
            asked += [sign * float(name == target) for name in names]
            lowest += [least[name] for name in names]
            blocks.append(csr_array(matrix.reshape(len(sums), len(names))))
            low += [one.low for one in sums]
            high += [one.high for one in sums]
    if not targets:
        return {}
    solved = milp(
        np.array(asked),
        constraints=LinearConstraint(block_diag(blocks, format="csr"), low, high),
        bounds=Bounds(lowest, MANY),
        integrality=np.ones(len(asked), dtype=np.int64),
        options={} if seconds is None else {"time_limit": seconds},
    )
    if solved.status == _OUT_OF_TIME:
        raise NotProved
    if not solved.success:
        raise ValueError(f"nothing fits: {solved.message}")
    chosen = np.array(asked) != 0
    return dict(zip(targets, np.rint(solved.x[chosen]).astype(int).tolist(), strict=True))
