"""The infusions: their days, doses and products, and the `infusions` rows."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from registry.synth.child import Child
from registry.synth.course import STOPPED, Course
from registry.synth.days import iso
from registry.synth.edges import Edge
from registry.synth.growth import Body
from registry.synth.pools import Pools
from registry.synth.tables import Rows

JITTER = (-5, -3, -2, -1, -1, 0, 0, 0, 0, 0, 1, 1, 2, 3, 5, 8)
SHORT_INTERVALS = (28, 42, 42)  # days, in place of 56, when response was lost


@dataclass(frozen=True, slots=True)
class Infusion:
    """One infusion; dose in mg, weight in kg."""

    day: int
    dose_mg: float
    weight_kg: float
    product: str


def give_infusions(
    rng: Random, child: Child, course: Course, body: Body, pools: Pools
) -> list[Infusion]:
    """The infusions that the child receives, by day."""
    if Edge.NO_INFLIXIMAB in child.edges:
        return []
    # How a loss is answered: a higher dose, a shorter interval, or both.
    higher_dose, shorter = rng.choice(((True, False), (False, True), (True, True)))
    interval = rng.choice(SHORT_INTERVALS) if shorter else 56
    higher = min(10.0, course.dose_per_kg + rng.uniform(1.0, 4.0)) if higher_dose else 0.0
    product = "" if rng.random() < 0.04 else rng.choice(pools.products)
    switch_on = child.start + rng.randint(200, 1500) if rng.random() < 0.1 else None
    infusions = []
    for day in _days(rng, child, course, interval):
        if switch_on is not None and day >= switch_on:
            product, switch_on = rng.choice(pools.products), None
        per_kg = max(course.dose_per_kg, higher if course.optimised(day) else 0.0)
        weight = round(body.weight_kg(day) * rng.gauss(1, 0.01), 1)
        dose = _dose_mg(rng, child, per_kg, weight)
        infusions.append(Infusion(day, dose, weight, product))
    return infusions


def _days(rng: Random, child: Child, course: Course, short_interval: int) -> list[int]:
    until = course.treated_until
    days = [day for day in course.induction if day <= until]
    if len(days) == 4:
        gap_after = rng.randint(4, 10) if Edge.LONG_GAP in child.edges else 0
        while True:
            interval = short_interval if course.optimised(days[-1]) else 56
            if len(days) == gap_after:
                interval += rng.randint(20, 120)
            day = days[-1] + interval + rng.choice(JITTER)
            if day > until:
                break
            days.append(day)
    stopped = course.end is not None and course.end.reason == STOPPED
    if stopped and Edge.STOP_ON_TAIL in child.edges:
        # The end falls on the last day of an exposure tail of 56 days, or just misses it.
        last = until - 56 - rng.choice((0, 0, 1))
        if last > course.induction[3]:
            days = [*(day for day in days if day < last), last]
    if stopped and Edge.RESTART in child.edges:
        again = until + rng.randint(60, 300)
        days += range(again, min(again + 180, course.last_day), 56)
    return days


def _dose_mg(rng: Random, child: Child, per_kg: float, weight: float) -> float:
    exact = round(per_kg * weight, 1)
    if Edge.DOSE_AT_LIMIT in child.edges:
        # Exactly 7 mg/kg, or a tenth of a milligram less, where a float would fail.
        return round(exact - rng.choice((0.0, 0.1)), 1)
    step = child.centre.dose_rounding_mg
    rounded = round(round(exact / step) * step, 1)
    return rounded if 5 * weight <= rounded <= 10 * weight else exact


def add_infusions(rows: Rows, infusions: list[Infusion]) -> None:
    """Add the `infusions` rows."""
    for infusion in infusions:
        dose, weight = f"{infusion.dose_mg:.1f}", f"{infusion.weight_kg:.1f}"
        cells = (iso(infusion.day), dose, weight, infusion.product)
        rows.add("infusions", cells, day=infusion.day)
