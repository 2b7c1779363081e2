"""Fine and Gray's regression of the subdistribution hazard of loss of response on groups.

Coefficients by surpyval, which agrees with R's `cmprsk::crr`; its errors are those of the model, so
the robust ones of Fine and Gray (JASA 1999;94:496-509, section 3), which allow for the estimated
censoring weights, are computed here.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import norm

from registry.analysis.counting import NO_ENTRY, Z95, at_risk_on
from registry.analysis.dataset import Days, Floats
from registry.words import note

LOSS = 1


@dataclass(frozen=True)
class Term:
    """One group against the reference: the log of the subdistribution hazard ratio."""

    label: str
    coef: float
    se: float

    def to_json(self) -> dict[str, Any]:
        z = self.coef / self.se
        return {
            "label": self.label,
            "coef": self.coef,
            "se": self.se,
            "shr": float(np.exp(self.coef)),
            "shr_lower": float(np.exp(self.coef - Z95 * self.se)),
            "shr_upper": float(np.exp(self.coef + Z95 * self.se)),
            "p": float(2 * norm.sf(abs(z))),
        }


@dataclass(frozen=True)
class FineGray:
    """The terms of the groups but the last, which is the reference."""

    reference: str
    terms: tuple[Term, ...]

    def to_json(self) -> dict[str, Any]:
        return {"reference": self.reference, "terms": [term.to_json() for term in self.terms]}


def fine_gray(
    time: Days, code: Days, group: Days, labels: Sequence[str]
) -> tuple[FineGray | None, str | None]:
    """Fit the model; or None and why there is none, as half a sentence.

    Args:
        time: whole days to the event or to censoring.
        code: 0 censored, 1 loss of response, others compete with it.
        group: the number of each patient's group.
        labels: the groups by number.
    """
    for number, label in enumerate(labels):
        # Whoever is in a group without a loss, or a group that all lose, has no finite ratio.
        if not ((group == number) & (code == LOSS)).any():
            return None, note("nobody of the group '{group}' lost response", group=label)
    if _ordered(time, code, group):
        return None, note(
            "the losses of one group all came after the other group had ended (separation)"
        )
    z = (group[:, None] == np.arange(len(labels) - 1)).astype(np.float64)
    from surpyval.univariate.competing_risks import FineGray as Fitter

    cause = code.astype(object)
    cause[code == 0] = None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        beta = np.asarray(
            Fitter.fit(time.astype(np.float64), z, cause, event=LOSS).beta, dtype=np.float64
        )
    if not (np.isfinite(beta).all() and (np.abs(beta) < 15).all()):
        return None, note("the estimate is not finite (separation)")
    try:
        se = np.sqrt(np.diag(robust_covariance(time, code, z, beta)))
    except np.linalg.LinAlgError:
        return None, note("the groups cannot be told apart")
    if not (se > 1e-9).all():
        return None, note("its variance is 0")
    terms = tuple(
        Term(label, float(b), float(s)) for label, b, s in zip(labels[:-1], beta, se, strict=True)
    )
    return FineGray(labels[-1], terms), None


def robust_covariance(time: Days, code: Days, z: Floats, beta: Floats) -> Floats:
    """The sandwich of Fine and Gray: information^-1 (sum (eta + psi)(eta + psi)') information^-1.

    `eta` is a patient's part of the score, `psi` what the patient adds by being censored or not
    when the weights are estimated. Weights: 1 until the event or censoring, after a competing
    event G(t-)/G(x-), G the Kaplan-Meier curve of censoring.
    """
    days = np.unique(time[code == LOSS])
    d = np.array([((time == day) & (code == LOSS)).sum() for day in days], dtype=np.float64)
    risk = np.exp(z @ beta)
    entry = np.full(len(time), NO_ENTRY)
    left, n_left = np.unique(time[code == 0], return_counts=True)
    hazard = n_left / at_risk_on(entry, time, left) if left.size else np.zeros(0)
    curve = np.concatenate(([1.0], np.cumprod(1 - hazard)))

    def censoring(at: Days) -> Floats:
        return np.asarray(curve[np.searchsorted(left, at, side="left")], dtype=np.float64)

    g = censoring(days)
    competing = code > LOSS
    weight = np.where(competing, risk / np.maximum(censoring(time), 1e-300), 0.0)

    # Sums over those at risk on each day: with a weight of 1, and with G(t-)/G(x-) after.
    def sums(values: Floats, tail: Floats) -> Floats:
        here = np.searchsorted(days, time, side="right")
        total = np.zeros((days.size + 1, *values.shape[1:]))
        np.add.at(total, here, values)
        alive = np.cumsum(total[::-1], axis=0)[::-1][1:]
        gone = np.zeros_like(total)
        np.add.at(gone, here, tail)
        after = np.cumsum(gone, axis=0)[:-1]
        shape = (-1,) + (1,) * (values.ndim - 1)
        return np.asarray(alive + g.reshape(shape) * after)

    outer = z[:, :, None] * z[:, None, :]
    s0 = sums(risk, weight)
    s1 = sums(risk[:, None] * z, weight[:, None] * z)
    s2 = sums(risk[:, None, None] * outer, weight[:, None, None] * outer)
    mean = s1 / s0[:, None]
    information = (
        d[:, None, None] * (s2 / s0[:, None, None] - mean[:, :, None] * mean[:, None, :])
    ).sum(axis=0)
    step = d / s0

    # Sums up to a day of dL and mean dL, and sums from a day on of G dL and G mean dL.
    upto = _from_zero(np.cumsum(step)), _from_zero(np.cumsum(step[:, None] * mean, axis=0))
    beyond = _to_zero(g * step), _to_zero((g * step)[:, None] * mean)
    here = np.searchsorted(days, time, side="right")
    eta = -risk[:, None] * (z * upto[0][here][:, None] - upto[1][here])
    eta -= weight[:, None] * (z * beyond[0][here][:, None] - beyond[1][here])
    lost = code == LOSS
    eta[lost] += z[lost] - mean[np.searchsorted(days, time[lost])]

    # q(u): what is still to come from those who had a competing event before u.
    ordered = np.argsort(time, kind="stable")
    w_sum = _from_zero(np.cumsum(weight[ordered]))
    wz_sum = _from_zero(np.cumsum(weight[ordered][:, None] * z[ordered], axis=0))
    before = np.searchsorted(time[ordered], left, side="left")
    later = np.searchsorted(days, left, side="left")
    q = wz_sum[before] * beyond[0][later][:, None] - w_sum[before][:, None] * beyond[1][later]
    share = q / at_risk_on(entry, time, left)[:, None] if left.size else q
    passed = _from_zero(np.cumsum(share * hazard[:, None], axis=0))
    psi = -passed[np.searchsorted(left, time, side="right")]
    censored = code == 0
    psi[censored] += share[np.searchsorted(left, time[censored])]

    inverse = np.linalg.inv(information)
    total = eta + psi
    return np.asarray(inverse @ (total.T @ total) @ inverse, dtype=np.float64)


def _ordered(time: Days, code: Days, group: Days) -> bool:
    """Whether at every loss only the group that lost was left at risk (those competing stay)."""
    groups = np.unique(group)
    for day in np.unique(time[code == LOSS]):
        at_risk = (time >= day) | (code > LOSS)
        if np.unique(group[at_risk]).size == groups.size:
            return False
    return True


def _from_zero(values: Floats) -> Floats:
    return np.concatenate((np.zeros((1, *values.shape[1:])), values))


def _to_zero(values: Floats) -> Floats:
    """Sums of the values from each place on, and 0 after the last."""
    return np.concatenate((np.cumsum(values[::-1], axis=0)[::-1], np.zeros((1, *values.shape[1:]))))
