"""Drug courses: the immunomodulators planned from the start, everything else, and their rows."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from registry.synth.child import Child
from registry.synth.days import iso
from registry.synth.edges import Edge
from registry.synth.tables import Rows
from registry.vocabulary import DRUG_CLASSES

LATER_BIOLOGICS = ("adalimumab", "adalimumab", "ustekinumab", "vedolizumab", "risankizumab")
EARLIER_BIOLOGICS = ("adalimumab", "adalimumab", "vedolizumab", "golimumab", "certolizumab")
SMALL_MOLECULES = tuple(drug for drug, kind in DRUG_CLASSES.items() if kind == "small_molecule")
GLUCOCORTICOIDS = ("prednisone", "prednisone", "prednisolone", "methylprednisolone", "budesonide")
# Seen in the study: azathioprine in five of six children on an immunomodulator.
IMMUNOMODULATORS = (*["azathioprine"] * 8, "methotrexate", "methotrexate", "mercaptopurine")


@dataclass(frozen=True, slots=True)
class DrugCourse:
    """A drug taken from `start` until before `stop`; None while it goes on."""

    drug: str
    start: int
    stop: int | None

    def covers(self, day: int) -> bool:
        """Whether the drug is taken on that day."""
        return self.start <= day and (self.stop is None or day < self.stop)

    def clashes(self, other: DrugCourse) -> bool:
        """Whether both are courses of one drug with a day, or the first day, in common."""
        if self.drug != other.drug:
            return False
        return (
            self.start == other.start
            or (self.start < other.start and (self.stop is None or other.start < self.stop))
            or (other.start < self.start and (other.stop is None or self.start < other.stop))
        )


class Chart:
    """The drug courses of one child; a course that clashes with an earlier entry is left out."""

    def __init__(self) -> None:
        self.courses: list[DrugCourse] = []

    def give(self, drug: str, start: int, stop: int | None) -> None:
        """Enter a course unless one of the same drug overlaps it."""
        course = DrugCourse(drug, start, stop)
        if not any(course.clashes(other) for other in self.courses):
            self.courses.append(course)

    def add_to(self, rows: Rows) -> None:
        """Add the `medications` rows."""
        for course in self.courses:
            cells = (course.drug, iso(course.start), rows.optional(course.stop))
            rows.add("medications", cells, day=course.start, key=course.drug)


def plan_immunomodulators(rng: Random, child: Child) -> list[DrugCourse]:
    """When the child will take immunomodulators, so long as nothing else changes it.

    Neither start nor length depends on the covariates or on how the disease goes: the effect that
    an analysis should find is the hazard ratio alone, without confounding.
    """
    start = child.start
    if Edge.IM_AT_THRESHOLD in child.edges:
        first = start + rng.choice((0, 0, rng.randint(1, 60)))
        return [DrugCourse("azathioprine", first, first + rng.choice((183, 184)))]
    if Edge.IM_ENDS_ON_START in child.edges:
        return [DrugCourse("azathioprine", max(child.onset, start - rng.randint(30, 300)), start)]
    chance = rng.random()
    if chance < 0.38:
        return []
    if chance < 0.5:
        first = max(child.onset, start - rng.randint(5, 300))
    elif chance < 0.74:
        first = start + rng.randint(0, 120)
    else:
        first = start + rng.randint(121, 900)
    courses = [DrugCourse(rng.choice(IMMUNOMODULATORS), first, _stop(rng, first))]
    stop = courses[0].stop
    if stop is not None and rng.random() < 0.3:
        # Mostly a new attempt after a pause; now and then two overlap, to be counted once.
        again = max(child.onset, stop + rng.randint(-60, 200))
        drug = rng.choice(IMMUNOMODULATORS)
        second = DrugCourse(drug, again, _stop(rng, again))
        if not second.clashes(courses[0]):
            courses.append(second)
    return courses


def _stop(rng: Random, start: int) -> int | None:
    return None if rng.random() < 0.2 else start + 7 + int(rng.expovariate(1 / 650))


def give_before_and_during_induction(rng: Random, chart: Chart, child: Child) -> None:
    """What was tried before infliximab or helps it on: steroids, nutrition, 5-ASA, and others."""
    start, onset = child.start, child.onset
    if rng.random() < 0.33:
        first = max(onset, start - rng.randint(20, 200))
        chart.give(rng.choice(GLUCOCORTICOIDS), first, first + rng.randint(20, 90))
    if rng.random() < 0.12:
        first = start + rng.randint(-10, 60)
        chart.give("prednisone", first, first + rng.choice((0, 30, 60, rng.randint(5, 120))))
    if rng.random() < 0.24:
        first = max(onset, start - rng.randint(10, 150))
        chart.give("EEN", first, first + rng.randint(28, 60))
    if rng.random() < 0.2:
        chart.give("mesalazine", max(onset, start - rng.randint(10, 400)), _stop(rng, start))
    if rng.random() < 0.02:
        chart.give("thalidomide", max(onset, start - rng.randint(30, 200)), start)
    if Edge.PRIOR_BIOLOGIC in child.edges:
        first = max(child.birth + 1, start - rng.choice((1, 30, rng.randint(60, 500))))
        stop = rng.choice((start, max(first, start - 14), start + 20))
        chart.give(rng.choice(EARLIER_BIOLOGICS), first, stop)
    if Edge.BIOLOGIC_ON_START in child.edges:
        chart.give("ustekinumab", start, start + rng.randint(0, 30))
    if Edge.PRIOR_SMALL_MOLECULE in child.edges:
        chart.give(rng.choice(SMALL_MOLECULES), max(child.birth + 1, start - 90), start - 5)
