"""Days as whole numbers (proleptic ordinals), and the window that the synthetic registry covers."""

from __future__ import annotations

from datetime import date
from functools import cache

FIRST_START = date(2015, 1, 1).toordinal()
LAST_START = date(2022, 12, 31).toordinal()
# The study's data cut; a registry goes on after it, so some rows are dated later.
DATA_CUT = date(2023, 12, 31).toordinal()
LAST_DAY = date(2024, 12, 31).toordinal()

YEAR = 365.25


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
