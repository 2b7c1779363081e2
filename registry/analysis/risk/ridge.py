"""Ridge-penalised Cox regression with case weights, its penalty chosen by cross-validation.

The penalised log-likelihood is log L(b) - lambda/2 sum b^2, of covariates brought to mean 0 and
standard deviation 1; ties by Breslow. R's `coxph(Surv() ~ ridge(..., theta = lambda,
scale = FALSE), ties = "breslow")` gives the same coefficients. Patients are sorted once; a
bootstrap sample is a weight for each, a fold left out a weight of 0, so that the hundreds of fits
of a validation cost little.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from registry.analysis.dataset import Days, Flags, Floats

FOLDS = 5
LAMBDAS_PER_EVENT = 2.0 ** np.arange(7, -9, -2)
"""Penalties tried, over the number of events; shrinks a coefficient to about 1 / (1 + this)."""

_STEPS = 50
_CLOSE = 1e-10
_CLOSE_ENOUGH = 1e-4


class RidgeCox:
    """The function of the coefficients for patients followed from one day on.

    Args:
        time: days to the event or to censoring.
        event: whether the event happened; at least once.
        values: standardised covariates, shape (n, k).
    """

    def __init__(self, time: Days, event: Flags, values: Floats) -> None:
        self.order = np.argsort(-time, kind="stable")
        self.time = time[self.order]
        self.event = event[self.order].astype(np.float64)
        self.x = values[self.order]
        # Those at risk on the day of each patient: all up to the last with the same time.
        self._last = np.searchsorted(-self.time, -self.time, side="right") - 1
        self._with_event = np.flatnonzero(event[self.order])

    def loglik(self, coef: Floats, weight: Floats) -> float:
        """The log partial likelihood, without the penalty; `weight` in the order of the data."""
        w = weight[self.order]
        eta = self.x @ coef
        at = self._with_event[w[self._with_event] > 0]
        total = np.cumsum(w * np.exp(eta))[self._last[at]]
        return float((w[at] * (eta[at] - np.log(total))).sum())

    def fit(
        self, penalty: float, weight: Floats, start: Floats | None = None, close: float = _CLOSE
    ) -> Fit:
        """The highest point of the penalised likelihood, by Newton's steps, the last < `close`.

        With H the cumulative hazard, log L has slope sum w (d - H(t) exp(x b)) x, and the sum of
        the second moments over the events is sum w H(t) exp(x b) x x'.
        """
        seen = weight[self.order] > 0
        w, x, d = weight[self.order][seen], self.x[seen], self.event[seen]
        last = (np.cumsum(seen) - 1)[self._last[seen]]
        at = np.flatnonzero(d)
        mine, last_of_event = w[at], last[at]
        k = x.shape[1]
        coef = np.zeros(k) if start is None else start.copy()
        shrink = penalty * np.eye(k)
        information = shrink
        for _ in range(_STEPS):
            risk = w * np.exp(x @ coef)
            total = np.cumsum(risk)[last_of_event]
            mean = np.cumsum(risk[:, None] * x, axis=0)[last_of_event] / total[:, None]
            # From the latest day to the first; the hazard until a day is all but what is later.
            jumps = np.zeros(len(w))
            jumps[at] = mine / total
            later = np.cumsum(jumps)
            hazard = later[-1] - later + jumps
            hazard = hazard[_first_of_equal(last)]
            second = (x * (risk * hazard)[:, None]).T @ x
            information = second - (mine[:, None] * mean).T @ mean
            score = (mine[:, None] * (x[at] - mean)).sum(axis=0) - penalty * coef
            step = np.linalg.solve(information + shrink, score)
            # A step this long comes of a likelihood that is all but flat.
            longest = float(np.abs(step).max())
            coef = coef + step * min(1.0, 3.0 / max(longest, 3.0))
            if longest < close:
                break
        return Fit(coef, penalty, information)

    def baseline(self, coef: Floats, weight: Floats, days: Floats) -> Floats:
        """Breslow's cumulative hazard of somebody with all covariates 0, on these days."""
        w = weight[self.order]
        total = np.cumsum(w * np.exp(self.x @ coef))
        at = self._with_event[w[self._with_event] > 0]
        jumps = w[at] / total[self._last[at]]
        return np.array([jumps[self.time[at] <= day].sum() for day in days])


def _first_of_equal(last: Days) -> Days:
    """For each, the place of the first with the same time; `last` has that of the last."""
    return np.asarray(np.searchsorted(last, last, side="left"), dtype=np.int64)


@dataclass(frozen=True)
class Fit:
    """Coefficients per standard deviation, their penalty and the information without it."""

    coef: Floats
    penalty: float
    information: Floats

    @property
    def effective_df(self) -> float:
        """trace(I (I + lambda)^-1): how many free coefficients the penalty leaves."""
        k = len(self.coef)
        return float(
            np.trace(np.linalg.solve(self.information + self.penalty * np.eye(k), self.information))
        )


def folds_of(event: Flags, seed: int, folds: int = FOLDS) -> Days:
    """The fold of each patient, at random, the events spread evenly."""
    random = np.random.default_rng(seed)
    fold = np.empty(len(event), dtype=np.int64)
    for members in (np.flatnonzero(event), np.flatnonzero(~event)):
        fold[random.permutation(members)] = np.arange(len(members)) % folds
    return fold


def choose(model: RidgeCox, weight: Floats, fold: Days, penalties: Floats) -> float:
    """The penalty with the highest cross-validated partial likelihood.

    Of each fold the gain log L(b) - log L_without(b) at the coefficients b fitted without it
    (Verweij and van Houwelingen, Statistics in Medicine 1993;12:2305-14). Copies of a patient in a
    bootstrap sample are in the same fold.

    Args:
        model: the patients.
        weight: how often each stands in the sample.
        fold: of each patient.
        penalties: to choose from, the largest first; each fit starts where the last ended.
    """
    gain = np.zeros(len(penalties))
    for one in np.unique(fold):
        without = weight * (fold != one)
        if not (without[model.order][model.event > 0] > 0).any():
            continue
        start = None
        for i, penalty in enumerate(penalties):
            start = model.fit(float(penalty), without, start, _CLOSE_ENOUGH).coef
            gain[i] += model.loglik(start, weight) - model.loglik(start, without)
    return float(penalties[int(np.argmax(gain))])


def penalties_for(events: int) -> Floats:
    """The penalties to try, the largest first."""
    return np.asarray(LAMBDAS_PER_EVENT * events, dtype=np.float64)


class Concordance:
    """Harrell's concordance, as R's `concordance`: pairs whose order in time is known.

    Usable are an event and whoever is followed for longer, or to the same day without event.
    """

    def __init__(self, time: Days, event: Flags) -> None:
        self._first = np.flatnonzero(event)
        mine = time[self._first][:, None]
        self._usable = (time[None, :] > mine) | ((time[None, :] == mine) & ~event[None, :])

    def of(self, risk: Floats, weight: Floats) -> float | None:
        """The share of pairs in which the earlier has the higher risk, ties half."""
        pairs = self._usable * (weight[self._first][:, None] * weight[None, :])
        total = float(pairs.sum())
        if total == 0:
            return None
        mine = risk[self._first][:, None]
        right = (mine > risk[None, :]) + 0.5 * (mine == risk[None, :])
        return float((pairs * right).sum() / total)
