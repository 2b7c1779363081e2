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
from registry.analysis.counting import NO_ENTRY, Counts, log_log_limits, product_limit
from registry.analysis.dataset import Days, Flags, Floats
from registry.analysis.ridge import (
    FOLDS,
    Concordance,
    Fit,
    RidgeCox,
    choose,
    folds_of,
    penalties_for,
)
from registry.analysis.risk_data import (
    DEFAULT,
    LANDMARK,
    RiskData,
    predictors_by_id,
    risk_data,
)
from registry.errors import CannotEstimate, NotFound

DAYS_PER_YEAR = 365.25
YEARS = (1.0, 2.0)
METHOD = (
    "Cox regression with a ridge penalty (Breslow ties, covariates standardised) of patients at"
    " risk after the landmark, with complete covariates; penalty by {folds}-fold cross-validated"
    " partial likelihood, seed {seed}; baseline hazard by Breslow. Limits: 2.5th and 97.5th"
    " percentile over {resamples} bootstrap samples, the penalty chosen anew in each."
)
VALIDATION = (
    "Concordance (Harrell's) and calibration slope less their optimism over the same bootstrap"
    " samples, its mean and its median; 0.5 is chance and 1 perfect, a slope below 1 says that the"
    " predictions are too extreme. Groups by the mean prediction of the samples in which a patient"
    " was not drawn; observed by Kaplan-Meier."
)
_USUAL = 10


@dataclass(frozen=True)
class RiskRule:
    """When a model is refused, and how it is validated.

    Attributes:
        events_per_covariate: a model with fewer is refused. 5 is the least at which Cox models
            were found sound (Vittinghoff and McCulloch, American Journal of Epidemiology
            2007;165:710-8). It counts covariates before the penalty: penalties do not make up for
            events that are missing (Riley et al., Journal of Clinical Epidemiology 2021;132:88-96).
        resamples: bootstrap samples.
        seed: of the samples and the folds.
        groups: how many groups of predicted risk are held against what was observed.
    """

    events_per_covariate: float = 5.0
    resamples: int = 500
    seed: int = 1
    groups: int = 3


@dataclass(frozen=True)
class Corrected:
    """A measure on the patients of the fit, and less its optimism."""

    apparent: float | None
    corrected: float | None

    def to_json(self) -> dict[str, Any]:
        optimism = (
            None
            if self.apparent is None or self.corrected is None
            else self.apparent - self.corrected
        )
        return {"apparent": self.apparent, "optimism": optimism, "corrected": self.corrected}


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
        told = self.basis.to_json(f"at risk from the day after {LANDMARK}") if self.basis else {}
        return {
            "definition": self.definition,
            "method": METHOD.format(
                folds=FOLDS, seed=self.rule.seed, resamples=self.rule.resamples
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
        notes = []
        if events < _USUAL * len(self.data.predictors):
            notes.append(
                f"Events per covariate: {events / len(self.data.predictors):.1f}; ten or more are"
                " usual for a prediction. The limits are wide."
            )
        if self.at_end:
            notes.append(self.at_end)
        if self.concordance.corrected is not None and self.concordance.corrected < 0.6:
            notes.append(
                "The model hardly tells patients apart (corrected concordance"
                f" {self.concordance.corrected:.2f}); the probability is little more than that of"
                " the cohort."
            )
        if self.in_model:
            notes.append(f"{self.patient} is one of the patients that the model was made from.")
        if tuple(one.id for one in self.data.predictors) != DEFAULT:
            notes.append(
                "If the covariates were chosen because they mattered in these patients, the model"
                " looks better than it is: that choice is not part of the bootstrap."
            )
        notes.append(
            "Not validated in other patients. The limits are of the estimate, not of what will"
            " happen to one child. Stops of infliximab count as censored: it is the probability"
            " while treatment goes on."
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
        _refuse_unknown(data, patient, definition)
    used = data.complete
    _refuse_too_few(data, how)
    if patient is not None:
        _refuse_missing(data, patient)
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
    drawn = _bootstrap(model, time, event, x, fold, penalties, own, days, how)
    measure = Concordance(time, event)
    eta = x @ fit.coef
    apparent, slope = measure.of(eta, once), _slope(model, fit.coef, once)
    probabilities = None if own is None else _probability(model, fit.coef, once, own, days)
    return Risk(
        definition=definition,
        data=data,
        mean=mean,
        sd=sd,
        fit=fit,
        at_end=_at_end(fit.penalty, penalties),
        patient=patient,
        in_model=patient is not None and patient in np.array(data.patients)[used],
        concordance=_corrected(apparent, drawn.concordance),
        slope=_corrected(slope, drawn.slope),
        horizons=tuple(
            _horizon(i, years, time, event, probabilities, drawn, how.groups)
            for i, years in enumerate(YEARS)
        ),
        rule=how,
        basis=basis,
    )


@dataclass(frozen=True)
class _Drawn:
    """Over the bootstrap samples: optimism of concordance (the mean) and of the slope (the median,
    because a sample that shrinks all coefficients to nearly 0 has a slope without bounds), the
    patient's probability (samples, horizons), and of every patient the mean prediction of the
    samples in which it was not drawn (patients, horizons)."""

    concordance: float | None
    slope: float | None
    probability: Floats
    left_out: Floats


def _bootstrap(
    model: RidgeCox,
    time: Days,
    event: Flags,
    x: Floats,
    fold: Days,
    penalties: Floats,
    own: Floats | None,
    days: Floats,
    how: RiskRule,
) -> _Drawn:
    random = np.random.default_rng(how.seed)
    measure, once, n = Concordance(time, event), np.ones(len(time)), len(time)
    concordance, slope = np.full((2, how.resamples), np.nan)
    probability = np.full((how.resamples, len(days)), np.nan)
    total, times = np.zeros((n, len(days))), np.zeros(n)
    for i in range(how.resamples):
        weight = random.multinomial(n, np.full(n, 1 / n)).astype(np.float64)
        if not weight[event].any():
            continue
        fit = model.fit(choose(model, weight, fold, penalties), weight)
        eta = x @ fit.coef
        concordance[i] = _difference(measure.of(eta, weight), measure.of(eta, once))
        slope[i] = _difference(_slope(model, fit.coef, weight), _slope(model, fit.coef, once))
        hazard = model.baseline(fit.coef, weight, days)
        if own is not None:
            probability[i] = 1 - np.exp(-hazard * np.exp(own @ fit.coef))
        out = weight == 0
        total[out] += 1 - np.exp(-np.exp(eta[out])[:, None] * hazard)
        times += out
    with np.errstate(invalid="ignore", divide="ignore"):
        left_out = total / times[:, None]
    known, known_slope = concordance[np.isfinite(concordance)], slope[np.isfinite(slope)]
    return _Drawn(
        float(known.mean()) if known.size else None,
        float(np.median(known_slope)) if known_slope.size else None,
        probability,
        left_out,
    )


def _slope(model: RidgeCox, coef: Floats, weight: Floats) -> float | None:
    """The coefficient of the linear predictor, fitted alone without penalty: 1 when calibrated."""
    eta = model.x @ coef
    if np.ptp(eta) < 1e-6:
        return None
    w, spread = weight[model.order], float(eta.std())
    z = (eta - eta.mean()) / spread
    at = np.flatnonzero((model.event > 0) & (w > 0))
    last = np.searchsorted(-model.time, -model.time[at], side="right") - 1
    b = 0.0
    for _ in range(50):
        risk = w * np.exp(z * b)
        s0, s1, s2 = (np.cumsum(risk * power)[last] for power in (1.0, z, z**2))
        mean = s1 / s0
        information = float((w[at] * (s2 / s0 - mean**2)).sum())
        if information < 1e-10 or abs(b) > 30:
            return None
        step = float((w[at] * (z[at] - mean)).sum()) / information
        b += float(np.clip(step, -2, 2))
        if abs(step) < 1e-9:
            return b / spread
    return None


def _difference(here: float | None, there: float | None) -> float:
    return np.nan if here is None or there is None else here - there


def _corrected(apparent: float | None, optimism: float | None) -> Corrected:
    if apparent is None or optimism is None:
        return Corrected(apparent, None)
    return Corrected(apparent, apparent - optimism)


def _probability(
    model: RidgeCox, coef: Floats, weight: Floats, own: Floats, days: Floats
) -> Floats:
    hazard = model.baseline(coef, weight, days)
    return np.asarray(1 - np.exp(-hazard * np.exp(own @ coef)), dtype=np.float64)


def _horizon(
    i: int,
    years: float,
    time: Days,
    event: Flags,
    probabilities: Floats | None,
    drawn: _Drawn,
    groups: int,
) -> Horizon:
    day = years * DAYS_PER_YEAR
    if time.max() < day:
        return Horizon(years, None, None, None, None, ())
    cohort, _, _ = _observed(time, event, day)
    lower = upper = probability = None
    if probabilities is not None:
        probability = float(probabilities[i])
        known = drawn.probability[:, i]
        lower, upper = (
            float(one) for one in np.nanquantile(known, [0.025, 0.975], method="weibull")
        )
    return Horizon(
        years, cohort, probability, lower, upper,
        tuple(_groups(time, event, day, drawn.left_out[:, i], groups)),
    )  # fmt: skip


def _groups(
    time: Days, event: Flags, day: float, predicted: Floats, groups: int
) -> list[dict[str, Any]]:
    """Groups of equal size by prediction, the lowest first: mean prediction against observation."""
    known = np.flatnonzero(np.isfinite(predicted))
    order = known[np.argsort(predicted[known], kind="stable")]
    told = []
    for number, members in enumerate(np.array_split(order, groups), start=1):
        if not members.size:
            continue
        observed, lower, upper = _observed(time[members], event[members], day)
        told.append(
            {
                "group": number,
                "n": len(members),
                "events": int((event[members] & (time[members] <= day)).sum()),
                "predicted": float(predicted[members].mean()),
                "observed": observed,
                "lower": lower,
                "upper": upper,
            }
        )
    return told


def _observed(
    time: Days, event: Flags, day: float
) -> tuple[float | None, float | None, float | None]:
    """Kaplan-Meier incidence on a day with log-log limits; None after the last follow-up."""
    counts = Counts.of(np.full(len(time), NO_ENTRY), time, event.astype(np.int64))
    survival, variance = product_limit(counts.at_risk, counts.events[0])
    if time.max() < day and survival[-1] > 0:
        return None, None, None
    i = int(np.searchsorted(counts.days, day, side="right")) - 1
    with np.errstate(invalid="ignore"):
        lower, upper = log_log_limits(survival, survival * np.sqrt(variance))
    bounds = [None if np.isnan(one) else 1 - float(one) for one in (upper[i], lower[i])]
    return 1 - float(survival[i]), bounds[0], bounds[1]


def _at_end(penalty: float, penalties: Floats) -> str | None:
    if penalty == penalties[0]:
        return (
            "The strongest penalty tried was the best: the covariates tell nothing that holds in"
            " patients left out, and everybody has nearly the probability of the cohort."
        )
    return None


def _refuse_unknown(data: RiskData, patient: str, definition: str) -> None:
    if patient not in data.patients:
        raise NotFound(
            f"{patient} is not in the cohort of definition '{definition}', so there is no"
            " prediction.",
            cure=f"See why: registry explain {patient} --definition {definition}",
        )


def _refuse_missing(data: RiskData, patient: str) -> None:
    own = data.values[data.patients.index(patient)]
    missing = [one.id for one, value in zip(data.predictors, own, strict=True) if np.isnan(value)]
    if missing:
        others = ",".join(one.id for one in data.predictors if one.id not in missing)
        raise CannotEstimate(
            f"{patient} has no {', '.join(missing)}, which the model needs.",
            cure=f"Enter it, or leave it out: --covariates {others}" if others else "Enter it.",
        )


def _refuse_too_few(data: RiskData, rule: RiskRule) -> None:
    used, k = data.complete, len(data.predictors)
    events, least = int(data.event[used].sum()), rule.events_per_covariate
    at_risk = int((data.time > 0).sum())
    if events < max(1.0, least * k):
        raise CannotEstimate(
            f"{int(used.sum())} of {at_risk} patients have every covariate"
            f" ({', '.join(one.id for one in data.predictors)}), and {events} of these lost"
            f" response: {events / k:.1f} losses per covariate, fewer than {least:g}, so a"
            " prediction would be made of noise.",
            cure=_fewer(data, least),
        )
    raw = data.values[used]
    for i, one in enumerate(data.predictors):
        if np.ptp(raw[:, i]) == 0:
            raise CannotEstimate(
                f"'{one.label}' is the same in all {int(used.sum())} patients of the model.",
                cure=f"Leave {one.id} out.",
            )


def _fewer(data: RiskData, least: float) -> str:
    """The largest part of the covariates that the data can carry, as an option to type."""
    left = data
    while len(left.predictors) > 1:
        missing = np.isnan(left.values[left.time > 0]).sum(axis=0)
        # The one with the most missing values; of equal ones the last, the least important.
        worst = int(np.flatnonzero(missing == missing.max())[-1])
        left = left.with_predictors([one.id for i, one in enumerate(left.predictors) if i != worst])
        if left.event[left.complete].sum() >= least * len(left.predictors):
            return (
                "Name fewer covariates, for example --covariates"
                f" {','.join(one.id for one in left.predictors)}"
            )
    return "Report the Kaplan-Meier curve instead: registry analyse km"
