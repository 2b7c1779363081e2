"""What each step from the published to the sound Cox model did, in sentences made from numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from registry.analysis.cohort.patients import cohort_of
from registry.analysis.cox.result import Cox, Term
from registry.analysis.dataset import DAYS_PER_MONTH, flags, numbers
from registry.analysis.wording import listed, listed_apart, sentences
from registry.vocabulary import Covariate
from registry.words import note

PUBLISHED, ENTRY, VARYING, SOUND = "published", "delayed_entry", "time_dependent", "sound"
TITLES = {
    PUBLISHED: note("As published"),
    ENTRY: note("with delayed entry at week 14"),
    VARYING: note("and time-dependent treatment"),
    SOUND: note("and Firth's penalty: the sound model"),
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
        words = note(
            "Delayed entry changes nothing here: at the first loss, on day {day}, every "
            "patient still observed had passed week 14.",
            day=int(days.min()),
        )
        return Difference(ENTRY, None, words)
    taken = (
        note(
            "Delayed entry takes 1 patient out of the sets at risk at losses that came before"
            " their own week-14 visit."
        )
        if early == 1
        else note(
            "Delayed entry takes {early} patients out of the sets at risk at losses that came"
            " before their own week-14 visit.",
            early=early,
        )
    )
    moved = [
        (abs(math.log(_hr(new) / _hr(old))), one, old, new)
        for one in chosen
        if (old := before.term(one.id)) and (new := after.term(one.id))
    ]
    if not moved:
        return Difference(ENTRY, None, taken)
    _, one, old, new = max(moved, key=lambda found: found[0])
    furthest = note(
        "No hazard ratio moved further than that of {name}, {change}.",
        name=_name(one),
        change=_change(old, new),
    )
    return Difference(ENTRY, None, sentences([taken, furthest]))


def of_immortal_time(
    one: Covariate, before: Step, after: Step, exposure: pd.DataFrame, frame: pd.DataFrame
) -> Difference:
    """What holding a covariate fixed did that is acquired after the start."""
    old, new = before.term(one.id), after.term(one.id)
    if old is None or new is None:
        words = note(
            "{name}: what immortal time did cannot be told, because {reason}",
            name=_name(one),
            reason=_why(before, after),
        )
        return Difference(VARYING, one.id, words)
    ratio = _hr(old) / _hr(new)
    if abs(ratio - 1) < _NO_CHANGE:
        effect = note("Holding it fixed makes no difference.")
    elif ratio < 1:
        effect = note(
            "Holding it fixed makes it {percent} lower: days that had to pass without a loss"
            " before it was reached are credited to it (immortal time).",
            percent=_percent(1 - ratio),
        )
    else:
        effect = note(
            "Holding it fixed makes it {percent} higher: losses that came before it was reached"
            " are charged to it.",
            percent=_percent(ratio - 1),
        )
    said = [
        note(
            "{name}: held fixed from the first infusion the hazard ratio is {old}, counted from"
            " the day it is reached {new}.",
            name=_name(one),
            old=_shown(old),
            new=_shown(new),
        ),
        effect,
        *_months_before(one, exposure, frame),
        _verdict(old, new),
    ]
    return Difference(VARYING, one.id, sentences(said))


def of_the_others(one: Covariate, before: Step, after: Step) -> Difference:
    """What time-dependent treatment did to a covariate that is not treatment."""
    old, new = before.term(one.id), after.term(one.id)
    if old is None or new is None:
        words = note(
            "{name}: there is nothing to compare, because {reason}",
            name=_name(one),
            reason=_why(before, after),
        )
        return Difference(VARYING, one.id, words)
    goes = note(
        "{name}: beside treatment that changes over time its hazard ratio goes {change}.",
        name=_name(one),
        change=_change(old, new),
    )
    return Difference(VARYING, one.id, sentences([goes, _verdict(old, new)]))


def _months_before(one: Covariate, exposure: pd.DataFrame, frame: pd.DataFrame) -> list[str]:
    """The time at risk in which patients were not what the fixed covariate calls them."""
    at_risk = flags(exposure, "at_risk", "exposure").to_numpy(dtype=bool, na_value=False)
    has = flags(exposure, one.id, "exposure").to_numpy(dtype=bool, na_value=False)
    months = (numbers(exposure, "stop_day") - numbers(exposure, "start_day")) / DAYS_PER_MONTH
    events = numbers(exposure, "event")
    classed = flags(frame, one.id, "analysis_set")
    said: list[str] = []
    for level, other in ((one.level, one.other_level), (one.other_level, one.level)):
        of_level = (classed == (level == one.level)).to_numpy(dtype=bool, na_value=False)
        patients = frame["patient_id"].astype(str).to_numpy()[of_level]
        here = at_risk & exposure["patient_id"].astype(str).isin(patients).to_numpy()
        not_yet = here & (has != (level == one.level))
        if not_yet.any():
            said.append(
                note(
                    "The {number} patients classed as '{level}' were '{other}' in "
                    "{not_yet:.0f} of their {here:.0f} months at risk, with {losses} of their "
                    "{events} losses.",
                    number=len(patients),
                    level=level,
                    other=other,
                    not_yet=months[not_yet].sum(),
                    here=months[here].sum(),
                    losses=int(events[not_yet].sum()),
                    events=int(events[here].sum()),
                )
            )
    return said


def of_firth(one: Covariate, before: Step, after: Step) -> Difference:
    """What Firth's penalty did to a hazard ratio and to the width of its limits."""
    old, new = before.term(one.id), after.term(one.id)
    assert new is not None
    if old is None:
        words = note(
            "{name}: Firth's penalty gives a hazard ratio of {new} where without it there "
            "is none, because {reason}",
            name=_name(one),
            new=_shown(new),
            reason=_why(before),
        )
        return Difference(SOUND, one.id, words)
    moves = note(
        "{name}: Firth's penalty moves the hazard ratio {change}{limits}.",
        name=_name(one),
        change=_change(old, new),
        limits=_change_of_width(_width(old), _width(new)),
    )
    return Difference(SOUND, one.id, sentences([moves, _verdict(old, new)]))


def _change_of_width(old: float | None, new: float | None) -> str:
    """What became of the width of the limits, as the end of a sentence."""
    if old is None or new is None:
        return note("; a limit of it does not exist")
    if abs(new / old - 1) < _NO_CHANGE:
        return note("; the interval is as wide as before")
    share = _percent(abs(math.log(new) / math.log(old) - 1))
    if new < old:
        return note(
            "; upper over lower limit is {new:.1f} instead of {old:.1f}, on the log scale {share}"
            " narrower",
            new=new,
            old=old,
            share=share,
        )
    return note(
        "; upper over lower limit is {new:.1f} instead of {old:.1f}, on the log scale {share}"
        " wider",
        new=new,
        old=old,
        share=share,
    )


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
        words = note(
            "Proportional hazards do not hold for {names} (score test, P below 0.05; all "
            "together {p:.2f}): there one hazard ratio is an average over time.",
            names=listed(against),
            p=test.global_p,
        )
    else:
        words = note(
            "Nothing speaks against proportional hazards (score test, least P {least:.2f}, "
            "all together {p:.2f}); with {events} events that is little evidence for them.",
            least=float(np.min(test.p)),
            p=test.global_p,
            events=model.events,
        )
    return [Difference("proportional_hazards", None, words)]


def of_conclusions(chosen: Sequence[Covariate], published: Step, sound: Step) -> Difference:
    """Which limits exclude 1, as published and in the sound model."""
    before = [one for one in chosen if _excludes(published.term(one.id))]
    after = [one for one in chosen if _excludes(sound.term(one.id))]

    if published.model is None:
        first = note("The published model cannot be fitted: {reason}", reason=published.reason)
    else:
        first = note("Limits that exclude 1, as published: {names}.", names=_names(before))
    lost = [one for one in before if one not in after]
    gained = [one for one in after if one not in before]
    second = note("In the sound model: {names}.", names=_names(after))
    same = published.model is not None and not lost and not gained
    third = note("The conclusions are the same.") if same else ""
    return Difference("conclusions", None, sentences([first, second, third]))


def _names(some: Sequence[Covariate]) -> str:
    return listed_apart(_name(one) for one in some) or note("none")


def _name(one: Covariate) -> str:
    return note("{label} ({level})", label=one.label, level=one.level)


def _hr(term: Term) -> float:
    return math.exp(term.coef)


def _shown(term: Term) -> str:
    lower, upper = (
        note("no limit") if limit is None else f"{math.exp(limit):.2f}"
        for limit in (term.lower, term.upper)
    )
    return note("{hr:.2f} ({lower} to {upper})", hr=_hr(term), lower=lower, upper=upper)


def _change(old: Term, new: Term) -> str:
    if abs(_hr(new) / _hr(old) - 1) < _NO_CHANGE:
        return note("by less than 1 %, to {new}", new=_shown(new))
    return note("from {old} to {new}", old=_shown(old), new=_shown(new))


def _excludes(term: Term | None) -> bool:
    """Whether the limits of a term exclude a hazard ratio of 1."""
    if term is None:
        return False
    below = term.upper is not None and term.upper < 0
    return below or (term.lower is not None and term.lower > 0)


def _verdict(old: Term, new: Term) -> str:
    was, now = _excludes(old), _excludes(new)
    if was and not now:
        return note("Its limits excluded 1 and now include it.")
    if now and not was:
        return note("Its limits included 1 and now exclude it.")
    return ""


def _width(term: Term) -> float | None:
    if term.lower is None or term.upper is None:
        return None
    return math.exp(term.upper - term.lower)


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _why(*steps: Step) -> str:
    return next(step.reason for step in steps if step.reason is not None) or ""
