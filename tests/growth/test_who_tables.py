"""Z-scores against WHO's own tables, by month and by day, where one table gives way to another."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from decimal import Decimal
from math import ceil
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from tests.growth.test_weight_z import scores as weight_scores
from tests.growth.test_z_score import ROUNDING, Child, Lms, _many_digits, micro, scores

__all__ = ["_many_digits"]

MONTH = Decimal(487) / 16
# The ages at which, and half-way after which, a child is scored; 120 and 228 end their tables.
MONTHS = (0, 23, 24, 25, 59, 60, 61, 62, 120, 228)
SCORES = (-4, -2, 0, 1, 3, 4)


def rows(name: str) -> Iterator[dict[str, str]]:
    with Path(__file__).with_name(name).open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(line for line in file if not line.startswith("#"))


def lms(row: dict[str, str]) -> Lms:
    return Lms(Decimal(row["l"]), Decimal(row["m"]), Decimal(row["s"]))


def between(first: Lms, last: Lms, part: Decimal) -> Lms:
    return Lms(
        first.power + part * (last.power - first.power),
        first.median + part * (last.median - first.median),
        first.variation + part * (last.variation - first.variation),
    )


BY_MONTH = {
    (row["measure"], row["sex"], row["position"], int(row["month"])): lms(row)
    for row in rows("who_by_month.csv")
}


def at_score(curve: Lms, score: int, measure: str) -> Decimal:
    """The measurement that scores this, by the restricted rule for weight and BMI."""
    if measure == "height" or abs(score) <= 3:
        return curve.at(score)
    side = 1 if score > 0 else -1
    return curve.at(3 * side) + (abs(score) - 3) * (curve.at(3 * side) - curve.at(2 * side))


def scored(
    database: Connection, measure: str, cases: list[tuple[str, int, Decimal]]
) -> list[Decimal]:
    """Z-scores of (sex, age in days, measurement)."""
    if measure == "weight":
        return weight_scores(database, [(sex, day, micro(value)) for sex, day, value in cases])
    children = [
        Child(sex, day, micro(value))
        if measure == "height"
        # At 100 cm the weight is the BMI.
        else Child(sex, day, Decimal(100), micro(value))
        for sex, day, value in cases
    ]
    found = scores(database, children)
    return [row.height_z if measure == "height" else row.bmi_z for row in found]


def test_the_registry_holds_what_who_prints(database: Connection) -> None:
    held = {
        (row.measure, row.sex, row.position, row.month): Lms(row.l, row.m, row.s)
        for row in database.execute(text("select * from reference.growth_reference"))
    }
    assert len(BY_MONTH) == 88
    assert {key: held[key] for key in BY_MONTH} == BY_MONTH


@pytest.mark.parametrize("measure", ["height", "weight", "bmi"])
def test_scores_are_those_of_the_tables_by_month(database: Connection, measure: str) -> None:
    """Every whole and half month: linear between the two ends of its own table."""
    cases, wanted = [], []
    for (kind, sex, position, month), first in BY_MONTH.items():
        last = BY_MONTH.get((kind, sex, position, month + 1))
        if kind != measure or month not in MONTHS or last is None:
            continue
        # The first day of the month, and the day nearest to its middle.
        for day in {ceil(month * MONTH), round((month + Decimal("0.5")) * MONTH)}:
            curve = between(first, last, day / MONTH - month)
            for score in SCORES:
                cases.append((sex, day, at_score(curve, score, measure)))
                wanted.append(score)
    assert len(cases) >= 150
    for case, score, found in zip(cases, wanted, scored(database, measure, cases), strict=True):
        assert abs(found - score) <= ROUNDING, case


@pytest.mark.parametrize("measure", ["height", "weight", "bmi"])
def test_scores_are_those_of_the_tables_by_day(database: Connection, measure: str) -> None:
    """From 23 to 60 months, the step from lying to standing included, to a thousandth.

    In the first two months a line between two months is not WHO's curve, and between 60 and 61
    months, where the standards of 2006 give way to the reference of 2007, the registry goes from
    the one to the other: neither is held to the day here.
    """
    cases = [
        (row["sex"], int(row["day"]), score, lms(row).at(score))
        for row in rows("who_2006_by_day.csv")
        for score in (-2, 0, 2)
        if row["measure"] == measure and 700 <= int(row["day"]) <= 1826
    ]
    assert len(cases) == 60
    found = scored(database, measure, [(sex, day, value) for sex, day, _, value in cases])
    for case, z in zip(cases, found, strict=True):
        assert abs(z - case[2]) <= Decimal("0.0011"), case
