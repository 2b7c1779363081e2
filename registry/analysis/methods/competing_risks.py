"""Competing events: cumulative incidence, Gray's test, Fine and Gray's regression.

The incidence is our own sum, since it takes late entry as R does; Gray's statistic and Fine and
Gray's coefficients are surpyval's. Its errors are those of the model, so the robust ones of Fine
and Gray (JASA 1999;94:496-509, section 3), which allow for the estimated censoring weights, are
computed here.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from registry.analysis import arrays, counting
from registry.analysis.arrays import NO_ENTRY, Counts, at_risk_on, norm_sf
from registry.analysis.counting import Z95
from registry.analysis.dataset import Days, Floats
from registry.analysis.methods.survival_curve import (
    CONFIDENCE_TYPES,
    ConfidenceType,
    confidence_limits,
)
from registry.errors import CannotEstimate
from registry.words import note

_INTEREST = 1
# Coefficients over the whole range of a covariate that are no longer an estimate.
_LARGEST = 15.0
_NO_ERROR = 1e-9


@dataclass(frozen=True)
class Incidence:
    """Cumulative incidence of each cause; arrays of shape (causes, times).

    Attributes:
        causes: their codes, 1, 2, ... to the greatest that occurs.
        time: distinct times at which anybody leaves.
        at_risk: rows with entry < t <= time, shape (times,).
        events: of each cause at the time.
        incidence, standard_error: from each time on.
        lower, upper: 95 % limits; NaN where the scale has none (0 or 1).
    """

    causes: tuple[int, ...]
    time: Floats
    at_risk: Days
    events: Days
    incidence: Floats
    standard_error: Floats
    lower: Floats
    upper: Floats

    def at(self, times: Any) -> Floats:
        """The incidence of each cause at these times, shape (causes, times); NaN after the last."""
        asked = np.atleast_1d(np.asarray(times, dtype=np.float64))
        read = np.hstack([np.zeros((len(self.causes), 1)), self.incidence])
        found = read[:, np.searchsorted(self.time, asked, side="right")]
        unknown = (asked > self.time[-1]) & (self.incidence[:, -1].sum() < 1 - 1e-12)
        return np.where(unknown, np.nan, found)


def aalen_johansen(
    time: Any, cause: Any, entry: Any = None, conf_type: ConfidenceType = "log-log"
) -> Incidence:
    """Aalen and Johansen's cumulative incidence of each cause.

    Our own code computes it, errors by the delta method. R:
    `survfit(Surv(time, factor(cause)) ~ 1, conf.type = "log-log")`; `cmprsk::cuminc` gives the same
    incidence with another variance.

    Args:
        time: to the event or to censoring, from 0 on, shape (n,).
        cause: 0 censored, 1, 2, ... the cause, shape (n,).
        entry: from when on each is at risk (entry < t <= time).
        conf_type: the scale of the 95 % limits: "log-log" (R's default is "log"), "log" or "plain".

    Raises:
        CannotEstimate: no event of any cause.
    """
    stop = arrays.times(time)
    code = arrays.causes(cause, len(stop))
    arrays.one_of(conf_type, CONFIDENCE_TYPES, "conf_type")
    start = np.full(len(stop), float(NO_ENTRY)) if entry is None else arrays.entries(entry, stop)
    arrays.require_event(code)
    counts = Counts.of(start, stop, code, causes=int(code.max()))
    incidence, error = counting.aalen_johansen(counts)
    with np.errstate(divide="ignore", invalid="ignore"):
        lower, upper = confidence_limits(incidence, (error / incidence) ** 2, conf_type)
    inside = (incidence > 0) & ((incidence < 1) | (conf_type != "log-log")) & (error > 0)
    leaves = counts.events.sum(axis=0) + counts.censored > 0
    return Incidence(
        causes=tuple(range(1, int(code.max()) + 1)),
        time=counts.days[leaves].astype(np.float64),
        at_risk=counts.at_risk[leaves],
        events=counts.events[:, leaves],
        incidence=incidence[:, leaves],
        standard_error=error[:, leaves],
        lower=np.where(inside, lower, np.nan)[:, leaves],
        upper=np.where(inside, upper, np.nan)[:, leaves],
    )


@dataclass(frozen=True)
class Gray:
    """Gray's test of each cause; arrays of one value a cause, NaN where its variance is 0.

    Attributes:
        causes: the codes that occur, in order.
        groups: their names in sorted order.
        statistic, p_value: chi-square and its P.
        df: groups less one.
    """

    causes: tuple[int, ...]
    groups: tuple[Any, ...]
    statistic: Floats
    p_value: Floats
    df: int


def gray(time: Any, cause: Any, group: Any, causes: Sequence[int] | None = None) -> Gray:
    """Compare the cumulative incidence of each cause between groups.

    surpyval computes it. R: `cmprsk::cuminc(time, cause, group)$Tests`, a row a cause.

    Args:
        time: to the event or to censoring, from 0 on, shape (n,).
        cause: 0 censored, 1, 2, ... the cause, shape (n,).
        group: the group of each row, two or more.
        causes: those to test; without it all that occur.

    Raises:
        CannotEstimate: one group, no event, or no cause with a variance.
    """
    stop = arrays.times(time)
    code = arrays.causes(cause, len(stop))
    names, index = arrays.groups(group, len(stop))
    arrays.require_groups(names)
    codes = tuple(int(one) for one in (np.unique(code[code > 0]) if causes is None else causes))
    arrays.require_event(np.isin(code, codes))
    tests = [_gray_test(stop, code, index, one) for one in codes]
    statistic, p_value = (np.array(column, dtype=np.float64) for column in zip(*tests, strict=True))
    if np.isnan(statistic).all():
        raise CannotEstimate(note("No event fell in a time when two groups were at risk."))
    return Gray(codes, names, statistic, p_value, len(names) - 1)


def _gray_test(time: Floats, code: Days, group: Days, cause: int) -> tuple[float, float]:
    ends = [time[group == one].max() for one in np.unique(group)]
    if len(ends) == 2 and not ((code == cause) & (time <= min(ends))).any():
        return np.nan, np.nan
    from surpyval.univariate.competing_risks.nonparametric.gray_test import gray_test

    label = code.astype(object)
    label[code == 0] = None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            result = gray_test(time, label, group, cause)
    except (ValueError, np.linalg.LinAlgError):
        return np.nan, np.nan
    if not np.isfinite(result.statistic) or not 0 <= result.p_value <= 1:
        return np.nan, np.nan
    return float(result.statistic), float(result.p_value)


@dataclass(frozen=True)
class FineGray:
    """The regression of the subdistribution hazard of cause 1; a value a column of x.

    Attributes:
        coefficients: logs of the subdistribution hazard ratios.
        covariance: robust, shape (k, k).
        n, events: rows, and events of cause 1.
    """

    coefficients: Floats
    covariance: Floats
    n: int
    events: int

    @property
    def standard_errors(self) -> Floats:
        """Robust, of the coefficients."""
        return np.asarray(np.sqrt(np.diag(self.covariance)), dtype=np.float64)

    @property
    def hazard_ratios(self) -> Floats:
        """Subdistribution hazard ratios."""
        return np.asarray(np.exp(self.coefficients), dtype=np.float64)

    @property
    def lower(self) -> Floats:
        """Lower 95 % limits of the ratios."""
        return np.asarray(np.exp(self.coefficients - Z95 * self.standard_errors))

    @property
    def upper(self) -> Floats:
        """Upper 95 % limits of the ratios."""
        return np.asarray(np.exp(self.coefficients + Z95 * self.standard_errors))

    @property
    def p_value(self) -> Floats:
        """Wald's P of each coefficient."""
        return np.asarray(2 * norm_sf(np.abs(self.coefficients / self.standard_errors)))


def fine_gray(time: Any, cause: Any, x: Any) -> FineGray:
    """Regress the subdistribution hazard of cause 1 on covariates.

    surpyval computes the coefficients, our own code their robust errors. R:
    `cmprsk::crr(time, cause, x)`.

    Args:
        time: to the event or to censoring, from 0 on, shape (n,).
        cause: 0 censored, 1 the event of interest, 2, ... those that compete, shape (n,).
        x: covariates, shape (n, k), or (n,) for one.

    Raises:
        CannotEstimate: no event of cause 1, covariates that cannot be told apart, or separation.
    """
    stop = arrays.times(time)
    code = arrays.causes(cause, len(stop))
    values = arrays.covariates(x, len(stop))
    if not (code == _INTEREST).any():
        raise CannotEstimate(note("There is no event of cause 1."))
    spread = np.ptp(values, axis=0)
    centred = values - values.mean(axis=0)
    if not (spread > 0).all() or np.linalg.matrix_rank(centred / spread) < values.shape[1]:
        raise CannotEstimate(note("The covariates cannot be told apart, or one does not vary."))
    from surpyval.univariate.competing_risks import FineGray as Fitter

    label = code.astype(object)
    label[code == 0] = None
    # Of about one size, since the search for the coefficients knows no units.
    z = centred / spread
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        beta = np.asarray(Fitter.fit(stop, z, label, event=_INTEREST).beta, dtype=np.float64)
    if not (np.isfinite(beta).all() and (np.abs(beta) < _LARGEST).all()):
        raise arrays.NotFinite(note("The estimate is not finite (separation)."))
    try:
        covariance = _robust_covariance(stop, code, z, beta)
    except np.linalg.LinAlgError:
        raise CannotEstimate(
            note("The covariates cannot be told apart, or one does not vary.")
        ) from None
    if not (np.sqrt(np.diag(covariance)) > _NO_ERROR).all():
        raise CannotEstimate(note("The variance of an estimate is 0."))
    return FineGray(
        coefficients=beta / spread,
        covariance=covariance / np.outer(spread, spread),
        n=len(stop),
        events=int((code == _INTEREST).sum()),
    )


def _robust_covariance(time: Floats, code: Days, z: Floats, beta: Floats) -> Floats:
    """The sandwich of Fine and Gray: information^-1 (sum (eta + psi)(eta + psi)') information^-1.

    `eta` is a patient's part of the score, `psi` what the patient adds by being censored or not
    when the weights are estimated. Weights: 1 until the event or censoring, after a competing
    event G(t-)/G(x-), G the Kaplan-Meier curve of censoring.
    """
    days = np.unique(time[code == _INTEREST])
    d = np.array([((time == day) & (code == _INTEREST)).sum() for day in days], dtype=np.float64)
    risk = np.exp(z @ beta)
    entry = np.full(len(time), NO_ENTRY)
    left, n_left = np.unique(time[code == 0], return_counts=True)
    hazard = n_left / at_risk_on(entry, time, left) if left.size else np.zeros(0)
    curve = np.concatenate(([1.0], np.cumprod(1 - hazard)))

    def censoring(at: Floats) -> Floats:
        return np.asarray(curve[np.searchsorted(left, at, side="left")], dtype=np.float64)

    g = censoring(days)
    competing = (code != 0) & (code != _INTEREST)
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
    lost = code == _INTEREST
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


def _from_zero(values: Floats) -> Floats:
    return np.concatenate((np.zeros((1, *values.shape[1:])), values))


def _to_zero(values: Floats) -> Floats:
    """Sums of the values from each place on, and 0 after the last."""
    return np.concatenate((np.cumsum(values[::-1], axis=0)[::-1], np.zeros((1, *values.shape[1:]))))
