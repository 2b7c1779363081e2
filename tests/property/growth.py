"""BMI for age by the LMS method, reckoned apart from the database.

It shares only the reference's numbers with it. A month is 30.4375 days, or 487/16, so that the
completed months come from whole numbers.
"""

from __future__ import annotations

import csv
from fractions import Fraction
from math import exp, log
from pathlib import Path

REFERENCE = Path(__file__).parents[2] / "migrations" / "data" / "growth_reference.csv"


def _read() -> dict[tuple[str, str, str, int], tuple[float, float, float]]:
    with REFERENCE.open(encoding="utf-8", newline="") as file:
        return {
            (row["measure"], row["sex"], row["position"], int(row["month"])): (
                float(row["l"]),
                float(row["m"]),
                float(row["s"]),
            )
            for row in csv.DictReader(file)
        }


class Growth:
    """The Z-score of a measurement; `given` keeps those computed since it was last cleared."""

    def __init__(self) -> None:
        self._reference = _read()
        self.given: list[float] = []

    def __call__(self, measure: str, sex: str, age_days: int, value: Fraction) -> float | None:
        month, sixteenths = divmod(age_days * 16, 487)
        # Both ends of a month are of one table: that of length ends with its own month 24.
        position = "any" if measure == "weight" else "lying" if month < 24 else "standing"
        before = self._reference.get((measure, sex, position, month))
        after = self._reference.get((measure, sex, position, month + 1))
        if before is None or after is None:
            return None
        part = sixteenths / 487
        power, median, variation = (
            this * (1 - part) + following * part
            for this, following in zip(before, after, strict=True)
        )
        score = _restricted(float(value), power, median, variation)
        self.given.append(score)
        return score


def _at(score: int, power: float, median: float, variation: float) -> float:
    """The measurement on the curve of a score."""
    if power == 0:
        return median * exp(variation * score)
    return median * exp(log(1 + power * variation * score) / power)


def _restricted(value: float, power: float, median: float, variation: float) -> float:
    """The score; beyond the third curve the distance between the second and the third is one."""
    lms = (power, median, variation)
    if value > _at(3, *lms):
        return 3 + (value - _at(3, *lms)) / (_at(3, *lms) - _at(2, *lms))
    if value < _at(-3, *lms):
        return -3 + (value - _at(-3, *lms)) / (_at(-2, *lms) - _at(-3, *lms))
    if power == 0:
        return log(value / median) / variation
    return (exp(power * log(value / median)) - 1) / (power * variation)
