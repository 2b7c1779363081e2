"""The numbers under a curve: at risk, censored, with the event; whoever draws or tells of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def counts_at(curve: Mapping[str, Any], day: float) -> dict[str, int]:
    """Numbers at risk on a day; those censored or with an event up to and including it."""
    days = curve["days"]
    later = (n for d, n in zip(days, curve["at_risk"], strict=True) if d >= day)

    def until(key: str) -> int:
        return int(sum(n for d, n in zip(days, curve[key], strict=True) if d <= day))

    told = {key: until(key) for key in ("censored", "events", "competing") if key in curve}
    return {"at_risk": int(next(later, 0)), **told}
