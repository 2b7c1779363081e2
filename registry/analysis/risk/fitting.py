"""Two hazards of those at risk after week 14, of a loss and of what rules one out, and the risk.

Each is by default a Cox model with a ridge (Verweij and van Houwelingen, Statistics in Medicine
1994;13:2427-36), ties by Breslow, of covariates brought to mean 0 and standard deviation 1. Ridge
and not Firth's penalty: Firth takes the bias out of a coefficient, for a statement on that
covariate; a prediction gains from coefficients that are drawn towards 0, which is what it takes to
be right in the next patients. The risk follows from both (Benichou and Gail, Biometrics
1990;46:813-26): the probability of a loss by a day, where who stopped, went to adult care or died
before can have none. Without the penalty it is the cause-specific model of
`registry.analysis.methods.cause_specific`, riskRegression's.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from registry.analysis.cox.partial_likelihood import PartialLikelihood, Point, Rows, maximise
from registry.analysis.dataset import Days, Flags, Floats
from registry.analysis.methods.cause_specific import CauseSpecific, cause_specific_risk

LOSS, RULED_OUT = CAUSES = (1, 2)
"""Codes of what ends the time of a patient; 0 is the end of observation."""
FOLDS = 5
PENALTIES_PER_EVENT = 2.0 ** np.arange(6, -9, -3)
"""Penalties tried, over the number of events; shrinks a coefficient to about 1 / (1 + this)."""
_CLOSE_ENOUGH = 1e-3
_CELLS = 50_000
"""Patients times days that are worked on at once: what a processor has near it."""


@dataclass(frozen=True)
class Hazard:
    """The hazard of one cause: coefficients per standard deviation and Breslow's baseline.

    `days` are those of its events and `jumps` what the cumulative hazard grows by on each.
    """

    coef: Floats
    penalty: float
    effective_df: float
    days: Days
    jumps: Floats

    def until(self, days: Floats) -> Floats:
        """The cumulative hazard of somebody with all covariates at their mean."""
        running = np.concatenate(([0.0], np.cumsum(self.jumps)))
        return np.asarray(running[np.searchsorted(self.days, days, side="right")])

    def before(self, days: Floats) -> Floats:
        """The same up to, and not on, each of the days."""
        running = np.concatenate(([0.0], np.cumsum(self.jumps)))
        return np.asarray(running[np.searchsorted(self.days, days, side="left")])


def ridge(rows: Rows, penalty: float, near: Hazard | None = None) -> Hazard:
    """The hazard that maximises log L(b) - penalty / 2 sum b^2, b per unit of the rows' values.

    The climb begins at the coefficients of `near`, or at 0.
    """
    likelihood = PartialLikelihood(rows, "breslow", ridge=penalty)
    best = maximise(likelihood, start=None if near is None else near.coef)
    assert best is not None, "a ridge has a highest point"
    left = penalty * np.trace(np.linalg.inv(best.information))
    return Hazard(
        best.coef,
        penalty,
        float(len(best.coef) - left),
        likelihood.steps.time.astype(np.int64),
        likelihood.baseline(best.coef),
    )


def folds_of(event: Flags, seed: int) -> Days:
    """The fold of each patient, at random, the events spread evenly."""
    random = np.random.default_rng(seed)
    fold = np.empty(len(event), dtype=np.int64)
    for members in (np.flatnonzero(event), np.flatnonzero(~event)):
        fold[random.permutation(members)] = np.arange(len(members)) % FOLDS
    return fold


def gains(rows: Rows, fold: Days, penalties: Floats) -> Floats:
    """The cross-validated partial likelihood of each penalty, the largest penalty first.

    The sum over the folds of log L(b) - log L_without(b) at the coefficients b fitted without the
    fold (Verweij and van Houwelingen, Statistics in Medicine 1993;12:2305-14).
    """
    gain = np.zeros(len(penalties))
    whole = PartialLikelihood(rows, "breslow")
    for one in np.unique(fold):
        kept = fold != one
        if not rows.event[kept].any():
            continue
        without = PartialLikelihood(
            Rows.of(
                rows.stop[kept],
                rows.event[kept],
                rows.values[kept],
                weight=None if rows.weight is None else rows.weight[kept],
            ),
            "breslow",
        )
        point: Point | None = None
        for i, penalty in enumerate(penalties):
            # From where the penalty before led; only what it takes off is other there.
            start = point and point.with_ridge(penalty - penalties[i - 1])
            point = maximise(without.with_ridge(penalty), start=start, close=_CLOSE_ENOUGH)
            if point is None:
                gain[i] = -np.inf
                continue
            coef = point.coef + np.linalg.solve(point.information, point.score)
            gain[i] += whole.loglik(coef) - without.loglik(coef)
    return gain


def penalties_for(events: int) -> Floats:
    """The penalties to try, the largest first."""
    return np.asarray(PENALTIES_PER_EVENT * events, dtype=np.float64)


def best_penalty(rows: Rows, fold: Days) -> float:
    """The one of `penalties_for` that gains most, of equal ones the largest."""
    events = rows.event.sum() if rows.weight is None else rows.weight[rows.event].sum()
    penalties = penalties_for(int(events))
    return float(penalties[int(np.argmax(gains(rows, fold, penalties)))])


@dataclass(frozen=True)
class Hazards:
    """The hazard of a loss, and of what rules one out where that happened."""

    loss: Hazard
    ruled_out: Hazard | None

    @classmethod
    def of(
        cls,
        time: Days,
        code: Days,
        x: Floats,
        fold: Days,
        near: Hazards | None = None,
        often: Floats | None = None,
    ) -> Hazards:
        """Fit both.

        Args:
            time: days; a patient is at risk until then.
            code: 0 or one of `CAUSES`; at least one loss.
            x: standardised covariates, shape (n, k).
            fold: of each patient. The penalty of the first hazard is the one that does best in
                them.
            near: a model of nearly the same patients, whose penalty the second takes; without it
                that is chosen as the first's is.
            often: how often each patient counts, above 0; once without it.
        """
        loss, ruled_out = (Rows.of(time, code == cause, x, weight=often) for cause in CAUSES)
        before, second = (near.loss, near.ruled_out) if near else (None, None)
        first = ridge(loss, best_penalty(loss, fold), before)
        if not ruled_out.event.any():
            return cls(first, None)
        penalty = second.penalty if second else best_penalty(ruled_out, fold)
        return cls(first, ridge(ruled_out, penalty, second))

    def limits(self, x: Floats, days: Floats) -> tuple[Floats, Floats] | None:
        """95 % limits of the risk where the model has its own; a ridge has none, but by resamples.

        Both of shape (n, days).
        """
        del x, days
        return None

    def risk(self, x: Floats, days: Floats) -> Floats:
        """The probability of a loss by each of the days, shape (n, days)."""
        grown, reached = self.reached(x, max(days))
        return reached[:, np.searchsorted(grown, days, side="right")]

    def reached(self, x: Floats, last: float) -> tuple[Floats, Floats]:
        """The days up to the last on which the risk grows, and the risk between them.

        That before the first of the days comes first, shape (n, 1 + days).
        """
        both = [one for one in (self.loss, self.ruled_out) if one is not None]
        # Of the days, those of a loss; what else happened on or between them only takes away.
        lost = (self.loss.days <= last) & (self.loss.jumps > 0)
        grown = self.loss.days[lost].astype(np.float64)
        cumulative = np.array([one.until(grown) for one in both])
        jumps = np.array([one.until(grown) - one.before(grown) for one in both])
        # Patients with equal hazards have equal risks; of a few covariates there are few kinds.
        ratios = np.exp(np.column_stack([x @ one.coef for one in both]))
        kinds, kind = np.unique(ratios @ [1, 1j][: len(both)], return_inverse=True)
        first = np.empty(len(kinds), dtype=np.int64)
        first[kind] = np.arange(len(kind))
        alike = len(kinds) < len(ratios)
        ratios = ratios[first] if alike else ratios
        # A row a day, added up for all patients at once.
        found = np.empty((len(grown) + 1, len(ratios)))
        some = 1 + _CELLS // len(found)
        for at in range(0, len(ratios), some):
            _risk_of(ratios[at : at + some].T, cumulative, jumps, found[:, at : at + some])
        for day in range(1, len(found)):
            found[day] += found[day - 1]
        return grown, (found[:, kind] if alike else found).T

    def risk_were_nobody_to_stop(self, x: Floats, days: Floats) -> Floats:
        """1 - exp(-H(t) exp(x b)): with stop, transfer and death as if they were chance ends."""
        return np.asarray(-np.expm1(-np.outer(np.exp(x @ self.loss.coef), self.loss.until(days))))


def _risk_of(ratios: Floats, cumulative: Floats, jumps: Floats, found: Floats) -> None:
    """By how much the risk grows on each of the days, by hazard ratio of each cause; 0 before.

    Args:
        ratios: shape (causes, n), the loss first.
        cumulative: hazards of each cause at the days of a loss, shape (causes, days).
        jumps: by how much they grow on these.
        found: takes it, shape (1 + days, n).
    """
    # On a day the survivors leave with probability 1 - exp(-hazard), by cause as it has part: that
    # is exp(log of the part - hazard before the day) times (1 - exp(-hazard)) / hazard.
    beside = np.vstack([ratios, np.log(ratios[0]), np.ones(len(ratios[0]))])
    part = np.vstack([jumps - cumulative, np.ones(len(jumps[0])), np.log(jumps[0])]).T @ beside
    np.exp(part, out=part)
    left = -jumps.T @ ratios
    part /= left
    np.expm1(left, out=left)
    found[0] = 0.0
    np.multiply(part, left, out=found[1:])


@dataclass(frozen=True)
class Unpenalised(Hazards):
    """The cause-specific Cox models without a penalty, ties by Breslow."""

    fitted: CauseSpecific

    @classmethod
    def fit(cls, time: Days, code: Days, x: Floats) -> Unpenalised:
        """Fit both.

        Raises:
            CannotEstimate: one of them cannot be fitted.
        """
        fitted = cause_specific_risk(time, code, x, "breslow")
        made: list[Hazard | None] = []
        for fit in fitted.fits:
            days, hazard = fit.baseline()
            jumps = np.diff(hazard, prepend=0.0)
            df = float(len(fit.coefficients))
            made.append(Hazard(fit.coefficients, 0.0, df, days.astype(np.int64), jumps))
        loss, ruled_out = [*made, None][:2]
        assert loss is not None
        return cls(loss, ruled_out, fitted)

    def limits(self, x: Floats, days: Floats) -> tuple[Floats, Floats]:
        """On the log-log scale, from the influence of each patient."""
        told = self.fitted.absolute_risk(x, days)
        return told.lower, told.upper

    def reached(self, x: Floats, last: float) -> tuple[Floats, Floats]:
        """As of a ridge; after the last day of the data the risk stays as it is."""
        grown = self.loss.days[(self.loss.days <= last) & (self.loss.jumps > 0)].astype(np.float64)
        return grown, np.hstack([np.zeros((len(x), 1)), self.fitted.risk(x, grown)])


def fitted(
    time: Days,
    code: Days,
    x: Floats,
    fold: Days,
    *,
    penalised: bool,
    near: Hazards | None = None,
    often: Days | None = None,
) -> Hazards:
    """The model of these patients, see `Hazards.of`; `often` 0 leaves one out.

    Raises:
        CannotEstimate: it is not penalised and cannot be fitted.
    """
    if not penalised:
        drawn = np.repeat(np.arange(len(time)), 1 if often is None else often)
        return Unpenalised.fit(time[drawn], code[drawn], x[drawn])
    if often is None:
        return Hazards.of(time, code, x, fold, near)
    # Who is drawn twice counts twice: that takes less than two rows.
    there = np.flatnonzero(often)
    weight = often[there].astype(np.float64)
    return Hazards.of(time[there], code[there], x[there], fold[there], near, weight)
