"""When an event happens under a hazard that changes from day to day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise


@dataclass(frozen=True, slots=True)
class Spell:
    """From `start` until before `stop` (None: for good) the hazard is multiplied by `factor`."""

    start: int
    stop: int | None
    factor: float

    def covers(self, day: int) -> bool:
        """Whether the spell lasts on that day."""
        return self.start <= day and (self.stop is None or day < self.stop)


def event_day(
    budget: float, begin: int, end: int, daily_rate: float, spells: Sequence[Spell]
) -> int | None:
    """The day on which the cumulative hazard since `begin` reaches `budget`; None by `end`.

    With a budget drawn from the unit exponential distribution this is a draw from the survival
    time with hazard `daily_rate` times the factors of the spells of that day: the inversion method
    for time-dependent covariates (Austin 2012, doi 10.1002/sim.5452).
    """
    cuts = {begin, end}
    for spell in spells:
        cuts.update(day for day in (spell.start, spell.stop) if day and begin < day < end)
    for start, stop in pairwise(sorted(cuts)):
        rate = daily_rate
        for spell in spells:
            if spell.covers(start):
                rate *= spell.factor
        if rate * (stop - start) >= budget:
            return start + int(budget / rate)
        budget -= rate * (stop - start)
    return None
