"""Who the child is: dates, disease and covariates at the first infusion, and the `patients` row."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from random import Random

from registry.synth.days import STUDY, YEAR, Window, birthday, iso, years_before
from registry.synth.edges import Edge
from registry.synth.pools import Centre, Pools
from registry.synth.tables import Rows
from registry.variables import as_known

LEAP_YEARS = range(1988, 2101, 4)


@dataclass(frozen=True, slots=True)
class Child:
    """A child as at the first infusion, `start` (or at referral, for those never infused)."""

    patient_id: str
    edges: frozenset[Edge]
    centre: Centre
    sex: str
    birth: int
    onset: int
    diagnosed: int
    start: int
    diagnosis: str
    perianal: bool
    growth_delay: bool
    height_z: float
    bmi_z: float

    def age(self, day: int) -> float:
        """Age in years, for growth; not for limits, which go by the calendar."""
        return (day - self.birth) / YEAR


def draw_child(
    rng: Random, number: int, edges: frozenset[Edge], pools: Pools, window: Window = STUDY
) -> Child:
    """The child of that number."""
    birth, start = _birth_and_start(rng, edges, window)
    onset = _onset(rng, edges, birth, start)
    diagnosis = rng.choice(("UC", "IBDU")) if Edge.NOT_CROHNS in edges else "CD"
    growth_delay = rng.random() < 0.16
    bmi_z = -1.0 if Edge.BMI_AT_LIMIT in edges else max(-5.0, min(3.0, rng.gauss(-1.4, 1.3)))
    return Child(
        patient_id=f"S{number:06d}",
        edges=edges,
        centre=rng.choice(pools.centres),
        sex="male" if rng.random() < 0.6 else "female",
        birth=birth,
        onset=onset,
        diagnosed=min(start, onset + int(rng.expovariate(1 / 60))),
        start=start,
        diagnosis=diagnosis,
        perianal=diagnosis == "CD" and rng.random() < 0.33,
        growth_delay=growth_delay,
        height_z=round(rng.gauss(-1.6 if growth_delay else 0.2, 1.0), 2),
        bmi_z=round(bmi_z, 2),
    )


def _birth_and_start(rng: Random, edges: frozenset[Edge], window: Window) -> tuple[int, int]:
    past_18: int | None = None  # days from the 18th birthday to the first infusion
    if Edge.ADULT_START in edges:
        past_18 = rng.choice((0, 0, 1, rng.randint(2, 300)))
    elif Edge.EVE_OF_18 in edges:
        past_18 = -1
    if Edge.LEAP_BIRTH in edges:
        if past_18 is None and rng.random() < 0.3:
            past_18 = rng.choice((-2, -1, 0))
        if past_18 is None:
            birth = rng.choice(_leap_births(window, 10))
            first = max(window.first_start, birthday(birth, 3))
            return birth, rng.randint(first, min(window.last_start, birthday(birth, 18) - 1))
        turning_18 = _leap_births(window, 18, past_18)
        # A short window may be without one.
        if turning_18:
            birth = rng.choice(turning_18)
            return birth, birthday(birth, 18) + past_18
    start = rng.randint(window.first_start, window.last_start)
    if past_18 is not None:
        return years_before(start - past_18, 18), start
    # A tenth began in early childhood; the others are of the study's age, median 12 years.
    age = rng.uniform(1.5, 8.0) if rng.random() < 0.1 else rng.gauss(12.4, 3.0)
    return start - int(max(1.5, min(17.95, age)) * YEAR), start


def _leap_births(window: Window, by: int, later: int = 0) -> list[int]:
    """Births on 29 February of whom is `by` years before the last start, 18 after the first.

    Both birthdays so many days `later`.
    """
    births = (
        date(year, 2, 29).toordinal() for year in LEAP_YEARS if year % 400 % 100 or not year % 400
    )
    return [
        birth
        for birth in births
        if birthday(birth, by) + later <= window.last_start
        and birthday(birth, 18) + later >= window.first_start
    ]


def _onset(rng: Random, edges: frozenset[Edge], birth: int, start: int) -> int:
    if Edge.SIX_MONTHS_DURATION in edges:
        return start - rng.choice((182, 183))  # six months are 182.625 days
    sixth = birthday(birth, 6) - rng.choice((0, 1))
    if Edge.ONSET_ON_SIXTH_BIRTHDAY in edges and sixth < start - 20:
        return sixth
    # Median 7 months before the first infusion, as in the study (7.6; quartiles 3.4 and 16.8).
    duration = int(rng.lognormvariate(5.35, 1.15))
    return start - max(10, min(start - birth - 30, duration))


def add_patient(rng: Random, rows: Rows, child: Child) -> None:
    """Add the `patients` row; some onset and diagnosis dates are partial or missing."""
    onset_as = _precision(rng)
    diagnosed_as = onset_as if rng.random() < 0.5 else _precision(rng)
    # Whether a partial date lies before another depends on how it is read; a pair whose order is
    # the same on the first day and in the middle of the period is left no doubt about.
    readings = zip(
        _readings(child.onset, onset_as), _readings(child.diagnosed, diagnosed_as), strict=True
    )
    if any(diagnosed < onset for onset, diagnosed in readings):
        onset_as = diagnosed_as = "day"
    onset_on = "" if rng.random() < 0.03 else _text(child.onset, onset_as)
    diagnosed_on = "" if rng.random() < 0.03 else _text(child.diagnosed, diagnosed_as)
    cells = (child.centre.code, child.sex, iso(child.birth), onset_on, diagnosed_on)
    rows.add("patients", (*cells, child.diagnosis), day=None)


def _precision(rng: Random) -> str:
    chance = rng.random()
    return "year" if chance < 0.04 else "month" if chance < 0.12 else "day"


def _text(day: int, precision: str) -> str:
    return as_known(iso(day), precision)


def _readings(day: int, precision: str) -> tuple[str, str]:
    text = _text(day, precision)
    first = {"year": f"{text}-01-01", "month": f"{text}-01", "day": text}[precision]
    middle = {"year": f"{text}-07-01", "month": f"{text}-15", "day": text}[precision]
    return first, middle
