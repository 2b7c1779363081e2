"""Who of those at risk at every event has the most of something, without listing them all."""

from __future__ import annotations

import numpy as np

from registry.analysis.cox.partial_likelihood import Rows
from registry.analysis.dataset import Days, Floats


class RiskSets:
    """Rows at risk at the events of their stratum; O(n log n) to make and to ask.

    A row is at risk at event times that follow one another. They are parted into nodes of a binary
    tree whose leaves are the event times, at most two a level.

    Attributes:
        events: the numbers of the rows that end with an event.
    """

    def __init__(self, rows: Rows) -> None:
        self.events: Days = np.flatnonzero(rows.event & (rows.stop > rows.start))
        first = np.zeros(len(rows.stop), dtype=np.int64)
        last = first.copy()
        slots = 0
        for stratum in np.unique(rows.stratum[self.events]):
            here = rows.stratum == stratum
            times = np.unique(rows.stop[self.events[here[self.events]]])
            first[here] = slots + np.searchsorted(times, rows.start[here], side="right")
            last[here] = slots + np.searchsorted(times, rows.stop[here], side="right")
            slots += len(times)
        self._first, self._last = first, np.maximum(first, last)
        self._slot = last[self.events] - 1
        self._slots = slots
        self._size = 1 << max(slots - 1, 0).bit_length()
        self._node, self._row = self._nodes()

    def _nodes(self) -> tuple[Days, Days]:
        """The nodes of every row, and the row of each."""
        left, right = self._first + self._size, self._last + self._size
        row = np.arange(len(left))
        nodes: list[Days] = []
        of_rows: list[Days] = []
        while len(row):
            odd = (left & 1).astype(bool) & (left < right)
            nodes.append(left[odd])
            of_rows.append(row[odd])
            left = left + odd
            odd = (right & 1).astype(bool) & (left < right)
            right = right - odd
            nodes.append(right[odd])
            of_rows.append(row[odd])
            left, right = left >> 1, right >> 1
            open_still = left < right
            left, right, row = left[open_still], right[open_still], row[open_still]
        none = np.zeros(0, dtype=np.int64)
        return np.concatenate([none, *nodes]), np.concatenate([none, *of_rows])

    def highest(self, score: Floats) -> Days:
        """For every event the number of a row at risk at it whose score is the highest."""
        order = np.argsort(score, kind="stable")
        rank = np.empty(len(score), dtype=np.int64)
        rank[order] = np.arange(len(score))
        tree = np.zeros(2 * self._size, dtype=np.int64)
        np.maximum.at(tree, self._node, rank[self._row])
        width = 1
        while width < self._size:
            above = np.repeat(tree[width : 2 * width], 2)
            tree[2 * width : 4 * width] = np.maximum(tree[2 * width : 4 * width], above)
            width *= 2
        return np.asarray(order[tree[self._size + self._slot]], dtype=np.int64)

    def gain(self, values: Floats) -> Floats:
        """The sum of x_i - x_j over every event i and every j at risk with it, shape (k,)."""
        change = np.zeros((self._slots + 1, values.shape[1] + 1))
        counted = np.column_stack([np.ones(len(values)), values - values.mean(axis=0)])
        np.add.at(change, self._first, counted)
        np.add.at(change, self._last, -counted)
        at_risk = np.cumsum(change, axis=0)[self._slot]
        own = counted[self.events, 1:]
        return np.asarray((at_risk[:, :1] * own - at_risk[:, 1:]).sum(axis=0), dtype=np.float64)
