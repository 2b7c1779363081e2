"""The item of weight: against which earlier weight, and how many points."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, text

from registry.entry.visit.proposals import Proposal, propose_items
from tests.entry import pcdai_table
from tests.entry.children import add, add_child

VISIT = date(2021, 6, 15)


def weigh(
    connection: Connection,
    patient: int,
    days_before: int,
    kg: str | int,
    table: str = "anthropometry",
) -> None:
    day = VISIT - timedelta(days=days_before)
    if table == "anthropometry":
        add(connection, table, patient, measured_on=day, weight_kg=Decimal(kg))
    else:
        add(connection, table, patient, infused_on=day, weight_kg=Decimal(kg), dose_mg=150)


def proposed(connection: Connection, **given: str) -> Proposal | None:
    found = propose_items(connection, "E001", VISIT, given)
    assert {proposal.item for proposal in found} <= {"weight"}
    return found[0] if found else None


@pytest.mark.parametrize(
    ("earlier", "now", "points"),
    [
        ("30", "33", 0),
        ("30", "30.3", 0),
        ("30", "30.29", 5),
        ("30", "30", 5),
        ("30", "29.7", 5),
        ("30", "27.3", 5),
        ("30", "27.01", 5),
        ("30", "27", 10),
        ("33.3", "29.97", 10),
        ("33.3", "29.98", 5),
        ("30", "20", 10),
    ],
)
def test_points_by_the_change(database: Connection, earlier: str, now: str, points: int) -> None:
    patient = add_child(database)
    weigh(database, patient, 90, earlier)
    assert [p.points for p in [proposed(database, weight_kg=now)] if p] == [points]
    weigh(database, patient, 0, now, "infusion")
    found = proposed(database)
    assert found is not None
    assert (found.points, found.table, found.dated_on) == (points, "infusion", VISIT)


@pytest.mark.parametrize(
    ("weights", "compared"),
    [
        ({27: "40"}, None),
        ({28: "40"}, "40 kg"),
        ({180: "40"}, "40 kg"),
        ({181: "40"}, None),
        ({150: "50", 60: "40", 10: "45"}, "40 kg"),
    ],
)
def test_the_last_weight_that_is_old_enough_counts(
    database: Connection, weights: dict[int, str], compared: str | None
) -> None:
    patient = add_child(database)
    for days_before, kg in weights.items():
        weigh(database, patient, days_before, kg, "infusion")
    found = proposed(database, weight_kg="36")
    assert (found is None) is (compared is None)
    if found is not None:
        assert f"against {compared}" in found.why


def test_the_age_of_a_weight_counts_from_the_weight_of_the_visit(database: Connection) -> None:
    """Weighed ten days before the visit: 30 days before the visit is then too near."""
    patient = add_child(database)
    weigh(database, patient, 10, "27")
    weigh(database, patient, 30, "30")
    assert proposed(database) is None
    weigh(database, patient, 38, "30", "infusion")
    found = proposed(database)
    assert found is not None
    assert (found.points, found.dated_on) == (10, VISIT - timedelta(days=10))


def test_without_a_weight_of_the_visit_there_is_nothing(database: Connection) -> None:
    patient = add_child(database)
    weigh(database, patient, 60, "30")
    weigh(database, patient, 15, "29")
    assert proposed(database) is None
    assert proposed(database, weight_kg="about 29") is None
    assert proposed(database, weight_kg="<29") is None
    assert proposed(database, weight_kg="29 kg") is not None


def test_a_loss_is_proposed_with_what_weights_cannot_tell(database: Connection) -> None:
    patient = add_child(database)
    weigh(database, patient, 90, "30")
    loss, gain = proposed(database, weight_kg="28.5"), proposed(database, weight_kg="33")
    assert loss is not None
    assert gain is not None
    assert loss.why == (
        "-5 % against 30 kg of 2021-03-17 (anthropometry), the last weight 28 to 180 days "
        "before; above -10 to below 1 % is 5 points. If involuntary: weights do not tell; "
        "voluntary is 0 points."
    )
    assert "voluntary" not in gain.why


KILOGRAMS = st.decimals(5, 90, places=1)


@given(earlier=KILOGRAMS, now=KILOGRAMS, exact=st.sampled_from([None, -10, 1]))
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_agrees_with_the_table_read_in_python(
    database: Connection, earlier: Decimal, now: Decimal, exact: int | None
) -> None:
    if exact is not None:
        now = earlier * (100 + exact) / 100
    database.execute(text("savepoint one"))
    patient = add_child(database)
    weigh(database, patient, 90, str(earlier))
    found = proposed(database, weight_kg=str(now))
    database.execute(text("rollback to savepoint one"))
    assert found is not None
    assert Fraction(found.points) == pcdai_table.weight(Fraction(now), Fraction(earlier))
