"""Whether a Cox model has a finite estimate, decided from the data and not from a failed fit.

The partial likelihood of coefficients b has a factor for every event i,

    1 / sum over j at risk of exp(b (x_j - x_i)).

It can be raised for ever along a direction c exactly if c (x_i - x_j) >= 0 for every event i and
every j at risk with it, and > 0 for one (monotone likelihood: Bryson and Johnson, Technometrics
1981; Jacobsen, Annals of Statistics 1989). It is flat along c if all of these are 0: then the
information at b = 0 is singular. The first is a linear programme. Its pairs are too many to write
down, so it is solved with few and given those it breaks most until it breaks none; who is highest
at risk at every event is read off a tree over the event times (`RiskSets`). Firth's penalty copes
with the first, nothing with the second.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import linprog

from registry.analysis.cox.partial_likelihood import PartialLikelihood, Rows
from registry.analysis.cox.risk_sets import RiskSets
from registry.analysis.dataset import Floats
from registry.errors import CannotEstimate
from registry.vocabulary import Covariate
from registry.words import note, tr

# Of the smallest eigenvalue of an information that there is no estimate with.
_SINGULAR = 1e-11
# By how much, of a covariate's range, a pair may go against a direction that is said to separate.
_SLACK = 1e-7
_PAIRS_A_ROUND = 500


@dataclass(frozen=True)
class Obstacle:
    """Why there is no single highest point; `separation` is what Firth's penalty copes with."""

    separation: bool
    error: CannotEstimate


def obstacle(rows: Rows, covariates: Sequence[Covariate]) -> Obstacle | None:
    """What keeps the partial likelihood from having a single highest point, or None.

    Args:
        rows: who is at risk from when to when.
        covariates: names for the message, one a column of `rows.values`.
    """
    spread = np.ptp(rows.values, axis=0)
    values = rows.values / np.where(spread > 0, spread, 1)
    told_apart = _told_apart(replace(rows, values=values))
    sets = RiskSets(rows)
    alone = _alone(sets, rows.values, covariates)
    if alone is not None:
        # Firth's penalty needs the information of every covariate to be there.
        return Obstacle(told_apart, alone)
    if not told_apart:
        return Obstacle(False, _not_told_apart(covariates))
    separating = _separating_direction(sets, values)
    if separating is None:
        return None
    together = [c for c, weight in zip(covariates, separating, strict=True) if abs(weight) > 1e-6]
    return Obstacle(
        True,
        CannotEstimate(
            note(
                "Together the covariates {names} separate those who lost response, so their "
                "hazard ratios have no finite estimate.",
                names=_names(together),
            ),
            cure=tr("Leave one of them out, or use --penalty firth."),
        ),
    )


def _told_apart(rows: Rows) -> bool:
    """Whether those at risk at the events differ in every direction."""
    information = PartialLikelihood(rows, "breslow").at(np.zeros(rows.values.shape[1])).information
    own = np.diag(information)
    if not (own > _SINGULAR * rows.event.sum()).all():
        return False
    alike = information / np.sqrt(np.outer(own, own))
    return bool(np.linalg.eigvalsh(alike).min() > _SINGULAR)


def _alone(
    sets: RiskSets, values: Floats, covariates: Sequence[Covariate]
) -> CannotEstimate | None:
    """The first covariate that separates by itself."""
    for k, covariate in enumerate(covariates):
        own = values[sets.events, k]
        above = values[sets.highest(values[:, k]), k] > own
        below = values[sets.highest(-values[:, k]), k] < own
        if above.any() != below.any():
            level = covariate.other_level if above.any() else covariate.level
            return CannotEstimate(
                note(
                    "Every loss of response at which '{covariate}' differed was in the level "
                    "'{level}', so its hazard ratio has no finite estimate (separation).",
                    covariate=covariate.label,
                    level=level,
                ),
                cure=tr(
                    "Leave {covariate} out and report its counts and log-rank test, or "
                    "use --penalty firth.",
                    covariate=covariate.id,
                ),
            )
    return None


def _not_told_apart(covariates: Sequence[Covariate]) -> CannotEstimate:
    return CannotEstimate(
        note(
            "The covariates {names} cannot be told apart: one follows from the others, or none "
            "of them varies among those at risk at a loss of response.",
            names=_names(covariates),
        ),
        cure=tr("Leave one of them out."),
    )


def _separating_direction(sets: RiskSets, values: Floats) -> Floats | None:
    """A direction in which the likelihood grows for ever, or None."""
    gain = sets.gain(values)
    gain = gain / max(float(np.abs(gain).max()), 1.0)
    pairs = np.zeros((0, values.shape[1]))
    while True:
        result = linprog(
            -gain, A_ub=-pairs, b_ub=np.zeros(len(pairs)), bounds=(-1, 1), method="highs"
        )
        if result.status != 0 or result.fun is None or result.fun > -_SLACK:
            return None
        direction = np.asarray(result.x, dtype=np.float64)
        score = values @ direction
        highest = sets.highest(score)
        against = score[highest] - score[sets.events]
        most = np.argsort(-against)[:_PAIRS_A_ROUND]
        most = most[against[most] > _SLACK]
        found = np.unique(values[sets.events[most]] - values[highest[most]], axis=0)
        if not len(found):
            return direction
        pairs = np.vstack([pairs, found])


def _names(covariates: Sequence[Covariate]) -> str:
    return ", ".join(covariate.id for covariate in covariates)
