"""How a child grows, and the `anthropometry` rows."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp
from random import Random

from registry.synth.child import Child
from registry.synth.days import iso
from registry.synth.edges import Edge
from registry.synth.tables import Rows

# Medians at 0 to 19 completed years, rounded from the WHO standards of 2006 and 2007 (height in
# cm, BMI in kg/m2). Good enough to make a believable body; a Z-score for a patient is never
# computed from these.
HEIGHT_CM = {
    "male": (
        *(49.9, 75.7, 87.8, 96.1, 103.3, 110.0, 116.0, 121.7, 127.3, 132.6),
        *(137.8, 143.1, 149.1, 156.0, 163.2, 169.0, 172.9, 175.2, 176.1, 176.5),
    ),
    "female": (
        *(49.1, 74.0, 86.4, 95.1, 102.7, 109.4, 115.1, 120.8, 126.6, 132.5),
        *(138.6, 145.0, 151.2, 156.4, 159.8, 161.7, 162.5, 162.9, 163.1, 163.2),
    ),
}
BMI = {
    "male": (
        *(13.4, 16.8, 16.0, 15.6, 15.3, 15.3, 15.3, 15.5, 15.7, 16.0),
        *(16.4, 16.9, 17.5, 18.2, 19.0, 19.8, 20.5, 21.1, 21.7, 22.2),
    ),
    "female": (
        *(13.3, 16.4, 15.7, 15.4, 15.3, 15.2, 15.3, 15.4, 15.7, 16.1),
        *(16.6, 17.2, 18.0, 18.8, 19.6, 20.2, 20.7, 21.0, 21.3, 21.4),
    ),
}
HEIGHT_SPREAD = 0.043  # one SD of height, as a share of the median
BMI_L, BMI_S = -1.5, 0.11  # a typical shape and spread of the WHO's BMI curves


@dataclass(frozen=True, slots=True)
class Body:
    """The child's body over time; BMI recovers by `bmi_gain` SD under treatment."""

    child: Child
    bmi_gain: float

    def bmi_z(self, day: int) -> float:
        """BMI Z-score on that day."""
        treated = max(0, day - self.child.start)
        return self.child.bmi_z + self.bmi_gain * (1 - exp(-treated / 300))

    def height_cm(self, day: int) -> float:
        """Height in cm."""
        median = _at_age(HEIGHT_CM[self.child.sex], self.child.age(day))
        return median * (1 + HEIGHT_SPREAD * self.child.height_z)

    def weight_kg(self, day: int) -> float:
        """Weight in kg."""
        median = _at_age(BMI[self.child.sex], self.child.age(day))
        bmi: float = median * (1 + BMI_L * BMI_S * self.bmi_z(day)) ** (1 / BMI_L)
        return bmi * (self.height_cm(day) / 100) ** 2


def _at_age(by_year: tuple[float, ...], age: float) -> float:
    year = min(int(age), len(by_year) - 2)
    return by_year[year] + min(1.0, age - year) * (by_year[year + 1] - by_year[year])


def add_anthropometry(rng: Random, rows: Rows, child: Child, body: Body, until: int) -> None:
    """Add a measurement before the first infusion and about two a year until the day given."""
    if Edge.NO_ANTHROPOMETRY not in child.edges:
        old = Edge.OLD_BASELINE_VALUES in child.edges
        _measure(rng, rows, body, child.start - (rng.randint(30, 45) if old else _recent(rng)))
        if rng.random() < 0.1:
            _measure(rng, rows, body, child.start - rng.randint(31, 200))
    day = child.start + rng.randint(1, 180)
    while day <= until:
        _measure(rng, rows, body, day)
        day += rng.randint(120, 300)


def _recent(rng: Random) -> int:
    return rng.choice((0, 0, 0, 1, 2, 3, 5, 9, 30))


def _measure(rng: Random, rows: Rows, body: Body, day: int) -> None:
    if not rows.covers(day):
        return
    height = f"{body.height_cm(day):.1f}"
    weight = f"{body.weight_kg(day):.1f}"
    height_z = f"{body.child.height_z:.2f}"
    bmi_z = f"{body.bmi_z(day):.2f}"
    chance = rng.random()
    if chance < 0.2:
        height_z = bmi_z = ""
    elif chance < 0.25:
        height = height_z = bmi_z = ""
    elif chance < 0.28:
        height = weight = ""
    rows.add("anthropometry", (iso(day), height, weight, height_z, bmi_z), day=day)
