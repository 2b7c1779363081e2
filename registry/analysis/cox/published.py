"""The published Cox model beside the sound one, and in words what its numbers do not tell.

Four models of the same covariates, each with one thing more than the one before: as published;
with delayed entry at week 14; with what is acquired after the start as time-dependent; with Firth's
penalty and profile limits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from registry.analysis.basis import Basis, limits_under
from registry.analysis.choices import TIES
from registry.analysis.cox.choice import Choice, choose
from registry.analysis.cox.design import Design
from registry.analysis.cox.fit import cox_regression
from registry.analysis.cox.published_words import (
    ENTRY,
    PUBLISHED,
    SOUND,
    TITLES,
    VARYING,
    Difference,
    Step,
    of_entry,
    of_hazards,
    of_immortal_time,
)
from registry.analysis.cox.result import Term
from registry.analysis.dataset import covariates_by_id
from registry.covariates import Covariate
from registry.errors import CannotEstimate
from registry.words import note, sentences

METHOD = note(
    "Four Cox models of the same covariates and ties, each with one thing more: as "
    "published (fixed covariates, at risk from where the clock starts, Wald limits); at "
    "risk from the day after the week-14 PCDAI; covariates acquired after the start "
    "counted from the day they are reached; Firth's penalty with limits and P by the "
    "profile likelihood."
)


@dataclass(frozen=True)
class Comparison:
    """The models from the published one to the sound one, and the differences between them."""

    definition: str
    choice: Choice
    covariates: tuple[Covariate, ...]
    steps: tuple[Step, ...]
    differences: tuple[Difference, ...]
    basis: Basis | None = None

    def to_json(self, *, details: bool = False) -> dict[str, Any]:
        """The document of `registry analyse compare-published`; `details` are those of a model."""
        return {
            "definition": self.definition,
            **(
                {}
                if self.basis is None
                else self.basis.to_json(note("published: from the start; sound: from week 14 on"))
            ),
            "method": sentences([METHOD, self.choice.sentence]),
            "covariates_from": self.choice.source,
            "covariates": [
                {
                    **one.to_json(),
                    **{step.id: _numbers(step.term(one.id)) for step in self.steps},
                }
                for one in self.covariates
            ],
            "models": [step.to_json(details=details) for step in self.steps],
            "differences": [one.to_json() for one in self.differences],
            "notes": [
                *self.choice.notes,
                *(
                    note("{label}: {reason}", label=TITLES[step.id], reason=step.reason)
                    for step in self.steps
                    if step.reason is not None
                ),
            ],
        }


def compare_with_published(
    frame: pd.DataFrame,
    exposure: pd.DataFrame,
    definition: str,
    *,
    covariates: Sequence[str] | None = None,
    ties: str = TIES,
    basis: Basis | None = None,
) -> Comparison:
    """Fit the four models.

    Args:
        frame: rows of `read_patients`.
        covariates: ids; without them those with a univariate P below 0.05, as published.
        ties: `breslow` or `efron`, the same in all models.

    Raises:
        CannotEstimate: no patient, no event, no covariate with a small P, or the sound model cannot
            be fitted. A model before it that cannot be fitted is told with its reason.
        WrongUsage: an unknown covariate.
    """
    choice = choose(frame, definition, covariates, limits=limits_under(basis))
    chosen = covariates_by_id(choice.names, choice.limits)
    acquired = tuple(one.id for one in chosen if one.acquired_after_start)
    designs = {
        PUBLISHED: Design(as_published=True),
        ENTRY: Design(late_entry=True, penalty="none", as_published=True),
        VARYING: Design(late_entry=True, penalty="none", time_dependent=acquired),
        SOUND: Design(late_entry=True, penalty="firth", time_dependent=acquired),
    }
    steps = []
    for name, design in designs.items():
        try:
            model = cox_regression(
                frame,
                definition,
                covariates=choice,
                ties=ties,
                design=design,
                exposure=exposure,
                basis=basis,
            )
            steps.append(Step(name, model, None))
        except CannotEstimate as error:
            if name == SOUND:
                raise
            steps.append(Step(name, None, error.problem))
    _, entry, varying, sound = steps
    differences = [
        of_entry(frame, definition),
        *(
            of_immortal_time(one, entry, varying, exposure, frame)
            for one in chosen
            if one.acquired_after_start
        ),
        *of_hazards(sound),
    ]
    return Comparison(definition, choice, chosen, tuple(steps), tuple(differences), basis)


def _numbers(term: Term | None) -> dict[str, Any] | None:
    if term is None:
        return None
    found = term.to_json()
    return {key: found[key] for key in ("coef", "se", "hr", "hr_lower", "hr_upper", "p", "limits")}
