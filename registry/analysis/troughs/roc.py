"""How well a level tells who will lose response: ROC curve, its area, and the best cut.

A low level speaks for a loss. Area and error by DeLong (Biometrics 1988;44:837-45), which agrees
with R's package pROC; band and the interval of the cut by a seeded bootstrap within the groups.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from registry.analysis.choices import Bootstrap
from registry.analysis.counting import Z95
from registry.analysis.dataset import Days, Floats
from registry.analysis.troughs.ranks import surely
from registry.words import note

CENSORING = note(
    "Means, ranks and the ROC curve take whoever has not lost response so far for one who "
    "never will, however short the follow-up; the quartiles and the hazard ratio do not."
)
_GRID = np.linspace(1, 0, 51)


@dataclass(frozen=True)
class Cut:
    """Youden's cut: below it a loss is expected.

    `lower` and `upper` are its bootstrap limits. `corrected_j` is the index (sensitivity +
    specificity - 1) less what choosing the cut on the same patients makes it too high.
    """

    at: float
    sensitivity: float
    specificity: float
    lower: float
    upper: float
    corrected_j: float

    def to_json(self) -> dict[str, Any]:
        return {
            "cut": self.at,
            "cut_lower": self.lower,
            "cut_upper": self.upper,
            "sensitivity": self.sensitivity,
            "specificity": self.specificity,
            "j": self.sensitivity + self.specificity - 1,
            "j_corrected": self.corrected_j,
        }


@dataclass(frozen=True)
class Roc:
    """The curve: a value per cut, from the lowest cut (nobody below) to the highest (all below).

    `se` is 0 and the limits are None where the groups do not overlap: DeLong's method then has no
    error to give. `band` has specificity, lower and upper limit of sensitivity.
    """

    n_lost: int
    n_kept: int
    auc: float
    se: float
    cuts: Floats
    sensitivity: Floats
    specificity: Floats
    band: Floats
    youden: Cut
    bootstrap: Bootstrap

    @property
    def limits(self) -> tuple[float | None, float | None]:
        """DeLong's 95 % limits of the area, within 0 and 1."""
        if self.se == 0:
            return None, None
        return max(0.0, self.auc - Z95 * self.se), min(1.0, self.auc + Z95 * self.se)

    def to_json(self) -> dict[str, Any]:
        lower, upper = self.limits
        points = zip(self.cuts, self.sensitivity, self.specificity, strict=True)
        return {
            "method": note(
                "ROC curve of the level for a later loss of response, a level below the cut"
                " speaking for it; area with DeLong's limits; cut by Youden's index, of equally"
                " good ones the highest; interval of the cut and band (at each specificity) by"
                " {resamples} bootstrap samples within the groups, seed {seed}, 2.5th to 97.5th"
                " percentile. The cut is exploratory: it was chosen in these patients, and is none"
                " to treat by.",
                resamples=self.bootstrap.resamples,
                seed=self.bootstrap.seed,
            ),
            "n_lost": self.n_lost,
            "n_kept": self.n_kept,
            "auc": self.auc,
            "se": self.se,
            "lower": lower,
            "upper": upper,
            "youden": self.youden.to_json(),
            "points": [
                {
                    "cut": float(cut) if np.isfinite(cut) else None,
                    "sensitivity": float(sensitivity),
                    "specificity": float(specificity),
                }
                for cut, sensitivity, specificity in points
            ],
            "band": [
                {"specificity": float(s), "lower": float(lo), "upper": float(up)}
                for s, lo, up in self.band
            ],
        }


def roc_curve(
    lost: Floats,
    kept: Floats,
    lost_comparator: Sequence[Any],
    kept_comparator: Sequence[Any],
    bootstrap: Bootstrap | None = None,
) -> Roc:
    """The curve of at least two levels in each group.

    Args:
        lost, kept: levels, or limits, of those with and without a loss.
        lost_comparator, kept_comparator: `<`, `>` or null for each.
        bootstrap: how often, and the seed.
    """
    how = bootstrap or Bootstrap()
    # Of each level the share of the other group on its right side, ties half.
    of_lost = _share(*surely(lost, lost_comparator, kept, kept_comparator), len(kept))
    of_kept = 1 - _share(*surely(kept, kept_comparator, lost, lost_comparator), len(lost))
    auc = float(of_lost.mean())
    variance = of_lost.var(ddof=1) / len(lost) + of_kept.var(ddof=1) / len(kept)
    a, b = ordered(lost, lost_comparator), ordered(kept, kept_comparator)
    cuts, sensitivity, specificity = _points(a, b)
    band, youden = _resampled(a, b, how)
    return Roc(
        len(a), len(b), auc, float(np.sqrt(variance)), cuts, sensitivity, specificity, band,
        youden, how,
    )  # fmt: skip


def _share(lower: Days, higher: Days, of: int) -> Floats:
    return np.asarray((of + higher - lower) / (2 * of), dtype=np.float64)


def ordered(value: Floats, comparator: Sequence[Any]) -> Floats:
    """Levels as numbers to sort by: half of a limit below which, the next number above the other.

    The half is what a mean takes, too; it only matters where assays with different limits meet.
    """
    below = np.array([one == "<" for one in comparator], dtype=bool)
    above = np.array([one == ">" for one in comparator], dtype=bool)
    return np.where(below, value / 2, np.where(above, np.nextafter(value, np.inf), value))


def _points(lost: Floats, kept: Floats) -> tuple[Floats, Floats, Floats]:
    """Cuts half-way between neighbouring levels, and one beyond either end."""
    levels = np.unique(np.concatenate((lost, kept)))
    cuts = np.concatenate(([-np.inf], (levels[1:] + levels[:-1]) / 2, [np.inf]))
    sensitivity = np.searchsorted(np.sort(lost), cuts) / len(lost)
    specificity = 1 - np.searchsorted(np.sort(kept), cuts) / len(kept)
    return cuts, sensitivity, specificity


def _best(levels: Floats, lost: Days, kept: Days) -> tuple[float, float, float]:
    """The cut with the most of both, the highest of equal ones, and its sensitivity, specificity.

    Args:
        levels: in their order; a sample may have some of them in neither group.
        lost, kept: how often each is there in each group.
    """
    sensitivity = np.concatenate(([0], np.cumsum(lost))) / lost.sum()
    specificity = 1 - np.concatenate(([0], np.cumsum(kept))) / kept.sum()
    j = sensitivity + specificity
    # Sums of fractions that are the same on paper may differ in the last bit.
    best = int(np.flatnonzero(j >= j.max() - 1e-12)[-1])
    there = np.concatenate(([-np.inf], levels[lost + kept > 0], [np.inf]))
    below = int(np.count_nonzero((lost + kept)[:best]))
    cut = (there[below + 1] + there[below]) / 2
    return float(cut), float(sensitivity[best]), float(specificity[best])


def _resampled(lost: Floats, kept: Floats, how: Bootstrap) -> tuple[Floats, Cut]:
    random = np.random.default_rng(how.seed)
    of_lost = random.choice(len(lost), size=(how.resamples, len(lost)))
    of_kept = random.choice(len(kept), size=(how.resamples, len(kept)))
    a, b = lost[of_lost], np.sort(kept[of_kept], axis=1)
    band = np.array([[s, *_sensitivity_at(a, b, s)] for s in _GRID])
    cuts = np.empty(how.resamples)
    optimism = np.empty(how.resamples)
    levels, place = np.unique(np.concatenate((lost, kept)), return_inverse=True)
    place_lost, place_kept = np.split(place, [len(lost)])

    def often(place: Days) -> Days:
        return np.bincount(place, minlength=len(levels))

    for i in range(how.resamples):
        in_sample = often(place_lost[of_lost[i]]), often(place_kept[of_kept[i]])
        cut, sensitivity, specificity = _best(levels, *in_sample)
        cuts[i] = cut
        there = float((lost < cut).mean() + (kept >= cut).mean())
        optimism[i] = sensitivity + specificity - there
    at, found, spared = _best(levels, often(place_lost), often(place_kept))
    # "A cut" above or below all levels is no number: it stands for the outermost level.
    everything = np.concatenate((lost, kept))
    lower, upper = np.quantile(
        np.clip(cuts, everything.min(), everything.max()), [0.025, 0.975], method="weibull"
    )
    corrected = found + spared - 1 - float(optimism.mean())
    youden = Cut(
        float(np.clip(at, everything.min(), everything.max())),
        found, spared, float(lower), float(upper), corrected,
    )  # fmt: skip
    return band, youden


def _sensitivity_at(lost: Floats, kept: Floats, specificity: float) -> tuple[float, float]:
    """Percentiles, over the resamples, of the highest sensitivity with at least this specificity.

    `kept` is sorted within each resample.
    """
    false_positives = int(np.floor((1 - specificity) * kept.shape[1] + 1e-9))
    if false_positives >= kept.shape[1]:
        return 1.0, 1.0
    found = (lost < kept[:, [false_positives]]).mean(axis=1)
    lower, upper = np.quantile(found, [0.025, 0.975])
    return float(lower), float(upper)
