"""Items proposed from laboratory values: bands, ages, limits, units, windows."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, text

from registry.entry.visit.proposals import Proposal, propose_items
from registry.errors import NotFound
from tests.entry import pcdai_table
from tests.entry.children import add, add_child

VISIT = date(2021, 6, 15)

# sex, completed years, haematocrit (%), points
HEMATOCRIT = """
female  0   33    0
female  0   32.9  2.5
female  10  33    0
female  10  32.9  2.5
female  10  28    2.5
female  10  27.9  5
male    10  33    0
male    10  28    2.5
male    10  27.9  5
male    11  35    0
male    11  34.9  2.5
male    11  30    2.5
male    11  29.9  5
male    14  35    0
male    14  29.9  5
male    15  37    0
male    15  36.9  2.5
male    15  32    2.5
male    15  31.9  5
male    19  37    0
male    19  31.9  5
male    20  37    -
female  11  34    0
female  11  33.9  2.5
female  11  29    2.5
female  11  28.9  5
female  15  34    0
female  19  34    0
female  19  28.9  5
female  20  34    -
"""

# analyte, value as entered, points
OTHERS = """
ESR  19.9 mm/h   0
ESR  20 mm/h     2.5
ESR  50 mm/h     2.5
ESR  50.1 mm/h   5
ESR  0           0
ALB  35 g/L      0
ALB  34.9 g/L    5
ALB  30.1 g/L    5
ALB  30 g/L      10
ALB  3.5 g/dL    0
ALB  3.49 g/dL   5
ALB  3.01 g/dL   5
ALB  3.0 g/dL    10
ALB  3,5 g/dl    0
ALB  3.0 g / dL  10
ESR  -5          -
ESR  <20 mm/h    0
ESR  <21 mm/h    -
ESR  >20 mm/h    -
ESR  >49.9 mm/h  -
ESR  >50 mm/h    5
ALB  <30 g/L     10
ALB  <30.1 g/L   -
ALB  >35 g/L     0
ALB  >34.9 g/L   -
ALB  >30 g/L     -
ALB  <3 g/dL     10
ALB  <=30        -
ALB  thirty      -
ALB  30 g        -
ALB  30 mm/h     -
"""

# A child of eight years.
LIMITS_OF_HEMATOCRIT = """
<28   5
<28.1  -
<33   -
>33   0
>32.9  -
>28   -
"""


def rows(table: str) -> list[list[str]]:
    return [line.rsplit(maxsplit=1) for line in table.strip().splitlines()]


def expected(cell: str) -> Decimal | None:
    return None if cell == "-" else Decimal(cell)


def born(years: int) -> date:
    """The day of birth of who has just turned so many years on the day of the visit."""
    return VISIT.replace(year=VISIT.year - years)


def proposed(
    connection: Connection, item: str, visit: date = VISIT, **given: str
) -> Proposal | None:
    found = [p for p in propose_items(connection, "E001", visit, given) if p.item == item]
    assert len(found) <= 1
    return found[0] if found else None


def points(proposal: Proposal | None) -> Decimal | None:
    return None if proposal is None else proposal.points


@pytest.mark.parametrize(("child", "cell"), rows(HEMATOCRIT))
def test_hematocrit_by_age_and_sex(database: Connection, child: str, cell: str) -> None:
    sex, years, value = child.split()
    add_child(database, sex=sex, birth=born(int(years)))
    assert points(proposed(database, "hematocrit", HCT=f"{value} %")) == expected(cell)


@pytest.mark.parametrize(("typed", "cell"), rows(OTHERS))
def test_sedimentation_and_albumin(database: Connection, typed: str, cell: str) -> None:
    add_child(database)
    analyte, value = typed.split(maxsplit=1)
    item = {"ESR": "esr", "ALB": "albumin"}[analyte]
    assert points(proposed(database, item, **{analyte: value.strip()})) == expected(cell)


@pytest.mark.parametrize(("typed", "cell"), rows(LIMITS_OF_HEMATOCRIT))
def test_a_limit_proposes_only_what_it_proves(database: Connection, typed: str, cell: str) -> None:
    patient = add_child(database, birth=born(8))
    assert points(proposed(database, "hematocrit", HCT=typed.strip())) == expected(cell)
    add(
        database,
        "lab_result",
        patient,
        collected_on=VISIT,
        analyte="HCT",
        value=Decimal(typed.strip()[1:]),
        value_comparator=typed[0],
        unit="%",
    )
    assert points(proposed(database, "hematocrit")) == expected(cell)


@pytest.mark.parametrize(
    ("birth", "visit", "expected_points"),
    [
        # 34 % is normal up to ten years and the middle band of a boy from eleven on.
        (date(2010, 6, 15), date(2021, 6, 14), "0"),
        (date(2010, 6, 15), date(2021, 6, 15), "2.5"),
        (date(2008, 2, 29), date(2019, 2, 28), "0"),
        (date(2008, 2, 29), date(2019, 3, 1), "2.5"),
        # From fifteen on 31 % is the lowest band; a leap year has the birthday itself.
        (date(2004, 2, 29), date(2019, 2, 28), "2.5"),
        (date(2004, 2, 29), date(2019, 3, 1), "5"),
        (date(2008, 2, 29), date(2024, 2, 28), "5"),
    ],
)
def test_years_are_completed_on_the_birthday(
    database: Connection, birth: date, visit: date, expected_points: str
) -> None:
    add_child(database, birth=birth)
    value = "31" if birth.year == 2004 or visit.year == 2024 else "34"
    assert points(proposed(database, "hematocrit", visit, HCT=value)) == Decimal(expected_points)


def lab(connection: Connection, patient: int, days_before: int, value: int) -> None:
    add(
        connection,
        "lab_result",
        patient,
        collected_on=VISIT - timedelta(days=days_before),
        analyte="ESR",
        value=value,
        unit="mm/h",
    )


@pytest.mark.parametrize(
    ("values", "points_and_days"),
    [
        ({14: 60}, ("5", 14)),
        ({15: 60}, None),
        ({-3: 60}, ("5", -3)),
        ({-4: 60}, None),
        ({10: 60, 5: 10}, ("0", 5)),
        ({5: 10, -2: 60}, ("5", -2)),
        # As near before as after: the earlier.
        ({2: 10, -2: 60}, ("0", 2)),
    ],
)
def test_the_nearest_value_of_the_window_counts(
    database: Connection, values: dict[int, int], points_and_days: tuple[str, int] | None
) -> None:
    patient = add_child(database)
    for days_before, value in values.items():
        lab(database, patient, days_before, value)
    found = proposed(database, "esr")
    if points_and_days is None:
        assert found is None
        return
    assert found is not None
    assert found.points == Decimal(points_and_days[0])
    assert found.table == "lab_result"
    assert found.dated_on == VISIT - timedelta(days=points_and_days[1])


def test_the_window_is_a_parameter(database: Connection) -> None:
    lab(database, add_child(database), 20, 60)
    assert proposed(database, "esr") is None
    database.execute(
        text("update reference.entry_limit set value = 20 where key = 'visit_days_before'")
    )
    assert points(proposed(database, "esr")) == 5


def test_a_value_that_tells_nothing_does_not_give_way_to_an_older_one(
    database: Connection,
) -> None:
    patient = add_child(database)
    lab(database, patient, 5, 60)
    values = {"analyte": "ESR", "value": 30, "value_comparator": "<", "unit": "mm/h"}
    add(database, "lab_result", patient, collected_on=VISIT, **values)
    assert proposed(database, "esr") is None


def test_what_is_typed_beats_what_is_there(database: Connection) -> None:
    patient = add_child(database)
    lab(database, patient, 0, 60)
    found = proposed(database, "esr", ESR="10 mm/h")
    assert found is not None
    assert (found.points, found.table, found.dated_on) == (0, "given", VISIT)
    assert found.value_text == "10 mm/h"
    assert points(proposed(database, "esr", ESR=" ")) == 5
    assert proposed(database, "esr", ESR="1o") is None


def test_the_row_it_comes_from_is_shown(database: Connection) -> None:
    patient = add_child(database, sex="female", birth=born(12))
    values = {"analyte": "HCT", "value": Decimal("28.50"), "unit": "%"}
    add(database, "lab_result", patient, collected_on=VISIT - timedelta(days=3), **values)
    found = proposed(database, "hematocrit")
    assert found is not None
    assert found.value_text == "28.5 %"
    assert found.why == (
        "below 29 % is 5 points for a girl of 12 years; dated 2021-06-12, values from 2021-06-01 "
        "to 2021-06-18 count."
    )


def test_height_is_never_proposed_and_nothing_is_written(database: Connection) -> None:
    patient = add_child(database)
    for days_before, height in ((200, 130), (0, 131)):
        day = VISIT - timedelta(days=days_before)
        add(database, "anthropometry", patient, measured_on=day, height_cm=height, weight_kg=30)
    found = propose_items(database, "E001", VISIT, {"HCT": "33", "ESR": "10", "ALB": "40"})
    assert [proposal.item for proposal in found] == ["hematocrit", "esr", "albumin"]
    assert database.execute(text("select count(*) from clinical.pcdai_visit")).scalar() == 0


def test_before_the_birth_there_is_nothing_and_nobody_is_made_up(database: Connection) -> None:
    add_child(database, birth=VISIT)
    assert propose_items(database, "E001", VISIT - timedelta(days=1), {"ESR": "60"}) == []
    with pytest.raises(NotFound, match="There is no patient E999"):
        propose_items(database, "E999", VISIT, {})


def test_no_two_bands_of_one_age_overlap_and_none_is_missing(database: Connection) -> None:
    overlapping = database.execute(
        text(
            "select count(*) from reference.score_band a join reference.score_band b "
            "on a.measure = b.measure and (a.sex = b.sex or 'any' in (a.sex, b.sex)) "
            "and a.years && b.years and a.band && b.band and a <> b"
        )
    ).scalar()
    assert overlapping == 0
    gaps = database.execute(
        text(
            "select a.measure from reference.score_band a where upper(a.band) is not null "
            "and a.measure <> 'age_at_diagnosis' and not exists (select from "
            "reference.score_band b where b.measure = a.measure and b.sex = a.sex "
            "and b.years = a.years and a.band -|- b.band and lower(b.band) = upper(a.band))"
        )
    ).all()
    assert gaps == []


BIRTHS = {"female": date(1999, 2, 28), "male": date(2000, 2, 29)}
DECIMALS = st.decimals(0, 60, places=1)


@given(
    item=st.sampled_from(["hematocrit", "esr", "albumin"]),
    sex=st.sampled_from(["female", "male"]),
    day=st.dates(date(2000, 3, 1), date(2023, 1, 1)),
    value=DECIMALS
    | st.sampled_from([Decimal(limit) for limit in (20, 28, 29, 30, 32, 33, 35, 50)]),
    comparator=st.sampled_from([None, None, "<", ">"]),
)
@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_agrees_with_the_table_read_in_python(
    database: Connection,
    item: str,
    sex: str,
    day: date,
    value: Decimal,
    comparator: str | None,
) -> None:
    for known, birth in BIRTHS.items():
        there = text("select exists (select from reference.patient_number where study_id = :id)")
        if not database.execute(there, {"id": known}).scalar():
            add_child(database, known, sex=known, birth=birth)
    analyte = {"hematocrit": "HCT", "esr": "ESR", "albumin": "ALB"}[item]
    found = propose_items(database, sex, day, {analyte: f"{comparator or ''}{value}"})
    years = pcdai_table.completed_years(BIRTHS[sex], day)
    by_hand = pcdai_table.points(item, Fraction(value), comparator, sex, years)
    assert [Fraction(proposal.points) for proposal in found] == (
        [] if by_hand is None else [by_hand]
    )
