"""What steps from the published to the sound Cox model mean, where a number does not tell it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from registry.analysis.cox.result import Cox, Term
from registry.analysis.dataset import flags, numbers
from registry.analysis.reading import cohort_of
from registry.covariates import Covariate
from registry.variables import DAYS_PER_MONTH
from registry.words import listed, note, sentences

PUBLISHED, ENTRY, VARYING, SOUND = "published", "delayed_entry", "time_dependent", "sound"
TITLES = {
    PUBLISHED: note("As published"),
    ENTRY: note("with delayed entry at week 14"),
    VARYING: note("and time-dependent treatment"),
    SOUND: note("and Firth's penalty: the sound model"),
}
# A change of a hazard ratio below this share is told as none.
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

    def to_json(self, *, details: bool = False) -> dict[str, Any]:
        return {
            "id": self.id,
            "title": TITLES[self.id],
            "reason": self.reason,
            "model": None if self.model is None else self.model.to_json(details=details),
        }


@dataclass(frozen=True)
class Difference:
    """What one change did to one covariate, or to all (`covariate` None), in a sentence."""

    change: str
    covariate: str | None
    sentence: str

    def to_json(self) -> dict[str, Any]:
        return dict(vars(self))


def of_entry(frame: pd.DataFrame, definition: str) -> Difference:
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
    words = (
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
    return Difference(ENTRY, None, words)


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
    ]
    return Difference(VARYING, one.id, sentences(said))


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


def of_hazards(sound: Step) -> list[Difference]:
    """Whether anything speaks against proportional hazards in the sound model."""
    model = sound.model
    assert model is not None
    if not model.hazards:
        return []
    test = model.hazards[0]
    against = [
        _name(term.covariate) for term, p in zip(model.terms, test.p_value, strict=True) if p < 0.05
    ]
    if against:
        words = note(
            "Proportional hazards do not hold for {names} (score test, P below 0.05; all "
            "together {p:.2f}): there one hazard ratio is an average over time.",
            names=listed(against),
            p=test.global_p_value,
        )
    else:
        words = note(
            "Nothing speaks against proportional hazards (score test, least P {least:.2f}, "
            "all together {p:.2f}); with {events} events that is little evidence for them.",
            least=float(np.min(test.p_value)),
            p=test.global_p_value,
            events=model.events,
        )
    return [Difference("proportional_hazards", None, words)]


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


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _why(*steps: Step) -> str:
    return next(step.reason for step in steps if step.reason is not None) or ""
