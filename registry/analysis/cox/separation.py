"""Whether a Cox model has a finite estimate, decided from the data and not from a failed fit.

The partial likelihood of coefficients b has a factor for every event i,

    1 / sum over j at risk of exp(b (x_j - x_i)).

It can be raised for ever along a direction c exactly if c (x_i - x_j) >= 0 for every event i and
every j at risk with it, and > 0 for one (monotone likelihood: Bryson and Johnson, Technometrics
1981; Jacobsen, Annals of Statistics 1989). It is flat along c if all of these are 0. The first is
a linear programme over the distinct differences x_i - x_j, the second their rank. Firth's penalty
copes with the first, nothing with the second.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linprog

from registry.analysis.cox.partial_likelihood import Rows
from registry.analysis.dataset import Floats
from registry.errors import CannotEstimate
from registry.vocabulary import Covariate
from registry.words import note, tr

_MOST_DIFFERENCES = 1_000_000


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
    differences = _differences(rows)
    if differences is None:
        return None
    if np.linalg.matrix_rank(differences) < len(covariates) and not _alone(differences, covariates):
        return Obstacle(False, _not_told_apart(covariates))
    alone = _alone(differences, covariates)
    if alone is not None:
        # Firth's penalty needs the information of every covariate to be there.
        rank = int(np.linalg.matrix_rank(differences))
        return Obstacle(rank == len(covariates), alone)
    separating = _separating_direction(differences)
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


def _alone(differences: Floats, covariates: Sequence[Covariate]) -> CannotEstimate | None:
    """The first covariate that separates by itself."""
    for k, covariate in enumerate(covariates):
        column = differences[:, k]
        if np.any(column) and (np.all(column >= 0) or np.all(column <= 0)):
            level = covariate.level if np.all(column >= 0) else covariate.other_level
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


def _differences(rows: Rows) -> Floats | None:
    """The distinct x_i - x_j, shape (m, k); None when they are too many to list.

    Rows with the same covariates are one pattern. A pattern p meets a pattern q when q is at risk
    at an event of p in the same stratum: its rows that have not ended outnumber those not begun.
    """
    patterns, which = np.unique(rows.values, axis=0, return_inverse=True)
    which = which.reshape(-1)
    if len(np.unique(which[rows.event])) * len(patterns) > _MOST_DIFFERENCES:
        return None
    met: set[tuple[int, int]] = set()
    for stratum in np.unique(rows.stratum):
        within = rows.stratum == stratum
        here = [within & (which == q) for q in range(len(patterns))]
        events = [np.unique(rows.stop[held & rows.event]) for held in here]
        for q, held in enumerate(here):
            stops, starts = np.sort(rows.stop[held]), np.sort(rows.start[held])
            for p, days in enumerate(events):
                at_risk = np.searchsorted(starts, days) - np.searchsorted(stops, days)
                if (at_risk > 0).any():
                    met.add((p, q))
    pairs = np.array(sorted(met), dtype=np.int64).reshape(-1, 2)
    return np.unique(patterns[pairs[:, 0]] - patterns[pairs[:, 1]], axis=0)


def _separating_direction(differences: Floats) -> Floats | None:
    """A direction in which the likelihood grows for ever, or None."""
    result = linprog(
        -differences.sum(axis=0),
        A_ub=-differences,
        b_ub=np.zeros(len(differences)),
        bounds=(-1, 1),
        method="highs",
    )
    if result.status == 0 and result.fun is not None and result.fun < -1e-7:
        return np.asarray(result.x, dtype=np.float64)
    return None


def _names(covariates: Sequence[Covariate]) -> str:
    return ", ".join(covariate.id for covariate in covariates)
