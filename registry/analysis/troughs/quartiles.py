"""Loss of response over time by quartile of the week-14 trough."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from registry.analysis import methods
from registry.analysis.arrays import NO_ENTRY, chi2_sf
from registry.analysis.choices import PermutationRule
from registry.analysis.cox.partial_likelihood import PartialLikelihood, Rows
from registry.analysis.curves.curve import Curve
from registry.analysis.curves.logrank import (
    LogRank,
    log_rank_test,
    permutation_test,
)
from registry.analysis.dataset import (
    Days,
    Flags,
    Floats,
    check_definition,
    complement,
    flags,
    numbers,
    quartiles,
    require_columns,
)
from registry.analysis.troughs.roc import ordered
from registry.errors import CannotEstimate
from registry.variables import DAYS_PER_MONTH
from registry.words import note

METHOD = note(
    "Patients with a week-14 trough, divided at its quartiles by the (n+1)p rule; at risk "
    "from the day after the week-14 PCDAI or the sample, whichever is later. Kaplan-Meier "
    "incidence with log-log limits; log-rank test; trend: score test of a Cox model on the "
    "number of the quartile (Breslow); hazard ratio of twice the trough by Cox regression "
    "on its logarithm (Breslow, Wald), a value below a limit at half of it."
)
SEPARATED = note(
    "No hazard ratio of twice the trough: the levels separate those who lost response from "
    "those at risk with them, so it has no finite estimate."
)
MONTHS = (12.0, 24.0)


@dataclass(frozen=True)
class Quarter:
    """Patients between two quartiles (ug/mL); None where there is no bound."""

    number: int
    above: float | None
    to: float | None
    n: int
    events: int
    incidence: tuple[tuple[float, float | None, float | None, float | None], ...]
    curve: Curve = field(repr=False, compare=False)

    def to_json(self, *, values: bool = False) -> dict[str, Any]:
        return {
            **({"curve": self.curve.to_json()} if values else {}),
            "quartile": self.number,
            "above": self.above,
            "to": self.to,
            "n": self.n,
            "events": self.events,
            "estimates": [
                {"at_months": at, "cumulative_incidence": value, "lower": lower, "upper": upper}
                for at, value, lower, upper in self.incidence
            ],
        }


@dataclass(frozen=True)
class Quarters:
    """The groups, lowest levels first, and what tells them apart; `reason` why there is no test."""

    groups: tuple[Quarter, ...]
    left_before: int
    test: LogRank | None
    permutation: dict[str, Any] | None
    reason: str | None
    trend: dict[str, float] | None
    per_doubling: dict[str, float] | None
    levels: Floats = field(repr=False, compare=False)

    @property
    def events(self) -> int:
        """Losses in all groups together."""
        return sum(group.events for group in self.groups)

    def to_json(self, *, values: bool = False) -> dict[str, Any]:
        return {
            **({"values": np.sort(self.levels).tolist()} if values else {}),
            "method": METHOD,
            "groups": [group.to_json(values=values) for group in self.groups],
            "left_before_risk": self.left_before,
            "logrank": self.test.to_json() if self.test else None,
            "permutation": self.permutation,
            "logrank_reason": self.reason,
            "trend": self.trend,
            "hazard_ratio_per_doubling": self.per_doubling,
            "hazard_ratio_reason": None if self.per_doubling or not self.events else SEPARATED,
            "curves": [drawn(group.number, group.curve.to_json()) for group in self.groups],
        }


def trough_quartiles(week14: pd.DataFrame, survival: pd.DataFrame, definition: str) -> Quarters:
    """Compare the quarters.

    Args:
        week14: rows of `analytics.tdm_week14`.
        survival: rows of `analytics.survival`.

    Raises:
        CannotEstimate: fewer than 8 patients with a trough, or all their levels alike.
    """
    check_definition(week14, definition, "tdm_week14")
    check_definition(survival, definition, "survival")
    require_columns(survival, ("patient_id", "origin_on", "entry_days", "time_days"), "survival")
    rows = week14.merge(
        survival[["patient_id", "origin_on", "entry_days", "time_days"]], on="patient_id"
    )
    level = ordered(numbers(rows, "ifx_ug_ml"), rows["ifx_comparator"].tolist())
    time = numbers(rows, "time_days").astype(np.int64)
    event = flags(rows, "event", "tdm_week14").to_numpy(dtype=bool)
    sampled = np.array(
        [
            (drawn - origin).days
            for drawn, origin in zip(rows.sampled_on, rows.origin_on, strict=True)
        ],
        dtype=np.int64,
    )
    entry = np.maximum(numbers(rows, "entry_days").astype(np.int64), sampled)
    entry = np.where(entry > 0, entry, NO_ENTRY)
    seen = time > entry
    level, time, event, entry = level[seen], time[seen], event[seen], entry[seen]
    if len(level) < 8 or np.ptp(level) == 0:
        raise CannotEstimate(
            note(
                "Quartiles of the week-14 trough are not compared: {number} patients have one.",
                number=len(level),
            )
            if len(level) < 8
            else note("Quartiles of the week-14 trough are not compared: all levels are the same.")
        )
    bounds = [bound for bound in quartiles(level) if bound is not None]
    number = np.searchsorted(bounds, level, side="left")
    held = np.unique(number)
    groups = []
    for one in held:
        member = number == one
        curve = Curve.fit(time[member], event[member], entry[member])
        groups.append(_quarter(int(one), bounds, member, event, curve))
    test, reason = log_rank_test(time, event, number, entry_days=entry)
    permuted = permutation_test(time, event, number, test, PermutationRule(), entry_days=entry)
    return Quarters(
        groups=tuple(groups),
        left_before=int((~seen).sum()),
        test=test,
        permutation=permuted.to_json() if permuted else None,
        reason=None if reason is None else note("No log-rank test: {reason}.", reason=reason),
        trend=_trend(entry, time, event, number),
        per_doubling=_per_doubling(entry, time, event, level),
        levels=level,
    )


def _quarter(one: int, bounds: list[float], member: Flags, event: Flags, curve: Curve) -> Quarter:
    incidence: list[tuple[float, float | None, float | None, float | None]] = []
    for months in MONTHS:
        survival, lower, upper = curve.at(months * DAYS_PER_MONTH)
        incidence.append((months, complement(survival), complement(upper), complement(lower)))
    return Quarter(
        one + 1,
        bounds[one - 1] if one > 0 else None,
        bounds[one] if one < len(bounds) else None,
        int(member.sum()),
        int(event[member].sum()),
        tuple(incidence),
        curve,
    )


def drawn(number: int, curve: Mapping[str, Any]) -> dict[str, Any]:
    """What is drawn of the curve of a quartile, of `Curve.to_json`."""
    return {"quartile": number, "days": curve["days"], "incidence": curve["incidence"]}


def _trend(entry: Days, time: Days, event: Flags, number: Days) -> dict[str, float] | None:
    if not event.any():
        return None
    rows = Rows.of(time, event, number.astype(np.float64)[:, None], start=entry)
    at_zero = PartialLikelihood(rows, "breslow").at(np.zeros(1))
    information = float(at_zero.information[0, 0])
    if information < 1e-12:
        return None
    chi2 = float(at_zero.score[0]) ** 2 / information
    return {"chi2": chi2, "df": 1, "p": float(chi2_sf(chi2, 1))}


def _per_doubling(entry: Days, time: Days, event: Flags, level: Floats) -> dict[str, float] | None:
    # A level of 0 has no logarithm; half the lowest other stands for it.
    floor = level[level > 0].min(initial=np.inf) / 2
    if not event.any() or not np.isfinite(floor):
        return None
    doubling = np.log2(np.maximum(level, floor))
    try:
        fit = methods.cox(time, event, doubling, "breslow", entry=entry)
    except CannotEstimate:
        return None
    coef, se = float(fit.coefficients[0]), float(fit.standard_errors[0])
    return {
        "coef": coef,
        "se": se,
        "hr": float(fit.hazard_ratios[0]),
        "lower": float(fit.lower[0]),
        "upper": float(fit.upper[0]),
        "p": float(fit.p_value[0]),
    }
