"""Curves in steps that each rest on several patients, for whoever may not learn of a single one.

Losses, and likewise those who leave without one, are taken in the order of their days in batches of
equal size; all of a batch leave at the end of the month in which the mean of their days lies.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from registry.analysis.arrays import NO_ENTRY
from registry.analysis.curves.competing import group_of as competing_group
from registry.analysis.curves.curve import Group, Options, difference, group_of
from registry.analysis.dataset import Days, in_months
from registry.analysis.reading import Cohort
from registry.variables import DAYS_PER_MONTH


def in_batches(days: Days, size: int) -> Days:
    """The day on which each leaves instead, in their order: batches of `size` or a little more."""
    batches = np.array_split(np.sort(days), max(len(days) // size, 1))
    means = np.array([batch.mean() if len(batch) else 0 for batch in batches])
    months = np.ceil(means / DAYS_PER_MONTH - 1e-9)
    ends = np.floor(months * DAYS_PER_MONTH).astype(np.int64)
    return np.repeat(ends, [len(batch) for batch in batches])


def cohort_in_steps(curve: Mapping[str, Any], size: int, start_day: int) -> Cohort:
    """The patients of the curve of a document, in steps of so many.

    Args:
        curve: of `Curve.to_json`.
        size: patients that a step rests on at least.
        start_day: the landmark; 0 without one.
    """
    time, code = _leavings(curve, (curve["censored"], curve["events"]), size)
    return _cohort(curve, time, code, start_day)


def _leavings(
    curve: Mapping[str, Any], ways: Sequence[Sequence[int]], size: int
) -> tuple[Days, Days]:
    """When each leaves and in which of the ways, each way in batches of its own."""
    days = np.asarray(curve["days"], dtype=np.int64)
    left = [in_batches(np.repeat(days, np.asarray(one)), size) for one in ways]
    return np.concatenate(left), np.repeat(np.arange(len(left)), [len(one) for one in left])


def _cohort(curve: Mapping[str, Any], time: Days, code: Days, start_day: int = 0) -> Cohort:
    """All enter at a landmark, or with the month in which the first enters late."""
    days, at_risk = (np.asarray(curve[key], dtype=np.int64) for key in ("days", "at_risk"))
    late = days[np.flatnonzero(at_risk)[0] - 1] if at_risk[0] == 0 else 0
    entry = start_day or int(int(late / DAYS_PER_MONTH) * DAYS_PER_MONTH) or NO_ENTRY
    return Cohort(pd.DataFrame(), np.full(len(time), entry), time, code == 1, start_day, 0)


def competing_in_steps(
    document: Mapping[str, Any], size: int, together: Mapping[str, str], label: str
) -> list[dict[str, Any]]:
    """The groups of a document on competing events when each cause is in steps.

    Args:
        document: `CumulativeIncidence.to_json(curves=True)`.
        size: patients that a step rests on at least.
        together: causes that are told as one, each with the id of that one.
        label: of the one that they are told as.
    """
    groups = []
    for group in document["groups"]:
        curve = group["curve"]
        ways: dict[str, tuple[str, Any]] = {}
        for cause, happened in zip(group["causes"], curve["causes"], strict=True):
            counts = np.asarray(happened, dtype=np.int64)
            name = together.get(cause["cause"], cause["cause"])
            before = ways[name][1] if name in ways else 0
            ways[name] = (label if name != cause["cause"] else cause["label"], before + counts)
        leaving = [curve["censored"], *(counts for _, counts in ways.values())]
        time, code = _leavings(curve, leaving, size)
        cohort = _cohort(curve, time, code)
        causes = [(name, words) for name, (words, _) in ways.items()]
        made = competing_group(
            group["group"], group["label"], cohort, code, document["at_months"], causes
        )
        groups.append(made.to_json(curves=True))
    return groups


def kaplan_meier_in_steps(document: Mapping[str, Any], size: int) -> dict[str, Any]:
    """What a document of Kaplan-Meier curves tells when they are made in steps.

    Args:
        document: `KaplanMeier.to_json(curves=True)`.
        size: patients that a step rests on at least.

    Returns:
        `groups`, `restricted_mean_difference` and `kaplan_meier_quartiles_months`, as there.
    """
    groups: list[Group] = []
    for group in document["groups"]:
        mean = group["restricted_mean"]
        options = Options(
            [one["at_months"] for one in group["estimates"]],
            mean["horizon_months"] if mean else None,
            interval_censored=False,
        )
        start = int(np.floor((document["landmark_months"] or 0) * DAYS_PER_MONTH))
        cohort = cohort_in_steps(group["curve"], size, start)
        groups.append(group_of(group["group"], group["label"], cohort, options))
    return {
        "groups": [group.to_json(curves=True) for group in groups],
        "restricted_mean_difference": difference(groups),
        "kaplan_meier_quartiles_months": _quartiles(groups),
    }


def _quartiles(groups: Sequence[Group]) -> list[float | None]:
    """Of all patients, which only one curve of all of them tells."""
    if len(groups) != 1:
        return [None] * 3
    return [in_months(groups[0].curve.quantile_days(share)[0]) for share in (0.25, 0.5, 0.75)]
