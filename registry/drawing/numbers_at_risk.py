"""The numbers under a curve: at risk, censored, with the event; whoever draws or tells of it."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from typing import Any


def counts_at(curve: Mapping[str, Any], day: float) -> dict[str, int]:
    """Numbers at risk on a day; those censored or with an event up to and including it.

    The days of the curve stand in their order.
    """
    days = curve["days"]
    later, until = bisect_left(days, day), bisect_right(days, day)
    keys = ("censored", "events", "competing")
    told = {key: int(sum(curve[key][:until])) for key in keys if key in curve}
    return {"at_risk": int(curve["at_risk"][later]) if later < len(days) else 0, **told}
