"""Troughs of infliximab over time, while response lasts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from registry.analysis.dataset import (
    Floats,
    check_definition,
    flags,
    numbers,
    quartiles,
    require_columns,
)
from registry.variables import DAYS_PER_MONTH
from registry.words import note

METHOD = note(
    "Troughs within the observation and before any loss of response; of several of a "
    "patient in one window the last. A level reported as <x counts as x/2 and one reported "
    "as >x as x."
)
INDUCTION = (("week_2", note("Week 2")), ("week_6", note("Week 6")), ("week_14", note("Week 14")))
WINDOW_MONTHS = 6
"""Length of a window of maintenance."""


@dataclass(frozen=True)
class Window:
    """Levels (ug/mL) of one window; `below` of them are surely below the therapeutic threshold."""

    window: str
    label: str
    n: int
    q1: float | None
    median: float | None
    q3: float | None
    censored: int
    below: int
    values: Floats = field(repr=False, compare=False)

    def to_json(self, *, values: bool = False) -> dict[str, Any]:
        told = {"values": np.sort(self.values).tolist()} if values else {}
        return {
            **told,
            "window": self.window,
            "label": self.label,
            "n": self.n,
            "median": self.median,
            "q1": self.q1,
            "q3": self.q3,
            "censored": self.censored,
            "censored_share": self.censored / self.n,
            "below_threshold": self.below,
        }


@dataclass(frozen=True)
class TroughCourse:
    """The windows that have a level, in their order."""

    windows: tuple[Window, ...]
    after_loss: int
    not_troughs: int

    def to_json(self, *, values: bool = False) -> dict[str, Any]:
        return {
            "method": METHOD,
            "windows": [window.to_json(values=values) for window in self.windows],
            "after_loss": self.after_loss,
            "not_troughs": self.not_troughs,
        }


def troughs_over_time(frame: pd.DataFrame, definition: str) -> TroughCourse:
    """Levels by window: the three of induction, then so many months each from the first infusion.

    Args:
        frame: rows of `analytics.trough`.
    """
    check_definition(frame, definition, "trough")
    columns = (
        "patient_id", "within_observation", "after_event", "is_trough", "timepoint", "day",
        "sampled_on", "assay", "ifx_ug_ml", "ifx_for_mean", "censored", "trough_level",
    )  # fmt: skip
    require_columns(frame, columns, "trough")
    measured = frame["ifx_ug_ml"].notna().to_numpy(dtype=bool)
    within = flags(frame, "within_observation", "trough").to_numpy(dtype=bool, na_value=False)
    trough = flags(frame, "is_trough", "trough").to_numpy(dtype=bool, na_value=False)
    after = flags(frame, "after_event", "trough").to_numpy(dtype=bool, na_value=False)
    rows = frame[measured & within & trough & ~after].copy()
    rows["window"] = [
        _window(timepoint, day)
        for timepoint, day in zip(rows["timepoint"], numbers(rows, "day"), strict=True)
    ]
    rows["assay"] = rows["assay"].fillna("~")
    last = rows.sort_values(["sampled_on", "assay"], ascending=[True, False]).drop_duplicates(
        ["patient_id", "window"], keep="last"
    )
    windows = [
        _told(key, levels)
        for key, levels in sorted(last.groupby("window"), key=lambda one: _place(str(one[0])))
    ]
    return TroughCourse(
        tuple(windows),
        int((measured & within & trough & after).sum()),
        int((measured & within & ~trough).sum()),
    )


def _window(timepoint: Any, day: float) -> str:
    if timepoint in dict(INDUCTION):
        return str(timepoint)
    return f"months_{int(day // (WINDOW_MONTHS * DAYS_PER_MONTH)) * WINDOW_MONTHS}"


def _place(window: str) -> int:
    names = [name for name, _ in INDUCTION]
    return names.index(window) if window in names else 10 + int(window.removeprefix("months_"))


def _told(key: Any, levels: pd.DataFrame) -> Window:
    window = str(key)
    label = dict(INDUCTION).get(window)
    if label is None:
        first = int(window.removeprefix("months_"))
        label = note(
            "Maintenance, months {first} to {last}", first=first, last=first + WINDOW_MONTHS
        )
    values = numbers(levels, "ifx_for_mean")
    q1, median, q3 = quartiles(values)
    return Window(
        window,
        label,
        len(levels),
        q1,
        median,
        q3,
        int(np.asarray(levels["censored"], dtype=bool).sum()),
        int((levels["trough_level"] == "below").sum()),
        values,
    )
