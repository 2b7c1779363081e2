"""Infliximab levels and antibodies, and the `tdm_levels` rows."""

from __future__ import annotations

from random import Random

from registry.synth.child import Child
from registry.synth.course import Course
from registry.synth.days import iso
from registry.synth.infusions import Infusion
from registry.synth.tables import Rows

# Lower limits of the two assays: infliximab in ug/mL, antibodies in the assay's own AU/mL. Those
# of the ELISA are the study's.
LOWER_LIMITS = {"ELISA": (0.4, 10.0), "HMSA": (0.8, 3.1)}
UPPER_LIMIT = 40.0


def add_levels(
    rng: Random, rows: Rows, child: Child, course: Course, infusions: list[Infusion]
) -> None:
    """Add troughs at week 14 in half of the children, some later ones, and those after a loss."""
    for number, infusion in enumerate(infusions, start=1):
        chance = 0.5 if number == 4 else 0.03 if number < 4 else 0.1
        if rng.random() < chance:
            # Up to 2 days before an infusion it is a trough; a few are taken at another time.
            before = rng.choice((0, 0, 0, 0, 0, 1, 2, 3, 20))
            _level(rng, rows, child, course, infusion.day - before, peak=before > 3)
    if course.seen is not None and rng.random() < 0.6:
        _level(rng, rows, child, course, course.seen - rng.randint(-20, 40), peak=False)


def _level(rng: Random, rows: Rows, child: Child, course: Course, day: int, *, peak: bool) -> None:
    with_antibodies = day >= course.antibodies_from
    level = course.trough * rng.lognormvariate(0, 0.3)
    if with_antibodies:
        level *= 0.15
    if peak:
        level *= 4
    if course.optimised(day):
        level *= 1.5
    assay = child.centre.assay
    if rng.random() < 0.05:
        assay = "HMSA" if assay == "ELISA" else "ELISA"
    lowest, lowest_antibodies = LOWER_LIMITS[assay]
    infliximab = (
        f"<{lowest:g}"
        if level < lowest
        else f">{UPPER_LIMIT:g}"
        if level > UPPER_LIMIT
        else f"{level:.2f}"
    )
    antibodies = (
        f"{min(900.0, rng.lognormvariate(4, 0.7)) + lowest_antibodies:.0f}"
        if with_antibodies
        else f"<{lowest_antibodies:g}"
    )
    chance = rng.random()
    if chance < 0.1:
        antibodies = ""
    elif chance < 0.13:
        infliximab = ""
    if chance > 0.97:
        assay = ""
    rows.add("tdm_levels", (iso(day), infliximab, antibodies, assay), day=day, key=assay)
