"""Kaplan-Meier: cumulative incidence of loss of response, overall or by a covariate.

Curves and limits by lifelines, which agrees with R's `survfit(conf.type = "log-log")`; quantiles
and numbers at risk are computed here, because lifelines takes the left end of a plateau and leaves
its risk tables off by the removals at the tick.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from lifelines import KaplanMeierFitter

from registry.analysis.dataset import (
    DAYS_PER_MONTH,
    Days,
    Flags,
    Floats,
    covariates_by_id,
    immortal_time_notes,
    quartiles,
    require_columns,
    survival_data,
)
from registry.analysis.logrank import LogRank, logrank
from registry.errors import CannotEstimate, WrongUsage
from registry.words import note, spoken, tr

METHOD = note(
    "Kaplan-Meier estimate of the cumulative incidence of loss of response with 95 % limits on the"
    " log-log scale; log-rank (Mantel-Cox) test between groups; month = 30.4375 days."
)
Quartiles = tuple[float | None, float | None, float | None]


@dataclass(frozen=True)
class Curve:
    """A Kaplan-Meier curve; all arrays have one value per day on which anything happened, from 0.

    `survival`, `lower` and `upper` are proportions without loss of response. Limits are NaN where
    the log-log scale has none: before the first event and where nobody is left without one.
    `at_risk` counts those with time >= day.
    """

    days: Days
    survival: Floats
    lower: Floats
    upper: Floats
    at_risk: Days
    events: Days
    censored: Days

    @classmethod
    def fit(cls, time_days: Days, event: Flags) -> Curve:
        """Fit the curve of whole days and events; at least one patient."""
        fitter = KaplanMeierFitter(alpha=0.05).fit(time_days, event)
        table = fitter.event_table
        survival = fitter.survival_function_.iloc[:, 0].to_numpy(dtype=np.float64)
        limits = fitter.confidence_interval_.to_numpy(dtype=np.float64).copy()
        limits[(survival >= 1) | (survival <= 0)] = np.nan
        return cls(
            days=table.index.to_numpy().astype(np.int64),
            survival=survival,
            lower=limits[:, 0],
            upper=limits[:, 1],
            at_risk=table["at_risk"].to_numpy(dtype=np.int64),
            events=table["observed"].to_numpy(dtype=np.int64),
            censored=table["censored"].to_numpy(dtype=np.int64),
        )

    def at(self, day: float) -> tuple[float | None, float | None, float | None]:
        """Survival and limits on a day; None once nobody is under observation any more.

        The curve stays where it is after the last patient only if it has reached 0.
        """
        last = len(self.days) - 1
        if day > self.days[last] and self.survival[last] > 0:
            return None, None, None
        i = int(np.searchsorted(self.days, day, side="right")) - 1
        return float(self.survival[i]), _known(self.lower[i]), _known(self.upper[i])

    def quantile_days(self, share: float) -> tuple[float | None, float | None, float | None]:
        """The day by which this share has lost response, with its 95 % limits.

        As R's `quantile.survfit`: where the curve is flat at exactly 1 - share, the middle of the
        flat piece, which is taken to reach the last day of observation if nothing follows.
        """
        return (
            _crossing(self.days, self.survival, 1 - share),
            _crossing(self.days, self.lower, 1 - share),
            _crossing(self.days, self.upper, 1 - share),
        )

    def to_json(self) -> dict[str, Any]:
        return {
            "days": self.days.tolist(),
            "incidence": [1 - s for s in self.survival.tolist()],
            "lower": [_complement(_known(s)) for s in self.upper],
            "upper": [_complement(_known(s)) for s in self.lower],
            "at_risk": self.at_risk.tolist(),
            "events": self.events.tolist(),
            "censored": self.censored.tolist(),
        }


@dataclass(frozen=True)
class Estimate:
    """Cumulative incidence (a proportion) with limits at a number of months."""

    at_months: float
    cumulative_incidence: float | None
    lower: float | None
    upper: float | None
    at_risk: int

    def to_json(self) -> dict[str, Any]:
        return {
            "at_months": self.at_months,
            "cumulative_incidence": self.cumulative_incidence,
            "lower": self.lower,
            "upper": self.upper,
            "at_risk": self.at_risk,
        }


@dataclass(frozen=True)
class Group:
    """One curve: `group` is 'all', 'true' or 'false', `label` the level in words."""

    group: str
    label: str
    n: int
    events: int
    median_months: float | None
    median_lower: float | None
    median_upper: float | None
    estimates: tuple[Estimate, ...]
    curve: Curve = field(repr=False)


@dataclass(frozen=True)
class KaplanMeier:
    """Curves of all patients together or of the levels of one covariate.

    `missing` patients have no value of the covariate and are in no group. The quartiles are over
    all patients of the definition: `quartiles_lor_times` of the times of those who lost response,
    `quartiles_analysis_times` of the times to loss or censoring, `quartiles_kaplan_meier` the
    months by which 25, 50 and 75 % have lost response.
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

    def to_json(self, *, curves: bool = False) -> dict[str, Any]:
        """The document of `registry analyse km`; with `curves` every step of every curve too.

        `time_to_lor_quartiles_months` are the quartiles among those who lost response.
        """
        groups: list[dict[str, Any]] = []
        for group in self.groups:
            entry: dict[str, Any] = {
                "group": group.group,
                "label": group.label,
                "n": group.n,
                "events": group.events,
                "median_months": group.median_months,
                "median_lower_months": group.median_lower,
                "median_upper_months": group.median_upper,
                "estimates": [estimate.to_json() for estimate in group.estimates],
            }
            if curves:
                entry["curve"] = group.curve.to_json()
            groups.append(entry)
        return {
            "definition": self.definition,
            "method": METHOD,
            "by": self.by,
            "by_label": self.by_label,
            "groups": groups,
            "missing": self.missing,
            "logrank": self.logrank.to_json() if self.logrank else None,
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
    at_months: Sequence[float] = (12, 24, 36),
) -> KaplanMeier:
    """Cumulative incidence of loss of response.

    Without any loss the incidence is 0 at every time, which is an estimate and is given; the test
    between groups is then null.

    Args:
        frame: rows of `analytics.analysis_set`.
        definition: the definition that all rows must belong to.
        by: the id of a covariate; a curve for each of its levels that has patients.
        at_months: when to read the incidence off, in months from time zero, in any order.

    Raises:
        CannotEstimate: no patient, or the covariate is missing in every patient.
        WrongUsage: an unknown covariate, or a month that is negative or not finite.
        Refused: the rows are not fit for analysis (see `survival_data`).
    """
    months = sorted(set(at_months))
    if any(not np.isfinite(month) or month < 0 for month in months):
        raise WrongUsage(
            tr("A month to read the curve at is negative or not a number."),
            cure=tr("Give months from the first infusion, for example 12,24,36."),
        )
    covariate = covariates_by_id([by])[0] if by is not None else None
    data = survival_data(frame, definition)
    time = data["time_days"].to_numpy(dtype=np.int64)
    event = data["event"].to_numpy(dtype=bool)
    overall = Curve.fit(time, event)

    notes: list[str] = []
    test: LogRank | None = None
    missing = 0
    if covariate is None:
        groups = [_group("all", note("All patients"), time, event, months)]
        if event.any() and not event.all():
            notes.append(
                note(
                    "The quartiles among those who lost response leave out everybody who has not "
                    "lost it, so their median is not the median of a Kaplan-Meier curve."
                )
            )
    else:
        require_columns(data, (covariate.id,), "analysis_set")
        value = data[covariate.id]
        known = value.notna().to_numpy(dtype=bool)
        true = value.to_numpy(dtype=bool, na_value=False)
        missing = int((~known).sum())
        if missing == len(data):
            raise CannotEstimate(
                tr(
                    "'{covariate}' is missing in all {number} patients.",
                    covariate=spoken(covariate.label),
                    number=len(data),
                ),
                cure=tr("Enter it, or choose another covariate."),
            )
        levels = (
            ("true", covariate.level, known & true),
            ("false", covariate.other_level, known & ~true),
        )
        groups = [
            _group(name, label, time[mask], event[mask], months)
            for name, label, mask in levels
            if mask.any()
        ]
        notes += [
            note(
                "No patient has the level '{level}' of '{covariate}'.",
                level=label,
                covariate=covariate.label,
            )
            for _, label, mask in levels
            if not mask.any()
        ]
        test, reason = logrank(time[known], event[known], true[known])
        if reason and len(groups) == 2:
            notes.append(note("No log-rank test: {reason}.", reason=reason))
        if missing:
            notes.append(
                note(
                    "'{covariate}' is missing in {missing} of {number} patients, who are in no "
                    "group.",
                    covariate=covariate.label,
                    missing=missing,
                    number=len(data),
                )
            )
        notes += immortal_time_notes([covariate])
    notes += _beyond_follow_up(groups)

    return KaplanMeier(
        definition=definition,
        by=by,
        by_label=covariate.label if covariate else None,
        groups=tuple(groups),
        missing=missing,
        logrank=test,
        quartiles_lor_times=quartiles(time[event] / DAYS_PER_MONTH),
        quartiles_analysis_times=quartiles(time / DAYS_PER_MONTH),
        quartiles_kaplan_meier=(
            _months(overall.quantile_days(0.25)[0]),
            _months(overall.quantile_days(0.5)[0]),
            _months(overall.quantile_days(0.75)[0]),
        ),
        notes=tuple(notes),
    )


def _group(name: str, label: str, time: Days, event: Flags, months: Sequence[float]) -> Group:
    curve = Curve.fit(time, event)
    estimates = []
    for month in months:
        day = month * DAYS_PER_MONTH
        survival, lower, upper = curve.at(day)
        estimates.append(
            Estimate(
                at_months=month,
                cumulative_incidence=_complement(survival),
                lower=_complement(upper),
                upper=_complement(lower),
                at_risk=int((time >= day).sum()),
            )
        )
    median, low, high = curve.quantile_days(0.5)
    return Group(
        group=name,
        label=label,
        n=len(time),
        events=int(event.sum()),
        median_months=_months(median),
        median_lower=_months(low),
        median_upper=_months(high),
        estimates=tuple(estimates),
        curve=curve,
    )


def _beyond_follow_up(groups: Sequence[Group]) -> list[str]:
    notes: list[str] = []
    for group in groups:
        beyond = [f"{e.at_months:g}" for e in group.estimates if e.cumulative_incidence is None]
        if beyond:
            who = "" if group.group == "all" else note(" of the group '{group}'", group=group.label)
            last = group.curve.days[-1] / DAYS_PER_MONTH
            notes.append(
                note(
                    "No estimate at {beyond} months: the observation{who} ends after {last:.1f} "
                    "months.",
                    beyond=", ".join(beyond),
                    who=who,
                    last=last,
                )
            )
    return notes


def _crossing(days: Days, curve: Floats, level: float) -> float | None:
    """Where a falling curve reaches `level`: a port of `findq` of R's package survival 3.5-3.

    With the tolerance the first day at or below the level and the first day strictly below it are
    found; they differ only on a plateau at the level, whose middle is the answer.
    """
    tolerance = np.sqrt(np.finfo(np.float64).eps)
    # Time 0 stands with survival 1; limits have no value there, so it is put in front again.
    drop = 1 - np.concatenate(([1.0], curve[days > 0]))
    day = np.concatenate(([0], days[days > 0]))
    known = ~np.isnan(drop)
    drop, day = drop[known], day[known]
    target = 1 - level
    reached = np.flatnonzero(drop + tolerance >= target)
    if reached.size == 0:
        return None
    beyond = np.flatnonzero(drop - tolerance >= target)
    left = float(day[reached[0]])
    if beyond.size:
        return (left + float(day[beyond[0]])) / 2
    ends_there = not np.isnan(curve[-1]) and abs(drop[-1] - target) < tolerance
    return (left + float(days[-1])) / 2 if ends_there else None


def _known(value: Any) -> float | None:
    return None if np.isnan(value) else float(value)


def _complement(proportion: float | None) -> float | None:
    return None if proportion is None else 1 - proportion


def _months(days: float | None) -> float | None:
    return None if days is None else days / DAYS_PER_MONTH
