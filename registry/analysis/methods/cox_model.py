"""Cox's regression: one function for every kind of it, and what a fitted model can be asked.

lifelines fits the plain model with Efron's ties. Our own partial likelihood
(`registry.analysis.cox.partial_likelihood`) fits all others and gives the residuals on which
robust errors and tests rest.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from registry.analysis import arrays
from registry.analysis.arrays import MANY_ROWS, Ties, chi2_sf
from registry.analysis.counting import Z95
from registry.analysis.cox import diagnostics as of_rows
from registry.analysis.cox.partial_likelihood import PartialLikelihood, Point, Rows, maximise
from registry.analysis.cox.profile import likelihood_ratio, profile_limits
from registry.analysis.dataset import Days, Floats
from registry.errors import CannotEstimate
from registry.words import note, tr

Penalty = Literal["firth"] | float | None
# lifelines stops where Newton's steps do, as exactly as its floats allow.
_TIGHT = {"precision": 1e-14, "r_precision": 1e-16}
_STEPS = (1.0, 0.25)
# Of what a further step promises to gain.
_AT_TOP = 1e-10
# Of the smallest eigenvalue of an information that there is no estimate with.
_SINGULAR = 1e-11
# By how much the log-likelihood must at least fall a standard error from its top, where a half is
# usual and along a separating direction it rises.
_FALL = 1e-4


@dataclass(frozen=True)
class Test:
    """A chi-square test of all coefficients together."""

    statistic: float
    df: int
    p_value: float


@dataclass(frozen=True)
class CoxFit:
    """A fitted model; arrays have a value a column of x.

    Attributes:
        coefficients: logs of the hazard ratios for a unit more.
        covariance: the inverse of the information, shape (k, k); robust is `robust_covariance`.
        robust_covariance: the sandwich over the clusters; None without clusters.
        coefficient_lower, coefficient_upper: 95 % limits, Wald's (robust where there are clusters),
            with Firth's penalty of the profile likelihood; NaN where it has none.
        p_value: Wald's, with Firth's penalty of the penalised likelihood ratio.
        log_likelihood: at the estimate, with Firth's penalty but without a ridge.
        log_likelihood_null: the same with all coefficients 0.
        n, events: rows and events.
        ties, penalty: as asked for.
        x: the covariates.
    """

    coefficients: Floats
    covariance: Floats
    robust_covariance: Floats | None
    coefficient_lower: Floats
    coefficient_upper: Floats
    p_value: Floats
    log_likelihood: float
    log_likelihood_null: float
    n: int
    events: int
    ties: Ties
    penalty: Penalty
    x: Floats = field(repr=False)
    likelihood: PartialLikelihood = field(repr=False)
    scale: Floats = field(repr=False)
    _null: Point = field(repr=False)

    @property
    def standard_errors(self) -> Floats:
        """Of the model, of the coefficients."""
        return np.asarray(np.sqrt(np.diag(self.covariance)), dtype=np.float64)

    @property
    def robust_standard_errors(self) -> Floats | None:
        """Robust against what rows of a cluster share; None without clusters."""
        if self.robust_covariance is None:
            return None
        return np.asarray(np.sqrt(np.diag(self.robust_covariance)), dtype=np.float64)

    @property
    def z(self) -> Floats:
        """Coefficients over their errors, robust ones where there are clusters."""
        errors = self.robust_standard_errors
        return self.coefficients / (self.standard_errors if errors is None else errors)

    @property
    def hazard_ratios(self) -> Floats:
        """For a unit more."""
        return np.asarray(np.exp(self.coefficients), dtype=np.float64)

    @property
    def lower(self) -> Floats:
        """Lower 95 % limits of the hazard ratios."""
        return np.asarray(np.exp(self.coefficient_lower), dtype=np.float64)

    @property
    def upper(self) -> Floats:
        """Upper 95 % limits of the hazard ratios."""
        return np.asarray(np.exp(self.coefficient_upper), dtype=np.float64)

    @property
    def likelihood_ratio_test(self) -> Test:
        """Twice the rise of the log-likelihood over that with all coefficients 0."""
        return self._test(2 * (self.log_likelihood - self.log_likelihood_null))

    @property
    def wald_test(self) -> Test:
        """The coefficients by their covariance, a robust one where there are clusters."""
        of = self.covariance if self.robust_covariance is None else self.robust_covariance
        return self._test(
            float(self.coefficients @ np.linalg.pinv(of, hermitian=True) @ self.coefficients)
        )

    @property
    def score_test(self) -> Test:
        """The slope with all coefficients 0."""
        null = self._null
        return self._test(float(null.score @ np.linalg.solve(null.information, null.score)))

    @property
    def scaled_coefficients(self) -> Floats:
        """Of the covariates over their range, which the likelihood has."""
        return self.coefficients * self.scale

    @property
    def residuals(self) -> of_rows.Residuals:
        """Martingale residuals and dfbeta of each row, as R's `residuals(fit, type =)`."""
        inverse = self.covariance * np.outer(self.scale, self.scale)
        found = of_rows.residuals(self.likelihood, self.scaled_coefficients, inverse)
        return of_rows.Residuals(found.martingale, found.dfbeta / self.scale)

    @property
    def schoenfeld(self) -> of_rows.Schoenfeld:
        """Schoenfeld's residuals of each event, plain and scaled."""
        inverse = self.covariance * np.outer(self.scale, self.scale)
        found = of_rows.schoenfeld(self.likelihood, self.scaled_coefficients, inverse)
        return of_rows.Schoenfeld(
            found.time, found.residual * self.scale, found.scaled / self.scale
        )

    def baseline(self, stratum: int = 0) -> tuple[Floats, Floats]:
        """The times of events and the cumulative hazard of somebody with x = 0 up to each.

        With the ties of the fit, as R's `basehaz(fit, centered = FALSE)`; lifelines' own takes
        Breslow's under Efron's ties too. `stratum` counts the strata in sorted order.
        """
        steps = self.likelihood.steps
        here = steps.stratum == stratum
        jumps = self.likelihood.baseline(self.scaled_coefficients)[here]
        order = np.argsort(steps.time[here])
        return steps.time[here][order], np.cumsum(jumps[order])

    def survival(self, x: Any, times: Any, stratum: int = 0) -> Floats:
        """S(t) of rows of covariates, shape (rows, times), by steps: R's `survfit(fit, newdata)`.

        NaN after the last time of the fit's rows.
        """
        values = np.atleast_2d(np.asarray(x, dtype=np.float64))
        asked = np.atleast_1d(np.asarray(times, dtype=np.float64))
        when, hazard = self.baseline(stratum)
        place = np.searchsorted(when, asked, side="right")
        read = np.concatenate(([0.0], hazard))[place]
        read[asked > self.likelihood.rows.stop.max()] = np.nan
        return np.asarray(np.exp(-np.exp(values @ self.coefficients)[:, None] * read))

    def _test(self, statistic: float) -> Test:
        df = len(self.coefficients)
        return Test(statistic, df, float(chi2_sf(statistic, df)))


def cox(
    time: Any,
    event: Any,
    x: Any,
    ties: Ties = "efron",
    entry: Any = None,
    strata: Any = None,
    cluster: Any = None,
    penalty: Penalty = None,
    weights: Any = None,
) -> CoxFit:
    """Fit proportional hazards.

    lifelines' CoxPHFitter finds coefficients and errors of the model with Efron's ties and without
    entry, strata, penalty and weights, of up to `MANY_ROWS` rows; our own partial likelihood those
    of every other and of the few on which lifelines' steps do not arrive, and robust errors,
    log-likelihoods, residuals and the baseline of all. R:
    `coxph(Surv(entry, time, event) ~ x + strata(strata), ties = "efron", cluster = cluster, weights
    = weights)`, with
    `penalty="firth"` `coxphf::coxphf(formula, firth = TRUE)` (Breslow's ties), with a number
    `coxph(Surv(time, event) ~ ridge(x, theta = penalty, scale = FALSE))`.

    Args:
        time: to the event or to censoring, from 0 on, shape (n,); the end of a start-stop row.
        event: whether the event happened then, shape (n,).
        x: covariates, shape (n, k), or (n,) for one.
        ties: "efron" (R's default) or "breslow".
        entry: from when on each row is at risk (entry < t <= time); the start of a start-stop row.
        strata: each has a baseline hazard of its own.
        cluster: rows of one patient or centre, for robust errors; none with a penalty.
        penalty: "firth", or lambda of a ridge that takes lambda / 2 times the sum of the squared
            coefficients, as they are, off the log-likelihood.
        weights: how often each row counts, above 0; for the model's errors so many rows, for those
            of `cluster` one. None with a penalty.

    Raises:
        CannotEstimate: no event, covariates that do not vary or follow from one another, no finite
            estimate (separation; Firth's penalty gives one), no convergence.
        InvalidInput: see `registry.analysis.methods`; robust errors with a penalty.
    """
    stop = arrays.times(time)
    happened = arrays.events(event, len(stop))
    values = arrays.covariates(x, len(stop))
    arrays.ties_of(ties)
    ridge = arrays.ridge(penalty)
    if cluster is not None and penalty is not None:
        raise arrays.InvalidInput(tr("Robust errors are not defined for a penalised model."))
    case = _case(weights, len(stop), penalty)
    start = np.full(len(stop), -1.0) if entry is None else arrays.entries(entry, stop)
    stratum, units = (_numbered(strata, stop, "strata"), _numbered(cluster, stop, "cluster"))
    arrays.require_event(happened)
    # Over their range, since Newton's steps know no units; a ridge means the units that are given.
    spread = arrays.spread_of(values)
    scale = np.ones(values.shape[1]) if ridge else spread
    rows = Rows.of(
        stop, happened, values / scale, start=start, stratum=stratum, cluster=units, weight=case
    )
    likelihood = PartialLikelihood(rows, ties, firth=penalty == "firth", ridge=ridge)
    null = likelihood.at(np.zeros(values.shape[1]))
    if not ridge:
        _refuse_collinear(rows, null)
    plain = (
        ties == "efron"
        and len(stop) <= MANY_ROWS
        and all(one is None for one in (entry, strata, penalty, weights))
    )
    # Newton's whole steps may leap about, as with far outliers; ours are halved and arrive.
    best = (_by_lifelines(rows, likelihood) if plain else None) or maximise(likelihood)
    if penalty is None:
        refuse_separation(likelihood, best)
    if best is None:
        raise CannotEstimate(note("The Cox model did not converge."))
    inverse = np.asarray(np.linalg.inv(best.information), dtype=np.float64)
    robust = None
    if cluster is not None:
        found = of_rows.residuals(likelihood, best.coef, inverse)
        robust = of_rows.robust_variance(found, rows)
        if not (np.diag(robust) > _SINGULAR * np.diag(inverse)).all():
            raise arrays.NoRobustErrors(
                note(
                    "Robust errors cannot be estimated: every cluster fits exactly, as it does "
                    "where all have their event on one day."
                ),
                cure=tr("Take the errors of the model."),
            )
    lower, upper, p_value = _inference(likelihood, best, inverse if robust is None else robust)
    # What a penalty adds is not the model's (a ridge), or depends on the units (Firth's).
    added = ridge * float(best.coef @ best.coef) / 2
    units_of = float(np.log(scale).sum()) if penalty == "firth" else 0.0
    return CoxFit(
        coefficients=best.coef / scale,
        covariance=inverse / np.outer(scale, scale),
        robust_covariance=None if robust is None else robust / np.outer(scale, scale),
        coefficient_lower=lower / scale,
        coefficient_upper=upper / scale,
        p_value=p_value,
        log_likelihood=best.loglik + added + units_of,
        log_likelihood_null=null.loglik + units_of,
        n=len(stop),
        events=int(happened.sum()),
        ties=ties,
        penalty="firth" if penalty == "firth" else ridge or None,
        x=values,
        likelihood=likelihood,
        scale=scale,
        _null=null,
    )


def _case(value: Any, n: int, penalty: Penalty) -> Floats | None:
    if value is not None and penalty is not None:
        raise arrays.InvalidInput(tr("A penalised model takes no weights."))
    return None if value is None else arrays.weights(value, n)


def _numbered(value: Any, stop: Floats, name: str) -> Days | None:
    return None if value is None else arrays.groups(value, len(stop), name)[1]


def _by_lifelines(rows: Rows, likelihood: PartialLikelihood) -> Point | None:
    """The estimate and its information by lifelines; None where its steps do not arrive.

    Our likelihood says whether they did: there its slope is 0.
    """
    import pandas as pd
    from lifelines import CoxPHFitter
    from lifelines.exceptions import ConvergenceError

    names = [f"x{k}" for k in range(rows.values.shape[1])]
    frame = pd.DataFrame(likelihood.x, columns=names).assign(time=rows.stop, event=rows.event)
    for step in _STEPS:
        try:
            # What it warns of, separation and collinearity, is looked for in the data.
            with warnings.catch_warnings(), np.errstate(all="ignore"):
                warnings.simplefilter("ignore")
                fitted = CoxPHFitter().fit(
                    frame, "time", "event", fit_options=_TIGHT | {"step_size": step}
                )
            variance = fitted.variance_matrix_.to_numpy(dtype=np.float64)
            information = np.linalg.inv(variance)
        except (ConvergenceError, np.linalg.LinAlgError):
            continue
        here = likelihood.at(fitted.params_.to_numpy(dtype=np.float64))
        if float(here.score @ variance @ here.score) < _AT_TOP:
            return Point(here.coef, here.loglik, here.score, information)
    return None


def _refuse_collinear(rows: Rows, null: Point) -> None:
    """CannotEstimate where one covariate follows from others among those at risk at an event."""
    information = null.information
    own = np.diag(information)
    if (own > _SINGULAR * rows.event.sum()).all():
        smallest = np.linalg.eigvalsh(information / np.sqrt(np.outer(own, own))).min()
        if smallest > _SINGULAR:
            return
    raise CannotEstimate(
        note(
            "The covariates cannot be told apart: one follows from the others, or does not vary"
            " among those at risk at an event."
        )
    )


def refuse_separation(likelihood: PartialLikelihood, best: Point | None) -> None:
    """CannotEstimate where the likelihood climbs for ever.

    Newton's steps then end where it hardly climbs any more. At a true top it falls on both sides,
    so it is looked at one standard error away along the direction that is known least.
    """
    column = 0
    if best is not None and np.isfinite(best.information).all():
        curvature, directions = np.linalg.eigh(best.information)
        column = int(np.abs(directions[:, 0]).argmax())
        if curvature[0] > _SINGULAR:
            step = directions[:, 0] / np.sqrt(curvature[0])
            sides = (likelihood.at(best.coef + step), likelihood.at(best.coef - step))
            if all(side.loglik < best.loglik - _FALL for side in sides):
                return
    raise arrays.NotFinite(
        note("The covariates separate the events, so there is no finite estimate."),
        cure=tr("Leave a covariate out, or use Firth's penalty."),
        column=column,
    )


def _inference(
    likelihood: PartialLikelihood, best: Point, variance: Floats
) -> tuple[Floats, Floats, Floats]:
    """Limits of the coefficients and P of each."""
    if not likelihood.firth:
        errors = np.sqrt(np.diag(variance))
        wald = (best.coef / errors) ** 2
        return (
            best.coef - Z95 * errors,
            best.coef + Z95 * errors,
            np.asarray(chi2_sf(wald, 1), dtype=np.float64),
        )
    each = range(len(best.coef))
    limits = np.array([profile_limits(likelihood, best, k) for k in each], dtype=np.float64)
    ratios = np.array([likelihood_ratio(likelihood, best, k) for k in each], dtype=np.float64)
    return limits[:, 0], limits[:, 1], np.asarray(chi2_sf(ratios, 1), dtype=np.float64)
