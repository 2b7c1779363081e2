"""What the published way of counting does to the truth, shown on registries whose truth is known.

Children are drawn as `registry synth` draws them (`registry.synth`, without its borderline cases),
with a hazard ratio of 1 for immunomodulators; of each the rows of the views `analysis_set`,
`survival`, `competing_events` and `exposure` are made in memory, by the rules of definition
`paper`, and analysed by the same functions as in `registry analyse`. Three questions:

1. Immortal time: immunomodulator for more than 183 days, held fixed from the first infusion as
   published, against the same covariate as it changes over time. True hazard ratio: 1.
2. Delayed entry: children registered some time after the first infusion; entry ignored against
   entry taken. Truth: the share of all children who lose response by 24 months.
3. Competing stops: stop, transfer and death taken as censoring (1 - Kaplan-Meier) against
   Aalen-Johansen. Truth: the share who lose response before any of these by 36 months.

The truths of 2 and 3 come from a large population that is followed to the end.

    python scripts/simulate.py --registries 200 --children 500 --seed 1
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from random import Random
from typing import Any

import numpy as np
import pandas as pd

from registry.analysis.cox.design import Design
from registry.analysis.cox.fit import cox_regression
from registry.analysis.curves.competing import cumulative_incidence
from registry.analysis.curves.kaplan_meier import kaplan_meier
from registry.covariates import HALF_A_YEAR
from registry.synth import assumptions
from registry.synth.child import draw_child
from registry.synth.course import DIED, STOPPED, TRANSFERRED, Course, draw_course
from registry.synth.days import STUDY
from registry.synth.pools import Pools, build_pools
from registry.variables import DAYS_PER_MONTH

COVARIATE = "im_over_6_months"
IM_MIN_DAYS = HALF_A_YEAR
ENTRY_MONTHS, COMPETING_MONTHS = 24, 36
CODES = {STOPPED: 2, TRANSFERRED: 3, DIED: 4}
LATEST_REGISTRATION = 900
NO_EDGES: frozenset[Any] = frozenset()


@dataclass(frozen=True)
class Drawn:
    """One child, in days since the first infusion.

    `loss` is the day of the true loss, or None; `end` the end of observation with its code of
    `competing_events`; `week14` the day of the week-14 score; `spells` the days on
    immunomodulators, each day once, within the observation.
    """

    loss: int | None
    end: int
    end_code: int
    week14: int
    spells: tuple[tuple[int, int], ...]
    whole_until: int

    @property
    def event(self) -> bool:
        """Whether the loss falls within the observation; found on its day, for simplicity."""
        return self.loss is not None and self.week14 < self.loss <= self.end

    @property
    def time(self) -> int:
        """Days to the loss or to the end of observation."""
        return self.loss if self.loss is not None and self.event else self.end


@dataclass(frozen=True)
class Estimate:
    """One analysis of one registry: an estimate with its 95 % limits and, of a ratio, its P."""

    value: float
    lower: float
    upper: float
    p: float = math.nan


@dataclass(frozen=True)
class Summary:
    """One way of analysing, over all registries; `truth` is what it should find.

    `mean` of hazard ratios is the geometric one. `z` is the distance of the mean from the truth in
    standard errors of the simulation.
    """

    question: str
    way: str
    truth: float
    mean: float
    z: float
    below: float
    coverage: float
    registries: int


def draw(random: Random, number: int, pools: Pools, ratio: float = 1.0) -> Drawn:
    """One child with its course."""
    child = draw_child(random, number, NO_EDGES, pools)
    course = draw_course(random, child, ratio)
    end, code = _end(course)
    length = end - child.start
    return Drawn(
        loss=None if course.loss is None else course.loss - child.start,
        end=length,
        end_code=code,
        week14=min(course.induction[3] - child.start, 112),
        spells=_spells(course, child.start, length),
        whole_until=min(course.last_day, STUDY.data_cut) - child.start,
    )


def _end(course: Course) -> tuple[int, int]:
    last = min(course.last_day, STUDY.data_cut)
    if course.end is None or course.end.day > last:
        return last, 0
    return course.end.day, CODES.get(course.end.reason, 0)


def _spells(course: Course, start: int, length: int) -> tuple[tuple[int, int], ...]:
    """Days on immunomodulators within the observation; spells that meet are one."""
    found: list[tuple[int, int]] = []
    for one in sorted(course.immunomodulators, key=lambda one: one.start):
        first = max(one.start - start, 0)
        stop = length if one.stop is None else min(one.stop - start, length)
        if first >= stop:
            continue
        if found and first <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], stop))
        else:
            found.append((first, stop))
    return tuple(found)


def registry_of(seed: int, children: int, pools: Pools) -> list[Drawn]:
    """The children of one registry."""
    random = Random(seed)
    return [draw(random, number, pools) for number in range(1, children + 1)]


def analysis_set(children: list[Drawn], **columns: list[Any]) -> pd.DataFrame:
    """Rows of `analysis_set`, with columns of other views beside them."""
    held = {
        "definition": "paper",
        "patient_id": [f"S{i:06d}" for i in range(len(children))],
        "time_days": [one.time for one in children],
        "event": [one.event for one in children],
        COVARIATE: [sum(b - a for a, b in one.spells) > IM_MIN_DAYS for one in children],
        "entry_days": [one.week14 for one in children],
        "event_code": [1 if one.event else one.end_code for one in children],
        **columns,
    }
    return pd.DataFrame(held)


def exposure(children: list[Drawn]) -> pd.DataFrame:
    """Rows of `exposure` up to the loss, parted where an immunomodulator begins, ends or has lasted
    for longer than 183 days."""
    rows = []
    for i, one in enumerate(children):
        reached = _reached(one)
        cuts = {0, one.time, reached, *(day for spell in one.spells for day in spell)}
        days = sorted(day for day in cuts if day is not None and 0 <= day <= one.time)
        for start, stop in pairwise(days):
            rows.append(
                {
                    "patient_id": f"S{i:06d}",
                    "start_day": start,
                    "stop_day": stop,
                    "origin_day": 0,
                    "event": one.event and stop == one.time,
                    "at_risk": True,
                    "immunomodulator": any(a <= start < b for a, b in one.spells),
                    COVARIATE: reached is not None and start >= reached,
                }
            )
    return pd.DataFrame(rows)


def _reached(one: Drawn) -> int | None:
    """The first day with more than 183 days on an immunomodulator behind it."""
    left = IM_MIN_DAYS + 1
    for start, stop in one.spells:
        if stop - start >= left:
            return start + left
        left -= stop - start
    return None


def immortal_time(children: list[Drawn]) -> dict[str, Estimate]:
    """Question 1, of one registry."""
    frame, split = analysis_set(children), exposure(children)
    ways: dict[str, tuple[str, Design]] = {
        "fixed, as published": (COVARIATE, Design()),
        "time-dependent": (COVARIATE, Design(time_dependent=(COVARIATE,))),
        "time-dependent, on the drug now": (
            "immunomodulator",
            Design(time_dependent=("immunomodulator",)),
        ),
    }
    found = {}
    for way, (name, design) in ways.items():
        model = cox_regression(frame, "paper", covariates=[name], design=design, exposure=split)
        term = model.to_json()["terms"][0]
        found[way] = Estimate(term["hr"], term["hr_lower"], term["hr_upper"], term["p"])
    return found


def delayed_entry(children: list[Drawn], random: Random) -> dict[str, Estimate]:
    """Question 2: half of the children come to the registry late, if they still respond then."""
    registered = []
    entry = []
    for one in children:
        late = random.random() < 0.5
        day = random.randint(one.week14, LATEST_REGISTRATION) if late else one.week14
        if one.time > day:
            registered.append(one)
            entry.append(day)
    frame = analysis_set(registered, entry_days=entry)
    return {
        way: _incidence(kaplan_meier(frame, "paper", at_months=[ENTRY_MONTHS], late_entry=taken))
        for way, taken in (("entry ignored", False), ("entry taken", True))
    }


def competing(children: list[Drawn]) -> dict[str, Estimate]:
    """Question 3, of one registry."""
    frame = analysis_set(children)
    months = [COMPETING_MONTHS]
    cumulative = cumulative_incidence(frame, "paper", at_months=months).to_json()
    loss = cumulative["groups"][0]["causes"][0]["estimates"][0]
    return {
        "1 - Kaplan-Meier": _incidence(kaplan_meier(frame, "paper", at_months=months)),
        "Aalen-Johansen": Estimate(loss["cumulative_incidence"], loss["lower"], loss["upper"]),
    }


def _incidence(result: Any) -> Estimate:
    estimate = result.to_json()["groups"][0]["estimates"][0]
    return Estimate(estimate["cumulative_incidence"], estimate["lower"], estimate["upper"])


def rate_ratio(children: list[Drawn]) -> float:
    """Losses a year with the 14 weeks before anybody can lose counted, over those without."""
    whole = sum(one.time for one in children)
    at_risk = sum(max(one.time - one.week14, 0) for one in children)
    return at_risk / whole


def truths(seed: int, children: int, pools: Pools) -> tuple[float, float]:
    """Loss by 24 months if treatment goes on, and before anything else by 36 months.

    For the second nobody is lost to follow-up, and only children who began early enough are taken.
    """
    random = Random(seed)
    drawn = [draw(random, number, pools) for number in range(children)]
    by = ENTRY_MONTHS * DAYS_PER_MONTH
    lost = np.mean([one.loss is not None and one.loss <= by for one in drawn])
    by = COMPETING_MONTHS * DAYS_PER_MONTH
    with nobody_lost():
        whole = [draw(random, number, pools) for number in range(children)]
    followed = [one for one in whole if one.whole_until >= by]
    before = np.mean([one.event and one.time <= by for one in followed])
    return float(lost), float(before)


@contextmanager
def nobody_lost() -> Iterator[None]:
    """Draws without loss to follow-up."""
    usual = assumptions.LOST_A_YEAR
    assumptions.LOST_A_YEAR = 1e-9  # type: ignore[misc]
    try:
        yield
    finally:
        assumptions.LOST_A_YEAR = usual  # type: ignore[misc]


def summarise(
    question: str, way: str, truth: float, found: list[Estimate], *, ratio: bool
) -> Summary:
    """Mean, coverage, and how often a ratio is significantly below 1 (NaN of an incidence)."""
    scale: Callable[[float], float] = math.log if ratio else float
    values = np.array([scale(one.value) for one in found])
    error = float(values.std(ddof=1)) / math.sqrt(len(values))
    mean = float(values.mean())
    below = np.mean([one.p < 0.05 and one.value < 1 for one in found]) if ratio else math.nan
    return Summary(
        question=question,
        way=way,
        truth=truth,
        mean=math.exp(mean) if ratio else mean,
        z=(mean - scale(truth)) / error,
        below=float(below),
        coverage=float(np.mean([one.lower <= truth <= one.upper for one in found])),
        registries=len(found),
    )


def simulate(
    registries: int, children: int, seed: int, *, population: int = 100_000
) -> tuple[list[Summary], float]:
    """All three questions, and by how much the rate of losses is too low with entry ignored."""
    pools = build_pools(seed)
    lost, before = truths(seed, population, pools)
    questions: dict[str, tuple[float, bool, Callable[[list[Drawn], Random], Any]]] = {
        "immortal time, HR": (1.0, True, lambda drawn, _: immortal_time(drawn)),
        f"delayed entry, loss by {ENTRY_MONTHS} months": (lost, False, delayed_entry),
        f"competing stops, loss by {COMPETING_MONTHS} months": (
            before, False, lambda drawn, _: competing(drawn),
        ),
    }  # fmt: skip
    found: dict[tuple[str, str], list[Estimate]] = {}
    ratios = []
    for i in range(registries):
        # Far from each other, so that no two registries share their random numbers.
        drawn = registry_of(seed * 1_000_003 + i + 1, children, pools)
        ratios.append(rate_ratio(drawn))
        for question, (_, _, analyse) in questions.items():
            for way, estimate in analyse(drawn, Random(f"{seed}/{i}/{question}")).items():
                found.setdefault((question, way), []).append(estimate)
    summaries = [
        summarise(question, way, questions[question][0], estimates, ratio=questions[question][1])
        for (question, way), estimates in found.items()
    ]
    return summaries, float(np.mean(ratios))


def main() -> None:
    """Prints a table, or with --json the numbers."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--registries", type=int, default=200)
    parser.add_argument("--children", type=int, default=500, help="in each registry")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--population", type=int, default=100_000, help="for the truths")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    summaries, ratio = simulate(
        given.registries, given.children, given.seed, population=given.population
    )
    if given.json:
        json.dump([vars(one) for one in summaries], sys.stdout, indent=1)
        return
    print(
        f"{given.registries} registries of {given.children} children, seed {given.seed};"
        f" truths of incidence from {given.population:,} children.\n"
    )
    print("| question | analysis | truth | mean | z | P < 0.05 and HR < 1 | coverage |")
    print("|---|---|---|---|---|---|---|")
    for one in summaries:
        below = "" if math.isnan(one.below) else f"{100 * one.below:.1f} %"
        print(
            f"| {one.question} | {one.way} | {one.truth:.3f} | {one.mean:.3f} | {one.z:+.1f} |"
            f" {below} | {100 * one.coverage:.1f} % |"
        )
    print(
        "\nLosses a year, with the weeks before the week-14 score counted as at risk, over those"
        f" without: {ratio:.3f}."
    )


if __name__ == "__main__":
    main()
