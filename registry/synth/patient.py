"""One child, from its number and the seed to all its rows."""

from __future__ import annotations

from hashlib import sha256
from random import Random

from registry.synth.child import Child, add_patient, draw_child
from registry.synth.course import DIED, STOPPED, Course, draw_course
from registry.synth.days import STUDY, Window, iso
from registry.synth.drugs import (
    GLUCOCORTICOIDS,
    LATER_BIOLOGICS,
    SMALL_MOLECULES,
    Chart,
    give_before_and_during_induction,
)
from registry.synth.edges import Edge, draw_edges
from registry.synth.findings import (
    LATER,
    add_conditions,
    add_endoscopies,
    add_phenotypes,
    add_surgeries,
)
from registry.synth.genes import add_genes
from registry.synth.growth import Body, add_anthropometry
from registry.synth.infusions import add_infusions, give_infusions
from registry.synth.levels import add_levels
from registry.synth.pcdai import add_pcdai
from registry.synth.pools import Pools
from registry.synth.samples import add_samples
from registry.synth.tables import Rows
from registry.synth.visits import WEEK14_FIRST, WEEK14_LAST, draw_visits


def make_patient(
    number: int, seed: int, pools: Pools, im_hazard_ratio: float, window: Window = STUDY
) -> Rows:
    """All rows of the child of that number: a function of the arguments alone."""
    rng = _random(f"{seed}/{number}")
    child = draw_child(rng, number, draw_edges(rng), pools, window)
    course = draw_course(rng, child, im_hazard_ratio, window)
    infused = Edge.NO_INFLIXIMAB not in child.edges
    last_day = course.last_day if infused else min(child.start + 30, window.last_day)
    until = course.treated_until if infused else child.start
    body = Body(child, bmi_gain=0.3 if Edge.PRIMARY_NON_RESPONSE in child.edges else 0.9)
    infusions = give_infusions(rng, child, course, body, pools)
    visits = draw_visits(rng, child, course, infusions)
    week14 = next(
        (day for day in sorted(visits) if WEEK14_FIRST <= day - child.start <= WEEK14_LAST), None
    )
    rows = Rows(child.patient_id, child.birth, last_day)
    add_patient(rng, rows, child)
    add_infusions(rows, infusions)
    add_pcdai(rng, rows, child, visits)
    add_samples(rng, rows, child, visits, week14)
    add_phenotypes(rng, rows, child, until)
    add_anthropometry(rng, rows, child, body, until)
    add_endoscopies(rng, rows, child, course)
    add_conditions(rng, rows, child)
    add_genes(rng, rows, child)
    add_surgeries(rng, rows, child, course, pools)
    _add_medications(rng, rows, child, course)
    if infused:
        add_levels(rng, rows, child, course, infusions)
        _add_end(rng, rows, course, pools)
        for add in LATER:
            add(_random(f"{seed}/{number}/{add.__name__}"), rows, child, course)
    return rows


def _random(name: str) -> Random:
    """Not hash(): it differs between runs of Python."""
    return Random(int.from_bytes(sha256(name.encode()).digest()))


def _add_medications(rng: Random, rows: Rows, child: Child, course: Course) -> None:
    chart = Chart()
    for planned in course.immunomodulators:
        stop = planned.stop
        if course.end is not None and planned.covers(course.end.day) and rng.random() < 0.5:
            stop = course.end.day
        chart.give(planned.drug, planned.start, stop)
    give_before_and_during_induction(rng, chart, child)
    seen = course.seen
    if seen is not None:
        if rng.random() < 0.25:
            chart.give(rng.choice(GLUCOCORTICOIDS), seen, seen + rng.randint(20, 80))
        on_immunomodulator = any(planned.covers(seen) for planned in course.immunomodulators)
        if not on_immunomodulator and rng.random() < 0.15:
            chart.give("azathioprine", seen + rng.randint(1, 30), None)
    if course.end is not None and course.end.reason == STOPPED:
        if rng.random() < (0.6 if seen is not None else 0.15):
            chart.give(rng.choice(LATER_BIOLOGICS), course.end.day + rng.randint(0, 60), None)
        elif rng.random() < 0.03:
            chart.give(rng.choice(SMALL_MOLECULES), course.end.day + rng.randint(1, 60), None)
    chart.add_to(rows)


def _add_end(rng: Random, rows: Rows, course: Course, pools: Pools) -> None:
    if course.end is None:
        return
    reason = course.end.reason
    with_note = reason == DIED or rng.random() < 0.3
    note = rng.choice(pools.notes[reason]) if with_note else ""
    rows.add("follow_up_ends", (iso(course.end.day), reason, note), day=None)
