"""The risk of losing response, told at week 14: the document of `registry analyse risk`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from registry.analysis.dataset import Basis, Floats
from registry.analysis.risk.data import (
    DEFAULT,
    LANDMARK,
    RiskData,
    predictors_by_id,
    refuse_missing,
    refuse_too_few,
    refuse_unknown,
    risk_data,
)
from registry.analysis.risk.fitting import FOLDS, RULED_OUT, penalties_for
from registry.analysis.risk.validation import (
    RiskRule,
    Validation,
    observed_by,
    risk_groups,
    validated,
)
from registry.words import note

DAYS_PER_YEAR = 365.25
YEARS = (1.0, 2.0)
VALIDATION = note(
    "Concordance (Harrell's) and calibration slope of the hazard of a loss, less their optimism"
    " over the same bootstrap samples, its mean and its median; 0.5 is chance and 1 perfect, a"
    " slope below 1 says that the predictions are too extreme. Groups by the mean risk of the"
    " samples in which a patient was not drawn; observed by Aalen-Johansen."
)
_USUAL = 10


@dataclass(frozen=True)
class Risk:
    """The model with its validation and, of one patient, what it is asked of.

    `mean` and `sd` are what the predictors were standardised by, over the complete patients.
    """

    definition: str
    data: RiskData
    mean: Floats
    sd: Floats
    found: Validation
    patient: str | None
    rule: RiskRule
    basis: Basis | None

    @property
    def own(self) -> Floats | None:
        """The predictors of the patient, unless the model alone is asked for."""
        if self.patient is None:
            return None
        return np.asarray(self.data.values[self.data.patients.index(self.patient)])

    def to_json(self) -> dict[str, Any]:
        """The document of `registry analyse risk`."""
        used, loss = self.data.complete, self.found.model.loss
        events = int(self.data.event[used].sum())
        told = {}
        if self.basis:
            entry = note("at risk from the day after {landmark}", landmark=LANDMARK)
            clock = note("days from {landmark}", landmark=LANDMARK)
            told = {**self.basis.to_json(entry), "clock": clock, "censoring": self.basis.competing}
        cohort, risks, groups = self._by_horizon()
        return {
            "definition": self.definition,
            "method": note(
                "Cox regressions of loss of response and of what rules it out (stop of infliximab,"
                " transfer, death), each with a ridge penalty (Breslow ties, covariates"
                " standardised), of patients at risk after the landmark, with complete covariates;"
                " penalties by {folds}-fold cross-validated partial likelihood, seed {seed};"
                " baseline hazards by Breslow; the risk by both hazards together. Limits: 2.5th and"
                " 97.5th percentile over {resamples} bootstrap samples, the penalty of the"
                " loss chosen anew in each.",
                folds=FOLDS,
                seed=self.rule.seed,
                resamples=self.rule.resamples,
            ),
            **told,
            "landmark": LANDMARK,
            "n": int(used.sum()),
            "events": events,
            "ruled_out": int((self.data.code[used] == RULED_OUT).sum()),
            "left_before_landmark": int((self.data.time <= 0).sum()),
            "dropped": int(((self.data.time > 0) & ~used).sum()),
            "events_per_covariate": events / len(self.data.predictors),
            "least_events_per_covariate": self.rule.events_per_covariate,
            "penalty": loss.penalty,
            "effective_df": loss.effective_df,
            "terms": self._terms(),
            "validation": {
                "method": VALIDATION,
                "resamples": self.rule.resamples,
                "seed": self.rule.seed,
                "concordance": self.found.concordance,
                "calibration_slope": self.found.slope,
                "groups": groups,
            },
            "cohort": cohort,
            "patient_id": self.patient,
            "risks": risks,
            "notes": list(self._notes(events)),
        }

    def _by_horizon(self) -> tuple[list[dict[str, Any]], ...]:
        """Of each number of years: the cohort, the patient, and the groups of the cohort."""
        used = self.data.complete
        time, code = self.data.time[used], self.data.code[used]
        cohort, risks, groups = [], [], []
        days, own = np.array(YEARS) * DAYS_PER_YEAR, self.own
        for i, (years, day) in enumerate(zip(YEARS, days, strict=True)):
            # Where nobody was followed for so long nothing is said.
            known = time.max() >= day
            observed = observed_by(time, code, day)
            cohort.append(
                {
                    "at_years": years,
                    "probability": observed["observed"] if known else None,
                    "one_minus_kaplan_meier": observed["one_minus_kaplan_meier"] if known else None,
                }
            )
            if own is not None:
                x = ((own - self.mean) / self.sd)[None, :]
                model, drawn = self.found.model, self.found.own[:, i]
                limits = np.nanquantile(drawn, [0.025, 0.975], method="weibull")
                hypothetical = model.risk_were_nobody_to_stop(x, days)
                values = (model.risk(x, days)[0, i], *limits, hypothetical[0, i])
                names = ("probability", "lower", "upper", "were_nobody_to_stop")
                told = dict(zip(names, map(float, values), strict=True))
                risks.append({"at_years": years, **(told if known else dict.fromkeys(told))})
            if known:
                held = risk_groups(time, code, day, self.found.left_out[:, i], self.rule.groups)
                groups += [{"at_years": years, **one} for one in held]
        return cohort, risks, groups

    def _terms(self) -> list[dict[str, Any]]:
        own, terms = self.own, []
        for i, one in enumerate(self.data.predictors):
            per_sd = float(self.found.model.loss.coef[i])
            value = None if own is None else float(own[i])
            if one.id == "trough" and value is not None:
                value = float(2**value)
            terms.append(
                {
                    "covariate": one.id,
                    "label": one.label,
                    "per": one.step,
                    "coef": per_sd / self.sd[i],
                    "hr": float(np.exp(per_sd / self.sd[i])),
                    "coef_per_sd": per_sd,
                    "value": value,
                }
            )
        return terms

    def _notes(self, events: int) -> list[str]:
        used = self.data.complete
        notes: list[str] = []
        if events < _USUAL * len(self.data.predictors):
            notes.append(
                note(
                    "Events per covariate: {ratio:.1f}; ten or more are usual for a "
                    "prediction. The limits are wide.",
                    ratio=events / len(self.data.predictors),
                )
            )
        if self.found.model.loss.penalty == penalties_for(events)[0]:
            notes.append(
                note(
                    "The strongest penalty tried was the best: the covariates tell nothing that "
                    "holds in patients left out, and everybody has nearly the probability of the "
                    "cohort."
                )
            )
        corrected = self.found.concordance["corrected"]
        if corrected is not None and corrected < 0.6:
            notes.append(
                note(
                    "The model hardly tells patients apart (corrected concordance "
                    "{concordance:.2f}); the probability is little more than that of the "
                    "cohort.",
                    concordance=corrected,
                )
            )
        if self.patient in np.array(self.data.patients)[used]:
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
                "will happen to one child. Who stops infliximab, goes to adult care or dies can no"
                " longer lose response; 'were nobody to stop' takes these as if observation had"
                " ended by chance, and is higher."
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
    refuse_too_few(data, how.events_per_covariate)
    if patient is not None:
        refuse_missing(data, patient)
    used = data.complete
    raw = data.values[used]
    mean, sd = raw.mean(axis=0), raw.std(axis=0, ddof=1)
    own = None
    if patient is not None:
        own = (data.values[data.patients.index(patient)] - mean) / sd
    days = np.array(YEARS) * DAYS_PER_YEAR
    found = validated(data.time[used], data.code[used], (raw - mean) / sd, own, days, how)
    return Risk(definition, data, mean, sd, found, patient, how, basis)
