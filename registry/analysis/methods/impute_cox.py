"""Multiple imputation of covariates that agrees with the Cox model they are for.

Substantive-model-compatible chained equations (Bartlett, Seaman, White and Carpenter, Stat Methods
Med Res 2015;24:462-87). A missing value is drawn from what its covariate is, given the others,
times the Cox likelihood of the patient, so that who lost response early is given values that fit:

    f(x_j | x_-j, T, D)  ~  f(x_j | x_-j) h(T)^D S(T)

Own code: no library in Python draws from this. statsmodels' MICE, autoimpute and miceforest draw
from regressions on the outcome, which no Cox model agrees with.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy.special import expit, ndtr, ndtri

from registry.analysis import arrays
from registry.analysis.arrays import Ties
from registry.analysis.choices import ImputationRule
from registry.analysis.cox.diagnostics import baseline_faced
from registry.analysis.cox.partial_likelihood import PartialLikelihood, Point, Rows, maximise
from registry.analysis.dataset import Flags, Floats
from registry.analysis.methods.cox_model import refuse_separation
from registry.analysis.methods.rubin import Pooled, rubin
from registry.errors import CannotEstimate
from registry.steps import each
from registry.words import note, tr

# The prior of a covariate's own regression: normal, of this standard deviation for a standardised
# predictor (the scale that Gelman et al. propose, Ann Appl Stat 2008;2:1360-83). It only keeps
# coefficients finite where a covariate is told exactly by others.
_PRIOR_SD = 2.5
_NEWTON_STEPS, _NEWTON_CLOSE = 50, 1e-8
# The chain draws about the estimate, so its digits beyond a part of its error do not matter.
_CLOSE, _EXACT = 1e-3, 1e-9
_PROPOSALS, _ROUNDS = 16, 5000
_LARGEST_LOGIT = 700.0


@dataclass(frozen=True)
class ImputedCox:
    """The pooled model and what it was pooled from.

    Attributes:
        pooled: a value for each covariate of the model.
        coefficients, variances: of each completed data set, shape (m, covariates of the model).
        completed: the data sets, shape (m, n, columns of x).
        imputed: which values were not known, shape (n, columns).
        trace: the mean of the imputed values of each column after each iteration, shape
            (iterations, m, columns); NaN where nothing is missing.
    """

    pooled: Pooled
    coefficients: Floats
    variances: Floats
    completed: Floats = field(repr=False)
    imputed: Flags = field(repr=False)
    trace: Floats = field(repr=False)

    @property
    def scale_reduction(self) -> Floats:
        """How far chains differ from one another against within themselves, a value a column.

        Gelman and Rubin's factor (Stat Sci 1992;7:457-511) of the second half of `trace`; near 1
        where the chains have forgotten how they began. NaN where nothing is missing, and with
        fewer than three iterations.
        """
        late = self.trace[len(self.trace) // 2 :]
        length = len(late)
        if length < 2:
            return np.full(late.shape[2], np.nan)
        with np.errstate(invalid="ignore", divide="ignore"):
            within = late.var(axis=0, ddof=1).mean(axis=0)
            between = late.mean(axis=0).var(axis=0, ddof=1)
            return np.asarray(np.sqrt((length - 1) / length + between / within))


def impute_cox(
    time: Any,
    event: Any,
    x: Any,
    ties: Ties = "efron",
    entry: Any = None,
    strata: Any = None,
    auxiliary: Any = None,
    lower: Any = None,
    upper: Any = None,
    imputations: int = ImputationRule.imputations,
    iterations: int = ImputationRule.iterations,
    seed: int = ImputationRule.seed,
) -> ImputedCox:
    """Impute what is missing in x, fit the Cox model to each completed data set, pool the fits.

    Columns whose known values are 0 and 1 are drawn by a logistic regression on all others, the
    other columns by a linear one; parameters are drawn from their posterior each time. Our own code
    draws, and the own likelihood of `registry.analysis.methods.cox` fits. R:
    `smcfcs::smcfcs(data, "coxph", "Surv(time, event) ~ x", method)` with `logreg` and `norm`,
    `survival::coxph` of each data set, `mice::pool`.

    Args:
        time, event, ties, entry, strata: as in `registry.analysis.methods.cox`.
        x: covariates, shape (n, k); NaN where a value is missing.
        auxiliary: which columns only help to impute and are no part of the model, shape (k,).
        lower, upper: between what a missing value of a number is known to lie, shape (n, k), NaN
            for no bound; a level below its limit of quantification has an upper bound.
        imputations: m, at least 2.
        iterations: of each chain.
        seed: of everything that is drawn. Each chain has a stream of its own, so that the first m
            data sets are the same whatever m is.

    Raises:
        CannotEstimate: nothing is known of a column or it does not vary, there is no event, the
            model has no finite estimate in a completed data set.
        InvalidInput: see `registry.analysis.methods`; nothing is missing.
    """
    arrays.ties_of(ties)
    stop = arrays.times(time)
    happened = arrays.events(event, len(stop))
    values = _columns(x, len(stop), "x")
    missing = np.isnan(values)
    bounds = [_bounds(one, missing, end) for one, end in ((lower, -np.inf), (upper, np.inf))]
    if imputations < 2 or iterations < 1 or not missing.any():
        raise arrays.InvalidInput(
            tr("There is nothing to impute, or fewer than 2 imputations or 1 iteration.")
        )
    outside = np.zeros(values.shape[1], dtype=bool)
    if auxiliary is not None:
        outside = arrays.events(auxiliary, values.shape[1], "auxiliary")
    stratum = np.zeros(len(stop), dtype=np.int64)
    if strata is not None:
        stratum = arrays.groups(strata, len(stop), "strata")[1]
    start = None if entry is None else arrays.entries(entry, stop)
    arrays.require_event(happened)
    centre, scale, binary = _scales(values)
    rows = Rows.of(stop, happened, np.zeros((len(stop), int((~outside).sum()))),
                   start=start, stratum=stratum)  # fmt: skip
    problem = _Problem(
        likelihood=PartialLikelihood(rows, ties),
        known=(values - centre) / scale,
        missing=missing,
        lower=(bounds[0] - centre) / scale,
        upper=(bounds[1] - centre) / scale,
        binary=binary,
        model=np.flatnonzero(~outside),
        strata=(stratum[:, None] == np.unique(stratum)[1:]).astype(np.float64),
        order=[int(j) for j in np.argsort(missing.sum(axis=0), kind="stable")
               if missing[:, j].any()],
    )  # fmt: skip
    completed, trace, coefficients, variances = [], [], [], []
    streams = np.random.SeedSequence(seed).spawn(imputations)
    for stream in each(streams, lambda _stream: tr("Imputing what is missing")):
        chain = _Chain(problem, np.random.default_rng(stream))
        trace.append([chain.iterate() for _ in range(iterations)])
        coef, variance = chain.fit()
        coefficients.append(coef / scale[~outside])
        variances.append(variance / scale[~outside] ** 2)
        completed.append(np.where(missing, chain.values * scale + centre, values))
    means = np.moveaxis(np.array(trace), 0, 1)
    degrees = max(1, int(happened.sum()) - len(problem.model))
    return ImputedCox(
        pooled=rubin(coefficients, variances, degrees),
        coefficients=np.array(coefficients),
        variances=np.array(variances),
        completed=np.array(completed),
        imputed=missing,
        trace=means * scale + centre,
    )


@dataclass(frozen=True)
class _Problem:
    """What all chains share; numbers are standardised, bounds are endless where there are none."""

    likelihood: PartialLikelihood
    known: Floats
    missing: Flags
    lower: Floats
    upper: Floats
    binary: Flags
    model: Any
    strata: Floats
    order: list[int]


class _Chain:
    """One completed data set on its way."""

    def __init__(self, problem: _Problem, draw: np.random.Generator) -> None:
        self.problem, self.draw = problem, draw
        self.values = problem.known.copy()
        self._coef, self._begun = np.zeros(len(problem.model)), False
        for j in problem.order:
            lacking = problem.missing[:, j]
            found = draw.choice(problem.known[~lacking, j], int(lacking.sum()))
            bounds = problem.lower[lacking, j], problem.upper[lacking, j]
            self.values[lacking, j] = np.clip(found, *bounds)

    def iterate(self) -> Floats:
        """Draw each incomplete column once; returns the means of what was drawn."""
        for j in self.problem.order:
            self._draw_column(j)
        missing = self.problem.missing
        with np.errstate(invalid="ignore"):
            return np.asarray((self.values * missing).sum(axis=0) / missing.sum(axis=0))

    def fit(self) -> tuple[Floats, Floats]:
        """Coefficients of the model and their variances."""
        likelihood, best = self._fitted(_EXACT)
        refuse_separation(likelihood, best)
        return best.coef, np.asarray(np.diag(_inverse(best.information)))

    def _fitted(self, close: float) -> tuple[PartialLikelihood, Point]:
        """The model of the values as they stand, from where it stood before."""
        values = self.values[:, self.problem.model]
        likelihood = self.problem.likelihood.with_values(values)
        best = maximise(likelihood, start=self._coef, close=close)
        if best is None or not self._begun:
            refuse_separation(likelihood, best)
        assert best is not None
        self._coef, self._begun = best.coef, True
        return likelihood, best

    def _draw_column(self, j: int) -> None:
        problem = self.problem
        likelihood, best = self._fitted(_CLOSE)
        coef = _about(self.draw, best.coef, _inverse(best.information))
        lacking = problem.missing[:, j]
        place = np.flatnonzero(problem.model == j)
        own = float(coef[place[0]]) if place.size else 0.0
        others = likelihood.rows.values[lacking] @ coef - own * self.values[lacking, j]
        faced = baseline_faced(likelihood, coef)[lacking] * np.exp(others)
        event = likelihood.rows.event[lacking]
        predictors = np.column_stack(
            [np.ones(len(self.values)), np.delete(self.values, j, axis=1), problem.strata]
        )
        draw = self._binary if problem.binary[j] else self._number
        self.values[lacking, j] = draw(j, predictors, lacking, own, faced, event)

    def _binary(
        self, j: int, predictors: Floats, lacking: Flags, own: float, faced: Floats, event: Flags
    ) -> Floats:
        """0 or 1 by the odds of the regression times the ratio of the two likelihoods."""
        best, covariance = _logistic(predictors, self.values[:, j])
        logit = predictors[lacking] @ _about(self.draw, best, covariance)
        logit += event * own - faced * np.expm1(own)
        share = expit(np.clip(logit, -_LARGEST_LOGIT, _LARGEST_LOGIT))
        return np.asarray(self.draw.random(len(share)) < share, dtype=np.float64)

    def _number(
        self, j: int, predictors: Floats, lacking: Flags, own: float, faced: Floats, event: Flags
    ) -> Floats:
        """By rejection: proposed from the regression, within the bounds, taken by the likelihood.

        A censored patient's is S(T) <= 1; one with the event has H S(T) e <= 1, H the hazard
        cumulated to T.
        """
        column = self.values[:, j]
        inverse = np.asarray(np.linalg.pinv(predictors.T @ predictors, hermitian=True))
        best = inverse @ (predictors.T @ column)
        left = column - predictors @ best
        degrees = max(1, len(column) - predictors.shape[1])
        spread = np.sqrt(float(left @ left) / self.draw.chisquare(degrees))
        mean = predictors[lacking] @ _about(self.draw, best, inverse * spread**2)
        lower, upper = self.problem.lower[lacking, j], self.problem.upper[lacking, j]
        found = np.empty(len(mean))
        waiting = np.arange(len(mean))
        for _ in range(_ROUNDS):
            proposed = _normal_between(
                self.draw, mean[waiting], spread, lower[waiting], upper[waiting]
            )
            taken = np.ones_like(proposed, dtype=bool)
            if own:
                hazard = faced[waiting, None] * np.exp(own * proposed)
                chance = np.exp(-hazard)
                chance[event[waiting]] *= hazard[event[waiting]] * np.e
                taken = self.draw.random(chance.shape) < chance
            some = taken.any(axis=1)
            found[waiting[some]] = proposed[some, taken[some].argmax(axis=1)]
            waiting = waiting[~some]
            if not waiting.size:
                return found
        raise CannotEstimate(
            note("Values that fit with the model could not be drawn for {number:row|rows}.",
                 number=int(waiting.size))
        )  # fmt: skip


def _normal_between(
    draw: np.random.Generator, mean: Floats, sd: float, lower: Floats, upper: Floats
) -> Floats:
    """Normal values between bounds, shape (n, proposals)."""
    # A tail is taken at the left, where its probabilities keep their digits.
    turned = np.where(np.isfinite(lower), -1.0, 1.0)
    ends = np.stack([turned * (lower - mean), turned * (upper - mean)]) / sd
    low, high = ndtr(ends.min(axis=0)), ndtr(ends.max(axis=0))
    share = low[:, None] + (high - low)[:, None] * draw.random((len(mean), _PROPOSALS))
    found = mean[:, None] + sd * turned[:, None] * ndtri(share)
    # So far out that nothing of the distribution is left, the bound itself stands.
    return np.asarray(np.clip(found, lower[:, None], upper[:, None]), dtype=np.float64)


def _logistic(predictors: Floats, outcome: Floats) -> tuple[Floats, Floats]:
    """The mode and covariance of a logistic regression's coefficients, under a weak prior."""
    spread = predictors.std(axis=0)
    # None on the intercept.
    prior = (spread / _PRIOR_SD) ** 2
    prior[(spread == 0) & (np.arange(len(spread)) > 0)] = 1 / _PRIOR_SD**2
    coef = np.zeros(predictors.shape[1])
    for _ in range(_NEWTON_STEPS):
        share = expit(predictors @ coef)
        curvature = (predictors * (share * (1 - share))[:, None]).T @ predictors + np.diag(prior)
        slope = predictors.T @ (outcome - share) - prior * coef
        step = np.linalg.solve(curvature, slope)
        coef = coef + step
        if np.abs(step).max() < _NEWTON_CLOSE:
            break
    return coef, _inverse(curvature)


def _inverse(matrix: Floats) -> Floats:
    return np.asarray(np.linalg.inv(matrix), dtype=np.float64)


def _about(draw: np.random.Generator, mean: Floats, covariance: Floats) -> Floats:
    """One draw of a normal distribution."""
    value, direction = np.linalg.eigh(covariance)
    drawn = draw.standard_normal(len(mean)) * np.sqrt(np.maximum(value, 0))
    return np.asarray(mean + direction @ drawn, dtype=np.float64)


def _columns(value: Any, n: int, name: str) -> Floats:
    """A column a covariate, shape (n, k), NaN for what is missing."""
    found = np.asarray(value, dtype=np.float64)
    arrays.covariates(np.nan_to_num(found), n)
    if np.isinf(found).any():
        raise arrays.InvalidInput(
            tr("{name} has a value that is missing or not finite.", name=name)
        )
    return found[:, None] if found.ndim == 1 else found


def _bounds(value: Any, missing: Flags, without: float) -> Floats:
    """The bounds of what is missing, endless where there are none."""
    if value is None:
        return np.full(missing.shape, without)
    found = np.asarray(value, dtype=np.float64).reshape(missing.shape)
    return np.where(np.isnan(found), without, found)


def _scales(values: Floats) -> tuple[Floats, Floats, Flags]:
    """Mean and spread of the known values of each number, and which columns are 0 and 1."""
    k = values.shape[1]
    centre, scale, binary = np.zeros(k), np.ones(k), np.zeros(k, dtype=bool)
    for j in range(k):
        known = values[~np.isnan(values[:, j]), j]
        levels = set(known.tolist()) if known.size else set()
        if len(levels) < 2:
            raise CannotEstimate(
                note("Nothing is known of covariate {number}, or it does not vary.", number=j + 1)
            )
        binary[j] = levels == {0.0, 1.0}
        if not binary[j]:
            centre[j], scale[j] = known.mean(), known.std()
    return centre, scale, binary
