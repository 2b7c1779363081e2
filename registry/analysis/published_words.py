"""What each step from the published to the sound Cox model did, in sentences made from numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from registry.analysis.cox_result import Cox, Term
from registry.analysis.dataset import DAYS_PER_MONTH, flags, numbers
from registry.analysis.patients import cohort_of
from registry.vocabulary import Covariate

PUBLISHED, ENTRY, VARYING, SOUND = "published", "delayed_entry", "time_dependent", "sound"
TITLES = {
    PUBLISHED: "As published",
    ENTRY: "with delayed entry at week 14",
    VARYING: "and time-dependent treatment",
    SOUND: "and Firth's penalty: the sound model",
}
# A change of a hazard ratio or of the width of its limits below this share is told as none.
_NO_CHANGE = 0.01


@dataclass(frozen=True)
class Step:
    """One of the four models; without a model, why there is none."""

    id: str
    model: Cox | None
    reason: str | None

    def term(self, covariate: str) -> Term | None:
        """The term of a covariate, if the model is there."""
        if self.model is None:
            return None
        return next((one for one in self.model.terms if one.covariate.id == covariate), None)

    def to_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "title": TITLES[self.id],
            "reason": self.reason,
            "model": None if self.model is None else self.model.to_json(),
        }


@dataclass(frozen=True)
class Difference:
    """What one change did to one covariate, or to all (`covariate` None), in a sentence."""

    change: str
    covariate: str | None
    sentence: str

    def to_json(self) -> dict[str, Any]:
        return {"change": self.change, "covariate": self.covariate, "sentence": self.sentence}


def of_entry(
    frame: pd.DataFrame,
    definition: str,
    chosen: Sequence[Covariate],
    before: Step,
    after: Step,
) -> Difference:
    """What being at risk from week 14 on only did: how many sets at risk it changed."""
    cohort = cohort_of(frame, definition)
    entry = numbers(cohort.rows, "entry_days")
    days = cohort.time[cohort.event]
    early = int(sum(((entry >= day) & (cohort.time >= day)).sum() for day in days))
    if not early:
        words = (
            "Delayed entry changes nothing here: at the first loss, on day"
            f" {int(days.min())}, every patient still observed had passed week 14."
        )
        return Difference(ENTRY, None, words)
    words = (
        f"Delayed entry takes {early} patient{_s(early)} out of the sets at risk at losses that"
        " came before their own week-14 visit."
    )
    moved = [
        (abs(math.log(_hr(new) / _hr(old))), one, old, new)
        for one in chosen
        if (old := before.term(one.id)) and (new := after.term(one.id))
    ]
    if moved:
        _, one, old, new = max(moved, key=lambda found: found[0])
        words += f" No hazard ratio moved further than that of {_name(one)}, {_change(old, new)}."
    return Difference(ENTRY, None, words)


def of_immortal_time(
    one: Covariate, before: Step, after: Step, exposure: pd.DataFrame, frame: pd.DataFrame
) -> Difference:
    """What holding a covariate fixed did that is acquired after the start."""
    old, new = before.term(one.id), after.term(one.id)
    if old is None or new is None:
        words = (
            f"{_name(one)}: what immortal time did cannot be told, because {_why(before, after)}"
        )
        return Difference(VARYING, one.id, words)
    held, ratio = _months_before(one, exposure, frame), _hr(old) / _hr(new)
    words = (
        f"{_name(one)}: held fixed from the first infusion the hazard ratio is {_shown(old)},"
        f" counted from the day it is reached {_shown(new)}. "
    )
    if abs(ratio - 1) < _NO_CHANGE:
        words += "Holding it fixed makes no difference. "
    else:
        words += (
            f"Holding it fixed makes it {_percent(1 - ratio)} lower: days that had to pass without"
            " a loss before it was reached are credited to it (immortal time). "
            if ratio < 1
            else f"Holding it fixed makes it {_percent(ratio - 1)} higher: losses that came before"
            " it was reached are charged to it. "
        )
    words += held + _verdict(old, new)
    return Difference(VARYING, one.id, words.strip())


def of_the_others(one: Covariate, before: Step, after: Step) -> Difference:
    """What time-dependent treatment did to a covariate that is not treatment."""
    old, new = before.term(one.id), after.term(one.id)
    if old is None or new is None:
        words = f"{_name(one)}: there is nothing to compare, because {_why(before, after)}"
    else:
        words = (
            f"{_name(one)}: beside treatment that changes over time its hazard ratio goes"
            f" {_change(old, new)}. {_verdict(old, new)}"
        )
    return Difference(VARYING, one.id, words.strip())


def _months_before(one: Covariate, exposure: pd.DataFrame, frame: pd.DataFrame) -> str:
    """The time at risk in which patients were not what the fixed covariate calls them."""
    at_risk = flags(exposure, "at_risk", "exposure").to_numpy(dtype=bool, na_value=False)
    has = flags(exposure, one.id, "exposure").to_numpy(dtype=bool, na_value=False)
    months = (numbers(exposure, "stop_day") - numbers(exposure, "start_day")) / DAYS_PER_MONTH
    events = numbers(exposure, "event")
    classed = flags(frame, one.id, "analysis_set")
    words = ""
    for level, other in ((one.level, one.other_level), (one.other_level, one.level)):
        of_level = (classed == (level == one.level)).to_numpy(dtype=bool, na_value=False)
        patients = frame["patient_id"].astype(str).to_numpy()[of_level]
        here = at_risk & exposure["patient_id"].astype(str).isin(patients).to_numpy()
        not_yet = here & (has != (level == one.level))
        if not_yet.any():
            words += (
                f"The {len(patients)} patients classed as '{level}' were '{other}' in"
                f" {months[not_yet].sum():.0f} of their {months[here].sum():.0f} months at risk,"
                f" with {int(events[not_yet].sum())} of their {int(events[here].sum())} losses. "
            )
    return words


def of_firth(one: Covariate, before: Step, after: Step) -> Difference:
    """What Firth's penalty did to a hazard ratio and to the width of its limits."""
    old, new = before.term(one.id), after.term(one.id)
    assert new is not None
    if old is None:
        words = (
            f"{_name(one)}: Firth's penalty gives a hazard ratio of {_shown(new)} where without it"
            f" there is none, because {_why(before)}"
        )
        return Difference(SOUND, one.id, words)
    words = f"{_name(one)}: Firth's penalty moves the hazard ratio {_change(old, new)}"
    wide_old, wide_new = _width(old), _width(new)
    if wide_old is None or wide_new is None:
        words += "; a limit of it does not exist."
    elif abs(wide_new / wide_old - 1) < _NO_CHANGE:
        words += "; the interval is as wide as before."
    else:
        kind = "narrower" if wide_new < wide_old else "wider"
        words += (
            f"; upper over lower limit is {wide_new:.1f} instead of {wide_old:.1f}, on the log"
            f" scale {_percent(abs(math.log(wide_new) / math.log(wide_old) - 1))} {kind}."
        )
    return Difference(SOUND, one.id, f"{words} {_verdict(old, new)}".strip())


def of_hazards(sound: Step) -> list[Difference]:
    """Whether anything speaks against proportional hazards in the sound model."""
    model = sound.model
    assert model is not None
    if not model.hazards:
        return []
    test = model.hazards[0]
    against = [
        _name(term.covariate) for term, p in zip(model.terms, test.p, strict=True) if p < 0.05
    ]
    if against:
        words = (
            f"Proportional hazards do not hold for {', '.join(against)} (score test, P below 0.05;"
            f" all together {test.global_p:.2f}): there one hazard ratio is an average over time."
        )
    else:
        words = (
            "Nothing speaks against proportional hazards (score test, least P"
            f" {float(np.min(test.p)):.2f}, all together {test.global_p:.2f}); with"
            f" {model.events} events that is little evidence for them."
        )
    return [Difference("proportional_hazards", None, words)]


def of_conclusions(chosen: Sequence[Covariate], published: Step, sound: Step) -> Difference:
    """Which limits exclude 1, as published and in the sound model."""
    before = [one for one in chosen if _excludes(published.term(one.id))]
    after = [one for one in chosen if _excludes(sound.term(one.id))]

    def listed(some: Sequence[Covariate]) -> str:
        return "; ".join(_name(one) for one in some) or "none"

    if published.model is None:
        words = f"The published model cannot be fitted: {published.reason}"
    else:
        words = f"Limits that exclude 1, as published: {listed(before)}."
    lost = [one for one in before if one not in after]
    gained = [one for one in after if one not in before]
    words += f" In the sound model: {listed(after)}."
    if published.model is not None and not lost and not gained:
        words += " The conclusions are the same."
    return Difference("conclusions", None, words)


def _name(one: Covariate) -> str:
    return f"{one.label} ({one.level})"


def _hr(term: Term) -> float:
    return math.exp(term.coef)


def _shown(term: Term) -> str:
    lower, upper = (
        "no limit" if limit is None else f"{math.exp(limit):.2f}"
        for limit in (term.lower, term.upper)
    )
    return f"{_hr(term):.2f} ({lower} to {upper})"


def _change(old: Term, new: Term) -> str:
    if abs(_hr(new) / _hr(old) - 1) < _NO_CHANGE:
        return f"by less than 1 %, to {_shown(new)}"
    return f"from {_shown(old)} to {_shown(new)}"


def _excludes(term: Term | None) -> bool:
    """Whether the limits of a term exclude a hazard ratio of 1."""
    if term is None:
        return False
    below = term.upper is not None and term.upper < 0
    return below or (term.lower is not None and term.lower > 0)


def _verdict(old: Term, new: Term) -> str:
    was, now = _excludes(old), _excludes(new)
    if was and not now:
        return "Its limits excluded 1 and now include it."
    if now and not was:
        return "Its limits included 1 and now exclude it."
    return ""


def _width(term: Term) -> float | None:
    if term.lower is None or term.upper is None:
        return None
    return math.exp(term.upper - term.lower)


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _why(*steps: Step) -> str:
    return next(step.reason for step in steps if step.reason is not None) or ""


def _s(n: int) -> str:
    return "" if n == 1 else "s"
