"""Weights against the clones' departures: the inverse of the chance of not having departed.

The chance of departing in a month is a pooled logistic regression over all chances to do so. A
month's weight rests on the departures before it; those of the stabilised are over a model without
the covariates.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

import numpy as np

from registry.analysis.dataset import Days, Flags, Floats
from registry.analysis.trial.clones import Children, Follow, at_risk_of_departing, follow
from registry.errors import CannotEstimate
from registry.words import note, tr

_STEPS = 60
_CLOSE = 1e-10
# A coefficient of a covariate over its range beyond which it is running away.
_FARTHEST = 20.0


@dataclass(frozen=True)
class Weighted:
    """The rows of an arm with the weights, before and after truncation."""

    rows: Follow
    untruncated: Floats
    weight: Floats
    departures: int
    chances: int

    def shown(self) -> dict[str, Any]:
        """The distribution over the months after the grace period."""
        late = self.rows.month >= 0
        weight = self.weight[late]
        least, q1, median, q3, greatest = np.quantile(weight, [0, 0.25, 0.5, 0.75, 1])
        first = self.rows.month == (self.rows.month[late].min() if late.any() else -1)
        at_grace = self.weight[first]
        return {
            "least": float(least),
            "q1": float(q1),
            "median": float(median),
            "mean": float(weight.mean()),
            "q3": float(q3),
            "greatest": float(greatest),
            "greatest_untruncated": float(self.untruncated[late].max()),
            "truncated": int((self.untruncated[late] != weight).sum()),
            "rows": len(weight),
            "clones_after_grace": int(first.sum()),
            "effective_clones": float(at_grace.sum() ** 2 / (at_grace**2).sum()),
        }


class Arm:
    """One strategy's clones; what does not depend on who is drawn is done once."""

    def __init__(self, children: Children, arm: int, *, stabilised: bool) -> None:
        self.children, self.stabilised = children, stabilised
        self.rows = follow(children, arm)
        self.child, month, self.gone = at_risk_of_departing(children, arm)
        first = int(np.searchsorted(children.begins, children.grace))
        later = month >= 0
        if not self.gone[later].any():
            # Nobody departs later, so there is nothing to be weighted for.
            self.child, month, self.gone = self.child[~later], month[~later], self.gone[~later]
            later = month >= 0
        self.of = np.where(later, month, first)
        self.slot = np.where(later, month - first + 1, 0)
        x = children.known[self.child, self.of]
        # Nobody may be there at the end of a long grace period.
        low, high = x.min(axis=0, initial=np.inf), x.max(axis=0, initial=-np.inf)
        self.varies = high > low
        x = (x[:, self.varies] - low[self.varies]) / (high - low)[self.varies]
        time = [np.ones(len(x))]
        if later.any():
            since = np.where(later, month - first, 0)
            time.append(later.astype(np.float64))
            if len(np.unique(since[later])) > 1:
                time.append(since / since.max())
        of_time = np.column_stack(time)
        self._of_time = _Departures(of_time, self.gone)
        self._of_all = _Departures(np.column_stack([of_time, x]), self.gone)
        self.first = first
        # Who has departed is followed no more.
        self._stays = np.flatnonzero(~self.gone)
        # Chances stand month by month: those of each month, and before each the child's last one.
        slots = np.arange(self.slot.max(initial=0) + 2)
        self._months = np.searchsorted(self.slot, slots)
        key = self.child * len(slots) + self.slot
        self._before = _last_before(key, key, len(slots))
        self._late = np.flatnonzero(self.rows.month >= 0)
        after = np.minimum(self.rows.month[self._late] - first + 1, slots[-1])
        self._last = _last_before(key, self.rows.child[self._late] * len(slots) + after, len(slots))

    @property
    def covariates(self) -> int:
        """How many of the covariates vary."""
        return int(self.varies.sum())

    @property
    def fewest(self) -> int:
        """Departures or, if these are fewer, clones that stay at the end of the grace period."""
        stay = (~self.gone & (self.slot == 0)).sum()
        return int(min(self.gone.sum(), stay))

    def weighted(self, percentile: float, drawn: Days | None = None) -> Weighted:
        """The weights.

        Args:
            percentile: beyond this one and that as far from the other end weights are set to it.
            drawn: how often each child counts; once without it.

        Raises:
            CannotEstimate: the regression has no finite estimate.
        """
        often = np.ones(len(self.child)) if drawn is None else drawn[self.child].astype(np.float64)
        # A sample may foretell all by chance; the chances of those who stay are sound even so.
        finite = drawn is None
        stays = 1 - self._of_all.chance(often, finite=finite)
        over = (
            1 - self._of_time.chance(often, finite=finite)
            if self.stabilised
            else np.ones(len(stays))
        )
        # The product of a child's chances so far, and last 1, where there was none. So it stays of
        # who is not drawn and not counted.
        at = self._stays[often[self._stays] > 0]
        product = np.ones(len(stays) + 1)
        product[at] = over[at] / stays[at]
        for begin, end in itertools.pairwise(self._months.tolist()):
            product[begin:end] *= product[self._before[begin:end]]
        rows, late = self.rows, self._late
        weight = np.ones(len(rows.child))
        weight[late] = product[self._last]
        counted = weight[late] if drawn is None else np.repeat(
            weight[late], drawn[rows.child[late]]
        )  # fmt: skip
        held = weight.copy()
        if percentile < 100 and counted.size:
            ends = np.quantile(counted, [1 - percentile / 100, percentile / 100])
            held[late] = np.clip(weight[late], *ends)
        return Weighted(rows, weight, held, int(self.gone.sum()), len(self.gone))


def _last_before(key: Days, asked: Days, slots: int) -> Days:
    """Which chance is a child's last before each slot asked for; -1 where there is none.

    Args:
        key: of each chance, the child's number times `slots` and the slot.
        asked: in the same way.
    """
    order = np.argsort(key)
    place = np.searchsorted(key[order], asked, side="left") - 1
    found = order[place]
    return np.where((place >= 0) & (key[found] // slots == asked // slots), found, -1)


class _Departures:
    """The pooled logistic regression of departing; rows that are alike are counted, not repeated.

    Args:
        x: of each chance to depart, shape (chances, k).
        gone: whether it was taken.
    """

    def __init__(self, x: Floats, gone: Flags) -> None:
        self._kinds, kind = np.unique(x, axis=0, return_inverse=True)
        self._kind, self._gone = kind.reshape(-1), gone
        self._kind_gone = self._kind[gone]
        self._start: Floats | None = None

    def chance(self, often: Floats, *, finite: bool) -> Floats:
        """The fitted chance of each row by Newton's steps, as R's `glm(family = binomial)`.

        Each row counts as often as is said. A second call begins where the first ended.

        Raises:
            CannotEstimate: a coefficient runs away, where it has to be `finite`.
        """
        x, kind = self._kinds, self._kind
        count = np.bincount(kind, often, len(x))
        departures = np.bincount(self._kind_gone, often[self._gone], len(x))
        total, all_of_them = departures.sum(), count.sum()
        if total in (0, all_of_them):
            return self._gone.astype(np.float64)
        coef = self._start
        if coef is None:
            coef = np.zeros(x.shape[1])
            coef[0] = np.log(total / (all_of_them - total))
        for _ in range(_STEPS):
            chance = 1 / (1 + np.exp(-np.clip(x @ coef, -30, 30)))
            spread = count * chance * (1 - chance)
            information = x.T @ (spread[:, None] * x)
            step = _solved(information, x.T @ (departures - count * chance))
            coef = coef + np.clip(step, -3, 3)
            away = np.abs(coef).max() > _FARTHEST
            if away and finite:
                break
            if away or np.abs(step).max() < _CLOSE:
                if self._start is None and not away:
                    self._start = coef
                return np.asarray(1 / (1 + np.exp(-(x @ coef))), dtype=np.float64)[kind]
        raise CannotEstimate(
            note(
                "The weights cannot be estimated: the covariates foretell for certain who departs "
                "from a strategy."
            ),
            cure=tr("Name fewer --covariates and --time-varying."),
        )


def _solved(information: Floats, slope: Floats) -> Floats:
    """Newton's step; 0 along what follows from other covariates, which changes no chance."""
    values, vectors = np.linalg.eigh(information)
    sizes = np.abs(values)
    kept = sizes > 1e-15 * sizes.max()
    along = np.divide(slope @ vectors, values, out=np.zeros(len(values)), where=kept)
    return np.asarray(vectors @ along, dtype=np.float64)


def risk_by(rows: Follow, weight: Floats, days: Floats, drawn: Days | None = None) -> Floats:
    """The weighted Kaplan-Meier risk by each day."""
    often = weight if drawn is None else weight * drawn[rows.child]
    when, count = rows.lost_on, len(rows.lost_on)
    at_risk = _beyond(rows.lost_by_stop, often, count) - _beyond(rows.lost_by_start, often, count)
    lost = np.bincount(rows.lost_by_stop[rows.event] - 1, often[rows.event], count)
    # Of a sample nobody may be at risk on a day on which others are lost.
    share = np.divide(lost, at_risk, out=np.zeros(count), where=lost > 0)
    survival = np.concatenate(([1.0], np.cumprod(1 - share)))
    return np.asarray(1 - survival[np.searchsorted(when, days, side="right")], dtype=np.float64)


def _beyond(place: Days, weight: Floats, count: int) -> Floats:
    """The weights of the rows whose place is beyond each of so many."""
    of_place = np.bincount(place, weight, count + 1)
    return np.asarray(of_place[:0:-1].cumsum()[::-1], dtype=np.float64)
