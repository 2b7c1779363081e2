"""Kaplan-Meier: cumulative incidence of loss of response, overall or by a covariate.

Beside it what a sound reading needs: delayed entry, a landmark, the restricted mean, strata, a P by
permutation where groups are small, and the curve of interval-censored losses. Quantiles and limits
are those of R's `survfit(conf.type = "log-log")`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from registry.analysis.basis import FROM_START, FROM_WEEK14, Basis, limits_under
from registry.analysis.choices import CURVE_MONTHS, PermutationRule
from registry.analysis.cohort.covariate_groups import Levels, levels_of
from registry.analysis.curves.curve import (
    Curve,
    Group,
    Options,
    checked_months,
    difference,
    ends_before,
    group_of,
    never_at_risk,
    who,
)
from registry.analysis.curves.logrank import (
    LogRank,
    PermutationTest,
    log_rank_test,
    permutation_test,
)
from registry.analysis.dataset import in_months, quartiles
from registry.analysis.reading import Cohort, cohort_of
from registry.covariates import Limits
from registry.errors import WrongUsage
from registry.variables import DAYS_PER_MONTH
from registry.words import note, sentences, tr

METHOD = note(
    "Kaplan-Meier estimate of the cumulative incidence of loss of response with 95 % "
    "limits on the log-log scale; month = 30.4375 days."
)
LOG_RANK = note("Groups are compared by the log-rank (Mantel-Cox) test.")
RESTRICTED_MEAN = note(
    "Restricted mean: the area under the curve of those without loss, standard error by "
    "Greenwood's formula, 95 % limits of the normal distribution."
)
INTERVAL_CENSORED = note(
    "Interval-censored: Turnbull's estimate from (last visit without, first visit with "
    "loss]; within an interval the incidence has a least and a greatest value. It takes no "
    "delayed entry and has no limits here."
)
Quartiles = tuple[float | None, float | None, float | None]


@dataclass(frozen=True)
class KaplanMeier:
    """Curves of all patients together or of the levels of one covariate.

    `missing` patients have no value of the covariate and are in no group. The quartiles are over
    all patients of the definition: `quartiles_lor_times` of the times of those who lost response,
    `quartiles_analysis_times` of the times to loss or censoring, `quartiles_kaplan_meier` the
    months by which 25, 50 and 75 % have lost response. `difference` is that of two restricted
    means, the first group's minus the second's, in months, with its standard error.
    """

    definition: str
    by: str | None
    by_label: str | None
    groups: tuple[Group, ...]
    missing: int
    logrank: LogRank | None
    quartiles_lor_times: Quartiles
    quartiles_analysis_times: Quartiles
    quartiles_kaplan_meier: Quartiles
    notes: tuple[str, ...]
    entry: str = FROM_START
    landmark_months: float | None = None
    never_at_risk: int = 0
    strata: str | None = None
    strata_label: str | None = None
    permutation: PermutationTest | None = None
    basis: Basis | None = None

    @property
    def method(self) -> str:
        """The methods that this result used, in words."""
        parts = [METHOD]
        if self.logrank:
            parts.append(LOG_RANK)
        if self.groups[0].restricted_mean:
            parts.append(RESTRICTED_MEAN)
        if self.groups[0].intervals:
            parts.append(INTERVAL_CENSORED)
        if self.permutation:
            parts.append(
                note(
                    "P by permutation: the groups are shuffled among the patients, so that it does"
                    " not rest on large numbers; given because a group expects fewer than"
                    " {below:g} losses.",
                    below=self.permutation.rule.below,
                )
            )
        return sentences(parts)

    def to_json(self, *, curves: bool = False) -> dict[str, Any]:
        """The document of `registry analyse km`; with `curves` every step of every curve too.

        `time_to_lor_quartiles_months` are the quartiles among those who lost response.
        """
        return {
            "definition": self.definition,
            **({"entry": self.entry} if self.basis is None else self.basis.to_json(self.entry)),
            "method": self.method,
            "by": self.by,
            "by_label": self.by_label,
            "landmark_months": self.landmark_months,
            "never_at_risk": self.never_at_risk,
            "groups": [group.to_json(curves=curves) for group in self.groups],
            "missing": self.missing,
            "logrank": self.logrank.to_json() if self.logrank else None,
            "strata": self.strata,
            "strata_label": self.strata_label,
            "permutation": self.permutation.to_json() if self.permutation else None,
            "restricted_mean_difference": difference(self.groups),
            "time_to_lor_quartiles_months": list(self.quartiles_lor_times),
            "analysis_time_quartiles_months": list(self.quartiles_analysis_times),
            "kaplan_meier_quartiles_months": list(self.quartiles_kaplan_meier),
            "days_per_month": DAYS_PER_MONTH,
            "notes": list(self.notes),
        }


def kaplan_meier(
    frame: pd.DataFrame,
    definition: str,
    *,
    by: str | None = None,
    at_months: Sequence[float] = CURVE_MONTHS,
    late_entry: bool = False,
    landmark_months: float | None = None,
    exposure: pd.DataFrame | None = None,
    strata: str | None = None,
    rmst_months: float | None = None,
    interval_censored: bool = False,
    permutation: PermutationRule | None = None,
    basis: Basis | None = None,
) -> KaplanMeier:
    """Cumulative incidence of loss of response.

    Without any loss the incidence is 0 at every time, which is an estimate and is given; the test
    between groups is then null.

    Args:
        frame: rows of `analytics.analysis_set`; what other views say of the patients stands beside
            (`read_patients`).
        by: the id of a covariate; a curve for each of its levels that has patients.
        at_months: when to read the incidence off, in months from time zero, in any order.
        late_entry: patients are at risk from their week-14 PCDAI on.
        landmark_months: only patients still at risk after so many months, from then on; covariates
            acquired after the start are taken as they stood then, if `exposure` is given.
        strata: the id of a covariate; the log-rank test compares within its levels.
        rmst_months: the horizon of the restricted mean.
        interval_censored: also estimate the curve of interval-censored losses.
        permutation: when to give a P by permutation; without it never.

    Raises:
        CannotEstimate: no patient at risk, or the covariate is missing in every patient.
        WrongUsage: an unknown covariate, or a month that is negative or not finite.
    """
    months = _checked_months(at_months, rmst_months, landmark_months)
    if strata is not None and (by is None or strata == by):
        raise WrongUsage(
            tr("Strata are levels within which the groups of another covariate are compared."),
            cure=tr("Name that covariate by --by."),
        )
    if interval_censored and landmark_months is not None:
        raise WrongUsage(
            tr(
                "A loss that is known only between two visits may lie on either side of a landmark."
            ),
            cure=tr("Leave --landmark or --interval-censored out."),
        )
    cohort = cohort_of(frame, definition, late_entry=late_entry, landmark_months=landmark_months)
    options = Options(months, rmst_months, interval_censored)
    overall = Curve.fit(cohort.time, cohort.event, cohort.entry)

    notes = _notes_on_entry(cohort, late_entry, landmark_months)
    compared: Levels | None = None
    test = _Test()
    if by is None:
        groups = [group_of("all", note("All patients"), cohort, options)]
        if cohort.event.any() and not cohort.event.all():
            notes.append(
                note(
                    "The quartiles among those who lost response leave out everybody who has "
                    "not lost it, so their median is not the median of a Kaplan-Meier curve."
                )
            )
    else:
        compared = levels_of(cohort, by, exposure=exposure, limits=limits_under(basis))
        groups = [
            group_of(level.group, level.label, cohort.take(level.members), options)
            for level in compared.levels
        ]
        rule = permutation or PermutationRule(permutations=0)
        test = _compare(cohort, compared, strata, rule, exposure, limits_under(basis))
        notes += [*test.notes, *compared.notes]
    if not cohort.event.any():
        notes.append(note("Nobody lost response, so every incidence is 0 and has no limits."))
    notes += _beyond_follow_up(groups, rmst_months)
    notes += _emptied(groups)

    return KaplanMeier(
        definition=definition,
        by=by,
        by_label=compared.label if compared else None,
        groups=tuple(groups),
        missing=compared.missing if compared else 0,
        logrank=test.logrank,
        quartiles_lor_times=quartiles(cohort.time[cohort.event] / DAYS_PER_MONTH),
        quartiles_analysis_times=quartiles(cohort.time / DAYS_PER_MONTH),
        quartiles_kaplan_meier=(
            in_months(overall.quantile_days(0.25)[0]),
            in_months(overall.quantile_days(0.5)[0]),
            in_months(overall.quantile_days(0.75)[0]),
        ),
        notes=tuple(notes),
        entry=FROM_WEEK14 if late_entry else FROM_START,
        landmark_months=landmark_months,
        never_at_risk=cohort.never_at_risk,
        strata=strata,
        strata_label=test.strata_label,
        permutation=test.permutation,
        basis=basis,
    )


@dataclass(frozen=True)
class _Test:
    logrank: LogRank | None = None
    permutation: PermutationTest | None = None
    strata_label: str | None = None
    notes: tuple[str, ...] = ()


def _checked_months(
    at_months: Sequence[float], rmst_months: float | None, landmark_months: float | None
) -> list[float]:
    months = checked_months(at_months)
    if rmst_months is not None:
        least = landmark_months or 0
        if not (np.isfinite(rmst_months) and rmst_months > least):
            raise WrongUsage(
                tr(
                    "The horizon of a restricted mean is a number of months above {least:g}.",
                    least=least,
                )
            )
    return months


def _compare(
    cohort: Cohort,
    levels: Levels,
    strata: str | None,
    rule: PermutationRule,
    exposure: pd.DataFrame | None,
    limits: Limits,
) -> _Test:
    """The log-rank test between the levels, within strata, over those who have both values."""
    known = levels.known
    label, notes, stratum = None, [], None
    if strata is not None:
        others = levels_of(cohort, strata, exposure=exposure, limits=limits)
        label = others.label
        known = known & others.known
        stratum = others.index[known]
        notes += list(others.notes)
    time, event, entry = cohort.time[known], cohort.event[known], cohort.entry[known]
    index = levels.index[known]
    test, reason = log_rank_test(time, event, index, entry_days=entry, strata=stratum)
    if reason and len(levels.levels) > 1:
        notes.append(note("No log-rank test: {reason}.", reason=reason))
    permuted = permutation_test(time, event, index, test, rule, entry_days=entry, strata=stratum)
    return _Test(test, permuted, label, tuple(notes))


def _notes_on_entry(cohort: Cohort, late_entry: bool, landmark_months: float | None) -> list[str]:
    if landmark_months is not None:
        return [
            note(
                "Landmark at {months:g} months: {number} patients were still at risk after it; "
                "{never} who had lost response or left by then are not in the analysis.",
                months=landmark_months,
                number=len(cohort),
                never=cohort.never_at_risk,
            )
        ]
    return never_at_risk(cohort) if late_entry else []


def _emptied(groups: Sequence[Group]) -> list[str]:
    """With delayed entry a curve can fall to 0 while others have yet to enter."""
    notes: list[str] = []
    for group in groups:
        zero = np.flatnonzero(group.curve.survival <= 0)
        if zero.size and group.curve.days[zero[0]] < group.curve.days[-1]:
            notes.append(
                note(
                    "Everybody who had entered{who} had lost response by day {day}, before "
                    "others entered: the curve cannot rise again.",
                    who=who(group.group, group.label),
                    day=group.curve.days[zero[0]],
                )
            )
    return notes


def _beyond_follow_up(groups: Sequence[Group], rmst_months: float | None) -> list[str]:
    notes: list[str] = []
    for group in groups:
        last = group.curve.days[-1] / DAYS_PER_MONTH
        beyond = [
            f"{e.at_months:g}"
            for e in group.estimates
            if e.cumulative_incidence is None and e.at_months > last
        ]
        if beyond:
            notes.append(ends_before(beyond, group.group, group.label, last))
        if rmst_months is not None and group.restricted_mean is None:
            notes.append(
                note(
                    "No restricted mean to {months:g} months: the observation{who} ends after "
                    "{last:.1f} months.",
                    months=rmst_months,
                    who=who(group.group, group.label),
                    last=last,
                )
            )
    return notes
