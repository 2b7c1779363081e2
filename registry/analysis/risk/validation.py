"""How far the prediction at week 14 can be trusted: bootstrap, optimism, calibration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from registry.analysis.counting import NO_ENTRY, Counts, log_log_limits, product_limit
from registry.analysis.dataset import Days, Flags, Floats
from registry.analysis.risk.ridge import Concordance, RidgeCox, choose


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
class Drawn:
    """Over the bootstrap samples: optimism of concordance (the mean) and of the slope (the median,
    because a sample that shrinks all coefficients to nearly 0 has a slope without bounds), the
    patient's probability (samples, horizons), and of every patient the mean prediction of the
    samples in which it was not drawn (patients, horizons)."""

    concordance: float | None
    slope: float | None
    probability: Floats
    left_out: Floats


def bootstrap(
    model: RidgeCox,
    time: Days,
    event: Flags,
    x: Floats,
    fold: Days,
    penalties: Floats,
    own: Floats | None,
    days: Floats,
    how: RiskRule,
) -> Drawn:
    """Fit the model anew in every bootstrap sample.

    Args:
        model: the patients, whose `time`, `event` and standardised covariates `x` follow.
        time, event, x: in the order of the data.
        fold: of each patient, for the choice of the penalty.
        penalties: to choose from.
        own: standardised covariates of the patient to predict for, if any.
        days: when the probability is asked for.
        how: how many samples, and the seed.
    """
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
        slope[i] = _difference(slope_of(model, fit.coef, weight), slope_of(model, fit.coef, once))
        hazard = model.baseline(fit.coef, weight, days)
        if own is not None:
            probability[i] = 1 - np.exp(-hazard * np.exp(own @ fit.coef))
        out = weight == 0
        total[out] += 1 - np.exp(-np.exp(eta[out])[:, None] * hazard)
        times += out
    with np.errstate(invalid="ignore", divide="ignore"):
        left_out = total / times[:, None]
    known, known_slope = concordance[np.isfinite(concordance)], slope[np.isfinite(slope)]
    return Drawn(
        float(known.mean()) if known.size else None,
        float(np.median(known_slope)) if known_slope.size else None,
        probability,
        left_out,
    )


def slope_of(model: RidgeCox, coef: Floats, weight: Floats) -> float | None:
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


def corrected_by(apparent: float | None, optimism: float | None) -> Corrected:
    """A measure and its optimism; None where either is not known."""
    if apparent is None or optimism is None:
        return Corrected(apparent, None)
    return Corrected(apparent, apparent - optimism)


def probability_of(
    model: RidgeCox, coef: Floats, weight: Floats, own: Floats, days: Floats
) -> Floats:
    """1 - exp(-H0(t) exp(x b)) of somebody with these covariates, on each of the days."""
    hazard = model.baseline(coef, weight, days)
    return np.asarray(1 - np.exp(-hazard * np.exp(own @ coef)), dtype=np.float64)


def risk_groups(
    time: Days, event: Flags, day: float, predicted: Floats, groups: int
) -> list[dict[str, Any]]:
    """Groups of equal size by prediction, the lowest first: mean prediction against observation."""
    known = np.flatnonzero(np.isfinite(predicted))
    order = known[np.argsort(predicted[known], kind="stable")]
    told = []
    for number, members in enumerate(np.array_split(order, groups), start=1):
        if not members.size:
            continue
        observed, lower, upper = observed_by(time[members], event[members], day)
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


def observed_by(
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
