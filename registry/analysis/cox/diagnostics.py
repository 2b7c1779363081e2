"""What a fitted Cox model is asked: residuals of rows and patients (martingale, dfbeta), robust
errors (Lin and Wei, JASA 1989;84:1074-8); are hazards proportional; how well does it order.

Definitions are those of R's `residuals.coxph` and, for the test, of `cox.zph` from survival 3.0 on:
the score test of an added term x g(t), with the information of every event time and not the old
approximation by its mean (Grambsch and Therneau, Biometrika 1994;81:515-26; Therneau, vignette
"Proportional hazards"). lifelines still has the old one: 46 of 152 decisions at 0.05 differ.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from registry.analysis import arrays
from registry.analysis.arrays import at_risk_on, chi2_sf
from registry.analysis.cox.partial_likelihood import PartialLikelihood, Rows
from registry.analysis.dataset import Days, Floats
from registry.errors import CannotEstimate
from registry.words import note, tr

if TYPE_CHECKING:
    from registry.analysis.methods.cox_model import CoxFit

Transform = Literal["km", "identity"]
TRANSFORMS: dict[Transform, str] = {
    "km": note("1 - Kaplan-Meier just before t"),
    "identity": note("t in days"),
}


@dataclass(frozen=True)
class Residuals:
    """Residuals of each row, and each patient's when his rows are added up.

    Attributes:
        martingale: events minus expected events, shape (n,).
        dfbeta: about how much a coefficient changes when the row is left out, shape (n, k).
    """

    martingale: Floats
    dfbeta: Floats

    def by(self, group: Any) -> Residuals:
        """The sums over the rows of each group, in the order of the groups' numbers."""
        return Residuals(
            _summed(self.martingale[:, None], group)[:, 0], _summed(self.dfbeta, group)
        )


@dataclass(frozen=True)
class Schoenfeld:
    """At each event, in the order of time: the covariates of its row minus their mean at risk."""

    time: Floats
    residual: Floats
    scaled: Floats


@dataclass(frozen=True)
class Zph:
    """The test of proportional hazards: a chi-square with 1 df a covariate, and a global one.

    Attributes:
        statistic, p_value: of each covariate, shape (k,).
        global_statistic, global_df, global_p_value: of all together.
        transform: how time was measured.
    """

    statistic: Floats
    global_statistic: float
    transform: Transform

    @property
    def p_value(self) -> Floats:
        """P of each covariate."""
        return np.asarray(chi2_sf(self.statistic, 1), dtype=np.float64)

    @property
    def global_df(self) -> int:
        """Degrees of freedom of the global test."""
        return len(self.statistic)

    @property
    def global_p_value(self) -> float:
        """P of the global test."""
        return float(chi2_sf(self.global_statistic, self.global_df))


def residuals(likelihood: PartialLikelihood, coef: Floats, inverse: Floats) -> Residuals:
    """Martingale residuals, and dfbeta as often as a row counts.

    Under Efron's ties the j-th of d tied events faces 1 - j/d of the hazard, as R has it.

    Args:
        likelihood: of the rows that were fitted.
        coef: the estimate.
        inverse: the inverse of the information there.
    """
    rows, steps = likelihood.rows, likelihood.steps
    s0, mean = likelihood.means(coef)
    weight, x = likelihood.risks(coef), rows.values
    hazard = steps.times / s0
    n_times = len(steps.time)
    total = np.bincount(steps.of_step, hazard, n_times)
    total_mean = _summed(hazard[:, None] * mean, steps.of_step, n_times)

    during = likelihood.faced(np.hstack([total[:, None], total_mean]))
    martingale = rows.event - weight * during[:, 0]
    score = -weight[:, None] * (x * during[:, :1] - during[:, 1:])

    # What an event itself adds, and what it does not face of its own tie.
    at, when = likelihood.event_rows, likelihood.event_at
    spared = np.bincount(steps.of_step, steps.share * hazard, n_times)
    spared_mean = _summed((steps.share * hazard)[:, None] * mean, steps.of_step, n_times)
    martingale[at] += weight[at] * spared[when]
    score[at] += x[at] - _mean_at_events(likelihood, mean)[when]
    score[at] += weight[at, None] * (x[at] * spared[when, None] - spared_mean[when])
    return Residuals(
        np.asarray(martingale, dtype=np.float64), likelihood.case[:, None] * score @ inverse
    )


def baseline_faced(likelihood: PartialLikelihood, coef: Floats) -> Floats:
    """The cumulative hazard that each row faced if its covariates were 0, shape (n,)."""
    return likelihood.faced(likelihood.baseline(coef)[:, None])[:, 0]


def robust_variance(found: Residuals, rows: Rows) -> Floats:
    """The sandwich with the clusters as independent units: D'D of the dfbeta of each cluster."""
    of_cluster = found.by(rows.cluster).dfbeta
    return np.asarray(of_cluster.T @ of_cluster)


def schoenfeld(likelihood: PartialLikelihood, coef: Floats, inverse: Floats) -> Schoenfeld:
    """Schoenfeld's residuals, and scaled ones whose mean over time is the coefficient."""
    _, mean = likelihood.means(coef)
    at, when = likelihood.event_rows, likelihood.event_at
    raw = likelihood.rows.values[at] - _mean_at_events(likelihood, mean)[when]
    order = np.argsort(likelihood.rows.stop[at], kind="stable")
    scaled = coef + len(at) * raw @ inverse
    return Schoenfeld(likelihood.rows.stop[at][order], raw[order], scaled[order])


def proportional_hazards(
    likelihood: PartialLikelihood, coef: Floats, transform: Transform = "km"
) -> Zph | None:
    """The test that the coefficients do not change over time.

    Args:
        likelihood: without penalty, whose highest point is at `coef`.
        coef: the estimate.
        transform: how time is measured.

    Returns:
        The test, or None where the information is singular (too few event times).
    """
    rows, steps = likelihood.rows, likelihood.steps
    g = transformed(rows, steps.time, transform)
    # The test is the same whatever is taken off g; its mean keeps the numbers small.
    sums = hazard_sums(likelihood, coef, g - np.average(g, weights=steps.events))
    return score_test(*sums, transform)


def hazard_sums(
    likelihood: PartialLikelihood, coef: Floats, g: Floats
) -> tuple[Floats, Floats, Floats, Floats]:
    """What the test is made of; the sums of rows that share no stratum add.

    Args:
        likelihood: without penalty.
        coef: where.
        g: of each event time, its place on the scale of the test.

    Returns:
        The score of the added terms x g, shape (k,); the information of the coefficients, of both
        together, and of the added terms, each of shape (k, k).
    """
    _, mean = likelihood.means(coef)
    at, when = likelihood.event_rows, likelihood.event_at
    raw = likelihood.rows.values[at] - _mean_at_events(likelihood, mean)[when]
    variance = likelihood.information_by_step(coef)
    by_step = g[likelihood.steps.of_step]
    return (
        (g[when, None] * raw).sum(axis=0),
        variance.sum(axis=0),
        np.einsum("t,tij->ij", by_step, variance),
        np.einsum("t,tij->ij", by_step**2, variance),
    )


def score_test(
    slope: Floats, plain: Floats, mixed: Floats, square: Floats, transform: Transform
) -> Zph | None:
    """The test of `hazard_sums`; None where the information is singular (too few event times)."""
    try:
        left = square - mixed @ np.linalg.solve(plain, mixed)
        own = np.diag(left)
        whole = float(slope @ np.linalg.solve(left, slope))
    except np.linalg.LinAlgError:
        return None
    smallest = float(np.linalg.eigvalsh(left / np.abs(square).max()).min())
    if not (own > 0).all() or smallest < 1e-12 or not math.isfinite(whole):
        return None
    return Zph(np.asarray(slope**2 / own), whole, transform)


def transformed(rows: Rows, time: Floats, transform: Transform) -> Floats:
    """The times on the scale of the test; `km` is the curve of all rows just before each."""
    if transform == "identity":
        return np.asarray(time, dtype=np.float64)
    days = np.unique(rows.stop[rows.event])
    at_risk = at_risk_on(rows.start, rows.stop, days)
    died = _count(rows.stop[rows.event], days)
    died = died - np.append(died[1:], 0)
    survival = np.append(1.0, np.cumprod(1 - died / at_risk))
    return np.asarray(1 - survival[np.searchsorted(days, time, side="left")])


def concordance_of(rows: Rows, score: Floats) -> tuple[float | None, dict[str, int]]:
    """R's `concordance(fit)`: of an event and somebody then at risk, how often the score agrees.

    Pairs are made within a stratum, with those at risk at the event and not having theirs on the
    same day; an equal score counts half.

    Returns:
        The share, None without a pair; and the counts of concordant, discordant and tied pairs.
    """
    counts = np.zeros(2, dtype=np.int64)
    pairs = 0
    level = np.unique(np.round(score, 12), return_inverse=True)[1].reshape(-1)
    for stratum in np.unique(rows.stratum[rows.event]):
        within = rows.stratum == stratum
        events = within & rows.event
        days, mine = rows.stop[events], level[events]
        asked = np.concatenate([mine, mine + 1])
        # At risk are those who leave on the day or later, less those who enter then or later and
        # those whose event is on the day.
        for times, levels, first, sign in (
            (rows.stop[within], level[within], None, 1),
            (rows.start[within], level[within], None, -1),
            (days, mine, days, -1),
        ):
            last = _count(times, days)
            if not last.any():
                continue
            order = np.argsort(-times, kind="stable")
            after = np.zeros_like(last) if first is None else _later(first, days)
            lower = _lower(levels[order], np.tile(after, 2), np.tile(last, 2), asked)
            counts += sign * lower.reshape(2, -1).sum(axis=1)
            pairs += sign * int((last - after).sum())
    agree, up_to = (int(count) for count in counts)
    tied, against = up_to - agree, pairs - up_to
    share = (agree + tied / 2) / pairs if pairs else None
    return share, {"concordant": agree, "discordant": against, "tied": tied}


def _lower(levels: Days, first: Days, last: Days, than: Days) -> Days:
    """How many of `levels[first:last]` are lower than a value, for each of many such questions.

    A wavelet matrix: the levels parted by one binary digit after the other, the highest first.
    """
    found = np.zeros(len(than), dtype=np.int64)
    for digit in range(int(max(levels.max(), than.max())).bit_length() - 1, -1, -1):
        one = (levels >> digit & 1).astype(bool)
        zeros = np.concatenate(([0], np.cumsum(~one)))
        left, right, high = zeros[first], zeros[last], (than >> digit & 1).astype(bool)
        found += np.where(high, right - left, 0)
        first = np.where(high, first - left + zeros[-1], left)
        last = np.where(high, last - right + zeros[-1], right)
        levels = np.concatenate((levels[~one], levels[one]))
    return found


def _count(times: Floats, days: Floats) -> Any:
    """How many of the times are the day or later."""
    return len(times) - np.searchsorted(np.sort(times), days, side="left")


def _later(times: Floats, days: Floats) -> Any:
    return len(times) - np.searchsorted(np.sort(times), days, side="right")


def _mean_at_events(likelihood: PartialLikelihood, mean: Floats) -> Floats:
    """The mean of x at each event time, over the steps of its tie."""
    steps = likelihood.steps
    summed = _summed(steps.times[:, None] * mean, steps.of_step, len(steps.time))
    return np.asarray(summed / _summed(steps.times[:, None], steps.of_step, len(steps.time)))


def _summed(values: Floats, group: Any, size: int | None = None) -> Floats:
    n = int(group.max()) + 1 if size is None else size
    found = np.zeros((n, values.shape[1]))
    np.add.at(found, group, values)
    return found


def zph(fit: CoxFit, transform: Transform = "km") -> Zph:
    """Test whether the coefficients stay the same over time.

    Our own code computes the score test with the information at every event time, as R has it since
    survival 3.0: `cox.zph(fit, transform = "km", terms = FALSE)`. lifelines has the approximation
    of before.

    Args:
        fit: a model without a penalty.
        transform: "km" (1 - Kaplan-Meier just before t) or "identity" (t).

    Raises:
        CannotEstimate: the events are too few.
        InvalidInput: a penalised model.
    """
    arrays.one_of(transform, tuple(TRANSFORMS), "transform")
    if fit.penalty is not None:
        raise arrays.InvalidInput(
            tr("Proportional hazards are tested at an estimate without a penalty.")
        )
    _refuse_weights(fit)
    found = proportional_hazards(fit.likelihood, fit.scaled_coefficients, transform)
    if found is None:
        raise CannotEstimate(note("Proportional hazards are not tested: the events are too few."))
    return found


@dataclass(frozen=True)
class Concordance:
    """Of an event and somebody then at risk, how often the higher risk had the event.

    Attributes:
        concordance: the share, pairs with an equal risk counted half.
        concordant, discordant, tied: numbers of pairs; tied have an equal risk.
    """

    concordance: float
    concordant: int
    discordant: int
    tied: int


def concordance(fit: CoxFit, x: Any = None) -> Concordance:
    """Harrell's concordance, within strata and with late entry.

    Our own code counts the pairs. R: `concordance(fit)`.

    Args:
        fit: any model.
        x: other covariates of the same rows; without them those of the fit.

    Raises:
        CannotEstimate: there is no pair.
    """
    _refuse_weights(fit)
    rows = fit.likelihood.rows
    values = fit.x if x is None else arrays.covariates(x, len(rows.stop))
    share, pairs = concordance_of(rows, values @ fit.coefficients)
    if share is None:
        raise CannotEstimate(note("There is no pair whose order is known."))
    return Concordance(share, pairs["concordant"], pairs["discordant"], pairs["tied"])


def _refuse_weights(fit: CoxFit) -> None:
    if fit.likelihood.rows.weight is not None:
        raise arrays.InvalidInput(tr("A model with weights has no such measure here."))
