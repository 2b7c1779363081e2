"""Means, deviations and quartiles over hospitals, from sums and from counts within bounds.

A mean and its deviation are exact. Of a quartile it is known between which bounds it lies: each
hospital counts its children between multiples of a stated width, and puts neighbours together until
as many lie in each as the limit asks for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from registry.analysis.dataset import Floats

# This registry's choice of how exactly a median is told over hospitals, in the unit of its row.
WIDTHS = {
    "age_first_ifx_y": 1.0,
    "duration_before_ifx_mo": 6.0,
    "infusions": 2.0,
    "analysis_time_mo": 6.0,
}
SHARES = {"q1": 0.25, "median": 0.5, "q3": 0.75}


def moments(values: Floats) -> dict[str, Any]:
    """Number, mean and sum of squares about it, of what is known."""
    known = values[~np.isnan(values)]
    mean = float(known.mean()) if known.size else 0.0
    return {"n": int(known.size), "mean": mean, "squares": float(((known - mean) ** 2).sum())}


def mean_sd_of(told: Sequence[Mapping[str, Any]]) -> tuple[float | None, float | None]:
    """Mean and standard deviation (n - 1) of all; None where there is too little."""
    n = sum(one["n"] for one in told)
    if n < 1:
        return None, None
    mean = sum(one["n"] * one["mean"] for one in told) / n
    squares = sum(one["squares"] + one["n"] * (one["mean"] - mean) ** 2 for one in told)
    return mean, (squares / (n - 1)) ** 0.5 if n > 1 else None


def binned(values: Floats, width: float, least: int) -> list[dict[str, Any]]:
    """Counts between multiples of the width, at least so many in each; the ends are open.

    Each holds `from` <= value < `to`; None for no bound.
    """
    known = values[~np.isnan(values)]
    places, counts = np.unique(np.floor(known / width), return_counts=True)
    bins: list[tuple[float, int]] = []
    waiting, begun = 0, None
    for place, count in zip(places, counts, strict=True):
        begun = place if begun is None else begun
        waiting += int(count)
        if waiting >= least:
            bins.append((float(begun * width), waiting))
            waiting, begun = 0, None
    if waiting and bins:
        bins[-1] = (bins[-1][0], bins[-1][1] + waiting)
    starts: list[float | None] = [None, *(start for start, _ in bins[1:])]
    ends = [*starts[1:], None]
    return [
        {"from": start, "to": end, "n": n}
        for start, end, (_, n) in zip(starts, ends, bins, strict=True)
    ]


def quartile_bounds(
    told: Sequence[Sequence[Mapping[str, Any]]], share: float
) -> tuple[float | None, float | None]:
    """Between which bounds the quantile of all lies, by the (n + 1)p rule; None for no bound.

    Exactly `share` of all lies below a value within them.
    """
    every = [one for bins in told for one in bins]
    n = sum(one["n"] for one in every)
    if n == 0:
        return None, None
    rank = share * (n + 1)
    low, high = min(max(int(np.floor(rank)), 1), n), min(max(int(np.ceil(rank)), 1), n)
    return _bound(every, low, "from"), _bound(every, high, "to")


def _bound(bins: Sequence[Mapping[str, Any]], rank: int, end: str) -> float | None:
    """Where the child of that rank lies at least (`from`) or below (`to`)."""
    missing = -np.inf if end == "from" else np.inf
    places = sorted((missing if one[end] is None else one[end], one["n"]) for one in bins)
    seen = 0
    for place, n in places:
        seen += n
        if seen >= rank:
            return None if np.isinf(place) else float(place)
    return None
