"""The probability of one cause by a time, from a Cox model of each cause.

The probability of cause 1 by t is the sum over s <= t of S(s-) exp(x b1) dH1(s), S(s) the product
up to s of 1 less the hazards of all causes (Benichou and Gail, Biometrics 1990;46:813-26; Ozenne
and others, The R Journal 2017;9:440-60). One minus exp(-H1(t) exp(x b1)) is another number: it
takes the other causes as if observation had ended by chance, and is higher.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from registry.analysis import arrays
from registry.analysis.arrays import Ties
from registry.analysis.counting import log_log_limits
from registry.analysis.dataset import Floats
from registry.analysis.methods.cox_model import CoxFit, cox
from registry.errors import CannotEstimate
from registry.words import note


@dataclass(frozen=True)
class AbsoluteRisk:
    """Of each row of covariates by each of the times; arrays of shape (rows, times).

    Attributes:
        at: the times.
        risk: the probability of cause 1; NaN after the last time of the fit's rows.
        standard_error: from the influence of each row of the fit, on coefficients and baselines;
            riskRegression's where no events are tied, whose own takes no heed of ties.
        lower, upper: 95 % limits on the log-log scale; NaN where that has none (0 or 1).
    """

    at: Floats
    risk: Floats
    standard_error: Floats

    @property
    def lower(self) -> Floats:
        """Lower 95 % limit."""
        return log_log_limits(self.risk, self.standard_error)[0]

    @property
    def upper(self) -> Floats:
        """Upper 95 % limit."""
        return log_log_limits(self.risk, self.standard_error)[1]


@dataclass(frozen=True)
class CauseSpecific:
    """Cox models of all causes, of the same covariates.

    Attributes:
        causes: the codes that occur, 1 first.
        fits: the model of each.
    """

    causes: tuple[int, ...]
    fits: tuple[CoxFit, ...]

    def risk(self, x: Any, at: Any) -> Floats:
        """The probability of cause 1 of rows of covariates by each of the times, (rows, times).

        NaN after the last time of the fit's rows. Where the hazards of a day add up to more than 1,
        as far from the data they may, they are cut to 1 (R goes on with a survival below 0). R,
        riskRegression: `predictRisk(fit, newdata, times = at, cause = 1)`.
        """
        values, asked = self._asked(x, at)
        days, hazards = self._hazards(values)
        reached = np.hstack([np.zeros((len(values), 1)), _reached(hazards).cumsum(axis=1)])
        found = reached[:, np.searchsorted(days, asked, side="right")]
        return np.where(asked > self.last, np.nan, found)

    def absolute_risk(self, x: Any, at: Any) -> AbsoluteRisk:
        """The same with standard errors and limits, from the influence of each row of the fit.

        R, riskRegression: `predict(fit, newdata, times = at, cause = 1, se = TRUE)`.
        """
        values, asked = self._asked(x, at)
        days, hazards = self._hazards(values)
        place = np.searchsorted(days, asked, side="right")
        error = np.empty((len(values), len(asked)))
        for i, row in enumerate(values):
            moved = [self._moved(fit, row, days) for fit in self.fits]
            survival = _before(hazards[:, i : i + 1])[0]
            # A change of the hazards up to s changes S(s) by as much of it.
            lost = np.cumsum(np.sum(moved, axis=0), axis=1)
            lost = np.hstack([np.zeros((len(lost), 1)), lost[:, :-1]])
            steps = survival * (moved[0] - lost * hazards[0, i])
            influence = np.hstack([np.zeros((len(steps), 1)), steps.cumsum(axis=1)])[:, place]
            error[i] = np.sqrt((influence**2).sum(axis=0))
        return AbsoluteRisk(asked, self.risk(values, asked), error)

    @property
    def last(self) -> float:
        """The last time of the fit's rows."""
        return float(self.fits[0].likelihood.rows.stop.max())

    def _asked(self, x: Any, at: Any) -> tuple[Floats, Floats]:
        values = arrays.covariates(np.atleast_2d(np.asarray(x, dtype=np.float64)), len(x))
        return values, arrays.times(np.atleast_1d(at), "at")

    def _hazards(self, values: Floats) -> tuple[Floats, Floats]:
        """The days of any cause, and what each hazard grows by on them, (causes, rows, days)."""
        baselines = [fit.baseline() for fit in self.fits]
        days = np.unique(np.concatenate([when for when, _ in baselines]))
        hazards = np.zeros((len(self.fits), len(values), len(days)))
        for of_cause, fit, (when, cumulative) in zip(hazards, self.fits, baselines, strict=True):
            on_day = np.diff(cumulative, prepend=0.0)
            risk = np.exp(values @ fit.coefficients)
            of_cause[:, np.searchsorted(days, when)] = risk[:, None] * on_day
        return days, hazards

    @staticmethod
    def _moved(fit: CoxFit, row: Floats, days: Floats) -> Floats:
        """What each row of the fit does to the hazard of somebody on each day, shape (n, days)."""
        likelihood, coef = fit.likelihood, fit.scaled_coefficients
        steps, rows, scaled = likelihood.steps, likelihood.rows, row / fit.scale
        s0, mean = likelihood.means(coef)
        weight, per_step = likelihood.weights(coef), steps.times / s0
        some = len(steps.time)
        total = np.bincount(steps.of_step, per_step, some)
        of_mean = np.zeros((some, len(row)))
        np.add.at(of_mean, steps.of_step, per_step[:, None] * mean)
        at_risk = rows.stop[:, None] >= steps.time
        faced = np.bincount(steps.of_step, per_step / s0, some)
        moved: Floats = np.where(at_risk, -weight[:, None], 0.0) * faced
        spared = np.bincount(steps.of_step, steps.share * per_step / s0, some)
        who, when = likelihood.event_rows, likelihood.event_at
        moved[who, when] += weight[who] * spared[when] + total[when] / steps.events[when]
        dfbeta = fit.residuals.dfbeta * fit.scale
        moved += dfbeta @ (scaled * total[:, None] - of_mean).T
        # S_0 is up to a factor, that of the greatest risk.
        greatest = float((likelihood.x @ coef).max())
        moved *= np.exp(float((scaled - likelihood.centre) @ coef) - greatest)
        found = np.zeros((len(moved), len(days)))
        found[:, np.searchsorted(days, steps.time)] = moved
        return found


def cause_specific_risk(time: Any, cause: Any, x: Any, ties: Ties = "efron") -> CauseSpecific:
    """Fit a Cox model for each cause, from which `risk` of the result predicts.

    `registry.analysis.methods.cox` fits them, our own code computes risk and errors. R,
    riskRegression: `CSC(Hist(time, cause) ~ x, data)`.

    Args:
        time: to the event or to censoring, from 0 on, shape (n,).
        cause: 0 censored, 1 the cause to predict, 2, ... others, shape (n,).
        x: covariates, shape (n, k), or (n,) for one.
        ties: "efron" (R's default) or "breslow".

    Raises:
        CannotEstimate: no event of cause 1; a model that cannot be fitted, with its cause.
    """
    stop = arrays.times(time)
    code = arrays.causes(cause, len(stop))
    values = arrays.covariates(x, len(stop))
    arrays.require_event(code == 1)
    causes = tuple(int(one) for one in np.unique(code[code > 0]))
    fits = []
    for one in causes:
        try:
            fits.append(cox(stop, code == one, values, ties))
        except CannotEstimate as error:
            raise CannotEstimate(
                note("Cause {cause}: {problem}", cause=one, problem=error.problem),
                cure=error.cure,
            ) from None
    return CauseSpecific(causes, tuple(fits))


def _before(hazards: Floats) -> Floats:
    """S just before each day, shape (rows, days)."""
    left = np.maximum(1 - hazards.sum(axis=0), 0.0)
    return np.hstack([np.ones((len(left), 1)), np.cumprod(left, axis=1)[:, :-1]])


def _reached(hazards: Floats) -> Floats:
    """What the probability of cause 1 grows by on each day."""
    return np.asarray(_before(hazards) * hazards[0] / np.maximum(hazards.sum(axis=0), 1.0))
