"""What followed a loss of response, and the trough of week 14."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from .definition import Definition
from .records import Measured, Records, Row
from .rules import Course, observe, status_of

INDUCTION_INFUSIONS = 4


def dose_per_kg(infusion: Row) -> Fraction:
    """Milligrams per kilogram, exactly."""
    return Fraction(infusion["dose_mg"]) / Fraction(infusion["weight_kg"])


def intensifications(course: Course, definition: Definition) -> list[date]:
    """The days of infusions that step treatment up against the one before.

    By dose per kg, or by an interval shorter than the one before. Weeks 0, 2, 6 and 14 are the
    induction: the first infusion that can be a step is the fifth, and its interval is held to that
    from the third to the fourth.
    """
    days = []
    for place in range(INDUCTION_INFUSIONS, len(course.infusions)):
        second_last, last, this = course.infusions[place - 2 : place + 1]
        dose_rise = dose_per_kg(this) - dose_per_kg(last)
        interval_before = (last["infused_on"] - second_last["infused_on"]).days
        interval = (this["infused_on"] - last["infused_on"]).days
        if (
            dose_rise >= Fraction(definition.intensification_dose_mg_per_kg)
            or interval_before - interval >= definition.intensification_interval_days
        ):
            days.append(this["infused_on"])
    return days


def lor_outcome(records: Records, definition: Definition) -> dict[str, Any] | None:
    """What became of a patient after the loss; None for one without a loss.

    optimised: an intensification on the day of the loss or later, up to the data cut; stopped: none
    of that, and infliximab stopped. Only of the optimised is it asked whether they regained
    response: their last score of the observation is then at or below the threshold of loss.
    """
    course = observe(records, definition)
    derived = status_of(course, definition)
    if not derived["event"]:
        return None
    assert course.start_on is not None
    assert course.end_on is not None
    steps = [day for day in intensifications(course, definition) if derived["event_on"] <= day]
    stops = [
        row["ended_on"]
        for row in course.records["follow_up_ends"]
        if row["reason"] == "ifx_stopped"
    ]
    last = [v for v in course.visits if course.start_on <= v.on <= course.end_on][-1]
    outcome, regained = "neither", None
    if steps:
        outcome, regained = "optimised", last.score <= definition.lor_above
    elif stops:
        outcome = "stopped"
    return {
        "outcome": outcome,
        "regained": regained,
        "last_pcdai_on": last.on,
        "last_pcdai": last.score,
        "intensified_on": steps[0] if steps else None,
        "stopped_on": stops[0] if stops else None,
    }


def week14_trough(records: Records, definition: Definition) -> Row | None:
    """The level of week 14: a trough before infusion 4, with the number that a mean uses.

    A trough is drawn on the day of an infusion or a few days before it. Of several the latest, and
    of two assays on one day the first by name, one without a name last.
    """
    course = observe(records, definition)
    if len(course.infusions) < INDUCTION_INFUSIONS:
        return None
    fourth_on = course.infusions[INDUCTION_INFUSIONS - 1]["infused_on"]
    troughs = [
        row
        for row in course.records["tdm_levels"]
        if row["ifx_ug_ml"] is not None
        and 0 <= (fourth_on - row["sampled_on"]).days <= definition.trough_days_before
    ]
    if not troughs:
        return None
    level = min(
        troughs,
        key=lambda row: (
            (fourth_on - row["sampled_on"]).days,
            row["assay"] is None,
            row["assay"] or "",
        ),
    )
    return {
        "infused_on": fourth_on,
        "sampled_on": level["sampled_on"],
        "assay": level["assay"],
        "value": level["ifx_ug_ml"],
        "used": number_for_means(level["ifx_ug_ml"]),
    }


def number_for_means(value: Measured) -> Decimal:
    """Half of the limit below a limit, the limit itself above one."""
    return value.number / 2 if value.comparator == "<" else value.number
