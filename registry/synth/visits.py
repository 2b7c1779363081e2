"""When the PCDAI is scored and how high it is."""

from __future__ import annotations

from random import Random

from registry.synth.child import Child
from registry.synth.course import DIED, HIGHEST_SCORE, Course
from registry.synth.edges import Edge
from registry.synth.infusions import Infusion

# In steps of 2.5: up to 6 (15 points) response still holds, from 7 on it is lost.
CONTROLLED = (0, 0, 0, 0, 1, 1, 2, 2, 3, 4, 4, 5, 6)
WEEK14_FIRST, WEEK14_LAST, WEEK14_TARGET = 84, 112, 98


def draw_visits(
    rng: Random, child: Child, course: Course, infusions: list[Infusion]
) -> dict[int, int]:
    """Day and score (steps of 2.5) of every visit."""
    visits: dict[int, int] = {}
    _baseline(rng, child, course, visits)
    if not infusions:
        return visits
    if rng.random() < 0.3:
        middle = (course.baseline + course.week14) // 2
        visits[course.induction[2] - rng.randint(0, 2)] = middle
    _week14(rng, child, course, visits)
    _maintenance(rng, child, course, infusions, visits)
    _after_end(rng, course, visits)
    return visits


def _baseline(rng: Random, child: Child, course: Course, visits: dict[int, int]) -> None:
    start = child.start
    if Edge.NO_BASELINE in child.edges:
        day = start + rng.choice((-29, -rng.randint(30, 90), 1, rng.randint(2, 10)))
        visits[day] = course.baseline
        return
    if Edge.BASELINE_AT_LIMIT in child.edges:
        visits[start - rng.choice((28, 28, 0))] = course.baseline
        return
    nearest = start - rng.choice((0, 0, 0, 1, 1, 2, 3, 5, 7, 10, 14))
    visits[nearest] = course.baseline
    if Edge.TWO_BASELINES in child.edges:
        earlier = nearest - rng.randint(1, 40)
        visits[earlier] = min(HIGHEST_SCORE, max(2, course.baseline + rng.randint(-6, 4)))


def _week14(rng: Random, child: Child, course: Course, visits: dict[int, int]) -> None:
    """The score that decides response, and those that compete with it."""
    start, edges, fourth = child.start, child.edges, course.induction[3]
    first, last, target = (start + day for day in (WEEK14_FIRST, WEEK14_LAST, WEEK14_TARGET))
    if Edge.NO_WEEK14 in edges:
        day = rng.choice((first - 1, last + 1, first - rng.randint(2, 10)))
        visits[day] = min(course.week14, 6)
        return
    if Edge.WEEK14_AFTER_END in edges:
        visits[min(last, course.treated_until + rng.randint(1, 4))] = course.week14
        return
    # Most scores are taken when the child comes for the fourth infusion, or a few days before.
    day = max(first, min(last, fourth - rng.choice((0, 0, 0, 0, 1, 2, 4, 8))))
    if Edge.WEEK14_AT_LIMIT in edges:
        day = rng.choice((first, last))
    elif Edge.WEEK14_ONLY_AFTER in edges:
        day = min(last, fourth + rng.randint(1, 8))
    visits[day] = course.week14
    other = None
    if Edge.WEEK14_TIE in edges:
        other = 2 * target - day
    elif Edge.WEEK14_BOTH_SIDES in edges:
        other = fourth + rng.choice((-1, 1)) * rng.randint(1, 14)
    if other is not None and start + 50 < other and other not in visits:
        visits[other] = min(6, max(0, course.week14 + rng.randint(-3, 3)))


def _maintenance(
    rng: Random, child: Child, course: Course, infusions: list[Infusion], visits: dict[int, int]
) -> None:
    """Visits with two in three infusions; a child that lost response is seen more often."""
    until = course.treated_until
    settling = course.week14
    for infusion in infusions[4:]:
        day = infusion.day - rng.choice((0, 0, 0, 0, 1, 2, 4))
        often = 0.85 if course.optimised(day) else 0.6
        if rng.random() > often or day > until or day <= child.start + WEEK14_LAST:
            continue
        # A responder that was still above 15 at week 14 may take some time to settle.
        if settling > 6 and not course.active(day):
            settling -= rng.randint(0, 8)
            visits.setdefault(day, max(0, settling))
        else:
            visits.setdefault(day, _score(rng, course, day))
    if course.seen is not None:
        visits[course.seen] = rng.choice((7, 7, 8, 9, 10, 11, 12, 14, 16, 18))


def _score(rng: Random, course: Course, day: int) -> int:
    # Between the loss and the visit at which it is found, the child is not yet seen as ill: the
    # first score above 15 is to be that of the visit.
    if course.seen is not None and day < course.seen:
        return rng.choice(CONTROLLED)
    return rng.randint(7, 17) if course.active(day) else rng.choice(CONTROLLED)


def _after_end(rng: Random, course: Course, visits: dict[int, int]) -> None:
    """Some are seen again after the end of follow-up, in whatever state."""
    if course.end is None or course.end.reason == DIED or rng.random() > 0.3:
        return
    for _ in range(rng.randint(1, 2)):
        visits.setdefault(course.end.day + rng.randint(1, 200), rng.randint(0, 16))
