"""Parametric regression of events that are known only to lie in an interval (left, right].

The likelihood is climbed in 1 / scale and in intercept and coefficients over the scale, of which
z = (log t - intercept - x b) / scale is linear. In these it is concave (Burridge, Journal of the
Royal Statistical Society B 1981;43:41-5), so that Newton's steps arrive where there is a top.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np

from registry.analysis import arrays
from registry.analysis.arrays import chi2_sf
from registry.analysis.counting import Z95
from registry.analysis.dataset import Flags, Floats
from registry.errors import CannotEstimate
from registry.words import note, tr

Distribution = Literal["weibull", "log-logistic"]
DISTRIBUTIONS: tuple[Distribution, ...] = ("weibull", "log-logistic")
_STEPS, _HALVINGS = 50, 40
# Of z, where nobody is without the event; what lies beyond has the same likelihood.
_FAR = 300.0
# Of the log-likelihood, by which it is not known: a step that promises less is the last.
_ROUNDING = 1e-12
# By how much the log-likelihood must fall a standard error from its top, where a half is usual;
# where covariates separate the events it goes on rising.
_FALL = 1e-2


@dataclass(frozen=True)
class Effects:
    """Coefficients with their Wald limits, a value a column of x."""

    coefficients: Floats
    standard_errors: Floats

    @property
    def ratios(self) -> Floats:
        """exp of the coefficients."""
        return np.asarray(np.exp(self.coefficients), dtype=np.float64)

    @property
    def lower(self) -> Floats:
        """Lower 95 % limits of the ratios."""
        return np.asarray(np.exp(self.coefficients - Z95 * self.standard_errors), dtype=np.float64)

    @property
    def upper(self) -> Floats:
        """Upper 95 % limits of the ratios."""
        return np.asarray(np.exp(self.coefficients + Z95 * self.standard_errors), dtype=np.float64)

    @property
    def p_value(self) -> Floats:
        """Wald's."""
        wald = (self.coefficients / self.standard_errors) ** 2
        return np.asarray(chi2_sf(wald, 1), dtype=np.float64)


@dataclass(frozen=True)
class IntervalRegression:
    """A fitted model of log time = intercept + x b + scale e.

    Attributes:
        distribution: of exp(e): Weibull's makes hazards proportional.
        intercept, scale: of R's `survreg`; Weibull's shape is 1 / scale.
        times: effects on time; a ratio above 1 is that much longer to the event.
        covariance: of intercept, coefficients and log scale, shape (k + 2, k + 2).
        log_likelihood, aic: at the estimate.
        n, events: rows, and those whose right end is finite.
    """

    distribution: Distribution
    intercept: float
    scale: float
    times: Effects
    covariance: Floats
    log_likelihood: float
    n: int
    events: int

    @property
    def aic(self) -> float:
        """2 (k + 2) - 2 log L."""
        return 2 * len(self.covariance) - 2 * self.log_likelihood

    @property
    def hazards(self) -> Effects | None:
        """Effects on the hazard, -b / scale, errors by the delta method; None but for Weibull's."""
        if self.distribution != "weibull":
            return None
        b = self.times.coefficients
        k = len(b)
        slopes = np.zeros((k, k + 2))
        slopes[:, 1:-1] = -np.eye(k) / self.scale
        slopes[:, -1] = b / self.scale
        variance = np.einsum("ij,jk,ik->i", slopes, self.covariance, slopes)
        return Effects(-b / self.scale, np.asarray(np.sqrt(variance), dtype=np.float64))


def interval_regression(
    left: Any, right: Any, x: Any, distribution: Distribution = "weibull"
) -> IntervalRegression:
    """Fit times that lie in (left, right] by maximum likelihood.

    Our own code computes it. R: `survreg(Surv(l, r, type = "interval2") ~ x, dist = "weibull")` (or
    "loglogistic") with NA for a left end of 0 and for a right end that is infinite.

    Args:
        left: the last time without the event, 0 or more, shape (n,).
        right: the first time with it; infinite or NaN without an event, equal to `left` when the
            time is known.
        x: covariates, shape (n, k), or (n,) for one.
        distribution: "weibull" or "log-logistic".

    Raises:
        CannotEstimate: no event, a covariate that does not vary, no finite estimate, no
            convergence.
    """
    begins, ends = arrays.intervals(left, right)
    values = arrays.covariates(x, len(begins))
    arrays.one_of(distribution, DISTRIBUTIONS, "distribution")
    arrays.require_event(np.isfinite(ends))
    centre, spread = values.mean(axis=0), arrays.spread_of(values)
    lost = values[np.isfinite(ends)]
    at_an_end = (lost == values.min(axis=0)).all(axis=0) | (lost == values.max(axis=0)).all(axis=0)
    if at_an_end.any():
        raise _separated(int(np.argmax(at_an_end)))
    # Over their range and with a usual time as the unit, since the steps know no units.
    unit = float(np.median(ends[np.isfinite(ends)]))
    scaled = (values - centre) / spread
    likelihood = _Likelihood(begins / unit, ends / unit, scaled, distribution)
    top, information, loglik = _top(likelihood)
    _refuse_separation(likelihood, top, information, loglik)
    found, inverse = _told(top, information)
    # Back from scaled covariates and unit.
    k = values.shape[1]
    back = np.eye(k + 2)
    back[1:-1, 1:-1] = np.diag(1 / spread)
    back[0, 1:-1] = -centre / spread
    b = found[1:-1] / spread
    exact = int((np.isfinite(ends) & (begins == ends)).sum())
    covariance = back @ inverse @ back.T
    return IntervalRegression(
        distribution=distribution,
        intercept=float(found[0] - centre @ b + np.log(unit)),
        scale=float(np.exp(found[-1])),
        times=Effects(b, np.sqrt(np.diag(covariance))[1:-1]),
        covariance=covariance,
        log_likelihood=loglik - exact * float(np.log(unit)),
        n=len(begins),
        events=int(np.isfinite(ends).sum()),
    )


@dataclass(frozen=True)
class _Likelihood:
    """Of the intercept and the coefficients over the scale, and of 1 / scale after them."""

    left: Floats
    right: Floats
    x: Floats
    distribution: Distribution

    @cached_property
    def _design(self) -> tuple[Floats, Floats]:
        """By the parameters the z of either end, any number where a row has no such end."""
        place = -np.column_stack([np.ones(len(self.x)), self.x])
        ends = (np.where(self.left > 0, self.left, 1), np.where(self._open, 1, self.right))
        before, after = (np.column_stack([place, np.log(end)]) for end in ends)
        return before, after

    @cached_property
    def _open(self) -> Flags:
        return ~np.isfinite(self.right)

    def at(self, parameters: Floats) -> tuple[float, Floats, Floats]:
        """The log-likelihood, its slope and its information; of a scale below 0 there is none."""
        before, after = self._design
        inverse = parameters[-1]
        if not inverse > 0:
            return -np.inf, parameters, np.eye(len(parameters))
        exact = self.left == self.right
        with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
            # Both cumulative hazards with their slopes and curvatures in z.
            h, h1, h2 = np.where(self.left > 0, self._hazard(before @ parameters), 0)
            z = after @ parameters
            g, g1, g2 = np.where(self._open, np.array([[np.inf], [0.0], [0.0]]), self._hazard(z))
            gap = np.where(exact, 1, g - h)
            lost = 1 / np.expm1(gap)
            twice = 1 if self.distribution == "weibull" else 2
            density = z - twice * g + np.log(inverse) - np.log(np.where(exact, self.right, 1))
            loglik = np.where(exact, density, np.log(-np.expm1(-gap)) - h).sum()
            of_left = np.where(exact, 0, -(1 + lost) * h1)
            of_right = np.where(exact, 1 - twice * g1, lost * g1)
            within = np.where(exact, 0, (1 + lost) * (lost * h1**2 + h2))
            beyond = np.where(exact, twice * g2, lost * ((1 + lost) * g1**2 - g2))
            across = np.where(exact, 0, -lost * (1 + lost) * h1 * g1)
            score = before.T @ of_left + after.T @ of_right
            crossed = (before.T * across) @ after
            information = (before.T * within) @ before + (after.T * beyond) @ after
            information += crossed + crossed.T
            score[-1] += exact.sum() / inverse
            information[-1, -1] += exact.sum() / inverse**2
        return float(loglik), score, information

    def _hazard(self, z: Floats) -> Floats:
        """The cumulative hazard of exp(e) at exp(z), its slope and its curvature, in rows."""
        if self.distribution == "weibull":
            hazard = np.exp(np.minimum(z, _FAR))
            return np.array([hazard, hazard, hazard])
        hazard = np.logaddexp(0, z)
        slope = np.exp(z - hazard)
        return np.array([hazard, slope, slope * (1 - slope)])


def _top(likelihood: _Likelihood) -> tuple[Floats, Floats, float]:
    """The parameters of the likelihood at its top, its information and itself there."""
    at = np.append(np.zeros(likelihood.x.shape[1] + 1), 1.0)
    loglik, score, information = likelihood.at(at)
    for _ in range(_STEPS):
        try:
            step = np.linalg.solve(information, score)
        except np.linalg.LinAlgError:
            break
        rounding = _ROUNDING * (1 + abs(loglik))
        arrived = step @ score < rounding
        for _ in range(_HALVINGS):
            there = at + step
            risen = likelihood.at(there)
            if risen[0] >= loglik - rounding:
                break
            step = step / 2
        else:
            break
        at, (loglik, score, information) = there, risen
        if arrived:
            return at, information, loglik
    raise CannotEstimate(note("The interval-censored regression did not converge."))


def _refuse_separation(
    likelihood: _Likelihood, top: Floats, information: Floats, loglik: float
) -> None:
    """CannotEstimate where the likelihood does not fall along the direction known least."""
    column = 0
    if np.isfinite(information).all():
        known, directions = np.linalg.eigh(information)
        column = int(np.abs(directions[1:-1, 0]).argmax())
        if known[0] > 0:
            step = directions[:, 0] / np.sqrt(known[0])
            # The last has half the scale: where all is told apart, no direction is known least.
            tried = (top + step, top - step, 2 * top)
            # So far away that it is no number, it is not seen to fall.
            if all(likelihood.at(one)[0] < loglik - _FALL for one in tried):
                return
    raise _separated(column)


def _told(top: Floats, information: Floats) -> tuple[Floats, Floats]:
    """Intercept, coefficients and log scale; their covariance, the slope being 0 at the top."""
    found = np.append(top[:-1] / top[-1], -np.log(top[-1]))
    turned = np.eye(len(top))
    turned[:, -1] = np.append(-found[:-1], -1.0)
    turned /= top[-1]
    return found, turned @ np.linalg.inv(information) @ turned.T


def _separated(column: int) -> arrays.NotFinite:
    return arrays.NotFinite(
        note("The covariates separate the events, so there is no finite estimate."),
        cure=tr("Leave a covariate out."),
        column=column,
    )
