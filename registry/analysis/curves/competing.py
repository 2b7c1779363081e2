"""Cumulative incidence of loss of response where stop, transfer and death rule it out.

A Kaplan-Meier curve takes those who stopped as if they could still lose response, so that one
minus it answers what would be if nobody could stop. Aalen-Johansen answers what happens.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from registry.analysis.arrays import Counts, at_risk_on
from registry.analysis.basis import FROM_START, FROM_WEEK14, Basis, limits_under
from registry.analysis.choices import CURVE_MONTHS
from registry.analysis.cohort.covariate_groups import Levels, levels_of
from registry.analysis.counting import aalen_johansen, log_log_limits
from registry.analysis.curves.curve import Curve, checked_months, ends_before, never_at_risk
from registry.analysis.curves.gray import FineGray, GrayTest, fine_gray, gray_test
from registry.analysis.dataset import Days, Floats, numbers, require_columns
from registry.analysis.reading import Cohort, cohort_of
from registry.errors import CannotEstimate, Refused
from registry.variables import DAYS_PER_MONTH
from registry.words import note, sentences, tr

METHOD = note(
    "Aalen-Johansen estimate of the cumulative incidence of each cause, the others "
    "competing; variance by the delta method, 95 % limits on the log-log scale of the "
    "incidence: F^exp(-+1.96 se / (F ln F)); month = 30.4375 days."
)
GRAY = note("Gray's test between the groups, for each cause.")
FINE_GRAY = note(
    "Fine and Gray's regression of the subdistribution hazard of loss of response on the "
    "groups, robust standard error, 95 % limits and P by Wald."
)
CAUSES = {
    1: ("loss_of_response", note("Loss of response")),
    2: ("ifx_stopped", note("Infliximab stopped")),
    3: ("transferred_to_adult_care", note("Transferred to adult care")),
    4: ("died", note("Died")),
}
"""event_code of `competing_events`: id and label of each cause."""


@dataclass(frozen=True)
class Estimate:
    """Cumulative incidence (a proportion) with limits at a number of months."""

    at_months: float
    cumulative_incidence: float | None
    lower: float | None
    upper: float | None

    def to_json(self) -> dict[str, Any]:
        return dict(vars(self))


@dataclass(frozen=True)
class Cause:
    """One cause in one group, with the whole of its curve."""

    cause: str
    label: str
    events: int
    estimates: tuple[Estimate, ...]
    incidence: Floats = field(repr=False)
    lower: Floats = field(repr=False)
    upper: Floats = field(repr=False)

    def to_json(self, *, curves: bool) -> dict[str, Any]:
        document: dict[str, Any] = {
            "cause": self.cause,
            "label": self.label,
            "events": self.events,
            "estimates": [estimate.to_json() for estimate in self.estimates],
        }
        if curves:
            document["incidence"] = self.incidence.tolist()
            document["lower"] = [_known(value) for value in self.lower]
            document["upper"] = [_known(value) for value in self.upper]
        return document


@dataclass(frozen=True)
class Group:
    """The causes of one group; `kaplan_meier` is one minus the curve that censors the others."""

    group: str
    label: str
    n: int
    at_risk: tuple[int, ...]
    kaplan_meier: tuple[float | None, ...]
    causes: tuple[Cause, ...]
    counts: Counts = field(repr=False)

    def to_json(self, *, curves: bool = False) -> dict[str, Any]:
        document: dict[str, Any] = {
            "group": self.group,
            "label": self.label,
            "n": self.n,
            "censored": int(self.counts.censored.sum()),
            "at_risk": list(self.at_risk),
            "one_minus_kaplan_meier": list(self.kaplan_meier),
            "causes": [cause.to_json(curves=curves) for cause in self.causes],
        }
        if curves:
            document["curve"] = {
                "days": self.counts.days.tolist(),
                "at_risk": self.counts.at_risk.tolist(),
                "censored": self.counts.censored.tolist(),
                "events": self.counts.events[0].tolist(),
                "competing": self.counts.events[1:].sum(axis=0).tolist(),
                "causes": self.counts.events.tolist(),
            }
        return document


@dataclass(frozen=True)
class CumulativeIncidence:
    """Cumulative incidences of all patients together or of the levels of one covariate."""

    definition: str
    by: str | None
    by_label: str | None
    at_months: tuple[float, ...]
    groups: tuple[Group, ...]
    missing: int
    gray: tuple[GrayTest, ...]
    fine_gray: FineGray | None
    notes: tuple[str, ...]
    entry: str = FROM_START
    never_at_risk: int = 0
    basis: Basis | None = None

    @property
    def method(self) -> str:
        """The methods that this result used, in words."""
        parts = [METHOD]
        if self.gray:
            parts.append(GRAY)
        if self.fine_gray:
            parts.append(FINE_GRAY)
        return sentences(parts)

    def to_json(self, *, curves: bool = False) -> dict[str, Any]:
        """The document of `registry analyse cuminc`; with `curves` every step of every curve."""
        told = {"entry": self.entry}
        if self.basis is not None:
            told = {**self.basis.to_json(self.entry), "censoring": self.basis.competing}
        return {
            "definition": self.definition,
            **told,
            "method": self.method,
            "by": self.by,
            "by_label": self.by_label,
            "never_at_risk": self.never_at_risk,
            "at_months": list(self.at_months),
            "groups": [group.to_json(curves=curves) for group in self.groups],
            "missing": self.missing,
            "gray": [
                {"cause": CAUSES[test.code][0], "label": CAUSES[test.code][1], **test.to_json()}
                for test in self.gray
            ],
            "fine_gray": self.fine_gray.to_json() if self.fine_gray else None,
            "days_per_month": DAYS_PER_MONTH,
            "notes": list(self.notes),
        }


def cumulative_incidence(
    frame: pd.DataFrame,
    definition: str,
    *,
    by: str | None = None,
    at_months: Sequence[float] = CURVE_MONTHS,
    late_entry: bool = False,
    basis: Basis | None = None,
) -> CumulativeIncidence:
    """Cumulative incidence of loss of response and of what competes with it.

    Args:
        frame: rows of `analytics.analysis_set` with `event_code` of `competing_events` beside them
            (`read_patients`).
        by: the id of a covariate; curves for each of its levels that has patients, and tests.
        at_months: when to read the incidences off, in months from time zero.
        late_entry: patients are at risk from their week-14 PCDAI on; there are no tests then.

    Raises:
        CannotEstimate: no patient at risk, no event of any cause, or the covariate is missing in
            every patient.
        WrongUsage: an unknown covariate, or a month that is negative or not finite.
    """
    months = checked_months(at_months)
    cohort = cohort_of(frame, definition, late_entry=late_entry)
    code = _codes(cohort)
    if not code.any():
        raise CannotEstimate(
            note(
                "None of the {number} patients of definition '{definition}' lost response, "
                "stopped, was transferred or died, so there is no incidence to estimate.",
                number=len(cohort),
                definition=definition,
            ),
            cure=tr("`registry analyse flow` still describes them."),
        )
    notes = never_at_risk(cohort)
    levels: Levels | None = None
    gray: tuple[GrayTest, ...] = ()
    regression: FineGray | None = None
    if by is None:
        groups = [group_of("all", note("All patients"), cohort, code, months)]
    else:
        levels = levels_of(cohort, by, limits=limits_under(basis))
        groups = [
            group_of(one.group, one.label, cohort.take(one.members), code[one.members], months)
            for one in levels.levels
        ]
        gray, regression, told = _tests(cohort, code, levels, late_entry)
        notes += [*told, *levels.notes]
    notes += _beyond_follow_up(groups, months)
    return CumulativeIncidence(
        definition=definition,
        by=by,
        by_label=levels.label if levels else None,
        at_months=tuple(months),
        groups=tuple(groups),
        missing=levels.missing if levels else 0,
        gray=gray,
        fine_gray=regression,
        notes=tuple(notes),
        entry=FROM_WEEK14 if late_entry else FROM_START,
        never_at_risk=cohort.never_at_risk,
        basis=basis,
    )


def _codes(cohort: Cohort) -> Days:
    require_columns(cohort.rows, ("event_code",), "competing_events")
    code = numbers(cohort.rows, "event_code")
    if not np.isin(code, (0, *CAUSES)).all() or not ((code == 1) == cohort.event).all():
        raise Refused(
            tr("competing_events and analysis_set do not agree on who lost response."),
            cure=tr("This is a fault of the views, not of the data: please report it."),
        )
    return code.astype(np.int64)


def group_of(
    name: str,
    label: str,
    cohort: Cohort,
    code: Days,
    months: Sequence[float],
    causes: Sequence[tuple[str, str]] = tuple(CAUSES.values()),
) -> Group:
    """The curves of one group.

    Args:
        name: `all` or the code of a level, and `label` in words.
        cohort: whose loss is the first cause.
        code: 0 censored, else the place of the cause, from 1 on.
        months: when to read the incidences off.
        causes: id and label of each.
    """
    counts = Counts.of(cohort.entry, cohort.time, code, causes=len(causes))
    incidence, se = aalen_johansen(counts)
    lower, upper = log_log_limits(incidence, se)
    alone = Curve.fit(cohort.time, cohort.event, cohort.entry).survival
    days = np.array([month * DAYS_PER_MONTH for month in months])
    # Once nobody is under observation the incidences are known only if everybody has had an event.
    over = (days > counts.days[-1]) & (incidence[:, -1].sum() < 1 - 1e-12)
    where = np.searchsorted(counts.days, days, side="right") - 1

    def read(values: Floats) -> list[float | None]:
        return [None if out else _known(values[i]) for i, out in zip(where, over, strict=True)]

    found = []
    for k, (cause, words) in enumerate(causes):
        columns = (read(incidence[k]), read(lower[k]), read(upper[k]))
        estimates = (
            Estimate(m, *row) for m, row in zip(months, zip(*columns, strict=True), strict=True)
        )
        found.append(
            Cause(
                cause,
                words,
                int(counts.events[k].sum()),
                tuple(estimates),
                incidence[k],
                lower[k],
                upper[k],
            )
        )
    return Group(
        group=name,
        label=label,
        n=len(cohort),
        at_risk=tuple(int(n) for n in at_risk_on(cohort.entry, cohort.time, days)),
        kaplan_meier=tuple(None if s is None else 1 - s for s in read(alone)),
        causes=tuple(found),
        counts=counts,
    )


def _tests(
    cohort: Cohort, code: Days, levels: Levels, late_entry: bool
) -> tuple[tuple[GrayTest, ...], FineGray | None, list[str]]:
    """Gray's test of every cause that occurred, and Fine and Gray's regression of the first."""
    if len(levels.levels) < 2:
        return (), None, []
    if late_entry:
        return (), None, [note("Gray's test and Fine and Gray's regression take no delayed entry.")]
    known = levels.known
    time, code, index = cohort.time[known], code[known], levels.index[known]
    tests: list[GrayTest] = []
    notes: list[str] = []
    for cause in CAUSES:
        if (code == cause).any():
            test, reason = gray_test(time, code, index, cause)
            if test is not None:
                tests.append(test)
            elif reason:
                notes.append(
                    note(
                        "No Gray's test of '{cause}': {reason}.",
                        cause=CAUSES[cause][1],
                        reason=reason,
                    )
                )
    labels = [level.label for level in levels.levels]
    regression, reason = fine_gray(time, code, index, labels)
    if reason:
        notes.append(note("No Fine and Gray's regression: {reason}.", reason=reason))
    return tuple(tests), regression, notes


def _beyond_follow_up(groups: Sequence[Group], months: Sequence[float]) -> list[str]:
    notes: list[str] = []
    for group in groups:
        beyond = [
            f"{month:g}"
            for month, estimate in zip(months, group.kaplan_meier, strict=True)
            if estimate is None
            and group.causes[0].estimates[months.index(month)].cumulative_incidence is None
        ]
        if beyond:
            last = group.counts.days[-1] / DAYS_PER_MONTH
            notes.append(ends_before(beyond, group.group, group.label, last))
    return notes


def _known(value: Any) -> float | None:
    return None if np.isnan(value) else float(value)
