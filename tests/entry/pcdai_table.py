"""The index's table of items, read once more in plain Python: from the paper, not from the tables.

A value reported as a limit stands for every value on its side; it has points only if all of them
have the same.
"""

from __future__ import annotations

from datetime import date
from fractions import Fraction


def completed_years(birth: date, day: date) -> int:
    """Birthdays had by that day; who is born on 29 February has his on 1 March in other years."""
    had = (day.month, day.day) >= (birth.month, birth.day)
    return day.year - birth.year - (0 if had else 1)


def hematocrit(percent: Fraction, sex: str, years: int) -> Fraction | None:
    """0, 2.5 or 5; None from 20 years on."""
    if years <= 10:
        normal, low = 33, 28
    elif sex == "male" and years <= 14:
        normal, low = 35, 30
    elif sex == "male" and years <= 19:
        normal, low = 37, 32
    elif sex == "female" and years <= 19:
        normal, low = 34, 29
    else:
        return None
    if percent >= normal:
        return Fraction(0)
    return Fraction(5, 2) if percent >= low else Fraction(5)


def esr(mm_per_hour: Fraction) -> Fraction:
    """0 below 20, 5 above 50, 2.5 between."""
    if mm_per_hour < 20:
        return Fraction(0)
    return Fraction(5) if mm_per_hour > 50 else Fraction(5, 2)


def albumin(g_per_litre: Fraction) -> Fraction:
    """0 from 35 on, 10 up to 30, 5 between."""
    if g_per_litre >= 35:
        return Fraction(0)
    return Fraction(10) if g_per_litre <= 30 else Fraction(5)


def weight(now: Fraction, earlier: Fraction) -> Fraction:
    """10 for a loss of 10 % and more, 0 for a gain of 1 % and more, 5 between."""
    percent = (now - earlier) / earlier * 100
    if percent <= -10:
        return Fraction(10)
    return Fraction(0) if percent >= 1 else Fraction(5)


def points(
    item: str, value: Fraction, comparator: str | None, sex: str, years: int
) -> Fraction | None:
    """Points of a laboratory item; None where there are none, or the limit does not tell."""

    def of(exact: Fraction) -> Fraction | None:
        if item == "hematocrit":
            return hematocrit(exact, sex, years)
        return esr(exact) if item == "esr" else albumin(exact)

    if comparator is None:
        return of(value)
    # Every band is wider than the step: values just beyond the limit, then further and further.
    step = Fraction(1, 10**6)
    far = [value + step + count for count in range(200)]
    if comparator == "<":
        far = [value - step - count for count in range(200)]
    possible = {of(exact) for exact in far}
    return possible.pop() if len(possible) == 1 else None
