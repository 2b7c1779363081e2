"""What is drawn of a curve, whoever draws it: months under the axis, numbers under them, a band."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any


def month_ticks(last: float) -> list[int]:
    """Months for the axis: whole quarters or years, from 0 past the last month, ten at most."""
    step = next((s for s in (3, 6, 12, 24, 36, 60) if last / s <= 9), 120)
    return list(range(0, max(1, math.ceil(last / step)) * step + 1, step))


def counts_at(curve: Mapping[str, Any], day: float) -> dict[str, int]:
    """Numbers at risk on a day; those censored or with an event up to and including it."""
    days = curve["days"]
    later = (n for d, n in zip(days, curve["at_risk"], strict=True) if d >= day)

    def until(key: str) -> int:
        return int(sum(n for d, n in zip(days, curve[key], strict=True) if d <= day))

    told = {key: until(key) for key in ("censored", "events", "competing") if key in curve}
    return {"at_risk": int(next(later, 0)), **told}


def band(curve: Mapping[str, Any]) -> list[tuple[float, float, float]]:
    """Days with the lower and upper limit of a curve, from the first day that has limits.

    Where nobody is left without the event there is no limit any more; the band reaches that day
    with the limits of the day before.
    """
    days: list[tuple[float, float, float]] = []
    for day, share, low, high in zip(
        curve["days"],
        curve["incidence"],
        curve.get("lower") or (),
        curve.get("upper") or (),
        strict=False,
    ):
        if low is not None and high is not None:
            days.append((day, low, high))
        elif days and share is not None and share >= 1:
            days.append((day, *days[-1][1:]))
            break
    return days
