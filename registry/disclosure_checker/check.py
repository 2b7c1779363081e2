"""Which cells of published documents tell of too few children."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from registry.disclosure_checker.relations import read

Document = Mapping[str, Any]


@dataclass(frozen=True)
class Leak:
    """A number that a reader can place between `low` and `high`, too near to each other."""

    cell: str
    low: int
    high: int


def leaks(
    documents: Mapping[str, Document | str],
    limit: int,
    curves: Sequence[Document | str] = (),
    seconds: float | None = None,
) -> list[Leak]:
    """Every number that the documents, taken together, tell too closely.

    A suppressed cell must be able to lie anywhere in an interval of at least the limit. A number
    that stands, or follows from others without standing anywhere, must not be known to lie so
    closely at or below less than the limit.

    Args:
        documents: published, by the name of their analysis; a sentence where there is none.
        limit: the least number of children that may be told of.
        curves: further Kaplan-Meier documents.
        seconds: the longest that the proof may take.

    Raises:
        NotProved: it took longer.
        ValueError: the documents contradict each other.
    """
    found = read(documents, curves)
    told = [Leak(cell, 0, 0) for cell in found.beside]
    for cell, (low, high) in found.system.bounds(seconds).items():
        close = high - low < limit
        hidden = cell in found.suppressed and cell not in found.shown
        few = low < limit and not (high == 0 and cell in found.nobody)
        if close and (hidden or few):
            told.append(Leak(cell, low, high))
    return told
