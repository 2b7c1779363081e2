"""Whether a Cox model has a finite estimate, decided from the data and not from a failed fit.

The partial likelihood of coefficients b has a factor for every event i,

    1 / sum over j at risk of exp(b (x_j - x_i)).

It can be raised for ever along a direction c exactly if c (x_i - x_j) >= 0 for every event i and
every j at risk with it, and > 0 for one (monotone likelihood: Bryson and Johnson, Technometrics
1981; Jacobsen, Annals of Statistics 1989). It is flat along c if all of these are 0. The first is
a linear programme over the distinct differences x_i - x_j, the second their rank.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.optimize import linprog

from registry.analysis.dataset import Days, Flags, Floats
from registry.errors import CannotEstimate
from registry.vocabulary import Covariate
from registry.words import spoken, tr

_MOST_DIFFERENCES = 1_000_000


def refuse_if_not_estimable(
    time_days: Days, event: Flags, values: Floats, covariates: Sequence[Covariate]
) -> None:
    """Raise if the partial likelihood has no single highest point.

    Args:
        time_days: whole days to the event or to censoring, shape (n,).
        event: whether the event happened, shape (n,).
        values: 0 or 1, shape (n, k), a column for each of `covariates`.
        covariates: names for the message.

    Raises:
        CannotEstimate: a covariate, or several together, separate the events (an infinite
            coefficient), or cannot be told apart.
    """
    differences = _differences(time_days, event, values)
    if differences is None:
        return
    for k, covariate in enumerate(covariates):
        column = differences[:, k]
        if np.any(column) and (np.all(column >= 0) or np.all(column <= 0)):
            level = covariate.level if np.all(column >= 0) else covariate.other_level
            raise CannotEstimate(
                tr(
                    "Every loss of response at which '{covariate}' differed was in the level "
                    "'{level}', so its hazard ratio has no finite estimate (separation).",
                    covariate=spoken(covariate.label),
                    level=spoken(level),
                ),
                cure=tr(
                    "Leave {covariate} out, and report its counts and log-rank test instead.",
                    covariate=covariate.id,
                ),
            )
    if np.linalg.matrix_rank(differences) < len(covariates):
        raise CannotEstimate(
            tr(
                "The covariates {names} cannot be told apart: one follows from the others, "
                "or none of them varies among those at risk at a loss of response.",
                names=_names(covariates),
            ),
            cure=tr("Leave one of them out."),
        )
    separating = _separating_direction(differences)
    if separating is not None:
        together = [
            c for c, weight in zip(covariates, separating, strict=True) if abs(weight) > 1e-6
        ]
        raise CannotEstimate(
            tr(
                "Together the covariates {names} separate those who lost response, so their "
                "hazard ratios have no finite estimate.",
                names=_names(together),
            ),
            cure=tr("Leave one of them out."),
        )


def _differences(time_days: Days, event: Flags, values: Floats) -> Floats | None:
    """The distinct x_i - x_j, shape (m, k); None when they are too many to list.

    Patients with the same covariates are one pattern. A pattern p that has an event meets a
    pattern q at risk exactly if the first event of p is no later than the last time of q.
    """
    patterns, which = np.unique(values, axis=0, return_inverse=True)
    which = which.reshape(-1)
    first_event = np.full(len(patterns), np.inf)
    np.minimum.at(first_event, which[event], time_days[event].astype(np.float64))
    last_time = np.full(len(patterns), -np.inf)
    np.maximum.at(last_time, which, time_days.astype(np.float64))
    with_event = np.flatnonzero(np.isfinite(first_event))
    if len(with_event) * len(patterns) > _MOST_DIFFERENCES:
        return None
    found = [patterns[p] - patterns[last_time >= first_event[p]] for p in with_event]
    return np.unique(np.concatenate(found), axis=0)


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
