"""What the worklist asks for, patient by patient: a plain reading with the usual numbers.

What is not here (troughs, doses, contradictions) is tested by hand-made children.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from .definition import Definition
from .records import DATED_BY, Records, Row, birthday, first_day_of, middle_of
from .rules import Course, observe, status_of


@dataclass(frozen=True)
class Work:
    """One item: its rule, the record it hangs on by its date, and until when."""

    rule: str
    record_on: date | None
    due_on: date | None


def worklist(records: Records, definition: Definition, today: date) -> set[Work]:
    """What is asked for on a day; the definition sees what is dated up to that day."""
    course = observe(records, replace(definition, data_cut=today))
    ends = [row for row in course.records["follow_up_ends"] if row["ended_on"] <= today]
    if ends:
        return set()
    heard = list(dates_of(records, today))
    if heard and days(today, max(heard)) > 548:
        return {Work("silent", max(heard), None)}
    found = {*genes(course, definition, today)}
    if course.start_on is not None:
        found |= {*overdue(course, today), *week14(course, definition, today)}
        found |= {*loss(course, definition, today)}
    return found


def days(later: date, earlier: date) -> int:
    return (later - earlier).days


def after(day: date, count: int) -> date:
    return day + timedelta(days=count)


def dates_of(records: Records, today: date) -> Iterator[date]:
    """Every date of a record up to today; a course of a drug ends with one as well."""
    for table, column in DATED_BY.items():
        if table != "follow_up_ends":
            for row in records[table]:
                stop = row["stopped_on"] if table == "medications" else None
                stop = first_day_of(stop) if isinstance(stop, str) else stop
                yield from (day for day in (row[column], stop) if day and day <= today)


def levels(course: Course) -> list[date]:
    rows = course.records["tdm_levels"]
    return sorted(row["sampled_on"] for row in rows if row["ifx_ug_ml"] is not None)


def next_infusion(infusions: list[Row]) -> date:
    """Weeks 0, 2, 6 and 14, then every 8 or sooner; never within 14 days of the last."""
    given = [row["infused_on"] for row in infusions]
    first, last = given[0], given[-1]
    if len(given) < 4:
        planned = after(first, {1: 14, 2: 42, 3: 98}[len(given)])
    else:
        planned = after(last, min(days(last, given[-2]), 56))
    return max(planned, after(last, 14))


def overdue(course: Course, today: date) -> Iterator[Work]:
    """Visits, infusions, and levels unless an infusion is overdue."""
    assert course.start_on is not None
    seen = [visit.on for visit in course.visits]
    last = max(seen, default=course.start_on)
    if days(today, last) > 90 + 30:
        yield Work("visit_overdue" if seen else "first_visit_overdue", last, after(last, 90))
    planned = next_infusion(course.infusions)
    if days(today, planned) > 14:
        yield Work("infusion_overdue", course.infusions[-1]["infused_on"], planned)
        return
    drawn = levels(course)
    if not drawn and days(today, course.start_on) > 98 + 30:
        yield Work("first_level_overdue", course.start_on, after(course.start_on, 98))
    if drawn and days(today, drawn[-1]) > 365 + 30:
        yield Work("level_overdue", drawn[-1], after(drawn[-1], 365))


def week14(course: Course, definition: Definition, today: date) -> Iterator[Work]:
    """A window without a score: open, closing in 14 days, closed for a year at most."""
    assert course.start_on is not None
    first = after(course.start_on, definition.week14_from_day)
    last = after(course.start_on, definition.week14_to_day)
    if any(first <= visit.on <= last for visit in course.visits) or today < first:
        return
    left = days(last, today)
    if left >= -365:
        rule = "closed" if left < 0 else "closing" if left <= 14 else "open"
        yield Work(f"week14_{rule}", course.start_on, last)


def loss(course: Course, definition: Definition, today: date) -> Iterator[Work]:
    """A loss without a level near it; or a response without remission that nobody followed up."""
    status = status_of(course, replace(definition, data_cut=today))
    if status["event"]:
        lost = status["event_on"]
        first, last = after(lost, -56), after(lost, 28)
        unexplained = not any(first <= day <= last for day in levels(course))
        if unexplained and days(today, last) <= 365:
            rule = "level_at_loss_open" if today <= last else "level_at_loss_closed"
            yield Work(rule, lost, last)
    elif status["induction_outcome"] == "response":
        assert course.week14 is not None
        week14_on = course.week14.on
        later = [visit for visit in course.visits if visit.on > week14_on]
        remission = any(visit.score < definition.remission_below for visit in later)
        reviewed = later and any(day >= week14_on for day in levels(course))
        if not remission and not reviewed:
            yield Work("response_without_remission", week14_on, after(week14_on, 56))


def genes(course: Course, definition: Definition, today: date) -> Iterator[Work]:
    """An onset before 2 or before 6 years, or a loss that came early or with a fistula."""
    if course.records["gene_findings"]:
        return
    status: dict[str, Any] = status_of(course, replace(definition, data_cut=today))
    patient = course.records["patients"][0]
    onset = onset_of(patient, course.start_on)

    def before(years: int) -> bool:
        if onset is None or onset > today:
            return False
        return onset < birthday(patient["birth_date"], years)

    rule = None
    if before(2):
        rule = "gene_test_always"
    elif status["event"] and days(status["event_on"], course.infusions[0]["infused_on"]) <= 183:
        rule = "gene_test_early_loss"
    elif status["event"] and is_perianal_penetrating(course, status["event_on"]):
        rule = "gene_test_perianal_penetrating"
    elif before(definition.veo_years):
        rule = "gene_test_early_onset"
    if rule is not None:
        yield Work(rule, None, next_infusion(course.infusions) if course.infusions else None)


def onset_of(patient: Row, start_on: date | None) -> date | None:
    """The day of onset; of a partial date the middle, not before birth and not after t0."""
    written = patient["onset_on"]
    if written is None:
        return None
    day = middle_of(written)
    if len(written) == len("YYYY-MM-DD"):
        return day
    day = max(day, patient["birth_date"])
    return day if start_on is None else min(day, start_on)


def is_perianal_penetrating(course: Course, lost: date) -> bool:
    """By the last assessment up to the loss."""
    known = [row for row in course.records["phenotypes"] if row["assessed_on"] <= lost]
    if not known:
        return False
    last = max(known, key=lambda row: row["assessed_on"])
    return bool(last["perianal"]) and last["behaviour"] in ("B3", "B2B3")
