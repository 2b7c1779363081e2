"""What of a patient's record is drawn against time, for the terminal and for the figure alike.

Works on the document of a record (`PatientRecord.to_json()`). Nothing is judged here: phases,
troughs and thresholds are those of the document.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from registry.clinical_tables import CLINICAL_TABLES
from registry.patient.told import filled, points, reason_of
from registry.variables import DAYS_PER_MONTH
from registry.views.headers import part
from registry.vocabulary import DRUG_CLASSES
from registry.words import spoken, tr

Document = Mapping[str, Any]

DAYS_PER_WEEK = 7
# Shorter courses are counted in weeks.
WEEKS_UP_TO_DAYS = 210
LEAST_DAYS = 28
NEAR_DAYS = 92
# Phases of a visit that the observation does not hold.
OUTSIDE = (None, "before", "after_observation")


@dataclass(frozen=True)
class Threshold:
    """A score that visits are held to, with its words for a narrow and for a wide place."""

    role: str
    score: Decimal
    label: str
    words: str


@dataclass(frozen=True)
class Course:
    """A course of a drug within the window; open at an end that lies outside of it."""

    from_on: date
    to_on: date
    began_before: bool
    goes_on: bool


@dataclass(frozen=True)
class Event:
    """Something that happened on a day: `sign` is one letter, `words` say it all."""

    on: date
    sign: str
    words: str


@dataclass(frozen=True)
class Tick:
    """A place on the time axis: its day, its number of months or weeks, and its date."""

    on: date
    number: str
    date: str


def measured(row: Document, column: str) -> str:
    """A measured value with its comparator: `<0.4`."""
    return reason_of(row, column) or f"{row[f'{column}_comparator'] or ''}{points(row[column])}"


def gene_words(row: Document) -> str:
    """A finding in a gene: XIAP c.664C>T p.(Arg222Ter), hemizygous, pathogenic, the disease."""
    protein = row["hgvs_p_normalised"] or row["hgvs_p"]
    change = " ".join(filter(None, [row["gene"], row["hgvs_c"], protein]))
    rest = [row[key].replace("_", " ") for key in ("zygosity", "acmg_class") if row[key]]
    return ", ".join(filter(None, [change, *rest, row["diagnosis"]]))


def thresholds(document: Document) -> list[Threshold]:
    """Those of loss, remission and response, the highest first; response only with a baseline."""
    held, status = document["definition"], document["status"]
    facts = {**held, **status}
    loss, remission = part("line", facts), part("line_remission", facts)
    found = [
        Threshold(
            "loss",
            held["lor_above"],
            tr("loss: {limit}", limit=loss),
            tr("Loss of response: {limit}", limit=loss),
        ),
        Threshold(
            "remission",
            held["remission_below"],
            tr("remission: {limit}", limit=remission),
            tr("Remission at week 14: {limit}", limit=remission),
        ),
    ]
    week14 = status["week14_pcdai"]
    if held["lor_requires_rise"] and week14 is not None and week14 > held["lor_above"]:
        found.append(
            Threshold(
                "loss",
                week14,
                tr("loss: {limit}", limit=part("line_week14", facts)),
                tr("Loss of response: {limit}", limit=part("beyond_week14", facts)),
            )
        )
    response = held["response_at_most"]
    if response is not None and response >= 0:
        found.append(
            Threshold(
                "response",
                response,
                tr("response: {limit}", limit=part("line_response", facts)),
                tr("Response at week 14: {limit}", limit=part("fallen", facts)),
            )
        )
    return sorted(found, key=lambda one: -one.score)


def window(document: Document) -> tuple[date, date] | None:
    """First and last day drawn: visits, infusions, levels and the observation; None without any.

    An operation or endoscopy widens it when it is at most a season away; drugs do not, unless
    there is nothing else.
    """
    status = document["status"]
    days = [row["visited_on"] for row in document["pcdai_visits"]]
    days += [row["infused_on"] for row in document["infusions"]]
    days += [row["sampled_on"] for row in document["tdm_levels"]]
    days += [on for on in (status["start_on"], status["end_on"]) if on is not None]
    if not days:
        days = [row["started_on"] for row in document["medications"]]
        days += [row["stopped_on"] for row in document["medications"] if row["stopped_on"]]
        days += [event.on for event in all_events(document)]
    if not days:
        return None
    first, last = min(days), max(days)
    near = [event.on for event in all_events(document)]
    near = [on for on in near if -NEAR_DAYS <= (on - first).days <= (last - first).days + NEAR_DAYS]
    first, last = min([first, *near]), max([last, *near])
    missing = max(0, LEAST_DAYS - (last - first).days)
    return first, last + timedelta(days=missing)


def drugs(document: Document) -> list[tuple[str, str, list[Course]]]:
    """Each drug taken within the window with its class and courses, class by class."""
    shown = window(document)
    if shown is None:
        return []
    first, last = shown
    found: dict[tuple[int, str, str], list[Course]] = {}
    classes = list(dict.fromkeys(DRUG_CLASSES.values()))
    for row in document["medications"]:
        started_on, stopped_on = row["started_on"], _surely_until(row)
        if started_on > last or (stopped_on is not None and stopped_on < first):
            continue
        goes_on = stopped_on is None or stopped_on > last
        until = min(stopped_on or last, last)
        course = Course(max(started_on, first), until, started_on < first, goes_on)
        place = classes.index(row["drug_class"]) if row["drug_class"] in classes else len(classes)
        found.setdefault((place, row["drug_class"], row["drug"]), []).append(course)
    return [(drug, kind, courses) for (_, kind, drug), courses in sorted(found.items())]


def all_events(document: Document) -> list[Event]:
    """Every record that its table's declaration puts on the course, by day."""
    found = [
        Event(row[table.dates[0]], shown.sign, filled(table, spoken(shown.words), row))
        for table in CLINICAL_TABLES
        if (shown := table.on_course) is not None
        for row in document[table.file]
    ]
    return sorted(found, key=lambda event: (event.on, event.sign))


def events(document: Document) -> list[Event]:
    """Those within the window."""
    shown = window(document)
    if shown is None:
        return []
    return [event for event in all_events(document) if shown[0] <= event.on <= shown[1]]


def in_weeks(document: Document) -> bool:
    """Whether the course is short enough to be counted in weeks."""
    shown = window(document)
    return shown is not None and (shown[1] - shown[0]).days <= WEEKS_UP_TO_DAYS


def ticks(document: Document, most: int) -> list[Tick]:
    """At most so many places on the axis, at whole months or weeks from the first infusion.

    Without an infusion they count from the first day drawn and have no number.
    """
    shown = window(document)
    if shown is None:
        return []
    first, last = shown
    start = document["status"]["start_on"]
    origin = start or first
    weeks = in_weeks(document)
    unit = DAYS_PER_WEEK if weeks else DAYS_PER_MONTH
    low, high = (first - origin).days / unit, (last - origin).days / unit
    steps = (1, 2, 4, 6, 8, 12, 26) if weeks else (1, 2, 3, 6, 12, 24, 36, 60, 120, 240)
    step = next((s for s in steps if (high - low) / s <= most - 1), steps[-1])
    # The first multiple of the step that is not before the window.
    number = int(-(-low // step)) * step
    found = []
    while number <= high:
        on = origin + timedelta(days=round(number * unit))
        dated = on.isoformat() if weeks else f"{on:%Y-%m}"
        found.append(Tick(on, "" if start is None else str(number), dated))
        number += step
    return found


def _surely_until(row: Document) -> date | None:
    """The last day of a course that is sure; None for one that is still taken."""
    if row["stopped_on_precision"] is None:
        return None
    started_on: date = row["started_on"]
    return max(started_on, row["stopped_on"] or started_on)
