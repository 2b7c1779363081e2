"""Days as whole numbers (proleptic ordinals), and the window that a synthetic registry covers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache

from registry.variables import DAYS_PER_YEAR

YEAR = DAYS_PER_YEAR


@dataclass(frozen=True, slots=True)
class Window:
    """First and last day of a first infusion, a data cut that some courses end near, the last day.

    A registry goes on after the cut, so that some rows are dated later.
    """

    first_start: int
    last_start: int
    data_cut: int
    last_day: int


# Around the study's data cut.
STUDY = Window(
    first_start=date(2015, 1, 1).toordinal(),
    last_start=date(2022, 12, 31).toordinal(),
    data_cut=date(2023, 12, 31).toordinal(),
    last_day=date(2024, 12, 31).toordinal(),
)


def ending_on(day: date) -> Window:
    """A year of first infusions up to that day, on which the registry ends."""
    last = day.toordinal()
    return Window(last - 365, last, last - 14, last)


@cache
def iso(day: int) -> str:
    """The day as YYYY-MM-DD; the cache holds one text a calendar day, some 15,000 at most."""
    return date.fromordinal(day).isoformat()


def birthday(birth: int, years: int) -> int:
    """The day on which that many years are completed; 29 February counts as 1 March."""
    born = date.fromordinal(birth)
    try:
        return born.replace(year=born.year + years).toordinal()
    except ValueError:
        return date(born.year + years, 3, 1).toordinal()


def years_before(day: int, years: int) -> int:
    """The same calendar day that many years earlier; 1 March where there was no 29 February."""
    return birthday(day, -years)
