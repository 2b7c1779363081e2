"""What curves say at each whole month, for who reads them off the page."""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Mapping
from html import escape
from typing import Any

from registry.drawing.numbers import fixed, limits
from registry.drawing.numbers_at_risk import counts_at
from registry.drawing.scene import month_ticks
from registry.drawing.table import Document
from registry.report.figures.curves import last_month, name_of


def readings(document: Document) -> str:
    """A sentence a month up to the end of the axis, as JSON that may stand in an attribute."""
    per_month = float(document["days_per_month"])
    last = last_month(document)
    told = [
        "; ".join(_reading(group, month * per_month) for group in document["groups"])
        for month in range(int(max(month_ticks(last)[-1], last)) + 1)
    ]
    return escape(json.dumps(told, ensure_ascii=False, separators=(",", ":")), quote=True)


def _reading(group: Mapping[str, Any], day: float) -> str:
    """The share of the last step on or before a day, with its limits, and who is at risk."""
    curve = group["curve"]
    at = bisect_right(curve["days"], day) - 1
    share = "0.0 %"
    if at >= 0:
        low, high = (_percent(curve, key, at) for key in ("lower", "upper"))
        share = f"{fixed(_percent(curve, 'incidence', at), 1)} % ({limits(low, high, 1)})"
    return f"{name_of(group)}: {share}, at risk {counts_at(curve, day)['at_risk']}"


def _percent(curve: Mapping[str, Any], key: str, at: int) -> float | None:
    share = curve[key][at] if curve.get(key) else None
    return None if share is None else 100 * share
