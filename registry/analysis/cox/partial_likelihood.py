"""Cox's partial likelihood of start-stop rows: strata, entry, ties, Firth's penalty and a ridge.

No library at hand does all of these together: statsmodels takes entry and strata but Breslow's ties
alone and gives no residuals per row, lifelines takes start-stop rows but no strata with Efron's
ties and no penalty of Firth's kind, firthmodels neither entry nor start-stop rows. So it is written
once here and held against all of them and against R (`tests/analysis`).

A row is at risk at t if start < t <= stop. At a time t with d events, S_m is the sum over those at
risk of w x^m, w = exp(x b), and D_m the same over the events. Breslow takes S_m for each of the d
events; Efron S_m - (j/d) D_m for the j-th of them, j = 0 ... d - 1. With E the mean of x under such
weights,

    log L  = sum over events of x b - sum over steps of log S_0
    score  = sum over events of x   - sum over steps of E[x]
    I      =                          sum over steps of E[xx'] - E[x]E[x]'

Firth adds log |I| / 2 (Heinze and Schemper, Biometrics 2001;57:114-9); its derivative is half the
third central moment of x contracted with the inverse of I. A ridge takes lambda / 2 sum b^2 off,
which R's `coxph(~ ridge(theta = lambda, scale = FALSE))` does.
"""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass, replace

import numpy as np

from registry.analysis.arrays import Ordered, Ties, places, steps_of
from registry.analysis.dataset import Days, Flags, Floats

_STEPS = 500
# How far a step may go at most, and how often it is halved where it does not climb.
LONGEST_STEP, HALVINGS = 5.0, 40
_CLOSE = 1e-11


@dataclass(frozen=True)
class Rows:
    """Who is at risk from when to when, (start, stop], and what ended it.

    Attributes:
        start, stop: days; a row with stop <= start is never at risk.
        event: whether the event happened at `stop`.
        values: covariates, shape (n, k).
        stratum: number of the stratum; only rows of one stratum are compared.
        subject: number of the patient, of whom there may be many rows.
        cluster: number of the group whose patients may be alike.
        weight: how often each row counts, above 0; None is once.
    """

    start: Floats
    stop: Floats
    event: Flags
    values: Floats
    stratum: Days
    subject: Days
    cluster: Days
    weight: Floats | None = None

    @classmethod
    def of(
        cls,
        stop: Floats | Days,
        event: Flags,
        values: Floats,
        *,
        start: Floats | Days | None = None,
        stratum: Days | None = None,
        subject: Days | None = None,
        cluster: Days | None = None,
        weight: Floats | None = None,
    ) -> Rows:
        """Rows with what is left out filled in: start 0, one stratum, a patient a row."""
        n = len(stop)
        each = np.arange(n, dtype=np.int64)
        who = each if subject is None else subject
        return cls(
            start=np.zeros(n) if start is None else np.asarray(start, dtype=np.float64),
            stop=np.asarray(stop, dtype=np.float64),
            event=np.asarray(event, dtype=bool),
            values=np.asarray(values, dtype=np.float64).reshape(n, -1),
            stratum=np.zeros(n, dtype=np.int64) if stratum is None else stratum,
            subject=who,
            cluster=who if cluster is None else cluster,
            weight=weight,
        )

    def columns(self, chosen: list[int]) -> Rows:
        """The same rows with these covariates alone."""
        return replace(self, values=self.values[:, chosen])


@dataclass(frozen=True)
class Point:
    """The (penalised) log-likelihood at some coefficients, its slope and the information."""

    coef: Floats
    loglik: float
    score: Floats
    information: Floats

    def with_ridge(self, more: float) -> Point:
        """The same place with so much more of a ridge, without another look at the rows."""
        loglik = self.loglik - more * float(self.coef @ self.coef) / 2
        information = self.information + more * np.eye(len(self.coef))
        return Point(self.coef, loglik, self.score - more * self.coef, information)


class PartialLikelihood:
    """The function of the coefficients; everything that does not depend on them is done once.

    Args:
        rows: at least one event.
        ties: Breslow's or Efron's approximation for events at one time.
        firth: whether log |I| / 2 is added.
        ridge: lambda, where lambda / 2 sum b^2 is taken off.
    """

    def __init__(self, rows: Rows, ties: Ties, *, firth: bool = False, ridge: float = 0) -> None:
        self.rows, self.ties, self.firth, self.ridge = rows, ties, firth, ridge
        self.case = np.ones(len(rows.stop)) if rows.weight is None else rows.weight
        self.event_rows = at = np.flatnonzero(rows.event)
        # Numbers in the order of stratum and time, which are found in less time than pairs.
        days, day = np.unique(rows.stop[at], return_inverse=True)
        keys, self.event_at = np.unique(rows.stratum[at] * len(days) + day, return_inverse=True)
        stratum, day = np.divmod(keys, max(len(days), 1))
        events = np.bincount(self.event_at, minlength=len(keys))
        counted = np.bincount(self.event_at, self.case[at], len(keys)).astype(np.float64)
        self.steps = steps_of(days[day], stratum, events, counted, ties)
        self._first_step = np.searchsorted(self.steps.of_step, np.arange(len(keys)))
        self._tied = at[np.argsort(self.event_at, kind="stable")]
        self._first_tied = np.cumsum(events) - events
        self._by_stop = Ordered(rows.stratum, rows.stop, self.steps)
        self._until_stop = places(self.steps, rows.stratum, rows.stop)
        self._late = len(days) > 0 and rows.start.max() >= days[0]
        if self._late:
            # A row that is over before it begins is never at risk.
            start = np.minimum(rows.start, rows.stop)
            self._by_start = Ordered(rows.stratum, start, self.steps)
            self._until_start = places(self.steps, rows.stratum, start)
        else:
            self._until_start = np.searchsorted(self.steps.stratum, rows.stratum, side="left")
        self._set_values(rows.values)

    def at(self, coef: Floats) -> Point:
        """The function at these coefficients."""
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            times, eta = self.steps.times, self.x @ coef
            shift = eta.max()
            weight = self.case * np.exp(eta - shift)
            s0, mean = self._first_moments(weight)
            loglik = float(self._of_events @ coef) - float((times * (np.log(s0) + shift)).sum())
            # What the steps make of a row is summed first, so that no sum over those at risk of
            # all products of covariates is needed: sum of E[x], and of E[xx'], over the steps.
            expected = weight * self.of_rows((times / s0)[:, None])[:, 0]
            score = self._of_events - expected @ self.x
            of_mean = (times[:, None] * mean).T @ mean
            information = self.x.T @ (expected[:, None] * self.x) - of_mean
            if self.firth:
                sign, log_det = np.linalg.slogdet(information)
                if not sign > 0:
                    return Point(coef, -np.inf, score, information)
                loglik += log_det / 2
                score = (
                    score + self._third(weight, expected, s0, mean, np.linalg.inv(information)) / 2
                )
            if self.ridge:
                loglik -= self.ridge * float(coef @ coef) / 2
                score = score - self.ridge * coef
                information.flat[:: len(coef) + 1] += self.ridge
        return Point(coef, loglik, score, information)

    def third_moments(self, coef: Floats) -> Floats:
        """The third central moments of x summed over the steps, shape (k, k, k).

        What Firth's penalty needs of rows that are not at hand: contracted with the inverse of the
        information of all rows, summed over where they lie, it is the slope of log |I|.
        """
        times, weight = self.steps.times, self.weights(coef)
        s0, mean = self._first_moments(weight)
        expected = weight * self.of_rows((times / s0)[:, None])[:, 0]
        k = self.x.shape[1]
        found = np.empty((k, k, k))
        for i in range(k):
            for j in range(i + 1):
                pair = np.zeros((k, k))
                pair[i, j] += 0.5
                pair[j, i] += 0.5
                found[i, j] = found[j, i] = self._third(weight, expected, s0, mean, pair)
        return found

    def loglik(self, coef: Floats) -> float:
        """The log-likelihood alone, without any penalty."""
        eta = self.x @ coef
        shift = eta.max()
        s0 = self.of_steps((self.case * np.exp(eta - shift))[:, None])[:, 0]
        return float(self._of_events @ coef - (self.steps.times * (np.log(s0) + shift)).sum())

    def with_ridge(self, ridge: float) -> PartialLikelihood:
        """The same with another penalty; what does not depend on it is not done again."""
        other = copy(self)
        other.ridge = ridge
        return other

    def with_values(self, values: Floats) -> PartialLikelihood:
        """The same rows with other covariates; who is at risk when is not found out again."""
        other = copy(self)
        other.rows = replace(self.rows, values=values)
        other._set_values(values)
        return other

    def _set_values(self, values: Floats) -> None:
        self.centre = values.mean(axis=0)
        self.x = values - self.centre
        self._of_events = self.case[self.event_rows] @ self.x[self.event_rows]
        # In the orders in which they are summed, so that they need not be brought there each time.
        one_and_x = np.column_stack([np.ones(len(values)), self.x])
        self._by_stop_x = one_and_x[self._by_stop.order]
        self._by_start_x = one_and_x[self._by_start.order] if self._late else None
        self._tied_x = one_and_x[self._tied] if self.ties == "efron" else None

    def baseline(self, coef: Floats) -> Floats:
        """By how much the hazard of somebody with x = 0 steps up at each of the times."""
        # S_0 is up to a factor, the greatest risk, and of centred covariates.
        factor = np.exp(-(self.x @ coef).max() - float(self.centre @ coef))
        s0 = self.of_steps(self.weights(coef)[:, None])[:, 0]
        steps = self.steps
        jumps = np.bincount(steps.of_step, steps.times / s0, len(steps.time))
        return np.asarray(jumps * factor, dtype=np.float64)

    def of_steps(self, quantity: Floats) -> Floats:
        """The sum over those at risk at each step, the tied events taken off by their share.

        Args:
            quantity: of each row, shape (n, m).
        """
        total = self._by_stop.sums(quantity)
        if self._late:
            total -= self._by_start.sums(quantity)
        return self._less_tied(total, quantity[self._tied] if self.ties == "efron" else None)

    def _less_tied(self, total: Floats, tied: Floats | None) -> Floats:
        """By time to by step; `tied` are those of the events in the order of `_tied`."""
        if tied is None:
            return total
        steps, events = self.steps, np.add.reduceat(tied, self._first_tied, axis=0)
        less: Floats = total[steps.of_step]
        less -= steps.share[:, None] * events[steps.of_step]
        return less

    def of_rows(self, quantity: Floats) -> Floats:
        """The sum over the steps at which each row is at risk, less its share of tied events.

        Args:
            quantity: of each step, shape (steps, m).
        """
        if self.ties == "breslow":
            return self.faced(quantity)
        found = self.faced(np.add.reduceat(quantity, self._first_step, axis=0))
        own = self.steps.share[:, None] * quantity
        shared = np.add.reduceat(own, self._first_step, axis=0)
        found[self.event_rows] -= shared[self.event_at]
        return np.asarray(found, dtype=np.float64)

    def faced(self, quantity: Floats) -> Floats:
        """The sum over the times at which each row is at risk of a quantity of each time."""
        running = np.zeros((len(quantity) + 1, quantity.shape[1]))
        np.cumsum(quantity, axis=0, out=running[1:])
        return np.asarray(running[self._until_stop] - running[self._until_start])

    def risks(self, coef: Floats) -> Floats:
        """exp(x b) of each row, up to one factor."""
        eta = self.x @ coef
        return np.asarray(np.exp(eta - eta.max()), dtype=np.float64)

    def weights(self, coef: Floats) -> Floats:
        """The same as often as each row counts."""
        return self.case * self.risks(coef)

    def means(self, coef: Floats) -> tuple[Floats, Floats]:
        """S_0 (up to the factor of `weights`) and E[x], in the covariates' own units, by step."""
        s0, mean = self._first_moments(self.weights(coef))
        return s0, mean + self.centre

    def information_by_step(self, coef: Floats) -> Floats:
        """The variance of x at each step, times how often it counts, shape (steps, k, k)."""
        mean, second = self._moments(self.weights(coef))
        of_mean = mean[:, :, None] * mean[:, None, :]
        return np.asarray(self.steps.times[:, None, None] * (second - of_mean))

    def _first_moments(self, weight: Floats) -> tuple[Floats, Floats]:
        def weighted(order: Days, one_and_x: Floats) -> Floats:
            return np.asarray(weight[order, None] * one_and_x, dtype=np.float64)

        total = self._by_stop.sums_in_order(weighted(self._by_stop.order, self._by_stop_x))
        if self._by_start_x is not None:
            started = weighted(self._by_start.order, self._by_start_x)
            total -= self._by_start.sums_in_order(started)
        tied = None if self._tied_x is None else weighted(self._tied, self._tied_x)
        sums = self._less_tied(total, tied)
        return sums[:, 0], sums[:, 1:] / sums[:, :1]

    def _moments(self, weight: Floats) -> tuple[Floats, Floats]:
        n, k = self.x.shape
        outer = (self.x[:, :, None] * self.x[:, None, :]).reshape(n, k * k)
        s0, mean = self._first_moments(weight)
        second = self.of_steps(weight[:, None] * outer) / s0[:, None]
        return mean, second.reshape(-1, k, k)

    def _third(
        self, weight: Floats, expected: Floats, s0: Floats, mean: Floats, inverse: Floats
    ) -> Floats:
        """trace(I^-1 dI/db): E[(x-m)' I^-1 (x-m) (x-m)] summed over the steps, m = E[x].

        Like the information: what the steps make of a row is summed before the rows are.
        """
        x, times = self.x, self.steps.times
        square = np.einsum("ij,ij->i", x @ inverse, x)
        q = self.of_steps((weight * square)[:, None])[:, 0] / s0
        turned = mean @ inverse
        of_mean = np.einsum("tj,tj->t", turned, mean)
        along = weight * np.einsum("ij,ij->i", x, self.of_rows((times / s0)[:, None] * turned))
        return np.asarray((expected * square - 2 * along) @ x + (times * (2 * of_mean - q)) @ mean)


def maximise(
    likelihood: PartialLikelihood,
    *,
    start: Floats | Point | None = None,
    held: int | None = None,
    close: float = _CLOSE,
) -> Point | None:
    """The highest point by Newton's steps, halved while they do not climb.

    Args:
        likelihood: with or without the penalty; its information serves as curvature for both.
        start: where to begin, or what the function is there; 0 without it.
        held: the number of a coefficient that stays where it begins.
        close: how short a step is the last.

    Returns:
        The point, or None when the climb does not arrive.
    """
    k = likelihood.x.shape[1]
    free = np.array([j for j in range(k) if j != held], dtype=np.int64)
    square = np.ix_(free, free)
    if isinstance(start, Point):
        here = start
    else:
        here = likelihood.at(np.zeros(k) if start is None else np.asarray(start, dtype=np.float64))
    # The information is not the curvature of the penalty: with few events the steps would jump to
    # and fro about the top, so those that turn back without getting much shorter are damped.
    damping = 1.0
    before: Floats = np.zeros(free.size)
    for _ in range(_STEPS):
        if not np.isfinite(here.loglik) or not np.isfinite(here.information).all():
            return None
        if not free.size:
            return here
        try:
            solved = np.linalg.solve(here.information[square], here.score[free])
        except np.linalg.LinAlgError:
            return None
        step: Floats = np.asarray(solved, dtype=np.float64)
        if not np.isfinite(step).all():
            return None
        # What the step promises to gain; below this it is rounding that decides.
        if float(step @ here.score[free]) < close**2 or np.abs(step).max() < close:
            return here
        if step @ before < 0 and np.abs(step).max() > np.abs(before).max() / 4:
            damping = damping / 2
        before = step
        step = step * damping * min(1.0, LONGEST_STEP / np.abs(step).max())
        for _ in range(HALVINGS):
            coef = here.coef.copy()
            coef[free] += step
            there = likelihood.at(coef)
            if there.loglik >= here.loglik - 1e-12 * (1 + abs(here.loglik)):
                break
            step = step / 2
        else:
            return here if np.abs(step).max() < 1e-6 else None
        here = there
    return here if np.abs(step).max() < 1e-7 else None
