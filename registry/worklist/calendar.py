"""The worklist as an iCalendar file (RFC 5545), for any calendar program.

An item that has a date is an all-day event. What is overdue stands on the day of the worklist,
since nobody looks for work in the past. An item keeps its UID, so that a later file moves its event
instead of adding another; SEQUENCE grows from day to day, and the newer file wins.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

from icalendar import Calendar, Event, Timezone, TimezoneStandard

from registry.words import tr
from registry.worklist.read import Item

UID_DOMAIN = "crohn-registry"
_FIRST_DAY = date(2000, 1, 1)


def calendar(items: Iterable[Item], on: date, made_at: datetime | None = None) -> bytes:
    """The dated items of the worklist of day `on`; items without a date are left out.

    A calendar has at least one component (RFC 5545, 3.6): without items that is a time zone, which
    no calendar program shows.

    `made_at` is the moment that the events are stamped with, now unless it is given.
    """
    stamp = made_at or datetime.now(UTC)
    made = Calendar()
    made.add("prodid", "-//crohn-registry//worklist//EN")
    made.add("version", "2.0")
    made.add("method", "PUBLISH")
    made.add("x-wr-calname", tr("Worklist of the registry"))
    for item in items:
        if item.due_on is not None:
            made.add_component(_event(item, max(item.due_on, on), on, stamp))
    if not made.subcomponents:
        made.add_component(_universal_time())
    written: bytes = made.to_ical()
    return written


def _universal_time() -> Timezone:
    zone, standard = Timezone(), TimezoneStandard()
    zone.add("tzid", "UTC")
    standard.add("dtstart", datetime(1970, 1, 1))
    standard.add("tzoffsetfrom", timedelta(0))
    standard.add("tzoffsetto", timedelta(0))
    zone.add_component(standard)
    return zone


def _event(item: Item, day: date, on: date, stamp: datetime) -> Event:
    event = Event()
    event.add("uid", f"{item.item}@{UID_DOMAIN}")
    event.add("dtstamp", stamp)
    event.add("sequence", max((on - _FIRST_DAY).days, 0))
    event.add("dtstart", day)
    # The end is the first day that is not part of the event.
    event.add("dtend", day + timedelta(days=1))
    event.add("summary", f"{item.patient_id}: {item.action}")
    event.add("description", "\n".join(_description(item)))
    event.add("categories", [item.kind])
    # It takes no time from anybody's day.
    event.add("transp", "TRANSPARENT")
    return event


def _description(item: Item) -> list[str]:
    lines = [item.why]
    if item.days_overdue:
        lines.append(
            tr("Due on {due}, {days:day|days} overdue.", due=item.due_on, days=item.days_overdue)
        )
    return [*lines, tr("Rule: {rule} ({source})", rule=item.rule, source=item.source), item.item]
