"""How far the risk at week 14 can be trusted: bootstrap, optimism, calibration.

Everything that the hazard of a loss takes from the data, its penalty included, is done again in
each bootstrap sample, and what the model loses there on the original patients is taken off
(Harrell, Lee and Mark, Statistics in Medicine 1996;15:361-87). `performance` has what is measured
by time.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from registry.analysis import methods
from registry.analysis.arrays import NO_ENTRY, Counts
from registry.analysis.choices import RiskRule
from registry.analysis.counting import aalen_johansen, log_log_limits
from registry.analysis.cox.diagnostics import concordance_of
from registry.analysis.cox.partial_likelihood import PartialLikelihood, Rows, maximise
from registry.analysis.curves.curve import Curve
from registry.analysis.dataset import Days, Floats
from registry.analysis.resampling import of_each
from registry.analysis.risk.fitting import CAUSES, LOSS, Hazards, fitted, folds_of
from registry.analysis.risk.performance import Measured, Performance, Watch, corrected
from registry.errors import CannotEstimate

# A slope beyond this many standard deviations is that of a likelihood without a highest point.
_STEEPEST = 30.0


@dataclass(frozen=True)
class Validation:
    """The model, and what became of it in the bootstrap samples.

    Attributes:
        model: fitted to all patients.
        concordance, slope: as they appear, how optimistic that is, and corrected for it.
        own: risks of the patient asked for, shape (samples, days).
        left_out: of each patient the mean risk by the models made without it, shape (n, days).
        performance: Brier score, discrimination and calibration by time.
        samples: bootstrap samples in which the model could be fitted.
    """

    model: Hazards
    concordance: dict[str, float | None]
    slope: dict[str, float | None]
    own: Floats
    left_out: Floats
    performance: Performance
    samples: int


def validated(
    time: Days, code: Days, x: Floats, own: Floats | None, days: Floats, how: RiskRule
) -> Validation:
    """Fit the model, and fit it anew in every bootstrap sample.

    Args:
        time, code, x: see `Hazards.of`.
        own: standardised covariates of the patient to predict for, if any.
        days: when the risk is asked for.
        how: how many samples, and the seed.
    """
    random, n = np.random.default_rng(how.seed), len(time)
    fold = folds_of(code == LOSS, how.seed)
    # In the order of leaving, in which sums over those at risk are made; samples are drawn and told
    # in that of the patients.
    order = np.argsort(time, kind="stable")
    time, code, x, fold = time[order], code[order], x[order], fold[order]
    model = fitted(time, code, x, fold, penalised=how.penalised)
    everybody = Rows.of(time, code == LOSS, x)
    watch = Watch(time, code, x, days, methods.pseudo_values(time, code, days))
    apparent, by_time = _measures(everybody, model), watch.measured(watch.told(model), None)[0]
    whole = PartialLikelihood(everybody, "breslow")
    resampled = _Resampled(time, code, x, own, days, fold, model, how.penalised, watch, whole)
    samples = [
        random.multinomial(n, np.full(n, 1 / n)).astype(np.int16)[order]
        for _ in range(how.resamples)
    ]
    optimism: list[Floats] = []
    optimism_by_time: list[Measured] = []
    of_own = np.full((how.resamples, len(days)), np.nan)
    total, times = np.zeros((n, len(days))), np.zeros((n, 1))
    for i, found in enumerate(of_each(resampled.fit, samples)):
        if found is None:
            continue
        optimism.append(found.optimism)
        optimism_by_time.append(found.by_time)
        of_own[i] = found.own
        total[found.out] += found.left_out
        times[found.out] += 1
    with np.errstate(invalid="ignore", divide="ignore"):
        left_out = total / times
    in_order = np.empty_like(left_out)
    in_order[order] = left_out
    lost = np.array(optimism).reshape(-1, 2)
    # A sample that shrinks all coefficients to nearly 0 has a slope without bounds: the median.
    return Validation(
        model,
        corrected(apparent[0], lost[:, 0], np.mean),
        corrected(apparent[1], lost[:, 1], np.median),
        of_own,
        in_order,
        Performance.of(watch, model, by_time, optimism_by_time, left_out),
        len(optimism),
    )


@dataclass(frozen=True)
class _Sample:
    """What a bootstrap sample told: optimism, the risk of the patient asked for, of those out."""

    optimism: Floats
    by_time: Measured
    own: Floats
    out: Days
    left_out: Floats


@dataclass(frozen=True)
class _Resampled:
    """What a model is fitted to anew; arguments as of `validated`, `whole` is of all patients."""

    time: Days
    code: Days
    x: Floats
    own: Floats | None
    days: Floats
    fold: Days
    model: Hazards
    penalised: bool
    watch: Watch
    whole: PartialLikelihood

    def fit(self, often: Any) -> _Sample | None:
        """The sample in which each patient is so often; None where no model can be fitted."""
        drawn = np.repeat(np.arange(len(often)), often)
        time, code, x = self.time[drawn], self.code[drawn], self.x[drawn]
        if not (code == LOSS).any():
            return None
        try:
            fit = fitted(
                self.time,
                self.code,
                self.x,
                self.fold,
                penalised=self.penalised,
                near=self.model,
                often=often,
            )
        except CannotEstimate:
            return None
        there = Rows.of(time, code == LOSS, x)
        out = np.flatnonzero(often == 0)
        told = self.watch.told(fit)
        in_sample, of_all = self.watch.measured(told, often, None)
        own = np.full(len(self.days), np.nan)
        return _Sample(
            _measures(there, fit) - _measures(self.whole.rows, fit, self.whole),
            in_sample - of_all,
            own if self.own is None else fit.risk(self.own[None, :], self.days)[0],
            out,
            told.by(self.days, out),
        )


def _measures(rows: Rows, model: Hazards, alike: PartialLikelihood | None = None) -> Floats:
    """Concordance and slope of the hazard of a loss; NaN where there is none."""
    eta = rows.values @ model.loss.coef
    found = (concordance_of(rows, eta)[0], slope_of(rows, eta, alike))
    return np.array([np.nan if one is None else one for one in found])


def slope_of(rows: Rows, eta: Floats, alike: PartialLikelihood | None = None) -> float | None:
    """The coefficient of the linear predictor, fitted alone without penalty: 1 when calibrated.

    `alike` is the likelihood of the same rows with other values, where there is one already.
    """
    spread = float(eta.std())
    if np.ptp(eta) < 1e-6:
        return None
    values = (eta / spread)[:, None]
    same = alike.with_values(values) if alike else None
    alone = same or PartialLikelihood(replace(rows, values=values), "breslow")
    # Most are not far from 1.
    best = maximise(alone, start=np.array([min(spread, 1.0)]))
    if best is None or abs(best.coef[0]) > _STEEPEST or best.information[0, 0] < 1e-10:
        return None
    return float(best.coef[0]) / spread


def risk_groups(
    time: Days, code: Days, day: float, predicted: Floats, groups: int
) -> list[dict[str, Any]]:
    """Groups of equal size by prediction, the lowest first: mean prediction against observation."""
    known = np.flatnonzero(np.isfinite(predicted))
    order = known[np.argsort(predicted[known], kind="stable")]
    told = []
    for number, members in enumerate(np.array_split(order, groups), start=1):
        if not members.size:
            continue
        lost = (code[members] == LOSS) & (time[members] <= day)
        told.append(
            {
                "group": number,
                "n": len(members),
                "events": int(lost.sum()),
                "predicted": float(predicted[members].mean()),
                **observed_by(time[members], code[members], day),
            }
        )
    return told


def observed_by(time: Days, code: Days, day: float) -> dict[str, float | None]:
    """Aalen-Johansen incidence of loss by a day with log-log limits, and 1 - Kaplan-Meier.

    None after the last follow-up, unless everybody has had an event.
    """
    counts = Counts.of(np.full(len(time), NO_ENTRY), time, code, causes=len(CAUSES))
    incidence, se = aalen_johansen(counts)
    with np.errstate(divide="ignore"):
        lower, upper = log_log_limits(incidence[0], se[0])
    alone = 1 - Curve.fit(time, code == LOSS).survival
    at = int(np.searchsorted(counts.days, day, side="right")) - 1
    over = time.max() < day and incidence[:, -1].sum() < 1 - 1e-12
    columns = {"observed": incidence[0], "lower": lower, "upper": upper}
    columns["one_minus_kaplan_meier"] = alone
    return {
        name: None if over or np.isnan(values[at]) else float(values[at])
        for name, values in columns.items()
    }
