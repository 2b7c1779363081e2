"""What happens to the child under infliximab: the truth behind all rows, drawn once."""

from __future__ import annotations

from dataclasses import dataclass
from math import log2
from random import Random

from registry.synth import assumptions
from registry.synth.child import Child
from registry.synth.days import STUDY, YEAR, Window, birthday
from registry.synth.drugs import DrugCourse, plan_immunomodulators
from registry.synth.edges import Edge
from registry.synth.hazard import Spell, event_day
from registry.vocabulary import FOLLOW_UP_END_REASONS

STOPPED, TRANSFERRED, LOST, DIED = FOLLOW_UP_END_REASONS
HIGHEST_SCORE = 26  # steps of 2.5; a PCDAI of 65 is as bad as it gets here


@dataclass(frozen=True, slots=True)
class End:
    """The recorded end of follow-up."""

    day: int
    reason: str


@dataclass(frozen=True, slots=True)
class Course:
    """The course of one child; scores in steps of 2.5 PCDAI points.

    `loss` is the day on which response is truly lost (it may come after the end of follow-up, or
    never), `seen` the visit at which that is found; `last_day` the last day known of the child.
    """

    baseline: int
    week14: int
    induction: tuple[int, ...]
    dose_per_kg: float
    trough: float
    antibodies_from: int
    immunomodulators: tuple[DrugCourse, ...]
    loss: int | None
    seen: int | None
    regained_from: int | None
    end: End | None
    last_day: int

    @property
    def treated_until(self) -> int:
        """Last day on which the child is known to be under observation on infliximab."""
        return self.last_day if self.end is None else self.end.day

    def optimised(self, day: int) -> bool:
        """Whether infliximab is intensified by that day, because response was lost."""
        return self.seen is not None and day > self.seen

    def active(self, day: int) -> bool:
        """Whether the disease is active again on that day."""
        return (
            self.loss is not None
            and day >= self.loss
            and (self.regained_from is None or day < self.regained_from)
        )


def draw_course(
    rng: Random, child: Child, im_hazard_ratio: float, window: Window = STUDY
) -> Course:
    """The course of the child.

    Immunomodulators act through `im_hazard_ratio` and nothing else: troughs and antibodies do not
    depend on them, so that with a ratio of 1 there is no effect to be found.
    """
    baseline, week14 = _scores(rng, child.edges)
    induction = _induction(rng, child.edges, child.start)
    dose_per_kg = _dose_per_kg(rng, child.edges)
    trough = rng.lognormvariate(1.5, 0.75) * dose_per_kg / 6
    antibodies_from = child.start + 50 + _wait(rng, assumptions.ANTIBODIES_A_YEAR)
    immunomodulators = plan_immunomodulators(rng, child)
    last_day, end = _planned_end(rng, child, induction, window)
    spells = [
        Spell(child.start + assumptions.LATE_FROM_DAY, None, assumptions.LATE_FACTOR),
        Spell(antibodies_from, None, assumptions.ANTIBODIES),
        *(Spell(*span, im_hazard_ratio) for span in _merged(immunomodulators)),
    ]
    first_day = child.start + assumptions.FIRST_RISK_DAY
    rate = assumptions.BASE_HAZARD * _hazard_ratio(child, baseline, week14, trough)
    loss = event_day(rng.expovariate(1.0), first_day, window.last_day, rate, spells)
    seen = regained_from = None
    if loss is not None and loss <= (last_day if end is None else end.day):
        seen = _seen(rng, child.edges, loss, window.data_cut)
        end, regained_from = _after_loss(rng, child.edges, seen, end)
        if end is not None and end.day > last_day:
            end = None
    if end is not None and end.reason == DIED:
        last_day = end.day
    return Course(
        baseline=baseline,
        week14=week14,
        induction=induction,
        dose_per_kg=dose_per_kg,
        trough=trough,
        antibodies_from=antibodies_from,
        immunomodulators=tuple(immunomodulators),
        loss=loss,
        seen=seen,
        regained_from=regained_from,
        end=end,
        last_day=last_day,
    )


def _wait(rng: Random, rate_a_year: float) -> int:
    return int(rng.expovariate(rate_a_year / YEAR))


def _scores(rng: Random, edges: frozenset[Edge]) -> tuple[int, int]:
    """Baseline and week-14 score; response is a drop of at least 6 steps, remission below 4."""
    if Edge.SMALL_DROP_REMISSION in edges:
        baseline = rng.randint(2, 8)
        return baseline, max(rng.randint(0, 2), baseline - 5)
    baseline = max(7, min(HIGHEST_SCORE, round(rng.gauss(15, 5))))
    if Edge.PRIMARY_NON_RESPONSE in edges:
        return baseline, max(4, min(HIGHEST_SCORE, baseline - rng.randint(-4, 5)))
    if Edge.STILL_ACTIVE_AT_WEEK14 in edges:
        baseline = max(14, baseline)
        return baseline, rng.randint(7, baseline - 6)
    if Edge.DROP_AT_LIMIT in edges:
        return baseline, baseline - rng.choice((5, 6))
    if rng.random() < 0.15:
        baseline = max(10, baseline)
        return baseline, rng.randint(4, min(6, baseline - 6))
    return baseline, min(rng.choice((0, 0, 0, 1, 1, 2, 2, 3)), baseline - 6)


def _induction(rng: Random, edges: frozenset[Edge], start: int) -> tuple[int, ...]:
    """The days of the first four infusions, planned for days 0, 14, 42 and 98."""
    planned, tolerance = (0, 14, 42, 98), (0, 7, 14, 28)
    days = [
        0,
        14 + rng.choice((-1, 0, 0, 0, 0, 1, 2)),
        42 + rng.choice((-2, -1, 0, 0, 0, 1, 3)),
        98 + max(-20, min(20, round(rng.gauss(1, 5)))),
    ]
    off_by = None
    if Edge.LATE_INDUCTION in edges:
        off_by = rng.choice((1, 1, rng.randint(2, 12)))
    elif Edge.INDUCTION_AT_TOLERANCE in edges:
        off_by = 0
    if off_by is not None:
        which = rng.randint(1, 3)
        early = rng.random() < 0.25
        shift = tolerance[which] + (min(off_by, 3) if early else off_by)
        days[which] = planned[which] + (-shift if early else shift)
    return tuple(start + day for day in days)


def _dose_per_kg(rng: Random, edges: frozenset[Edge]) -> float:
    if Edge.DOSE_AT_LIMIT in edges:
        return 7.0
    chance = rng.random()
    return 5.0 if chance < 0.3 else rng.uniform(5, 7) if chance < 0.55 else rng.uniform(7, 9.5)


def _planned_end(
    rng: Random, child: Child, induction: tuple[int, ...], window: Window
) -> tuple[int, End | None]:
    """The last day known, and the end of follow-up were response never lost."""
    edges, fourth = child.edges, induction[3]
    if Edge.FEWER_THAN_FOUR in edges:
        day = rng.choice(induction[:3]) + rng.randint(1, 25)
        reason = rng.choice((STOPPED, STOPPED, LOST, DIED, ""))
        last_day, end = (day + 100, End(day, reason)) if reason else (day, None)
        last_day = min(last_day, window.last_day)
        return last_day, end if end is not None and end.day <= last_day else None
    last_day = rng.randint(window.data_cut - 30, window.last_day)
    if Edge.SILENT_END in edges:
        last_day = fourth + 20 + _wait(rng, 0.6)
    last_day = min(last_day, window.last_day)
    if Edge.WEEK14_AFTER_END in edges:
        end = End(fourth + rng.randint(1, 4), rng.choice((STOPPED, LOST)))
        return last_day, end if end.day <= last_day else None
    ends = [
        End(fourth + 16 + _wait(rng, assumptions.STOPS_A_YEAR), STOPPED),
        End(fourth + 16 + _wait(rng, assumptions.LOST_A_YEAR), LOST),
        End(fourth + 16 + _wait(rng, assumptions.DEATHS_A_YEAR), DIED),
    ]
    if Edge.PRIMARY_NON_RESPONSE in edges:
        ends.append(End(fourth + 16 + _wait(rng, 2.0), STOPPED))
    transfer = birthday(child.birth, 18) + rng.choice((0, rng.randint(-20, 120)))
    if transfer > fourth + 16 and rng.random() < 0.85:
        ends.append(End(transfer, TRANSFERRED))
    end = min(ends, key=lambda end: end.day)
    if Edge.NEAR_CUT in edges and end.reason != DIED and abs(end.day - window.data_cut) <= 90:
        end = End(window.data_cut + rng.randint(0, 1), end.reason)
    return last_day, end if end.day <= last_day else None


def _merged(courses: list[DrugCourse]) -> list[tuple[int, int | None]]:
    """The spans covered by the courses, each day once: two drugs have no double effect."""
    spans: list[tuple[int, int | None]] = []
    for course in sorted(courses, key=lambda course: course.start):
        if spans and (spans[-1][1] is None or course.start <= spans[-1][1]):
            first, until = spans.pop()
            later = None if until is None or course.stop is None else max(until, course.stop)
            spans.append((first, later))
        else:
            spans.append((course.start, course.stop))
    return spans


def _hazard_ratio(child: Child, baseline: int, week14: int, trough: float) -> float:
    halvings = max(-2.0, min(2.0, log2(assumptions.TYPICAL_TROUGH / trough)))
    ratio: float = assumptions.TROUGH_HALVED**halvings
    if baseline >= 12:
        ratio *= assumptions.MODERATE_OR_SEVERE
    if child.bmi_z <= -1:
        ratio *= assumptions.LOW_BMI
    if child.growth_delay:
        ratio *= assumptions.GROWTH_DELAY
    if week14 >= 4:
        ratio *= assumptions.RESPONSE_WITHOUT_REMISSION
    return ratio


def _seen(rng: Random, edges: frozenset[Edge], loss: int, data_cut: int) -> int:
    """The visit at which a loss is found: within three weeks, since the child is unwell."""
    if Edge.NEAR_CUT in edges and data_cut - 60 <= loss <= data_cut:
        return data_cut + rng.randint(0, 1)
    return loss + rng.randint(0, 20)


def _after_loss(
    rng: Random, edges: frozenset[Edge], seen: int, end: End | None
) -> tuple[End | None, int | None]:
    """End of follow-up and day of regained response, if any, after a loss found on `seen`."""
    if Edge.EVENT_ON_END in edges:
        return End(seen, STOPPED), None
    if rng.random() < assumptions.STOPS_AFTER_LOSS:
        stop = End(seen + rng.randint(1, 90), STOPPED)
        return (stop if end is None or stop.day < end.day else end), None
    if rng.random() < assumptions.REGAINS_AFTER_OPTIMISATION:
        return end, seen + rng.randint(10, 150)
    return end, None
