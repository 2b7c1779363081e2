"""One row per patient for curves and tests: the analysis set beside what other views say of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from sqlalchemy import Connection

from registry.analysis.at_risk import NO_ENTRY
from registry.analysis.dataset import Days, Flags, numbers, require_columns, survival_data
from registry.analysis.reading import read_view
from registry.covariates import COVARIATES
from registry.errors import CannotEstimate, Refused, WrongUsage
from registry.variables import DAYS_PER_MONTH
from registry.words import note, tr

# View -> its columns that stand beside those of analysis_set.
_BESIDE = {
    "survival": ("entry_days",),
    "interval_censored": ("left_days", "right_days"),
    "competing_events": ("event_code",),
    "baseline": (
        "centre",
        "sex",
        "severity",
        "location",
        "upper_gi_location",
        "behaviour",
        "growth",
        "prior_surgery",
        "stops_known_to",
    ),
}
# What every analysis asks of a patient, in the names of `baseline`.
_OF_ALL = ("definition", "patient_id", "time_days", "event", "induction_outcome", "centre")
_ACQUIRED = {one.id for one in COVARIATES if one.acquired_after_start}


def read_patients(connection: Connection, definition: str) -> pd.DataFrame:
    """A row per patient, from the views that `patients_of` takes."""
    views = ("analysis_set", *_BESIDE)
    return patients_of({view: read_view(connection, view, definition) for view in views})


def patients_with(
    connection: Connection, definition: str, names: Iterable[str], survival: pd.DataFrame | None
) -> pd.DataFrame:
    """Those rows with these columns of `baseline` alone, and with `survival` its entry.

    Of many children most of the work is what is not asked for.
    """
    asked = {*_OF_ALL, *names}
    if asked & _ACQUIRED:
        asked.add("stops_known_to")
    rows = read_view(connection, "baseline", definition, only=asked)
    return rows if survival is None else _beside(rows, "survival", survival)


def patients_of(frames: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """The rows of `analysis_set`, with columns of other views beside them by patient."""
    rows = frames["analysis_set"]
    for view in _BESIDE:
        rows = _beside(rows, view, frames[view])
    return rows


def _beside(rows: pd.DataFrame, view: str, frame: pd.DataFrame) -> pd.DataFrame:
    return rows.merge(frame[["patient_id", *_BESIDE[view]]], on="patient_id", how="left")


@dataclass(frozen=True)
class Cohort:
    """Patients with the days between which each is at risk: entry < day <= time.

    `rows` are the checked rows of `survival_data` and, where the views had them, the columns beside
    them, in the same order as the arrays. `never_at_risk` patients left before they entered.
    """

    rows: pd.DataFrame
    entry: Days
    time: Days
    event: Flags
    start_day: int
    never_at_risk: int

    def __len__(self) -> int:
        return len(self.time)

    def take(self, chosen: Flags) -> Cohort:
        """Some of the patients."""
        return Cohort(
            self.rows[chosen].reset_index(drop=True),
            self.entry[chosen],
            self.time[chosen],
            self.event[chosen],
            self.start_day,
            0,
        )


def cohort_of(
    frame: pd.DataFrame,
    definition: str,
    *,
    late_entry: bool = False,
    landmark_months: float | None = None,
) -> Cohort:
    """Who is at risk from when to when.

    Args:
        frame: rows of `analysis_set`, as `read_patients` gives them.
        definition: the definition that all rows must belong to.
        late_entry: at risk from the week-14 PCDAI on (`entry_days`), not from day 0.
        landmark_months: only those still at risk after this many months, and from then on.

    Raises:
        CannotEstimate: no patient, or nobody was at risk after entry or landmark.
        WrongUsage: a landmark that is not a positive number of months.
        Refused: the rows are not fit for analysis (see `survival_data`).
    """
    if landmark_months is not None and not (np.isfinite(landmark_months) and landmark_months > 0):
        raise WrongUsage(tr("A landmark is a number of months above 0."), cure=tr("For example 6."))
    checked = survival_data(frame, definition)
    rows = _with_what_stands_beside(checked, frame)
    time = rows["time_days"].to_numpy(dtype=np.int64)
    event = rows["event"].to_numpy(dtype=bool)
    entry = np.full(len(rows), NO_ENTRY, dtype=np.int64)
    if late_entry:
        require_columns(rows, ("entry_days",), "survival")
        given = numbers(rows, "entry_days")
        if np.isnan(given).any():
            raise Refused(tr("A patient of survival has no day of entry."))
        # An entry on day 0, where the clock starts at week 14, is no late entry.
        entry = np.where(given > 0, given, NO_ENTRY).astype(np.int64)
    start = 0
    if landmark_months is not None:
        start = int(np.floor(landmark_months * DAYS_PER_MONTH))
        entry = np.maximum(entry, start)
    seen = time > entry
    if not seen.any():
        when = (
            note("{months:g} months", months=landmark_months)
            if landmark_months is not None
            else note("week 14")
        )
        raise CannotEstimate(
            note(
                "None of the {number} patients was still under observation, without loss of "
                "response, after {when}.",
                number=len(rows),
                when=when,
            ),
            cure=tr("Take an earlier landmark.") if landmark_months is not None else None,
        )
    return Cohort(
        rows[seen].reset_index(drop=True),
        entry[seen],
        time[seen],
        event[seen],
        start,
        int((~seen).sum()),
    )


def _with_what_stands_beside(checked: pd.DataFrame, frame: pd.DataFrame) -> pd.DataFrame:
    names = [name for columns in _BESIDE.values() for name in columns if name in frame.columns]
    if "induction_outcome" in frame.columns:
        names.append("induction_outcome")
    beside = frame[names].set_axis(frame["patient_id"].astype(str), axis=0)
    found = beside.loc[checked["patient_id"]].reset_index(drop=True)
    return pd.concat([checked, found], axis=1)
