"""How good predicted risks are, by time and with competing causes: Brier score and AUC.

Who is censored before t tells nothing of t; whoever is seen until then, or to an event before,
stands for him with the weight 1/G, the inverse probability of not being censored: G(T-) for who had
an event by t, G(t) for who is followed beyond (Gerds and Schumacher, Biometrical Journal
2006;48:1029-40; Blanche, Dartigues and Jacqmin-Gadda, Statistics in Medicine 2013;32:5381-97). G is
Kaplan and Meier's of the censoring; on a day with both, events come first. Errors rest on the
influence of each row, its part in the estimate of G included.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from registry.analysis import arrays
from registry.analysis.counting import Z95
from registry.analysis.dataset import Days, Floats
from registry.analysis.methods.competing_risks import aalen_johansen
from registry.words import tr


class Censoring:
    """The probability G of not being censored, and what its estimate owes to each row.

    Args:
        time, cause: as of `brier`, and held to nothing.
        often: how often each row counts; once without it, not at all with 0.
    """

    def __init__(self, time: Floats, cause: Days, often: Days | None = None) -> None:
        self.time, self._cause = time, cause
        self._often = np.ones(len(time), dtype=np.int64) if often is None else often
        self._days, self._day = np.unique(time, return_inverse=True)
        some = len(self._days)
        leaving = np.bincount(self._day, self._often, some)
        censored = np.bincount(self._day, np.where(cause == 0, self._often, 0), some)
        at_risk = leaving[::-1].cumsum()[::-1]
        # Events come first: they are not at risk of the censoring of their day.
        left = at_risk - leaving + censored
        self._g = np.concatenate(([1.0], np.cumprod(1 - censored / np.maximum(left, 1))))
        self._at_risk = np.maximum(at_risk, 1)
        self._hazard = censored / self._at_risk

    def weights(self, at: Floats) -> Floats:
        """1/G of each row that tells of t, 0 of the others, (n, times); NaN where G(t) is 0."""
        g_t = self.of(at)
        weight = np.where(self.time[:, None] <= at, self.before[:, None], 1 / g_t)
        return np.asarray(np.where(np.isnan(g_t), np.nan, weight))

    def of(self, at: Floats) -> Floats:
        """G at each of the times; NaN where it is 0."""
        g_t = self._g[np.searchsorted(self._days, at, side="right")]
        return np.where(g_t > 0, g_t, np.nan)

    @cached_property
    def before(self) -> Floats:
        """1/G just before each row leaves, 0 of who is censored or does not count."""
        with np.errstate(divide="ignore"):
            told = (self._cause != 0) & (self._often > 0)
            return np.where(told, 1 / self._g[self._day], 0.0)

    def of_cases(self, at: Floats) -> Floats:
        """The sum of the weights of those with cause 1 by each of the times."""
        return np.where(np.isnan(self.of(at)), np.nan, self._until(at, self._cause == 1))

    def of_all(self, at: Floats) -> Floats:
        """The sum of all weights at each of the times."""
        left = np.concatenate(([0], np.cumsum(np.bincount(self._day, self._often))))
        later = left[-1] - left[np.searchsorted(self._days, at, side="right")]
        return np.asarray(self._until(at, self._cause != 0) + later / self.of(at))

    def _until(self, at: Floats, of: Any) -> Floats:
        of_day = np.bincount(self._day, np.where(of, self._often * self.before, 0.0))
        running = np.concatenate(([0.0], np.cumsum(of_day)))
        return np.asarray(running[np.searchsorted(self._days, at, side="right")])

    def share(self, part: Floats, t: float) -> Floats:
        """What the weights in a mean of `part` owe to each row: its martingale of the censoring.

        At u this has the mean of the parts of those who leave later over the share then at risk.
        """
        of_day = np.bincount(self._day, part, len(self._days))
        later = of_day.sum() - np.cumsum(of_day)
        factor = np.where(self._days <= t, later / self._at_risk, 0.0)
        faced = np.cumsum(factor * self._hazard)[self._day]
        return np.asarray(np.where(self._cause == 0, factor[self._day], 0.0) - faced)


@dataclass(frozen=True)
class Score:
    """A measure at each of the times; NaN where it has no estimate.

    Attributes:
        at: the times.
        estimate: of the measure.
        parts: of each row, weighted, shape (n, times); the estimate moves as their mean does.
    """

    at: Floats
    estimate: Floats
    parts: Floats = field(repr=False)
    _censoring: Censoring = field(repr=False)

    @cached_property
    def influence(self) -> Floats:
        """Of each row on the estimate, by itself and through the weights, shape (n, times)."""
        found = self.parts - self.parts.mean(axis=0)
        for i, t in enumerate(self.at):
            found[:, i] += self._censoring.share(self.parts[:, i], t)
        return np.asarray(found)

    @property
    def standard_error(self) -> Floats:
        """Of the estimate: the spread of the influences over the root of their number."""
        n = len(self.influence)
        return np.asarray(self.influence.std(axis=0, ddof=1) / np.sqrt(n), dtype=np.float64)

    @property
    def lower(self) -> Floats:
        """Lower 95 % limit, 0 at least."""
        return np.asarray(np.maximum(self.estimate - Z95 * self.standard_error, 0.0))

    @property
    def upper(self) -> Floats:
        """Upper 95 % limit, 1 at most."""
        return np.asarray(np.minimum(self.estimate + Z95 * self.standard_error, 1.0))


@dataclass(frozen=True)
class BrierScore(Score):
    """The mean squared distance of the predicted risk from what came, 0 the best.

    Attributes:
        null: the score of Aalen and Johansen's incidence, told of everybody.
    """

    null: Score

    @property
    def scaled(self) -> Floats:
        """1 - score / null score, the index of prediction accuracy: 0 is no use, 1 perfect."""
        return scaled_by(self.estimate, self.null.estimate)

    @property
    def integrated(self) -> Floats:
        """The mean score from 0 up to each of the times, the score held between them.

        It is exact where they are all times at which anybody leaves; before the first the score
        counts 0, as in `Score(summary = "ibs")`.
        """
        return integrated_to(self.estimate, self.at)


def scaled_by(estimate: Floats, null: Floats) -> Floats:
    """1 - score / null score."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(1 - estimate / null, dtype=np.float64)


def integrated_to(estimate: Floats, at: Floats) -> Floats:
    """The mean score up to each of the times, held between them."""
    steps = np.concatenate(([0.0], np.cumsum(estimate[:-1] * np.diff(at))))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(steps / at, dtype=np.float64)


def brier(time: Any, cause: Any, risk: Any, at: Any) -> BrierScore:
    """The Brier score of predicted risks of cause 1.

    Our own code computes it. R, riskRegression: `Score(list(risk), Hist(time, cause) ~ 1, data,
    cause = 1, times = at, cens.model = "km", metrics = "brier", summary = c("ipa", "ibs"))`.

    Args:
        time: to the event or to censoring, from 0 on, shape (n,).
        cause: 0 censored, 1 the cause predicted, 2, ... others, shape (n,).
        risk: the probability of cause 1 by each of the times, shape (n, times), or (n,) for the
            same at all.
        at: times in order; NaN comes of those at which nobody is known to be uncensored.
    """
    given = Predictions.of(time, cause, risk, at)
    return BrierScore(
        *_squares(given, given.risk),
        null=Score(*_squares(given, given.incidence)),
    )


def auc(time: Any, cause: Any, risk: Any, at: Any) -> Score:
    """How often who has cause 1 by t was told a higher risk than who has not, equal ones half.

    Cumulative cases and dynamic controls: who had another cause by then is a control. Our own code
    computes it. R, riskRegression: `Score(list(risk), Hist(time, cause) ~ 1, data, cause = 1,
    times = at, cens.model = "km", metrics = "auc")`; `timeROC::timeROC` gives it as AUC_2.

    Args:
        time, cause, risk, at: as of `brier`; NaN comes where there is no case or no control, too.
    """
    given = Predictions.of(time, cause, risk, at)
    return Score(*_pairs(given))


def levels_of(risk: Floats) -> Days:
    """The order of the risks at each time, equal ones alike, from 0 on, shape (n, times)."""
    found = np.zeros(risk.shape[::-1], dtype=np.int64)
    for level, told in zip(found, np.ascontiguousarray(risk.T), strict=True):
        order = np.argsort(told)
        ordered = told[order]
        level[order[1:]] = np.cumsum(ordered[1:] != ordered[:-1])
    return found.T


@dataclass(frozen=True)
class Predictions:
    """Risks of cause 1 and what came, looked at; arguments as of `brier`.

    Attributes:
        time, cause: shape (n,).
        risk: shape (n, times).
        at: the times.
    """

    time: Floats
    cause: Days
    risk: Floats
    at: Floats

    @classmethod
    def of(cls, time: Any, cause: Any, risk: Any, at: Any) -> Predictions:
        stop = arrays.times(time)
        code = arrays.causes(cause, len(stop))
        asked = arrays.times(np.atleast_1d(at), "at")
        if (np.diff(asked) <= 0).any():
            raise arrays.InvalidInput(tr("{name} is not in order.", name="at"))
        try:
            told = np.asarray(risk, dtype=np.float64)
        except (TypeError, ValueError):
            raise arrays.InvalidInput(tr("{name} is no column of numbers.", name="risk")) from None
        arrays.same_length(told, len(stop), "risk")
        told = np.repeat(told[:, None], len(asked), axis=1) if told.ndim == 1 else told
        if told.shape != (len(stop), len(asked)):
            raise arrays.InvalidInput(tr("risk has no column a time of at."))
        if not ((told >= 0) & (told <= 1)).all():
            raise arrays.InvalidInput(tr("risk has a value that is missing or outside 0 to 1."))
        return cls(stop, code, told, asked)

    @property
    def incidence(self) -> Floats:
        """Aalen and Johansen's, of cause 1 at each of the times."""
        if not self.cause.any():
            return np.zeros(len(self.at))
        return np.asarray(aalen_johansen(self.time, self.cause).at(self.at)[0])


def _squares(given: Predictions, risk: Floats) -> tuple[Floats, Floats, Floats, Censoring]:
    censoring = Censoring(given.time, given.cause)
    case = (given.time[:, None] <= given.at) & (given.cause == 1)[:, None]
    parts = censoring.weights(given.at) * (case - risk) ** 2
    return given.at, parts.mean(axis=0), parts, censoring


def _pairs(given: Predictions) -> tuple[Floats, Floats, Floats, Censoring]:
    censoring = Censoring(given.time, given.cause)
    weights, levels = censoring.weights(given.at), levels_of(given.risk)
    estimate = np.full(len(given.at), np.nan)
    parts = np.full(weights.shape, np.nan)
    for i, t in enumerate(given.at):
        found = area_of(given.time, given.cause, weights[:, i], levels[:, i], t)
        if found is None:
            continue
        estimate[i] = found.area
        own, other = found.below - found.area, found.above - found.area
        parts[:, i] = found.cases * own + found.controls * other
    return given.at, estimate, parts, censoring


@dataclass(frozen=True)
class Area:
    """An AUC; of each row its weight as case and control, over their means, and those beside it."""

    area: float
    cases: Floats
    controls: Floats
    below: Floats
    above: Floats


def area_of(time: Floats, cause: Days, weight: Floats, level: Days, t: float) -> Area | None:
    """None where there is no case or no control."""
    case = (time <= t) & (cause == 1)
    of_case, of_control = np.where(case, weight, 0.0), np.where(case, 0.0, weight)
    area = area_between(of_case, of_control, level)
    if np.isnan(area):
        return None
    below = _below(_by_level(level, of_control))[level] / of_control.sum()
    above = 1 - _below(_by_level(level, of_case))[level] / of_case.sum()
    return Area(area, of_case / of_case.mean(), of_control / of_control.mean(), below, above)


def area_between(of_case: Floats, of_control: Floats, level: Days) -> float:
    """The AUC by the weight of each row as case and as control; NaN where there are none.

    Added up one after the other: levels at which nobody is change nothing, not even by rounding.
    """
    cases, controls = _by_level(level, of_case), _by_level(level, of_control)
    found = np.cumsum(cases * _below(controls))[-1]
    of_all = np.cumsum(cases)[-1] * np.cumsum(controls)[-1]
    return float(found / of_all) if of_all > 0 else np.nan


def _by_level(level: Days, weight: Floats) -> Floats:
    return np.asarray(np.bincount(level, weight), dtype=np.float64)


def _below(weight: Floats) -> Floats:
    """By level the sum of the weights at lower ones, and half of that at its own."""
    return np.asarray(np.cumsum(weight) - weight / 2, dtype=np.float64)
