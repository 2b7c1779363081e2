"""Cohort, response and loss of response, patient by patient.

A plain reading, for clarity and not for speed: every function answers one sentence of the rules.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from .definition import PAPER, RECOMMENDED, Definition
from .records import DATED_BY, Records, Row, birthday, first_day_of, is_partial

__all__ = ["PAPER", "RECOMMENDED", "Course", "Definition", "observe", "status"]

# Small molecules are not biologics, and infliximab itself is no row of the medications.
BIOLOGICS = {
    "adalimumab",
    "certolizumab",
    "golimumab",
    "vedolizumab",
    "ustekinumab",
    "risankizumab",
}
CONTRAINDICATIONS = {"severe_infection", "active_tuberculosis", "lymphoma", "malignancy"}

HEIGHT = "height"
ITEMS_THAT_MUST_BE_THERE = (
    "abdominal_pain",
    "stools",
    "functioning",
    "hematocrit",
    "esr",
    "albumin",
    "weight",
    "abdomen",
    "perirectal",
    "extraintestinal",
)


@dataclass(frozen=True)
class Visit:
    """A visit that has a score."""

    on: date
    score: Decimal


@dataclass(frozen=True)
class Course:
    """What the rules see of one patient; the fields after `visits` are None without infliximab."""

    records: Records
    infusions: list[Row]
    visits: list[Visit]
    start_on: date | None = None
    end_on: date | None = None
    end_reason: str | None = None
    baseline: Visit | None = None
    week14: Visit | None = None

    @property
    def patient(self) -> Row:
        return self.records["patients"][0]


def visible(records: Records, definition: Definition) -> Records:
    """The records as they stood on the day of the data cut, or without one on that of the run.

    Whatever is dated later is not seen by any rule: a row that begins later is not there, and of
    one that begins before and ends after, the end is not known yet. A full date of onset or of
    diagnosis after the cut is not seen either; a partial one cannot be said to lie after it, since
    it never stands for a day after the first infusion.
    """
    cut = definition.cut_on
    seen: Records = {"patients": [dict(row) for row in records["patients"]]}
    for patient in seen["patients"]:
        for column in ("onset_on", "diagnosed_on"):
            text = patient[column]
            if text and not is_partial(text) and date.fromisoformat(text) > cut:
                patient[column] = None
    for table, dated_by in DATED_BY.items():
        rows = [row for row in records[table] if row[dated_by] is None or row[dated_by] <= cut]
        seen[table] = [known_on(cut, row) for row in rows]
    return seen


def known_on(cut: date, row: Row) -> Row:
    """The row as it stood on a day: of what ends later the end is not known yet."""
    for end in ("stopped_on", "resolved_on"):
        stop = row.get(end)
        # All of a period lies after the cut, or it cannot be said.
        first = first_day_of(stop) if isinstance(stop, str) else stop
        if first is not None and first > cut:
            row = {**row, end: None}
    return row


def pcdai_score(row: Row) -> Decimal | None:
    """The declared total; without one the sum of the items, of which only height may be missing."""
    if row["total"] is not None:
        return Decimal(row["total"])
    items = [row[item] for item in ITEMS_THAT_MUST_BE_THERE]
    if any(item is None for item in items):
        return None
    height = row[HEIGHT] if row[HEIGHT] is not None else Decimal(0)
    return sum(items, Decimal(0)) + height


def scored_visits(records: Records) -> list[Visit]:
    """The visits with a score, in order; a patient has at most one a day."""
    visits = []
    for row in sorted(records["pcdai_visits"], key=lambda row: row["visited_on"]):
        score = pcdai_score(row)
        if score is not None:
            visits.append(Visit(row["visited_on"], score))
    return visits


def end_of_observation(
    records: Records, infusions: list[Row], definition: Definition
) -> tuple[date, str]:
    """The first of the recorded end, the tail after the last infusion and the data cut.

    On the same day the recorded end beats the tail, and the tail beats the cut: hence the numbers.
    """
    ends = [(definition.cut_on, 3, "data_cut")]
    if definition.exposure_tail_days is not None:
        tail = infusions[-1]["infused_on"] + timedelta(days=definition.exposure_tail_days)
        ends.append((tail, 2, "exposure_ended"))
    ends.extend((row["ended_on"], 1, row["reason"]) for row in records["follow_up_ends"])
    on, _, reason = min(ends)
    return on, reason


def baseline_visit(visits: list[Visit], start_on: date, definition: Definition) -> Visit | None:
    """The score nearest before or on t0, no further away than the window."""
    candidates = [
        visit
        for visit in visits
        if 0 <= (start_on - visit.on).days <= definition.baseline_window_days
    ]
    return max(candidates, key=lambda visit: visit.on) if candidates else None


def week14_visit(
    visits: list[Visit],
    infusions: list[Row],
    start_on: date,
    end_on: date,
    definition: Definition,
) -> Visit | None:
    """The score of week 14, among those in the window and not after the end of observation.

    One on or before the day of infusion 4 beats one after it, then the nearer to the target day,
    then the earlier. Where there is no infusion 4, no score lies after it.
    """
    fourth_on = infusions[3]["infused_on"] if len(infusions) >= 4 else None

    def order(visit: Visit) -> tuple[bool, int, date]:
        after_infusion_4 = fourth_on is not None and visit.on > fourth_on
        distance = abs((visit.on - start_on).days - definition.week14_target_day)
        return after_infusion_4, distance, visit.on

    candidates = [
        visit
        for visit in visits
        if definition.week14_from_day <= (visit.on - start_on).days <= definition.week14_to_day
        and visit.on <= end_on
    ]
    return min(candidates, key=order) if candidates else None


_LAST: list[tuple[tuple[object, object], Course]] = [((None, None), Course({}, [], []))]


def observe(records: Records, definition: Definition) -> Course:
    """Everything that is settled before eligibility: t0, the end of observation, B and W.

    Every rule asks it of the same child in turn: the last answer is kept.
    """
    of, course = _LAST[0]
    if of[0] is not records or of[1] is not definition:
        course = _observed(records, definition)
        _LAST[0] = (records, definition), course
    return course


def _observed(records: Records, definition: Definition) -> Course:
    seen = visible(records, definition)
    infusions = sorted(seen["infusions"], key=lambda row: row["infused_on"])
    visits = scored_visits(seen)
    if not infusions:
        return Course(seen, infusions, visits)
    start_on = infusions[0]["infused_on"]
    end_on, end_reason = end_of_observation(seen, infusions, definition)
    return Course(
        records=seen,
        infusions=infusions,
        visits=visits,
        start_on=start_on,
        end_on=end_on,
        end_reason=end_reason,
        baseline=baseline_visit(visits, start_on, definition),
        week14=week14_visit(visits, infusions, start_on, end_on, definition),
    )


def prior_biologics(course: Course) -> list[Row]:
    """The courses of a biologic begun before t0; one begun on the day itself is not prior."""
    assert course.start_on is not None
    return [
        row
        for row in course.records["medications"]
        if row["drug"] in BIOLOGICS and row["started_on"] < course.start_on
    ]


def contraindications(course: Course) -> list[Row]:
    """Those that had begun by t0 and were not over before it; over on the day is not before it."""
    assert course.start_on is not None
    return [
        row
        for row in course.records["conditions"]
        if row["condition"] in CONTRAINDICATIONS
        and row["onset_on"] <= course.start_on
        and (row["resolved_on"] is None or row["resolved_on"] >= course.start_on)
    ]


def late_infusion(course: Course, definition: Definition) -> Row | None:
    """The first of infusions 2, 3 and 4 that is off its day, early or late, by more than tolerated.

    One that was not given cannot be: whether there are enough is another criterion.
    """
    assert course.start_on is not None
    planned = (
        (2, definition.induction_day_2, definition.induction_tolerance_2),
        (3, definition.induction_day_3, definition.induction_tolerance_3),
        (4, definition.induction_day_4, definition.induction_tolerance_4),
    )
    for number, day, tolerance in planned:
        if number > len(course.infusions):
            break
        infusion = course.infusions[number - 1]
        actual = (infusion["infused_on"] - course.start_on).days
        if abs(actual - day) > tolerance:
            return infusion
    return None


def is_response(baseline: Visit, week14: Visit, definition: Definition) -> bool:
    """The drop that counts as a response; primary non-response is whatever is not one.

    Scores lie on a grid of 2.5, so a drop of less than 15 is one of 12.5 or less.
    """
    if definition.remission_overrides_drop and week14.score < definition.remission_below:
        return True
    return baseline.score - week14.score >= definition.response_drop


def exclusion(course: Course, definition: Definition) -> str | None:
    """The first reason, in the order of the flow, for which a patient is not in the cohort."""
    if course.start_on is None:
        return "no_infliximab"
    if course.patient["diagnosis"] != "CD":
        return "not_crohns_disease"
    if course.start_on >= birthday(course.patient["birth_date"], definition.adult_years):
        return "age_18_or_over"
    if prior_biologics(course):
        return "prior_biologic"
    if contraindications(course):
        return "contraindication"
    if len(course.infusions) < definition.required_infusions:
        return "fewer_than_4_infusions"
    if late_infusion(course, definition) is not None:
        return "late_induction_infusion"
    if course.baseline is None:
        return "no_baseline_pcdai"
    if course.week14 is None:
        return "no_week14_pcdai"
    if not is_response(course.baseline, course.week14, definition):
        return "primary_non_response"
    return None


def is_loss(score: Decimal, week14: Visit, definition: Definition) -> bool:
    """The condition of a loss: above the threshold and, if the definition asks it, above W."""
    if definition.lor_requires_rise and score <= week14.score:
        return False
    return score > definition.lor_above


def loss_of_response(course: Course, definition: Definition) -> Visit | None:
    """The first loss after the day of W and within the observation, its last day included.

    Where two in a row are asked for, both within the observation, the first of them is the event.
    """
    assert course.week14 is not None
    assert course.end_on is not None
    later = [visit for visit in course.visits if course.week14.on < visit.on <= course.end_on]
    losses = [is_loss(visit.score, course.week14, definition) for visit in later]
    for place, visit in enumerate(later):
        in_a_row = losses[place : place + definition.lor_confirmations]
        if len(in_a_row) == definition.lor_confirmations and all(in_a_row):
            return visit
    return None


def last_negative(course: Course, event: Visit | None, definition: Definition) -> date | None:
    """The last day, from W on, on which the condition of a loss was looked at and not met.

    It is what is known of the time before the event; without an event, of the whole observation.
    """
    assert course.week14 is not None
    assert course.end_on is not None
    days = [
        visit.on
        for visit in course.visits
        if course.week14.on <= visit.on <= course.end_on
        and (event is None or visit.on < event.on)
        and not is_loss(visit.score, course.week14, definition)
    ]
    return max(days) if days else None


def status_of(course: Course, definition: Definition) -> dict[str, Any]:
    """The derived status of one patient, with the fields and the order of the fixed surface."""
    reason = exclusion(course, definition)
    result: dict[str, Any] = {
        "eligible": reason is None,
        "reason": reason,
        "start_on": course.start_on,
        "baseline_pcdai": course.baseline.score if course.baseline else None,
        "week14_pcdai": course.week14.score if course.week14 else None,
        "induction_outcome": None,
        "event": None,
        "event_on": None,
        "end_on": None,
        "time_days": None,
        "censor_reason": None,
        "last_negative_on": None,
    }
    if reason is not None:
        return result
    assert course.start_on is not None
    assert course.end_on is not None
    assert course.week14 is not None
    in_remission = course.week14.score < definition.remission_below
    result["induction_outcome"] = "remission" if in_remission else "response"
    event = loss_of_response(course, definition)
    result["event"] = event is not None
    result["event_on"] = event.on if event else None
    # The end of observation stays what it is after an event; only the time stops at the event.
    result["end_on"] = course.end_on
    zero = course.week14.on if definition.time_zero == "week14_visit" else course.start_on
    result["time_days"] = ((event.on if event else course.end_on) - zero).days
    result["censor_reason"] = None if event else course.end_reason
    result["last_negative_on"] = last_negative(course, event, definition)
    return result


def status(records: Records, definition: Definition) -> dict[str, Any]:
    """The derived status of one patient from the raw records."""
    return status_of(observe(records, definition), definition)
