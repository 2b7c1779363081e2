"""Treatment day by day and level by level, in plain Python, to hold the views against.

Like the oracle, which it builds on, it looks at no query.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from tests.oracle.after_loss import dose_per_kg, intensifications
from tests.oracle.covariates import GLUCOCORTICOIDS, IMMUNOMODULATORS, counted_courses
from tests.oracle.definition import Definition
from tests.oracle.records import Measured, Row, counted_stop
from tests.oracle.rules import Course

ONE_DAY = timedelta(days=1)

# Trough before infusion 2, 3, 4 and any later one -> its threshold, at large and with perianal
# fistulising disease.
THRESHOLDS = {
    "week_2": (Decimal(29), None),
    "week_6": (Decimal(18), None),
    "week_14": (Decimal(5), Decimal("12.7")),
    "maintenance": (Decimal(5), None),
}
TIMEPOINTS = {2: "week_2", 3: "week_6", 4: "week_14"}


@dataclass(frozen=True)
class Day:
    """What held on one day of the observation; days are equal but for those before them."""

    immunomodulator: bool
    glucocorticoid: bool
    combination_days: int = field(compare=False)
    ifx_monotherapy: bool
    ifx_with_glucocorticoid: bool
    im_over_6_months: bool
    infusion_number: int
    dose_mg_per_kg: float
    interval_days: int | None
    intensified: bool
    trough: Measured | None
    trough_sampled_on: date | None


def days_on(course: Course, drugs: set[str], definition: Definition) -> set[date]:
    """The days of the observation on a drug of a class: from its start, no more on its stop."""
    assert course.start_on is not None
    assert course.end_on is not None
    days = set()
    for row in counted_courses(drugs, course, definition):
        day = max(row["started_on"], course.start_on)
        stop = min(counted_stop(row) or course.end_on, course.end_on)
        while day < stop:
            days.add(day)
            day += ONE_DAY
    return days


def given_from(course: Course, definition: Definition) -> dict[date, dict[str, Any]]:
    """What each infusion tells of the days from it on to the next."""
    steps = intensifications(course, definition)
    troughs = [level for level in read_levels(course, definition) if level["is_trough"]]
    found = {}
    before = None
    for number, infusion in enumerate(course.infusions, start=1):
        on = infusion["infused_on"]
        known = [level for level in troughs if level["next_infusion_on"] <= on]
        trough = min(known, key=latest_first_by_name) if known else None
        found[on] = {
            "infusion_number": number,
            "dose_mg_per_kg": round(float(dose_per_kg(infusion)), 9),
            "interval_days": None if before is None else (on - before).days,
            "intensified": any(step <= on for step in steps),
            "trough": trough["value"] if trough else None,
            "trough_sampled_on": trough["sampled_on"] if trough else None,
        }
        before = on
    return found


def days_of(course: Course, definition: Definition) -> dict[date, Day]:
    """Every day from t0 to the one before the end of observation."""
    assert course.start_on is not None
    assert course.end_on is not None
    combined = days_on(course, IMMUNOMODULATORS, definition)
    steroid = days_on(course, GLUCOCORTICOIDS, definition)
    infusions = given_from(course, definition)
    found: dict[date, Day] = {}
    combination_days = 0
    had_combination = had_steroid = False
    given: dict[str, Any] = {}
    day = course.start_on
    while day < course.end_on:
        given = infusions.get(day, given)
        had_combination |= day in combined
        had_steroid |= day in steroid
        found[day] = Day(
            immunomodulator=day in combined,
            glucocorticoid=day in steroid,
            combination_days=combination_days,
            ifx_monotherapy=not (had_combination or had_steroid),
            ifx_with_glucocorticoid=had_steroid,
            im_over_6_months=combination_days > definition.im_min_days,
            **given,
        )
        combination_days += day in combined
        day += ONE_DAY
    return found


def latest_first_by_name(level: Row) -> tuple[int, bool, str]:
    """Order of troughs: the latest; of two assays on a day the first by name, without one last."""
    return (-level["sampled_on"].toordinal(), level["assay"] is None, level["assay"] or "")


def read_levels(course: Course, definition: Definition) -> list[Row]:
    """Every level with its place among the infusions and against the threshold."""
    return [_read(row, course, definition) for row in course.records["tdm_levels"]]


def _read(row: Row, course: Course, definition: Definition) -> Row:
    sampled_on = row["sampled_on"]
    before = [i for i in course.infusions if i["infused_on"] < sampled_on]
    after = [i["infused_on"] for i in course.infusions if i["infused_on"] >= sampled_on]
    value: Measured | None = row["ifx_ug_ml"]
    in_course = value is not None and bool(before) and bool(after)
    days = (after[0] - sampled_on).days if after else None
    is_trough = in_course and days is not None and days <= definition.trough_days_before
    found: dict[str, Any] = {
        "sampled_on": sampled_on,
        "assay": row["assay"],
        "value": value,
        "infusion_number": len(before) + 1,
        "next_infusion_on": after[0] if after else None,
        "days_to_infusion": days,
        "is_trough": is_trough,
        "timepoint": None,
        "threshold_ug_ml": None,
        "trough_level": None,
        "low_between_infusions": None,
    }
    if not in_course:
        return found
    assert value is not None
    found["timepoint"] = TIMEPOINTS.get(len(before) + 1, "maintenance")
    at_large, perianal = THRESHOLDS[found["timepoint"]]
    threshold = perianal if perianal is not None and is_perianal(course, sampled_on) else at_large
    found["threshold_ug_ml"] = threshold
    below = is_below(value, threshold)
    if is_trough:
        found["trough_level"] = {True: "below", False: "above", None: "undetermined"}[below]
    else:
        found["low_between_infusions"] = below
    return found


def is_below(value: Measured, limit: Decimal) -> bool | None:
    """Whether a level is below a limit, if it can be said."""
    if value.comparator == "<":
        return True if value.number <= limit else None
    if value.comparator == ">":
        return False if value.number >= limit else None
    return value.number < limit


def is_perianal(course: Course, day: date) -> bool:
    """By the last assessment up to a day, whose empty field is no perianal disease."""
    rows = [row for row in course.records["phenotypes"] if row["assessed_on"] <= day]
    return bool(rows and max(rows, key=lambda row: row["assessed_on"])["perianal"])
