"""When a prediction at week 14 cannot be made, and what can be done about it."""

from __future__ import annotations

import numpy as np

from registry.analysis.risk.data import RiskData
from registry.errors import CannotEstimate, NotFound
from registry.words import note, tr


def refuse_unknown(data: RiskData, patient: str, definition: str) -> None:
    """NotFound unless the patient is in the cohort."""
    if patient not in data.patients:
        raise NotFound(
            tr(
                "{patient} is not in the cohort of definition '{definition}', so there is no "
                "prediction.",
                patient=patient,
                definition=definition,
            ),
            cure=tr(
                "See why: registry explain {patient} --definition {definition}",
                patient=patient,
                definition=definition,
            ),
        )


def refuse_missing(data: RiskData, patient: str) -> None:
    """CannotEstimate unless every predictor is known of the patient."""
    own = data.values[data.patients.index(patient)]
    missing = [one.id for one, value in zip(data.predictors, own, strict=True) if np.isnan(value)]
    if missing:
        others = ",".join(one.id for one in data.predictors if one.id not in missing)
        raise CannotEstimate(
            note(
                "{patient} has no {missing}, which the model needs.",
                patient=patient,
                missing=", ".join(missing),
            ),
            cure=tr("Enter it, or leave it out: --covariates {others}", others=others)
            if others
            else tr("Enter it."),
        )


# Whatever ratio is asked for: the groups in which predictions are held against what was observed
# need a few losses each. Our choice.
FEWEST_LOSSES = 10


def refuse_too_few(data: RiskData, least: float) -> None:
    """CannotEstimate with fewer losses than `least` per covariate or `FEWEST_LOSSES` in all.

    Or with a covariate that does not vary.
    """
    used, k = data.complete, len(data.predictors)
    events = int(data.event[used].sum())
    at_risk = int((data.time > 0).sum())
    if events < max(1.0, least * k):
        raise CannotEstimate(
            note(
                "{number} of {at_risk} patients have every covariate ({names}), and {events} "
                "of these lost response: {ratio:.1f} losses per covariate, fewer than "
                "{least:g}, so a prediction would be made of noise.",
                number=int(used.sum()),
                at_risk=at_risk,
                names=", ".join(one.id for one in data.predictors),
                events=events,
                ratio=events / k,
                least=least,
            ),
            cure=_fewer(data, least),
        )
    if events < FEWEST_LOSSES:
        raise CannotEstimate(
            note(
                "{events} of the {number} patients with every covariate lost response; below "
                "{fewest} losses nothing can be predicted, or held against what came.",
                events=events,
                number=int(used.sum()),
                fewest=FEWEST_LOSSES,
            ),
            cure=tr("Describe the patients with: registry analyse km"),
        )
    raw = data.values[used]
    for i, one in enumerate(data.predictors):
        if np.ptp(raw[:, i]) == 0:
            raise CannotEstimate(
                note(
                    "'{covariate}' is the same in all {number} patients of the model.",
                    covariate=one.label,
                    number=int(used.sum()),
                ),
                cure=tr("Leave {covariate} out.", covariate=one.id),
            )


def _fewer(data: RiskData, least: float) -> str:
    """The largest part of the covariates that the data can carry, as an option to type."""
    if not data.event.any():
        return tr("`registry analyse table1` and `flow` still describe them.")
    left = data
    while len(left.predictors) > 1:
        missing = np.isnan(left.values[left.time > 0]).sum(axis=0)
        # The one with the most missing values; of equal ones the last, the least important.
        worst = int(np.flatnonzero(missing == missing.max())[-1])
        left = left.with_predictors([one.id for i, one in enumerate(left.predictors) if i != worst])
        if left.event[left.complete].sum() >= least * len(left.predictors):
            return tr(
                "Name fewer covariates, for example --covariates {names}",
                names=",".join(one.id for one in left.predictors),
            )
    return tr("Report the Kaplan-Meier curve instead: registry analyse km")
