"""The probability that a child loses response, told at week 14, and how far it can be trusted.

A ridge-penalised Cox model on a few covariates chosen beforehand. Ridge and not Firth's penalty:
Firth takes the bias out of a coefficient, for a statement on that covariate; a prediction gains
from coefficients that are drawn towards 0, which is what it takes to be right in the next patients.
Everything that the fit chooses from the data, its penalty included, is done again in each bootstrap
sample, and what the model loses there on the original patients is taken off (Harrell, Lee and Mark,
Statistics in Medicine 1996;15:361-87).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from registry.analysis.basis import Basis
from registry.analysis.dataset import Days, Flags, Floats
from registry.analysis.risk.data import (
    DEFAULT,
    LANDMARK,
    RiskData,
    predictors_by_id,
    risk_data,
)
from registry.analysis.risk.refusals import refuse_missing, refuse_too_few, refuse_unknown
from registry.analysis.risk.ridge import (
    FOLDS,
    Concordance,
    Fit,
    RidgeCox,
    choose,
    folds_of,
    penalties_for,
)
from registry.analysis.risk.validation import (
    Corrected,
    Drawn,
    RiskRule,
    bootstrap,
    corrected_by,
    observed_by,
    probability_of,
    risk_groups,
    slope_of,
)
from registry.words import note

DAYS_PER_YEAR = 365.25
YEARS = (1.0, 2.0)
VALIDATION = note(
    "Concordance (Harrell's) and calibration slope less their optimism over the same bootstrap"
    " samples, its mean and its median; 0.5 is chance and 1 perfect, a slope below 1 says that the"
    " predictions are too extreme. Groups by the mean prediction of the samples in which a patient"
    " was not drawn; observed by Kaplan-Meier."
)
_USUAL = 10


@dataclass(frozen=True)
class Horizon:
    """One of the times of prediction; None where nobody was followed for so long.

    `samples` are the probabilities of the patient over the bootstrap samples.
    """

    years: float
    cohort: float | None
    probability: float | None
    lower: float | None
    upper: float | None
    groups: tuple[dict[str, Any], ...]


@dataclass(frozen=True)
class Risk:
    """The model, its validation and, of one patient, the probabilities."""

    definition: str
    data: RiskData
    mean: Floats
    sd: Floats
    fit: Fit
    at_end: str | None
    patient: str | None
    in_model: bool
    concordance: Corrected
    slope: Corrected
    horizons: tuple[Horizon, ...]
    rule: RiskRule
    basis: Basis | None

    def to_json(self) -> dict[str, Any]:
        """The document of `registry analyse risk`."""
        used = self.data.complete
        events = int(self.data.event[used].sum())
        told = {}
        if self.basis:
            entry = note("at risk from the day after {landmark}", landmark=LANDMARK)
            clock = note("days from {landmark}", landmark=LANDMARK)
            told = {**self.basis.to_json(entry), "clock": clock}
        return {
            "definition": self.definition,
            "method": note(
                "Cox regression with a ridge penalty (Breslow ties, covariates standardised) of"
                " patients at risk after the landmark, with complete covariates; penalty by"
                " {folds}-fold cross-validated partial likelihood, seed {seed}; baseline hazard by"
                " Breslow. Limits: 2.5th and 97.5th percentile over {resamples} bootstrap samples,"
                " the penalty chosen anew in each.",
                folds=FOLDS,
                seed=self.rule.seed,
                resamples=self.rule.resamples,
            ),
            **told,
            "landmark": LANDMARK,
            "n": int(used.sum()),
            "events": events,
            "left_before_landmark": int((self.data.time <= 0).sum()),
            "dropped": int(((self.data.time > 0) & ~used).sum()),
            "events_per_covariate": events / len(self.data.predictors),
            "least_events_per_covariate": self.rule.events_per_covariate,
            "penalty": self.fit.penalty,
            "effective_df": self.fit.effective_df,
            "terms": self._terms(),
            "validation": {
                "method": VALIDATION,
                "resamples": self.rule.resamples,
                "seed": self.rule.seed,
                "concordance": self.concordance.to_json(),
                "calibration_slope": self.slope.to_json(),
                "groups": [
                    {"at_years": one.years, **group}
                    for one in self.horizons
                    for group in one.groups
                ],
            },
            "cohort": [{"at_years": one.years, "probability": one.cohort} for one in self.horizons],
            "patient_id": self.patient,
            "risks": [
                {
                    "at_years": one.years,
                    "probability": one.probability,
                    "lower": one.lower,
                    "upper": one.upper,
                }
                for one in self.horizons
                if self.patient is not None
            ],
            "notes": list(self._notes(events)),
        }

    def _terms(self) -> list[dict[str, Any]]:
        own = None
        if self.patient is not None:
            own = self.data.values[self.data.patients.index(self.patient)]
        terms = []
        for i, one in enumerate(self.data.predictors):
            coef = float(self.fit.coef[i] / self.sd[i])
            value = None if own is None else float(own[i])
            if one.id == "trough" and value is not None:
                value = float(2**value)
            terms.append(
                {
                    "covariate": one.id,
                    "label": one.label,
                    "per": one.step,
                    "coef": coef,
                    "hr": float(np.exp(coef)),
                    "coef_per_sd": float(self.fit.coef[i]),
                    "value": value,
                }
            )
        return terms

    def _notes(self, events: int) -> list[str]:
        notes: list[str] = []
        if events < _USUAL * len(self.data.predictors):
            notes.append(
                note(
                    "Events per covariate: {ratio:.1f}; ten or more are usual for a "
                    "prediction. The limits are wide.",
                    ratio=events / len(self.data.predictors),
                )
            )
        if self.at_end:
            notes.append(self.at_end)
        if self.concordance.corrected is not None and self.concordance.corrected < 0.6:
            notes.append(
                note(
                    "The model hardly tells patients apart (corrected concordance "
                    "{concordance:.2f}); the probability is little more than that of the "
                    "cohort.",
                    concordance=self.concordance.corrected,
                )
            )
        if self.in_model:
            notes.append(
                note(
                    "{patient} is one of the patients that the model was made from.",
                    patient=self.patient,
                )
            )
        if tuple(one.id for one in self.data.predictors) != DEFAULT:
            notes.append(
                note(
                    "If the covariates were chosen because they mattered in these patients, "
                    "the model looks better than it is: that choice is not part of the "
                    "bootstrap."
                )
            )
        notes.append(
            note(
                "Not validated in other patients. The limits are of the estimate, not of what "
                "will happen to one child. Stops of infliximab count as censored: it is the "
                "probability while treatment goes on."
            )
        )
        return notes


def risk_of_loss(
    frames: dict[str, pd.DataFrame],
    definition: str,
    *,
    patient: str | None = None,
    covariates: tuple[str, ...] = DEFAULT,
    rule: RiskRule | None = None,
    basis: Basis | None = None,
) -> Risk:
    """Fit and validate the model, and predict for a patient.

    Args:
        frames: by view, as `read_risk` gives them.
        definition: the definition that all rows must belong to.
        patient: whose probability is asked for; without it the model alone.
        covariates: ids of predictors.
        rule: when it is refused, and how it is validated.
        basis: what the result is to say of its definition, clock and censoring.

    Raises:
        NotFound: the patient is not in the cohort.
        CannotEstimate: no event, too few for the covariates, a covariate that does not vary, or
            one that is not known of the patient.
        WrongUsage: an unknown covariate, or one that is acquired later.
    """
    how = rule or RiskRule()
    data = risk_data(frames, definition, predictors_by_id(covariates))
    if patient is not None:
        refuse_unknown(data, patient, definition)
    used = data.complete
    refuse_too_few(data, how.events_per_covariate)
    if patient is not None:
        refuse_missing(data, patient)
    raw = data.values[used]
    mean, sd = raw.mean(axis=0), raw.std(axis=0, ddof=1)
    time, event = data.time[used], data.event[used]
    x = (raw - mean) / sd
    model = RidgeCox(time, event, x)
    penalties = penalties_for(int(event.sum()))
    fold = folds_of(event, how.seed)
    once = np.ones(len(time))
    fit = model.fit(choose(model, once, fold, penalties), once)
    own = None
    if patient is not None:
        own = (data.values[data.patients.index(patient)] - mean) / sd
    days = np.array([years * DAYS_PER_YEAR for years in YEARS])
    drawn = bootstrap(model, time, event, x, fold, penalties, own, days, how)
    measure = Concordance(time, event)
    eta = x @ fit.coef
    apparent, slope = measure.of(eta, once), slope_of(model, fit.coef, once)
    probabilities = None if own is None else probability_of(model, fit.coef, once, own, days)
    return Risk(
        definition=definition,
        data=data,
        mean=mean,
        sd=sd,
        fit=fit,
        at_end=_at_end(fit.penalty, penalties),
        patient=patient,
        in_model=patient is not None and patient in np.array(data.patients)[used],
        concordance=corrected_by(apparent, drawn.concordance),
        slope=corrected_by(slope, drawn.slope),
        horizons=tuple(
            _horizon(i, years, time, event, probabilities, drawn, how.groups)
            for i, years in enumerate(YEARS)
        ),
        rule=how,
        basis=basis,
    )


def _horizon(
    i: int,
    years: float,
    time: Days,
    event: Flags,
    probabilities: Floats | None,
    drawn: Drawn,
    groups: int,
) -> Horizon:
    day = years * DAYS_PER_YEAR
    if time.max() < day:
        return Horizon(years, None, None, None, None, ())
    cohort, _, _ = observed_by(time, event, day)
    lower = upper = probability = None
    if probabilities is not None:
        probability = float(probabilities[i])
        known = drawn.probability[:, i]
        lower, upper = (
            float(one) for one in np.nanquantile(known, [0.025, 0.975], method="weibull")
        )
    return Horizon(
        years, cohort, probability, lower, upper,
        tuple(risk_groups(time, event, day, drawn.left_out[:, i], groups)),
    )  # fmt: skip


def _at_end(penalty: float, penalties: Floats) -> str | None:
    if penalty == penalties[0]:
        return note(
            "The strongest penalty tried was the best: the covariates tell nothing that "
            "holds in patients left out, and everybody has nearly the probability of the "
            "cohort."
        )
    return None
