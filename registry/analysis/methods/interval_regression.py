"""Parametric regression of events that are known only to lie in an interval (left, right]."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from registry.analysis import arrays
from registry.analysis.arrays import chi2_sf, norm_ppf
from registry.analysis.dataset import Floats
from registry.errors import CannotEstimate
from registry.words import note, tr

Distribution = Literal["weibull", "log-logistic"]
DISTRIBUTIONS: tuple[Distribution, ...] = ("weibull", "log-logistic")
# As far as lifelines' steps get; at its default of 1e-10 the fourth digit is open.
_TIGHT = {"ftol": 1e-16, "maxiter": 2000}
_Z = float(norm_ppf(0.975))
# By how much the log-likelihood must fall a standard error from its top, where a half is usual;
# where covariates separate the events it goes on rising.
_FALL = 1e-2
# What lifelines calls its parameters: of the location, then of the shape.
_NAMES = {"weibull": ("lambda_", "rho_"), "log-logistic": ("alpha_", "beta_")}


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
        return np.asarray(np.exp(self.coefficients - _Z * self.standard_errors), dtype=np.float64)

    @property
    def upper(self) -> Floats:
        """Upper 95 % limits of the ratios."""
        return np.asarray(np.exp(self.coefficients + _Z * self.standard_errors), dtype=np.float64)

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

    lifelines' `WeibullAFTFitter` and `LogLogisticAFTFitter` (`fit_interval_censoring`) compute it.
    R: `survreg(Surv(l, r, type = "interval2") ~ x, dist = "weibull")` (or "loglogistic") with NA
    for a left end of 0 and for a right end that is infinite.

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
    if not np.isfinite(ends).any():
        raise CannotEstimate(note("There is no event."))
    centre, spread = values.mean(axis=0), np.ptp(values, axis=0)
    if not (spread > 0).all():
        raise CannotEstimate(
            note("Covariate {number} does not vary.", number=int(np.argmin(spread)) + 1)
        )
    lost = values[np.isfinite(ends)]
    at_an_end = (lost == values.min(axis=0)).all(axis=0) | (lost == values.max(axis=0)).all(axis=0)
    if at_an_end.any():
        raise _separated(int(np.argmax(at_an_end)))
    # Over their range and with a usual time as the unit, since the steps know no units.
    unit = float(np.median(ends[np.isfinite(ends)]))
    scaled = (values - centre) / spread
    found, inverse, loglik = _by_lifelines(begins / unit, ends / unit, scaled, distribution)
    _refuse_separation(begins / unit, ends / unit, scaled, distribution, found, inverse, loglik)
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


def _by_lifelines(
    left: Floats, right: Floats, x: Floats, distribution: Distribution
) -> tuple[Floats, Floats, float]:
    """Intercept, coefficients and log scale; their covariance; the log-likelihood."""
    import pandas as pd
    from lifelines import LogLogisticAFTFitter, WeibullAFTFitter
    from lifelines.exceptions import ConvergenceError

    names = [f"x{k}" for k in range(x.shape[1])]
    frame = pd.DataFrame(x, columns=names).assign(left=left, right=right)
    fitter = WeibullAFTFitter() if distribution == "weibull" else LogLogisticAFTFitter()
    try:
        # What it warns of, that it may not have arrived, is looked at below.
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            fitter.fit_interval_censoring(frame, "left", "right", fit_options=_TIGHT)
    except (ConvergenceError, np.linalg.LinAlgError, ValueError):
        raise CannotEstimate(note("The interval-censored regression did not converge.")) from None
    location, shape = _NAMES[distribution]
    order = [(location, "Intercept"), *((location, name) for name in names), (shape, "Intercept")]
    # lifelines has the log of the shape, the inverse of the scale.
    sign = np.array([1.0] * (len(names) + 1) + [-1.0])
    found = fitter.params_.loc[order].to_numpy(dtype=np.float64) * sign
    variance = fitter.variance_matrix_.loc[order, order].to_numpy(dtype=np.float64)
    return found, variance * np.outer(sign, sign), float(fitter.log_likelihood_)


def _refuse_separation(
    left: Floats,
    right: Floats,
    x: Floats,
    distribution: Distribution,
    found: Floats,
    covariance: Floats,
    loglik: float,
) -> None:
    """CannotEstimate where the likelihood does not fall along the direction known least.

    The likelihood is our own, so that lifelines' top is seen to be one.
    """

    def at(parameters: Floats) -> float:
        scale = np.exp(parameters[-1])
        place = parameters[0] + x @ parameters[1:-1]
        with np.errstate(divide="ignore", over="ignore"):
            z = [(np.log(end) - place) / scale for end in (left, right)]
            hazard = [np.exp(one) if distribution == "weibull" else np.log1p(np.exp(one))
                      for one in z]  # fmt: skip
            exact = left == right
            survived = np.exp(-hazard[0]) - np.exp(-hazard[1])
            density = z[0] - hazard[0] * (1 if distribution == "weibull" else 2)
            density = density - parameters[-1] - np.log(np.where(exact, left, 1.0))
            return float(np.where(exact, density, np.log(survived)).sum())

    column = 0
    if np.isfinite(covariance).all():
        variance, directions = np.linalg.eigh(covariance)
        column = int(np.abs(directions[1:-1, -1]).argmax())
        if variance[0] > 0:
            step = directions[:, -1] * np.sqrt(variance[-1])
            if max(at(found + step), at(found - step)) < min(at(found), loglik) - _FALL:
                return
    raise _separated(column)


def _separated(column: int) -> arrays.NotFinite:
    return arrays.NotFinite(
        note("The covariates separate the events, so there is no finite estimate."),
        cure=tr("Leave a covariate out."),
        column=column,
    )
