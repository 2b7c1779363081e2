"""Months under the axis of a curve, and the numbers that stand under them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any


def month_ticks(last: float) -> list[int]:
    """Months for the axis: whole quarters or years, from 0 past the last month, ten at most."""
    step = next((s for s in (3, 6, 12, 24, 36, 60) if last / s <= 9), 120)
    return list(range(0, max(1, math.ceil(last / step)) * step + 1, step))


def counts_at(curve: Mapping[str, Any], day: float) -> dict[str, int]:
    """Numbers at risk on a day, and censored and with the event up to and including it."""
    days = curve["days"]
    later = (n for d, n in zip(days, curve["at_risk"], strict=True) if d >= day)

    def until(key: str) -> int:
        return int(sum(n for d, n in zip(days, curve[key], strict=True) if d <= day))

    return {
        "at_risk": int(next(later, 0)),
        "censored": until("censored"),
        "events": until("events"),
    }
