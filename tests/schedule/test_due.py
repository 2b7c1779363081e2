"""When a run is due: once a day, whatever the clocks do; and how times are written."""

from __future__ import annotations

import time as system
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.errors import WrongUsage
from registry.schedule.due import Daily, clock_time, duration, written_duration

BERLIN = ZoneInfo("Europe/Berlin")
ZONES = ["Europe/Berlin", "Asia/Shanghai", "America/New_York", "Australia/Lord_Howe", "UTC"]


def moments(trigger: Daily, start: datetime, number: int) -> list[str]:
    """What a scheduler that wakes exactly then would do."""
    found: list[datetime] = []
    for _ in range(number):
        previous = found[-1] if found else None
        found.append(trigger.get_next_fire_time(previous, previous or start))
    return [f"{moment:%d %H:%M}" for moment in found]


@pytest.mark.parametrize("awake_in", [BERLIN, UTC])
def test_an_hour_that_the_clock_skips_or_shows_twice(awake_in: ZoneInfo) -> None:
    trigger = Daily(time(2, 30), BERLIN)
    # On 29 March 2026 the clock goes from 02:00 to 03:00, on 25 October from 03:00 to 02:00.
    spring = datetime(2026, 3, 27, 12, tzinfo=UTC).astimezone(awake_in)
    assert moments(trigger, spring, 4) == ["28 01:30", "29 01:30", "30 00:30", "31 00:30"]
    autumn = datetime(2026, 10, 23, 12, tzinfo=UTC).astimezone(awake_in)
    assert moments(trigger, autumn, 4) == ["24 00:30", "25 00:30", "26 01:30", "27 01:30"]
    # Between the two 02:30 of that night the next is the day after, and the last has been.
    between = datetime(2026, 10, 25, 1, tzinfo=UTC).astimezone(awake_in)
    assert moments(trigger, between, 1) == ["26 01:30"]
    assert f"{trigger.at_or_before(between):%d %H:%M}" == "25 00:30"


@given(
    st.sampled_from(ZONES),
    st.times().map(lambda at: at.replace(second=0, microsecond=0)),
    st.datetimes(datetime(2000, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC)),
)
def test_every_day_has_one_run(zone: str, at: time, now: datetime) -> None:
    trigger = Daily(at, ZoneInfo(zone))
    last = trigger.at_or_before(now)
    following = trigger.get_next_fire_time(None, now)
    assert last <= now <= following
    assert last == following or trigger.get_next_fire_time(last, now) == following
    found = [last]
    for _ in range(3):
        found.append(trigger.get_next_fire_time(found[-1], found[-1]))
    days = [moment.astimezone(ZoneInfo(zone)).date() for moment in found]
    assert all(later - earlier == timedelta(days=1) for earlier, later in pairwise(days))
    # But where the clock skips it, the wall shows that time.
    shown = [moment.astimezone(ZoneInfo(zone)) for moment in found]
    assert sum(moment.time() != at for moment in shown) <= 1


def test_without_a_zone_it_is_the_computers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Shanghai")
    system.tzset()
    try:
        noon = datetime(2026, 1, 1, 12, tzinfo=UTC)
        assert moments(Daily(time(2), None), noon, 2) == ["01 18:00", "02 18:00"]
    finally:
        monkeypatch.undo()
        system.tzset()


def test_times_of_day() -> None:
    assert clock_time("02:05") == time(2, 5)
    assert clock_time("2:05") == time(2, 5)
    for wrong in ("", "24:00", "2", "02:60", "02:00:00", "٠٢:٠٠", " 02:00"):
        with pytest.raises(WrongUsage, match="time of day"):
            clock_time(wrong)


@given(
    st.timedeltas(timedelta(0), timedelta(days=99_999)).map(lambda d: timedelta(d.days, d.seconds))
)
def test_a_duration_reads_what_it_wrote(length: timedelta) -> None:
    assert duration(written_duration(length)) == length


def test_durations() -> None:
    assert duration("26h") == timedelta(hours=26)
    assert duration("90m") == timedelta(minutes=90)
    assert duration("2d") == timedelta(days=2)
    assert duration("1d12h") == timedelta(hours=36)
    for wrong in ("", "26", "h", "-1h", "1.5h", "1h 2m", "2m1h", "9999999h", "1w"):
        with pytest.raises(WrongUsage, match="length of time"):
            duration(wrong)
