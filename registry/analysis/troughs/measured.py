"""Who had a trough measured at week 14 and who had not: whether the measured stand for all."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from registry.analysis.arrays import NO_ENTRY
from registry.analysis.curves.logrank import LogRank, log_rank_test
from registry.analysis.dataset import (
    Flags,
    check_definition,
    flags,
    numbers,
    quartiles,
    require_columns,
)
from registry.analysis.troughs.ranks import mann_whitney
from registry.covariates import AS_PUBLISHED, COVARIATES, MEASURES, Limits
from registry.errors import CannotEstimate
from registry.words import note

METHOD = note(
    "Patients with a trough at week 14 against those without. Difference: standardised (of "
    "means or shares, over the root of the mean variance); beyond 0.1 either way the "
    "groups are usually called unlike. P: Mann-Whitney or Fisher's exact test, not "
    "corrected for their number. Loss of response: log-rank test, at risk from the day "
    "after the week-14 PCDAI."
)
NUMBERS = (
    "age_at_start_years",
    "start_year",
    "duration_before_start_months",
    "initial_dose_mg_per_kg",
    "baseline_pcdai",
    "week14_pcdai",
    "height_z",
    "bmi_z",
    "alb",
    "hb",
)


@dataclass(frozen=True)
class Compared:
    """One characteristic in both groups: medians with quartiles and `values`, or counts of yes."""

    id: str
    label: str
    measured: dict[str, Any]
    not_measured: dict[str, Any]
    difference: float | None
    p: float | None
    test: str

    def to_json(self, *, values: bool = False) -> dict[str, Any]:
        sides = {"measured": self.measured, "not_measured": self.not_measured}
        if not values:
            sides = {
                side: {key: one for key, one in told.items() if key != "values"}
                for side, told in sides.items()
            }
        return {
            "id": self.id,
            "label": self.label,
            **sides,
            "standardised_difference": self.difference,
            "p": self.p,
            "test": self.test,
        }


@dataclass(frozen=True)
class Measured:
    """Both groups: their sizes and losses, what they were at the start, and the loss over time."""

    n: tuple[int, int]
    events: tuple[int, int]
    rows: tuple[Compared, ...]
    test: LogRank | None
    reason: str | None

    def to_json(self, *, values: bool = False) -> dict[str, Any]:
        return {
            "method": METHOD,
            "n_measured": self.n[0],
            "n_not_measured": self.n[1],
            "events_measured": self.events[0],
            "events_not_measured": self.events[1],
            "logrank": self.test.to_json() if self.test else None,
            "logrank_reason": self.reason,
            "rows": [row.to_json(values=values) for row in self.rows],
        }


def who_was_measured(
    frames: dict[str, pd.DataFrame], definition: str, limits: Limits = AS_PUBLISHED
) -> Measured:
    """Compare them.

    Args:
        frames: rows of `tdm_week14`, `baseline`, `analysis_set` and `survival`, by view.

    Raises:
        CannotEstimate: all patients were measured, or none.
    """
    for view in ("tdm_week14", "baseline", "analysis_set", "survival"):
        check_definition(frames[view], definition, view)
    survival = frames["survival"]
    require_columns(survival, ("patient_id", "entry_days", "time_days", "event"), "survival")
    rows = survival[["patient_id", "start_on", "entry_days", "time_days", "event"]]
    rows = rows.merge(
        frames["baseline"][["patient_id", *_known(frames["baseline"])]], on="patient_id"
    )
    at_start = [one.under(limits) for one in COVARIATES if not one.acquired_after_start]
    rows = rows.merge(
        frames["analysis_set"][["patient_id", *(one.id for one in at_start)]],
        on="patient_id",
        suffixes=("_of_baseline", ""),
    )
    rows["start_year"] = [day.year for day in rows["start_on"]]
    measured = rows["patient_id"].isin(frames["tdm_week14"]["patient_id"]).to_numpy(dtype=bool)
    if measured.all() or not measured.any():
        raise CannotEstimate(
            note("Every patient has a trough at week 14, so there are no two groups to compare.")
            if measured.all()
            else note("No patient has a trough at week 14, so there are no two groups to compare.")
        )
    event = flags(rows, "event", "survival").to_numpy(dtype=bool)
    time = numbers(rows, "time_days").astype(np.int64)
    given = numbers(rows, "entry_days").astype(np.int64)
    entry = np.where(given > 0, given, NO_ENTRY)
    risk = time > entry
    test, reason = log_rank_test(time[risk], event[risk], measured[risk], entry_days=entry[risk])
    compared = [_number(name, rows, measured) for name in NUMBERS if name in rows.columns]
    for one in at_start:
        value = flags(rows, one.id, "analysis_set")
        compared.append(
            _share(
                one.id, note("{label}: {level}", label=one.label, level=one.level), value, measured
            )
        )
    return Measured(
        (int(measured.sum()), int((~measured).sum())),
        (int(event[measured].sum()), int(event[~measured].sum())),
        tuple(compared),
        test,
        None if reason is None else note("No log-rank test: {reason}.", reason=reason),
    )


def _known(baseline: pd.DataFrame) -> list[str]:
    return [name for name in NUMBERS if name in baseline.columns]


def _number(name: str, rows: pd.DataFrame, measured: Flags) -> Compared:
    value = numbers(rows, name)
    known = ~np.isnan(value)
    first, second = value[measured & known], value[~measured & known]

    def told(values: Any, members: Flags) -> dict[str, Any]:
        q1, median, q3 = quartiles(values)
        return {
            "median": median, "q1": q1, "q3": q3, "missing": int((members & ~known).sum()),
            "values": np.sort(values).tolist(),
        }  # fmt: skip

    difference = p = None
    if len(first) > 1 and len(second) > 1:
        spread = math.sqrt((first.var(ddof=1) + second.var(ddof=1)) / 2)
        difference = (first.mean() - second.mean()) / spread if spread else None
    if len(first) and len(second):
        p = mann_whitney(first, second).p
    return Compared(
        name, MEASURES[name].in_unit, told(first, measured), told(second, ~measured),
        None if difference is None else float(difference), p, "Mann-Whitney",
    )  # fmt: skip


def _share(name: str, label: str, value: pd.Series[bool], measured: Flags) -> Compared:
    known = value.notna().to_numpy(dtype=bool)
    yes = value.to_numpy(dtype=bool, na_value=False)
    counts = [
        (int((yes & known & members).sum()), int((known & members).sum()))
        for members in (measured, ~measured)
    ]
    told = [
        {"n": n, "known": of, "missing": int((members & ~known).sum())}
        for (n, of), members in zip(counts, (measured, ~measured), strict=True)
    ]
    difference = p = None
    (a, m), (b, n) = counts
    if m and n:
        p = float(stats.fisher_exact(np.array([[a, m - a], [b, n - b]])).pvalue)
        spread = math.sqrt((a / m * (1 - a / m) + b / n * (1 - b / n)) / 2)
        difference = (a / m - b / n) / spread if spread else None
    return Compared(name, label, told[0], told[1], difference, p, "Fisher")
