"""What centres are compared by, child by child: a plain reading."""

from __future__ import annotations

from datetime import date
from math import comb
from typing import Any

from .definition import Definition
from .records import Records
from .rules import observe, status_of
from .worklist import dates_of, worklist

DAYS_OF_A_YEAR = 365.25
# Exclusions that are looked at before that for want of a week-14 PCDAI.
BEFORE_WEEK14 = {
    "no_infliximab", "not_crohns_disease", "age_18_or_over", "prior_biologic", "contraindication",
    "fewer_than_4_infusions", "late_induction_infusion", "no_baseline_pcdai", "no_consent",
}  # fmt: skip


def compared(records: Records, definition: Definition, today: date) -> dict[str, Any]:
    """The columns of `analytics.centre_child` but for level and deficits."""
    found = status_of(observe(records, definition), definition)
    year = None
    if found["eligible"]:
        if found["event"] and found["time_days"] <= DAYS_OF_A_YEAR:
            year = "lost"
        else:
            year = "kept" if found["time_days"] >= DAYS_OF_A_YEAR else "left"
    asked = found["reason"] not in BEFORE_WEEK14
    return {
        "centre": records["patients"][0]["centre"],
        "first_year": year,
        "week14_scored": found["reason"] != "no_week14_pcdai" if asked else None,
        "lost": found["event"],
        "seen_for_visits": seen_for_visits(records, definition, today),
    }


def seen_for_visits(records: Records, definition: Definition, today: date) -> str | None:
    """Whether a visit is overdue of who is on infliximab and followed up."""
    infused = [row for row in records["infusions"] if row["infused_on"] <= today]
    ended = [row for row in records["follow_up_ends"] if row["ended_on"] <= today]
    if not infused or ended:
        return None
    rules = {work.rule for work in worklist(records, definition, today)}
    if "silent" in rules:
        return "silent"
    return "overdue" if rules & {"visit_overdue", "first_visit_overdue"} else "ok"


def quarters(records: Records, today: date) -> set[date]:
    """First days of the quarters with a record."""
    return {quarter(day) for day in dates_of(records, today)}


def quarter(day: date) -> date:
    """The first day of a day's quarter."""
    return date(day.year, (day.month - 1) // 3 * 3 + 1, 1)


def control_limit(n: int, share: float, p: float) -> float:
    """Spiegelhalter's: (r - a) / n, with r the least count of P(R <= r) >= p."""
    below = 0.0
    for r in range(n + 1):
        chance = comb(n, r) * share**r * (1 - share) ** (n - r)
        if below + chance >= p:
            exceeds = (below + chance - p) / chance
            return min(max((r - exceeds) / n, 0.0), 1.0)
        below += chance
    raise AssertionError(n, share, p)
