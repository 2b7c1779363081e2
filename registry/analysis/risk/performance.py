"""How good the risks are by time: Brier score, AUC, calibration, each less its optimism.

What is measured is that of `registry.analysis.methods`, with stop, transfer and death as competing
events and weights for the censoring. Limits are those of the apparent measure, moved by its
optimism (Noma and others, Statistics in Medicine 2021;40:5691-701).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from registry.analysis import methods
from registry.analysis.dataset import Days, Flags, Floats
from registry.analysis.methods.prediction import integrated_to, levels_of
from registry.analysis.methods.prediction_curves import auc_curve, brier_curves
from registry.analysis.risk.fitting import LOSS, Hazards
from registry.variables import DAYS_PER_MONTH

# Losses by a time, and patients followed beyond it, below which nothing is measured there. Ours.
FEWEST = 5
MEASURES = (
    "brier",
    "scaled_brier",
    "integrated_brier",
    "auc",
    "observed_over_predicted",
    "calibration_intercept",
    "calibration_slope",
    "ici",
)
CURVES = ("brier", "null_brier", "auc")


@dataclass(frozen=True)
class Measured:
    """What a model scores with some patients; NaN where nothing is measured.

    Attributes:
        asked: of `MEASURES` at the days asked for, shape (measures, days).
        curves: of `CURVES` month by month.
    """

    asked: Floats
    curves: Floats

    def __sub__(self, other: Measured) -> Measured:
        return Measured(self.asked - other.asked, self.curves - other.curves)


@dataclass(frozen=True)
class Told:
    """What a model tells of patients, once for all and for every sample of them.

    Attributes:
        grown: the days on which a risk grows.
        risk: of each patient before the first of these and from each on, shape (n, 1 + grown).
        levels: the order of the risks by each month, and by each of the days asked for, shape
            (n, months + days).
    """

    grown: Floats
    risk: Floats
    levels: Days

    def by(self, days: Floats, who: Days) -> Floats:
        """The risks of some patients by each of the days, shape (n, days)."""
        return self.risk[np.ix_(who, np.searchsorted(self.grown, days, side="right"))]


@dataclass(frozen=True)
class Watch:
    """Patients with whom a model is looked at, and when.

    Attributes:
        time, code, x: as of `Hazards.of`.
        days: when it is asked for, in order.
        pseudo: of each patient, for the calibration, shape (n, days); those of all also of the
            patients of a bootstrap sample, to whom they belong.
    """

    time: Days
    code: Days
    x: Floats
    days: Floats
    pseudo: Floats

    @property
    def months(self) -> Floats:
        """Those of the curves, from 1 to the last asked for."""
        return np.arange(1.0, np.floor(self.days[-1] / DAYS_PER_MONTH + 1e-9) + 1)

    def losses(self, days: Floats, often: Days | None = None) -> Days:
        """How many lost response by each of the days."""
        return self._left(days, self.code == LOSS, often)

    def followed(self, days: Floats, often: Days | None = None) -> Days:
        """How many are followed beyond each of the days."""
        whole = len(self.time) if often is None else int(often.sum())
        return whole - self._left(days, np.ones(len(self.time), dtype=bool), often)

    def _left(self, days: Floats, who: Flags, often: Days | None) -> Days:
        time = self.time[who] if often is None else np.repeat(self.time[who], often[who])
        return np.searchsorted(np.sort(time), days, side="right")

    def telling(self, days: Floats, often: Days | None = None) -> Any:
        """On which of the days there is something to measure by."""
        return (self.losses(days, often) >= FEWEST) & (self.followed(days, often) >= FEWEST)

    def told(self, model: Hazards) -> Told:
        """What a model tells of these patients."""
        grown, risk = model.reached(self.x, float(self.days[-1]))
        np.clip(risk, 0.0, 1.0, out=risk)
        watched = np.concatenate([self.months * DAYS_PER_MONTH, self.days])
        step = np.searchsorted(grown, watched, side="right")
        return Told(grown, risk, levels_of(risk[:, step]))

    def measured(self, told: Told, *samples: Days | None) -> list[Measured]:
        """The scores with these patients of a model that told this of them.

        Args:
            told: see `told`.
            samples: of each how often each patient is in it; None is these patients.
        """
        by_month = self.months * DAYS_PER_MONTH
        watched = np.concatenate([by_month, self.days])
        # Between the days on which anybody leaves neither score nor risk changes.
        days = np.unique(np.concatenate([self.time, watched]))
        days = days[days <= self.days[-1]]
        scores = brier_curves(self.time, self.code, told.risk, days, samples, grown=told.grown)
        at, monthly = np.searchsorted(days, self.days), np.searchsorted(days, by_month)
        found = []
        for often, score in zip(samples, scores, strict=True):
            who = np.repeat(np.arange(len(self.time)), 1 if often is None else often)
            line = methods.calibration(
                self.time[who],
                self.code[who],
                told.by(self.days, who),
                self.days,
                self.pseudo[who],
                score.incidence[at],
            )
            # The score is held between the days of the sample, and 0 before the first of them.
            own = np.isin(days, np.concatenate([self.time[who], watched]))
            held = integrated_to(score.estimate[own], days[own])
            area = auc_curve(self.time, self.code, told.levels, watched, often)
            asked = np.stack(
                [
                    score.estimate[at],
                    score.scaled[at],
                    held[np.searchsorted(days[own], self.days)],
                    area[len(by_month) :],
                    line.ratio,
                    line.intercept,
                    line.slope,
                    line.ici,
                ]
            )
            curves = [score.estimate[monthly], score.null[monthly], area[: len(by_month)]]
            found.append(
                Measured(
                    np.where(self.telling(self.days, often), asked, np.nan),
                    np.where(self.telling(by_month, often), np.stack(curves), np.nan),
                )
            )
        return found


@dataclass(frozen=True)
class Performance:
    """What a model scores by time, as it appears and corrected for its optimism.

    Attributes:
        watch: the patients it was made from.
        apparent: its scores with them.
        optimism: of each bootstrap sample.
        null: the Brier score of the incidence of all, at the days asked for.
        limits: of the apparent `brier` and `auc`, and of the calibration's line, by measure.
        smooth: the curve through the pseudo-values at the predictions of the models made without
            each patient, by day: predicted and observed, in order.
    """

    watch: Watch
    apparent: Measured
    optimism: Sequence[Measured]
    null: Floats
    limits: dict[str, tuple[Floats, Floats]]
    smooth: list[tuple[Floats, Floats]]

    @classmethod
    def of(
        cls,
        watch: Watch,
        model: Hazards,
        apparent: Measured,
        optimism: Sequence[Measured],
        left_out: Floats,
    ) -> Performance:
        """Put together what `Watch.measured` gave with all and in the samples."""
        time, code, days = watch.time, watch.code, watch.days
        risk = np.clip(model.risk(watch.x, days), 0.0, 1.0)
        score = methods.brier(time, code, risk, days)
        area = methods.auc(time, code, risk, days)
        line = methods.calibration(time, code, risk, days, watch.pseudo)
        limits = {
            "brier": (score.lower, score.upper),
            "auc": (area.lower, area.upper),
            "calibration_intercept": line.limits("intercept"),
            "calibration_slope": line.limits("slope"),
        }
        known = np.isfinite(left_out).all(axis=1)
        smooth = []
        if known.any():
            held = left_out[known]
            found = methods.calibration(time[known], code[known], held, days, watch.pseudo[known])
            shown = np.where(watch.telling(days), found.smooth, np.nan)
            for told, came in zip(held.T, shown.T, strict=True):
                order = np.argsort(told, kind="stable")
                smooth.append((told[order], came[order]))
        return cls(watch, apparent, optimism, score.null.estimate, limits, smooth)

    def to_json(self, *, curves: bool = False) -> dict[str, Any]:
        """Of each time its measures; `curves` month by month for the figures, too."""
        days = self.watch.days
        counted = zip(self.watch.losses(days), self.watch.followed(days), strict=True)
        null = np.where(self.watch.telling(days), self.null, np.nan)
        by_time = [
            {
                "at_months": float(days[i] / DAYS_PER_MONTH),
                "losses": int(losses),
                "followed": int(followed),
                "null_brier": _number(null[i]),
                **{name: self._told(k, name, i) for k, name in enumerate(MEASURES)},
            }
            for i, (losses, followed) in enumerate(counted)
        ]
        told: dict[str, Any] = {"fewest": FEWEST, "by_time": by_time}
        if curves:
            told["curves"] = self._curves()
            told["smooth"] = [
                [{"predicted": float(x), "observed": _number(y)} for x, y in zip(*one, strict=True)]
                for one in self.smooth
            ]
        return told

    def _told(self, which: int, name: str, at: int) -> dict[str, float | None]:
        apparent = float(self.apparent.asked[which, at])
        lost = np.array([one.asked[which, at] for one in self.optimism])
        # As of the slope of the hazard: those of a sample that shrinks all to 0 have no bounds.
        middle = np.median if name in ("calibration_slope", "calibration_intercept") else np.mean
        told = corrected(apparent, lost, middle)
        if name not in self.limits:
            return told
        ends = [float(one[at]) - (told["optimism"] or 0.0) for one in self.limits[name]]
        bounded = (0.0, 1.0) if name in ("brier", "auc") else (-np.inf, np.inf)
        lower, upper = (_number(min(max(end, bounded[0]), bounded[1])) for end in ends)
        known = told["corrected"] is not None
        return {**told, "lower": lower if known else None, "upper": upper if known else None}

    def _curves(self) -> list[dict[str, float | None]]:
        lost = np.full((1, *self.apparent.curves.shape), np.nan)
        if self.optimism:
            lost = np.stack([one.curves for one in self.optimism])
        count = np.isfinite(lost).sum(axis=0)
        mean = np.where(count > 0, np.nansum(lost, axis=0) / np.maximum(count, 1), np.nan)
        # The null score is told as it is: nothing is fitted but the incidence.
        mean[CURVES.index("null_brier")] = 0.0
        shown = self.apparent.curves - mean
        return [
            {"at_months": float(month), **dict(zip(CURVES, map(_number, column), strict=True))}
            for month, column in zip(self.watch.months, shown.T, strict=True)
        ]


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def corrected(
    apparent: float, optimism: Floats, middle: Callable[[Floats], Any]
) -> dict[str, float | None]:
    """A measure as it appears, its optimism over the samples, and what is left of it."""
    known = optimism[np.isfinite(optimism)]
    if np.isnan(apparent) or not known.size:
        told = None if np.isnan(apparent) else float(apparent)
        return {"apparent": told, "optimism": None, "corrected": None}
    mean = float(middle(known))
    return {"apparent": float(apparent), "optimism": mean, "corrected": float(apparent) - mean}
