"""Weight for age against another program, on the curves of WHO's tables, and where they end."""

from __future__ import annotations

import csv
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from tests.entry.children import add, add_child
from tests.growth.test_z_score import BIRTH, PUBLISHED, ROUNDING, allowed_difference

EXPECTED = Path(__file__).with_name("expected_weight_z.csv")


def scores(connection: Connection, rows: list[tuple[str, int, Decimal]]) -> list[Decimal | None]:
    """Weight Z-scores of (sex, age in days, kg), in their order."""
    children = {sex: add_child(connection, sex, sex=sex, birth=BIRTH) for sex in ("female", "male")}
    taken = set()
    for number, (sex, age_days, weight_kg) in enumerate(rows):
        # One weight a day a child: another of the same day is another child's.
        child = children[sex]
        if (sex, age_days) in taken:
            child = add_child(connection, f"{sex}{number}", sex=sex, birth=BIRTH)
        taken.add((sex, age_days))
        day = BIRTH + timedelta(days=age_days)
        add(connection, "anthropometry", child, measured_on=day, weight_kg=weight_kg)
    found = connection.execute(
        text("select weight_z from rules.weight_z order by record_id")
    ).scalars()
    return list(found)


def test_agrees_with_another_program(database: Connection) -> None:
    with EXPECTED.open(encoding="utf-8", newline="") as file:
        expected = list(csv.DictReader(line for line in file if not line.startswith("#")))
    assert len(expected) >= 200
    assert sum(abs(Decimal(row["weight_z"])) > 3 for row in expected) >= 40
    rows = [(row["sex"], int(row["age_days"]), Decimal(row["weight_kg"])) for row in expected]
    for other, score in zip(expected, scores(database, rows), strict=True):
        allowed = allowed_difference(int(other["age_days"]))
        assert score is not None
        assert abs(score - Decimal(other["weight_z"])) <= allowed, other


def test_the_published_median_scores_nought(database: Connection) -> None:
    """Month 0 alone is a whole month on a day; ten years end on no whole day."""
    rows = [
        (sex, 0, Decimal(median))
        for measure, sex, month, _, median, _ in PUBLISHED
        if measure == "weight" and month == 0
    ]
    assert len(rows) == 2
    assert scores(database, rows) == [0, 0]


@pytest.mark.parametrize(("age_days", "is_scored"), [(3652, True), (3653, False)])
def test_there_is_no_weight_for_age_past_120_months(
    database: Connection, age_days: int, is_scored: bool
) -> None:
    """120 months of 30.4375 days are 3652.5 days."""
    (score,) = scores(database, [("male", age_days, Decimal("31.1586"))])
    assert (score is not None) is is_scored
    if score is not None:
        assert abs(score) <= 10 * ROUNDING
