"""The status as it is stored: the derived one, the days it rests on and the record that decided."""

from __future__ import annotations

from typing import Any

from .definition import Definition
from .records import Row
from .rules import (
    Course,
    contraindications,
    late_infusion,
    loss_of_response,
    prior_biologics,
    status_of,
)

Deciding = tuple[str | None, Row | None]
"""The table of the record that decided, by its file's name, and the record's natural key."""


def excluding_record(reason: str, course: Course, definition: Definition) -> Deciding:
    """The record by which a patient is not in the cohort; none where something is missing.

    Of several that exclude, the earliest, and of those on one day the first by name.
    """
    if reason == "not_crohns_disease":
        return "patients", None
    if reason == "age_18_or_over":
        return "infusions", {"infused_on": course.start_on}
    if reason == "prior_biologic":
        first = min((row["started_on"], row["drug"]) for row in prior_biologics(course))
        return "medications", {"started_on": first[0], "drug": first[1]}
    if reason == "contraindication":
        first = min((row["onset_on"], row["condition"]) for row in contraindications(course))
        return "conditions", {"onset_on": first[0], "condition": first[1]}
    if reason == "late_induction_infusion":
        late = late_infusion(course, definition)
        assert late is not None
        return "infusions", {"infused_on": late["infused_on"]}
    if reason == "primary_non_response":
        assert course.week14 is not None
        return "pcdai_visits", {"visited_on": course.week14.on}
    return None, None


def ending_record(course: Course) -> Deciding:
    """The record that ends the observation; the data cut is none."""
    if course.end_reason == "data_cut":
        return None, None
    if course.end_reason == "exposure_ended":
        return "infusions", {"infused_on": course.infusions[-1]["infused_on"]}
    return "follow_up_ends", {"ended_on": course.end_on}


def stored_status(course: Course, definition: Definition) -> dict[str, Any]:
    """The status with the days of B and W, the score of the event, the state and what decided it.

    `deciding_record` is the natural key, from which the day follows; the data cut has neither.
    """
    derived = status_of(course, definition)
    event = loss_of_response(course, definition) if derived["event"] else None
    if derived["reason"] is not None:
        state = derived["reason"]
        table, key = excluding_record(derived["reason"], course, definition)
    elif event is not None:
        state = "loss_of_response"
        table, key = "pcdai_visits", {"visited_on": event.on}
    else:
        state = "sustained_response"
        table, key = ending_record(course)
    days = [value for name, value in (key or {}).items() if name.endswith("_on")]
    on = days[0] if days else None
    return derived | {
        "baseline_on": course.baseline.on if course.baseline else None,
        "week14_on": course.week14.on if course.week14 else None,
        "event_pcdai": event.score if event else None,
        "state": state,
        "deciding_table": table,
        "deciding_record": key,
        "deciding_on": on,
    }
