"""When a run is due: once a day at a time of the clock on the wall, and how durations are written.

The scheduler's own trigger for such times (CronTrigger of APScheduler 3.11) does not get past the
hour that the clock shows twice: it gives the second 02:30 again and again.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from apscheduler.triggers.base import BaseTrigger

from registry.errors import WrongUsage
from registry.words import tr

_DAY = timedelta(days=1)
_CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)", re.ASCII)
_DURATION = re.compile(r"(?:(\d{1,6})d)?(?:(\d{1,6})h)?(?:(\d{1,6})m)?(?:(\d{1,6})s)?", re.ASCII)


class Daily(BaseTrigger):  # type: ignore[misc]
    """Every day once at a local time (zone None: the computer's); the moments are given in UTC.

    Where the clock skips that time the run is as much later, where it shows it twice the run is at
    the first. In UTC, because moments of one zone are compared by their wall time, which goes back
    once a year.
    """

    def __init__(self, at: time, zone: tzinfo | None) -> None:
        self._at = at
        self._zone = zone

    def get_next_fire_time(self, previous: datetime | None, now: datetime) -> datetime:
        """The first moment at or after `now` that is after `previous`."""
        start = now.astimezone(UTC)
        moment = self.at_or_before(start)
        while moment < start or (previous is not None and moment <= previous.astimezone(UTC)):
            moment = self._on(moment.astimezone(self._zone).date() + _DAY)
        return moment

    def at_or_before(self, now: datetime) -> datetime:
        """The last moment that a run was due."""
        day = now.astimezone(self._zone).date()
        moment = self._on(day)
        return moment if moment <= now.astimezone(UTC) else self._on(day - _DAY)

    def _on(self, day: date) -> datetime:
        return datetime.combine(day, self._at, self._zone).astimezone(UTC)


def clock_time(written: str) -> time:
    """`02:00`. Raises WrongUsage."""
    found = _CLOCK.fullmatch(written)
    if found is None:
        raise WrongUsage(
            tr("{given} is no time of day.", given=repr(written)),
            cure=tr("Write it as hours and minutes: 02:00"),
        )
    return time(int(found[1]), int(found[2]))


def duration(written: str) -> timedelta:
    """`26h`, `90m`, `2d`, `1d12h`. Raises WrongUsage."""
    found = _DURATION.fullmatch(written)
    if found is None or not written:
        raise WrongUsage(
            tr("{given} is no length of time.", given=repr(written)),
            cure=tr("Write it in days, hours, minutes or seconds: 2d, 26h, 90m, 30s"),
        )
    days, hours, minutes, seconds = (int(number or 0) for number in found.groups())
    return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)


def written_duration(length: timedelta) -> str:
    """The length as `duration` reads it."""
    rest, parts = int(length.total_seconds()), []
    for unit, seconds in (("d", 86_400), ("h", 3600), ("m", 60), ("s", 1)):
        number, rest = divmod(rest, seconds)
        if number:
            parts.append(f"{number}{unit}")
    return "".join(parts) or "0s"
