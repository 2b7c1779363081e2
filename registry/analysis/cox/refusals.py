"""When a Cox model cannot be fitted, and what can be done about it.

Whether it has a finite estimate is decided from the data and not from a failed fit. The partial
likelihood of coefficients b has a factor for every event i,

    1 / sum over j at risk of exp(b (x_j - x_i)).

It can be raised for ever along a direction c exactly if c (x_i - x_j) >= 0 for every event i and
every j at risk with it, and > 0 for one (monotone likelihood: Bryson and Johnson, Technometrics
1981; Jacobsen, Annals of Statistics 1989). It is flat along c if all of these are 0: then the
information at b = 0 is singular. The first is a linear programme. Its pairs are too many to write
down, so it is solved with few and given those it breaks most until it breaks none; who is highest
at risk at every event is read off a tree over the event times (`RiskSets`). Firth's penalty copes
with the first, nothing with the second.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from registry.analysis.cox.design import Prepared
from registry.analysis.cox.partial_likelihood import PartialLikelihood, Rows, maximise
from registry.analysis.dataset import Days, Floats
from registry.covariates import Covariate
from registry.errors import CannotEstimate
from registry.words import note, tr


def refuse_if_too_little(prepared: Prepared, definition: str, least: float = 1) -> None:
    """CannotEstimate without an event, without variation, or with fewer events than `least` for
    each covariate.
    """
    chosen, rows = prepared.covariates, prepared.rows
    names = ", ".join(covariate.id for covariate in chosen)
    events, n = int(rows.event.sum()), len(prepared.patients)
    if events == 0 and not prepared.dropped and not prepared.never_at_risk:
        raise CannotEstimate(
            note(
                "None of the {number} patients of definition '{definition}' lost response, so "
                "a Cox model cannot be fitted.",
                number=n,
                definition=definition,
            ),
            cure=tr("`registry analyse table1` and `flow` still describe them."),
        )
    if events == 0:
        raise CannotEstimate(
            note(
                "Of {of_all} patients, {number} were at risk with a value of every covariate "
                "({names}), and none of these lost response.",
                of_all=prepared.of_all,
                number=n,
                names=names,
            ),
            cure=tr("Leave out the covariate with the most missing values.")
            if prepared.dropped_events
            else tr("`registry analyse table1` and `flow` still describe them."),
        )
    refuse_without_levels(prepared)
    if events < least * len(chosen):
        raise CannotEstimate(
            note(
                "Losses of response are too few ({events}) for {number} covariates ({names}).",
                events=events,
                number=len(chosen),
                names=names,
            ),
            cure=tr(
                "Name at most {events}; about ten events for each covariate are usual.",
                events=int(events / least),
            ),
        )


def refuse_without_levels(prepared: Prepared) -> None:
    """CannotEstimate where nothing is known of a covariate, or it does not vary."""
    rows, n = prepared.rows, len(prepared.patients)
    for k, covariate in enumerate(prepared.covariates):
        found = rows.values[:, k]
        levels = set(found[~np.isnan(found)].tolist())
        if not levels:
            raise CannotEstimate(
                note(
                    "'{covariate}' is known of none of the {number} patients at risk.",
                    covariate=covariate.label,
                    number=n,
                ),
                cure=tr("Leave {covariate} out.", covariate=covariate.id),
            )
        if len(levels) == 1:
            level = covariate.other_level if levels == {0.0} else covariate.level
            raise CannotEstimate(
                note(
                    "'{covariate}' is '{level}' in all {number} patients of the model, so it "
                    "has no hazard ratio.",
                    covariate=covariate.label,
                    level=level,
                    number=n,
                ),
                cure=tr("Leave {covariate} out.", covariate=covariate.id),
            )


def runs_away(covariate: Covariate, *, penalty: bool = True) -> CannotEstimate:
    """The error to raise where a fit shows what the check of separation did not.

    `penalty` says whether Firth's is a way out.
    """
    return CannotEstimate(
        note(
            "The hazard ratio of '{covariate}' runs away to infinity or 0: its levels "
            "separate those who lost response.",
            covariate=covariate.label,
        ),
        cure=tr("Leave {covariate} out, or use --penalty firth.", covariate=covariate.id)
        if penalty
        else tr("Leave {covariate} out.", covariate=covariate.id),
    )


def no_convergence(chosen: Sequence[Covariate]) -> CannotEstimate:
    """The error to raise where the likelihood has no maximum that is found."""
    names = ", ".join(covariate.id for covariate in chosen)
    return CannotEstimate(
        note("The Cox model of {names} did not converge.", names=names),
        cure=tr("Name fewer covariates, starting with those that have few patients in a level."),
    )


# Of the smallest eigenvalue of an information that there is no estimate with.
_SINGULAR = 1e-11
# By how much, of a covariate's range, a pair may go against a direction that is said to separate.
_SLACK = 1e-7
_PAIRS_A_ROUND = 500
# What a top is proven by: the least information, which rounding is far from, and of 1/4 how much.
_INFORMED = 1e-3
_SURELY = 0.01


@dataclass(frozen=True)
class Obstacle:
    """Why there is no single highest point; `separation` is what Firth's penalty copes with."""

    separation: bool
    error: CannotEstimate


def obstacle(rows: Rows, covariates: Sequence[Covariate]) -> Obstacle | None:
    """What keeps the partial likelihood from having a single highest point, or None.

    Args:
        rows: who is at risk from when to when.
        covariates: names for the message, one a column of `rows.values`.
    """
    spread = np.ptp(rows.values, axis=0)
    values = rows.values / np.where(spread > 0, spread, 1)
    if proven(replace(rows, values=values)):
        return None
    told_apart = _told_apart(replace(rows, values=values))
    sets = RiskSets(rows)
    alone = _alone(sets, rows.values, covariates)
    if alone is not None:
        # Firth's penalty needs the information of every covariate to be there.
        return Obstacle(told_apart, alone)
    if not told_apart:
        return Obstacle(False, _not_told_apart(covariates))
    separating = _separating_direction(sets, values)
    if separating is None:
        return None
    together = [c for c, weight in zip(covariates, separating, strict=True) if abs(weight) > 1e-6]
    return Obstacle(
        True,
        CannotEstimate(
            note(
                "Together the covariates {names} separate those who lost response, so their "
                "hazard ratios have no finite estimate.",
                names=_names(together),
            ),
            cure=tr("Leave one of them out, or use --penalty firth."),
        ),
    )


def proven(rows: Rows) -> bool:
    """Whether a climb shows that there is a single highest point; False says nothing.

    Over values whose range is at most 1 the likelihood cannot bend faster than it falls along a
    direction, by the length of that, sqrt(k): where score' I^-1 score k is below a quarter of the
    least eigenvalue of I, there is a top (Bach, Electron J Stat 2010;4:384-414, proposition 2).
    """
    best = maximise(PartialLikelihood(rows, "breslow"))
    if best is None or not np.isfinite(best.information).all():
        return False
    least = float(np.linalg.eigvalsh(best.information).min())
    if least < _INFORMED:
        return False
    promised = float(best.score @ np.linalg.solve(best.information, best.score))
    return promised * len(best.coef) < _SURELY * least


def _told_apart(rows: Rows) -> bool:
    """Whether those at risk at the events differ in every direction."""
    information = PartialLikelihood(rows, "breslow").at(np.zeros(rows.values.shape[1])).information
    own = np.diag(information)
    if not (own > _SINGULAR * rows.event.sum()).all():
        return False
    alike = information / np.sqrt(np.outer(own, own))
    return bool(np.linalg.eigvalsh(alike).min() > _SINGULAR)


def _alone(
    sets: RiskSets, values: Floats, covariates: Sequence[Covariate]
) -> CannotEstimate | None:
    """The first covariate that separates by itself."""
    for k, covariate in enumerate(covariates):
        own = values[sets.events, k]
        above = values[sets.highest(values[:, k]), k] > own
        below = values[sets.highest(-values[:, k]), k] < own
        if above.any() != below.any():
            level = covariate.other_level if above.any() else covariate.level
            return CannotEstimate(
                note(
                    "Every loss of response at which '{covariate}' differed was in the level "
                    "'{level}', so its hazard ratio has no finite estimate (separation).",
                    covariate=covariate.label,
                    level=level,
                ),
                cure=tr(
                    "Leave {covariate} out and report its counts and log-rank test, or "
                    "use --penalty firth.",
                    covariate=covariate.id,
                ),
            )
    return None


def _not_told_apart(covariates: Sequence[Covariate]) -> CannotEstimate:
    return CannotEstimate(
        note(
            "The covariates {names} cannot be told apart: one follows from the others, or none "
            "of them varies among those at risk at a loss of response.",
            names=_names(covariates),
        ),
        cure=tr("Leave one of them out."),
    )


def _separating_direction(sets: RiskSets, values: Floats) -> Floats | None:
    """A direction in which the likelihood grows for ever, or None."""
    # Asked for seldom, and loaded as long as the model of a registry takes.
    from scipy.optimize import linprog

    gain = sets.gain(values)
    gain = gain / max(float(np.abs(gain).max()), 1.0)
    pairs = np.zeros((0, values.shape[1]))
    while True:
        result = linprog(
            -gain, A_ub=-pairs, b_ub=np.zeros(len(pairs)), bounds=(-1, 1), method="highs"
        )
        if result.status != 0 or result.fun is None or result.fun > -_SLACK:
            return None
        direction = np.asarray(result.x, dtype=np.float64)
        score = values @ direction
        highest = sets.highest(score)
        against = score[highest] - score[sets.events]
        most = np.argsort(-against)[:_PAIRS_A_ROUND]
        most = most[against[most] > _SLACK]
        found = np.unique(values[sets.events[most]] - values[highest[most]], axis=0)
        if not len(found):
            return direction
        pairs = np.vstack([pairs, found])


def _names(covariates: Sequence[Covariate]) -> str:
    return ", ".join(covariate.id for covariate in covariates)


class RiskSets:
    """Rows at risk at the events of their stratum; O(n log n) to make and to ask.

    A row is at risk at event times that follow one another. They are parted into nodes of a binary
    tree whose leaves are the event times, at most two a level.

    Attributes:
        events: the numbers of the rows that end with an event.
    """

    def __init__(self, rows: Rows) -> None:
        self.events: Days = np.flatnonzero(rows.event & (rows.stop > rows.start))
        first = np.zeros(len(rows.stop), dtype=np.int64)
        last = first.copy()
        slots = 0
        for stratum in np.unique(rows.stratum[self.events]):
            here = rows.stratum == stratum
            times = np.unique(rows.stop[self.events[here[self.events]]])
            first[here] = slots + np.searchsorted(times, rows.start[here], side="right")
            last[here] = slots + np.searchsorted(times, rows.stop[here], side="right")
            slots += len(times)
        self._first, self._last = first, np.maximum(first, last)
        self._slot = last[self.events] - 1
        self._slots = slots
        self._size = 1 << max(slots - 1, 0).bit_length()
        self._node, self._row = self._nodes()

    def _nodes(self) -> tuple[Days, Days]:
        """The nodes of every row, and the row of each."""
        left, right = self._first + self._size, self._last + self._size
        row = np.arange(len(left))
        nodes: list[Days] = []
        of_rows: list[Days] = []
        while len(row):
            odd = (left & 1).astype(bool) & (left < right)
            nodes.append(left[odd])
            of_rows.append(row[odd])
            left = left + odd
            odd = (right & 1).astype(bool) & (left < right)
            right = right - odd
            nodes.append(right[odd])
            of_rows.append(row[odd])
            left, right = left >> 1, right >> 1
            open_still = left < right
            left, right, row = left[open_still], right[open_still], row[open_still]
        none = np.zeros(0, dtype=np.int64)
        return np.concatenate([none, *nodes]), np.concatenate([none, *of_rows])

    def highest(self, score: Floats) -> Days:
        """For every event the number of a row at risk at it whose score is the highest."""
        order = np.argsort(score, kind="stable")
        rank = np.empty(len(score), dtype=np.int64)
        rank[order] = np.arange(len(score))
        tree = np.zeros(2 * self._size, dtype=np.int64)
        np.maximum.at(tree, self._node, rank[self._row])
        width = 1
        while width < self._size:
            above = np.repeat(tree[width : 2 * width], 2)
            tree[2 * width : 4 * width] = np.maximum(tree[2 * width : 4 * width], above)
            width *= 2
        return np.asarray(order[tree[self._size + self._slot]], dtype=np.int64)

    def gain(self, values: Floats) -> Floats:
        """The sum of x_i - x_j over every event i and every j at risk with it, shape (k,)."""
        change = np.zeros((self._slots + 1, values.shape[1] + 1))
        counted = np.column_stack([np.ones(len(values)), values - values.mean(axis=0)])
        np.add.at(change, self._first, counted)
        np.add.at(change, self._last, -counted)
        at_risk = np.cumsum(change, axis=0)[self._slot]
        own = counted[self.events, 1:]
        return np.asarray((at_risk[:, :1] * own - at_risk[:, 1:]).sum(axis=0), dtype=np.float64)
