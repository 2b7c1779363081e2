"""The view's Z-scores against WHO's tables, against another program and against a second reckoning.

The second reckoning below shares only the reference's numbers with the SQL: whole-number arithmetic
for the age, decimals of 40 digits, and the restricted rule decided by the curves, not by the score.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal, localcontext
from pathlib import Path

import pytest
from sqlalchemy import Connection, Row, text

BIRTH = date(2000, 1, 1)
REFERENCE = Path(__file__).parents[2] / "migrations" / "data" / "growth_reference.csv"
EXPECTED = Path(__file__).with_name("expected_z.csv")

# 16 months of 30.4375 days are 487 days: only at multiples of them is an age a whole month.
MONTHS_ON_A_DAY = range(16, 228, 16)
LAST_DAY = 6939
ROUNDING = Decimal("0.0001")

# (measure, sex, month, L, M, S) as printed in WHO's tables by month.
PUBLISHED = (
    ("height", "male", 0, "1", "49.8842", "0.03795"),
    ("height", "male", 18, "1", "82.2587", "0.03279"),
    ("height", "male", 24, "1", "87.1161", "0.03507"),
    ("height", "male", 36, "1", "96.0835", "0.03858"),
    ("height", "male", 60, "1", "109.9638", "0.04214"),
    ("height", "male", 61, "1", "110.2647", "0.04164"),
    ("height", "male", 120, "1", "137.7795", "0.04626"),
    ("height", "male", 228, "1", "176.5432", "0.04134"),
    ("height", "female", 0, "1", "49.1477", "0.03790"),
    ("height", "female", 61, "1", "109.6016", "0.04355"),
    ("height", "female", 120, "1", "138.6363", "0.04614"),
    ("height", "female", 228, "1", "163.1548", "0.04009"),
    ("bmi", "male", 61, "-0.7387", "15.2641", "0.08390"),
    ("bmi", "male", 120, "-1.7407", "16.4433", "0.10566"),
    ("bmi", "male", 228, "-0.8419", "22.1883", "0.12948"),
    ("bmi", "female", 61, "-0.8886", "15.2441", "0.09692"),
    ("bmi", "female", 120, "-1.4864", "16.6133", "0.12307"),
    ("bmi", "female", 228, "-0.7496", "21.4269", "0.14441"),
    ("weight", "male", 0, "0.3487", "3.3464", "0.14602"),
    ("weight", "male", 120, "-0.6764", "31.1586", "0.16305"),
    ("weight", "female", 0, "0.3809", "3.2322", "0.14171"),
    ("weight", "female", 120, "-0.5958", "31.8578", "0.17262"),
)


@dataclass(frozen=True)
class Lms:
    """L, M and S at one age."""

    power: Decimal
    median: Decimal
    variation: Decimal

    def at(self, score: int) -> Decimal:
        """The measurement on the curve of a score."""
        if self.power == 0:
            return self.median * (self.variation * score).exp()
        base = 1 + self.power * self.variation * score
        return self.median * (base.ln() / self.power).exp()

    def score(self, value: Decimal) -> Decimal:
        """The score of a measurement, without the restricted rule."""
        if self.power == 0:
            return (value / self.median).ln() / self.variation
        raised = ((value / self.median).ln() * self.power).exp()
        return (raised - 1) / (self.power * self.variation)

    def restricted_score(self, value: Decimal) -> Decimal:
        """The score with the distance from 2 to 3 SD as unit beyond the third curve."""
        if value > self.at(3):
            return 3 + (value - self.at(3)) / (self.at(3) - self.at(2))
        if value < self.at(-3):
            return -3 + (value - self.at(-3)) / (self.at(-2) - self.at(-3))
        return self.score(value)


@dataclass(frozen=True)
class Reference:
    """WHO's tables by measure, sex, position and month."""

    tables: dict[tuple[str, str, str, int], Lms]

    def at(self, measure: str, sex: str, month: int, *, ending: bool = False) -> Lms:
        """L, M and S of a completed month; month 24 stands, unless it ends what was lying."""
        lying = month < 24 or (month == 24 and ending)
        position = "any" if measure == "weight" else "lying" if lying else "standing"
        return self.tables[measure, sex, position, month]


@dataclass(frozen=True)
class Child:
    """A child measured once."""

    sex: str
    age_days: int
    height_cm: Decimal | None = None
    weight_kg: Decimal | None = None
    height_z: Decimal | None = None
    bmi_z: Decimal | None = None


@pytest.fixture(scope="module")
def reference() -> Reference:
    with REFERENCE.open(encoding="utf-8", newline="") as file:
        tables = {
            (row["measure"], row["sex"], row["position"], int(row["month"])): Lms(
                Decimal(row["l"]), Decimal(row["m"]), Decimal(row["s"])
            )
            for row in csv.DictReader(file)
        }
    return Reference(tables)


@pytest.fixture(autouse=True)
def _many_digits() -> Iterator[None]:
    with localcontext() as context:
        context.prec = 40
        yield


def lms_at(reference: Reference, measure: str, sex: str, age_days: int) -> Lms:
    """L, M and S of an age in days, between two months of 487/16 days each."""
    month, rest = divmod(age_days * 16, 487)
    before = reference.at(measure, sex, month)
    after = reference.at(measure, sex, month + 1, ending=True)
    part = Decimal(rest) / 487
    return Lms(
        before.power * (1 - part) + after.power * part,
        before.median * (1 - part) + after.median * part,
        before.variation * (1 - part) + after.variation * part,
    )


def scores(database: Connection, children: Sequence[Child]) -> list[Row[tuple[object, ...]]]:
    """Enters the children; their rows of the view, in the same order."""
    rows = [
        vars(child)
        | {
            "study_id": f"Z{number:04}",
            "birth_date": BIRTH,
            "measured_on": BIRTH + timedelta(days=child.age_days),
        }
        for number, child in enumerate(children)
    ]
    database.execute(
        text("insert into reference.patient_number (study_id) values (:study_id)"), rows
    )
    database.execute(
        text(
            "insert into clinical.patient (patient_id, centre, sex, birth_date, diagnosis)"
            " select patient_id, 'C1', :sex, cast(:birth_date as date), 'CD'"
            " from reference.patient_number where study_id = :study_id"
        ),
        rows,
    )
    database.execute(
        text(
            "insert into clinical.anthropometry"
            " (patient_id, measured_on, height_cm, weight_kg, height_z, bmi_z)"
            " select patient_id, cast(:measured_on as date), cast(:height_cm as numeric),"
            " cast(:weight_kg as numeric), cast(:height_z as numeric), cast(:bmi_z as numeric)"
            " from reference.patient_number where study_id = :study_id"
        ),
        rows,
    )
    found = database.execute(
        text(
            "select z.* from rules.anthropometry_z z"
            " join reference.patient_number using (patient_id)"
            " where study_id like 'Z%' order by study_id"
        )
    ).all()
    assert len(found) == len(children)
    return list(found)


def micro(value: Decimal) -> Decimal:
    """Rounded to a millionth: fine enough for four decimals of a score."""
    return value.quantize(Decimal("0.000001"))


def test_reference_covers_every_month(database: Connection) -> None:
    found = database.execute(
        text(
            "select measure, sex, count(*), min(month), max(month)"
            " from reference.growth_reference group by measure, sex order by measure, sex"
        )
    ).all()
    assert [tuple(row) for row in found] == [
        ("bmi", "female", 230, 0, 228),
        ("bmi", "male", 230, 0, 228),
        ("height", "female", 230, 0, 228),
        ("height", "male", 230, 0, 228),
        ("weight", "female", 121, 0, 120),
        ("weight", "male", 121, 0, 120),
    ]


@pytest.mark.parametrize(("measure", "sex", "month", "power", "median", "variation"), PUBLISHED)
def test_reference_is_as_published(
    database: Connection,
    measure: str,
    sex: str,
    month: int,
    power: str,
    median: str,
    variation: str,
) -> None:
    found = database.execute(
        text(
            "select l, m, s from reference.growth_reference"
            " where measure = :measure and sex = :sex and month = :month"
            " and (position <> 'lying' or month < 24)"
        ),
        {"measure": measure, "sex": sex, "month": month},
    ).one()
    assert tuple(found) == (Decimal(power), Decimal(median), Decimal(variation))


def test_height_on_a_curve_scores_its_sd(database: Connection, reference: Reference) -> None:
    cases = [
        (z, Child(sex, month * 487 // 16, micro(reference.at("height", sex, month).at(z))))
        for sex in ("female", "male")
        for month in MONTHS_ON_A_DAY
        for z in range(-5, 6)
    ]
    for (z, child), row in zip(cases, scores(database, [c for _, c in cases]), strict=True):
        assert abs(row.height_z - z) <= ROUNDING, child
        assert row.bmi_z is None


def test_bmi_on_a_curve_scores_its_sd(database: Connection, reference: Reference) -> None:
    # At 100 cm the weight is the BMI.
    cases = [
        (
            z,
            Child(
                sex, month * 487 // 16, Decimal(100), micro(reference.at("bmi", sex, month).at(z))
            ),
        )
        for sex in ("female", "male")
        for month in MONTHS_ON_A_DAY
        for z in range(-3, 4)
    ]
    for (z, child), row in zip(cases, scores(database, [c for _, c in cases]), strict=True):
        assert abs(row.bmi_z - z) <= ROUNDING, child


def test_bmi_beyond_3_sd_counts_the_distance_from_2_to_3(
    database: Connection, reference: Reference
) -> None:
    cases = []
    for sex in ("female", "male"):
        for month in MONTHS_ON_A_DAY:
            curve = reference.at("bmi", sex, month)
            for side in (-1, 1):
                for steps in (Decimal("0.01"), Decimal(1), Decimal("2.5")):
                    unit = curve.at(3 * side) - curve.at(2 * side)
                    weight = micro(curve.at(3 * side) + steps * unit)
                    child = Child(sex, month * 487 // 16, Decimal(100), weight)
                    cases.append((side * (3 + steps), child))
    for (z, child), row in zip(cases, scores(database, [c for _, c in cases]), strict=True):
        assert abs(row.bmi_z - z) <= ROUNDING, child


def test_agrees_with_a_second_reckoning(database: Connection, reference: Reference) -> None:
    children = []
    for number, age_days in enumerate((0, *range(5, LAST_DAY, 59), LAST_DAY)):
        sex = ("female", "male")[number % 2]
        height = reference.at("height", sex, age_days * 16 // 487).median
        bmi = reference.at("bmi", sex, age_days * 16 // 487).median
        tall = Decimal(80 + number * 13 % 41) / 100
        heavy = Decimal(60 + number * 29 % 151) / 100
        height_cm = (height * tall).quantize(Decimal("0.1"))
        weight_kg = (bmi * heavy * (height_cm / 100) ** 2).quantize(Decimal("0.1"))
        children.append(Child(sex, age_days, height_cm, weight_kg))
    beyond = 0
    for child, row in zip(children, scores(database, children), strict=True):
        assert child.height_cm is not None
        assert child.weight_kg is not None
        height = lms_at(reference, "height", child.sex, child.age_days).score(child.height_cm)
        bmi = lms_at(reference, "bmi", child.sex, child.age_days).restricted_score(
            child.weight_kg / (child.height_cm / 100) ** 2
        )
        assert abs(row.computed_height_z - height) <= ROUNDING, child
        assert abs(row.computed_bmi_z - bmi) <= ROUNDING, child
        beyond += abs(bmi) > 3
    assert beyond >= 20


def allowed_difference(age_days: int) -> Decimal:
    """How far the other program may differ.

    Nothing but rounding from 61 months on. Below 60 months it scores by day, the view between two
    months. Before 61 months the view passes from the standards of 2006 to the reference of 2007,
    where that program steps.
    """
    months = Decimal(age_days * 16) / 487
    if months >= 61:
        return ROUNDING
    if 60 < months < 61:
        return Decimal("0.25")
    return Decimal("0.01")


def test_agrees_with_another_program(database: Connection) -> None:
    with EXPECTED.open(encoding="utf-8", newline="") as file:
        expected = list(csv.DictReader(line for line in file if not line.startswith("#")))
    children = [
        Child(
            row["sex"],
            int(row["age_days"]),
            Decimal(row["height_cm"]),
            Decimal(row["weight_kg"]),
        )
        for row in expected
    ]
    assert sum(abs(Decimal(row["bmi_z"])) > 3 for row in expected) >= 60
    for other, child, row in zip(expected, children, scores(database, children), strict=True):
        allowed = allowed_difference(child.age_days)
        assert abs(row.height_z - Decimal(other["height_z"])) <= allowed, child
        assert abs(row.bmi_z - Decimal(other["bmi_z"])) <= allowed, child


def test_entered_score_wins_and_the_source_is_kept(database: Connection) -> None:
    measured = Child("male", 3653, Decimal("137.8"), Decimal("31.2"))
    entered_height = Child("male", 3653, Decimal("137.8"), Decimal("31.2"), Decimal("-1.5"))
    entered_alone = Child("male", 3653, height_z=Decimal(0), bmi_z=Decimal("-2.25"))
    entered_bmi = Child("male", 3653, Decimal("137.8"), Decimal("31.2"), bmi_z=Decimal("0.5"))
    first, second, third, fourth = scores(
        database, [measured, entered_height, entered_alone, entered_bmi]
    )

    assert (first.height_z_source, first.bmi_z_source) == ("computed", "computed")
    assert (first.height_z, first.bmi_z) == (first.computed_height_z, first.computed_bmi_z)

    assert (second.height_z, second.height_z_source) == (Decimal("-1.5"), "entered")
    assert (second.bmi_z, second.bmi_z_source) == (first.bmi_z, "computed")
    assert second.computed_height_z == first.computed_height_z

    assert (third.height_z, third.height_z_source) == (0, "entered")
    assert (third.bmi_z, third.bmi_z_source) == (Decimal("-2.25"), "entered")
    assert (third.computed_height_z, third.computed_bmi_z) == (None, None)

    assert (fourth.height_z, fourth.height_z_source) == (first.height_z, "computed")
    assert (fourth.bmi_z, fourth.bmi_z_source) == (Decimal("0.5"), "entered")
    assert fourth.computed_bmi_z == first.computed_bmi_z


def test_what_is_missing_has_no_score(database: Connection) -> None:
    no_weight, no_height, nothing = scores(
        database,
        [
            Child("female", 3653, height_cm=Decimal("138.6")),
            Child("female", 3653, weight_kg=Decimal("31.9")),
            Child("female", 3653),
        ],
    )
    assert no_weight.height_z is not None
    assert (no_weight.bmi_z, no_weight.bmi_z_source) == (None, None)
    for row in (no_height, nothing):
        assert (row.height_z, row.height_z_source) == (None, None)
        assert (row.bmi_z, row.bmi_z_source) == (None, None)


def test_reference_ends_with_month_228(database: Connection) -> None:
    size = {"height_cm": Decimal("176.5"), "weight_kg": Decimal("69.1")}
    newborn, last, beyond, beyond_entered = scores(
        database,
        [
            Child("male", 0, Decimal("49.9"), Decimal("3.3")),
            Child("male", LAST_DAY, **size),
            Child("male", LAST_DAY + 1, **size),
            Child("male", LAST_DAY + 1, **size, height_z=Decimal("0.1")),
        ],
    )
    assert newborn.height_z is not None
    assert newborn.bmi_z is not None
    assert abs(last.height_z) < Decimal("0.01")
    assert abs(last.bmi_z) < Decimal("0.01")
    assert (beyond.height_z, beyond.bmi_z) == (None, None)
    assert (beyond_entered.height_z, beyond_entered.height_z_source) == (Decimal("0.1"), "entered")


def test_one_patient_is_found_by_key(database: Connection) -> None:
    # Few rows make a scan cheap; without scans the plan shows whether the key can be used at all.
    database.execute(text("set local enable_seqscan = off"))
    plan = database.execute(
        text("explain select * from rules.anthropometry_z where patient_id = 1")
    ).scalars()
    assert sum("Index Cond: (patient_id = 1)" in line for line in plan) >= 2
