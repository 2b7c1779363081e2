"""The risk of losing response, told at week 14: the document of `registry analyse risk`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from registry.analysis.basis import Basis, limits_under
from registry.analysis.choices import RISK_COVARIATES, RISK_MONTHS, USUAL_EVENTS_PER_TERM, RiskRule
from registry.analysis.dataset import Floats
from registry.analysis.risk.data import (
    LANDMARK,
    RiskData,
    pattern_values,
    predictors_by_id,
    refuse_missing,
    refuse_too_few,
    refuse_unknown,
    risk_data,
)
from registry.analysis.risk.fitting import FOLDS, RULED_OUT, penalties_for
from registry.analysis.risk.validation import (
    Validation,
    observed_by,
    risk_groups,
    validated,
)
from registry.errors import WrongUsage
from registry.variables import DAYS_PER_MONTH
from registry.words import note, tr

VALIDATION = note(
    "Concordance (Harrell's) and calibration slope of the hazard of a loss, less their optimism"
    " over the same bootstrap samples, its mean and its median; 0.5 is chance and 1 perfect, a"
    " slope below 1 says that the predictions are too extreme. Groups by the mean risk of the"
    " samples in which a patient was not drawn; observed by Aalen-Johansen. By time: Brier score"
    " and AUC with weights for the censoring, stop, transfer and death competing (riskRegression's"
    " Score); calibration by pseudo-values."
)


@dataclass(frozen=True)
class Risk:
    """The model with its validation and, of one patient, what it is asked of.

    `mean` and `sd` are what the predictors were standardised by, over the complete patients;
    `own` are those of the patient or the pattern asked for.
    """

    definition: str
    data: RiskData
    mean: Floats
    sd: Floats
    found: Validation
    months: tuple[float, ...]
    patient: str | None
    pattern: Mapping[str, float] | None
    own: Floats | None
    rule: RiskRule
    basis: Basis | None

    def to_json(self, *, curves: bool = False) -> dict[str, Any]:
        """The document of `registry analyse risk`, with `curves` for its figures, too."""
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
            "method": self._method(),
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
                "fitted": self.found.samples,
                "seed": self.rule.seed,
                "concordance": self.found.concordance,
                "calibration_slope": self.found.slope,
                "groups": groups,
                **self.found.performance.to_json(curves=curves),
            },
            "cohort": cohort,
            "patient_id": self.patient,
            "pattern": None if self.pattern is None else dict(self.pattern),
            "risks": risks,
            "patients": self._patients(),
            "notes": list(self._notes(events)),
        }

    @property
    def _days(self) -> Floats:
        return np.array(self.months) * DAYS_PER_MONTH

    def _method(self) -> str:
        if not self.rule.penalised:
            return note(
                "Cox regressions of loss of response and of what rules it out (stop of infliximab,"
                " transfer, death; Breslow ties), of patients at risk after the landmark, with"
                " complete covariates; the risk by both hazards together (riskRegression's CSC)."
                " Limits: from the influence of each patient, on the log-log scale."
            )
        return note(
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
        )

    def _by_horizon(self) -> tuple[list[dict[str, Any]], ...]:
        """Of each number of months: the cohort, whoever is asked for, the groups of the cohort."""
        used = self.data.complete
        time, code = self.data.time[used], self.data.code[used]
        cohort, risks, groups = [], [], []
        own = None if self.own is None else self._own_risks()
        for i, (months, day) in enumerate(zip(self.months, self._days, strict=True)):
            # Where nobody was followed for so long nothing is said.
            known = time.max() >= day
            observed = observed_by(time, code, day)
            cohort.append(
                {
                    "at_months": months,
                    "probability": observed["observed"] if known else None,
                    "one_minus_kaplan_meier": observed["one_minus_kaplan_meier"] if known else None,
                }
            )
            if own is not None:
                told = {name: float(values[i]) for name, values in own.items()}
                risks.append({"at_months": months, **(told if known else dict.fromkeys(told))})
            if known:
                held = risk_groups(time, code, day, self.found.left_out[:, i], self.rule.groups)
                groups += [{"at_months": months, **one} for one in held]
        return cohort, risks, groups

    def _own_risks(self) -> dict[str, Floats]:
        """What is told of the patient or pattern, by the days."""
        assert self.own is not None
        x, model = ((self.own - self.mean) / self.sd)[None, :], self.found.model
        limits = model.limits(x, self._days)
        if limits is None:
            lower, upper = np.nanquantile(self.found.own, [0.025, 0.975], 0, method="weibull")
        else:
            lower, upper = limits[0][0], limits[1][0]
        return {
            "probability": model.risk(x, self._days)[0],
            "lower": lower,
            "upper": upper,
            "were_nobody_to_stop": model.risk_were_nobody_to_stop(x, self._days)[0],
        }

    def _patients(self) -> list[dict[str, Any]]:
        """Every patient of the model: its probability, and that by the models made without it."""
        used = self.data.complete
        x = (self.data.values[used] - self.mean) / self.sd
        risk, held = self.found.model.risk(x, self._days), self.found.left_out
        followed = self.data.time[used].max() >= self._days
        return [
            {
                "patient_id": patient,
                "at_months": months,
                "probability": float(risk[i, j]) if followed[j] else None,
                "left_out": float(held[i, j]) if followed[j] and np.isfinite(held[i, j]) else None,
            }
            for i, patient in enumerate(np.array(self.data.patients)[used].tolist())
            for j, months in enumerate(self.months)
        ]

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
        if events < USUAL_EVENTS_PER_TERM * len(self.data.predictors):
            notes.append(
                note(
                    "Events per covariate: {ratio:.1f}; {usual} or more are usual for a "
                    "prediction. The limits are wide.",
                    usual=USUAL_EVENTS_PER_TERM,
                    ratio=events / len(self.data.predictors),
                )
            )
        if self.rule.penalised and self.found.model.loss.penalty == penalties_for(events)[0]:
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
        if self.found.samples < self.rule.resamples:
            notes.append(
                note(
                    "In {number} of {resamples} bootstrap samples the model could not be fitted;"
                    " they are left out.",
                    number=self.rule.resamples - self.found.samples,
                    resamples=self.rule.resamples,
                )
            )
        if self.patient in np.array(self.data.patients)[used]:
            notes.append(
                note(
                    "{patient} is one of the patients that the model was made from.",
                    patient=self.patient,
                )
            )
        if tuple(one.id for one in self.data.predictors) != RISK_COVARIATES:
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
    pattern: Mapping[str, float] | None = None,
    covariates: tuple[str, ...] = RISK_COVARIATES,
    months: Sequence[float] = RISK_MONTHS,
    rule: RiskRule | None = None,
    basis: Basis | None = None,
) -> Risk:
    """Fit and validate the model, and predict for a patient.

    Args:
        frames: see `risk_data`.
        patient: whose probability is asked for.
        pattern: or that of somebody with these values of the predictors; a yes-or-no one has 1 or
            0, a trough its level. Without both the model alone.
        covariates: ids of predictors.
        months: when the probability is asked for.
        rule: when it is refused, and how it is validated.

    Raises:
        NotFound: the patient is not in the cohort.
        CannotEstimate: no event, too few for the covariates, a covariate that does not vary, or
            one that is not known of the patient.
        WrongUsage: an unknown covariate, one that is acquired later, months out of order, a
            pattern beside a patient or of other covariates.
    """
    how = rule or RiskRule()
    data = risk_data(frames, definition, predictors_by_id(covariates, limits_under(basis)))
    if patient is not None:
        refuse_unknown(data, patient, definition)
    asked = None
    if pattern is not None:
        if patient is not None:
            raise WrongUsage(tr("Ask for a patient or for a pattern."))
        asked = pattern_values(data.predictors, pattern)
    days = np.array(months, dtype=np.float64) * DAYS_PER_MONTH
    if not days.size or not (days[0] > 0 and (np.diff(days) > 0).all() and days[-1] < np.inf):
        raise WrongUsage(tr("Give months above 0, in order."))
    refuse_too_few(data, how.events_per_covariate, penalised=how.penalised)
    if patient is not None:
        refuse_missing(data, patient)
        asked = data.values[data.patients.index(patient)]
    used = data.complete
    raw = data.values[used]
    mean, sd = raw.mean(axis=0), raw.std(axis=0, ddof=1)
    own = None if asked is None else (asked - mean) / sd
    x = (raw - mean) / sd
    found = validated(data.time[used], data.code[used], x, own, days, how)
    return Risk(
        definition, data, mean, sd, found, tuple(months), patient, pattern, asked, how, basis
    )
