"""The rows that analyses start from, held to what survival methods take for granted.

Survival libraries accept events coded 1 and 2, negative times and missing values without a word and
return wrong numbers. What is wrong is refused here, before any library sees it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from registry.covariates import AS_PUBLISHED, COVARIATES, Covariate, Limits
from registry.errors import CannotEstimate, Refused, WrongUsage
from registry.variables import DAYS_PER_MONTH
from registry.words import listed_apart, note, tr

Floats = NDArray[np.float64]
Days = NDArray[np.int64]
Flags = NDArray[np.bool_]


def survival_data(frame: pd.DataFrame, definition: str) -> pd.DataFrame:
    """The analysis set, checked, in the types that the methods need.

    Args:
        frame: rows of `analytics.analysis_set`, one per eligible patient.

    Returns:
        Columns `patient_id`, `time_days` (int64, whole days since time zero), `event` (bool) and
        the covariates that `frame` has (nullable boolean), sorted by patient. A time of 0 is
        possible for a censored patient only, when time zero is the week-14 visit and observation
        ends on it: that patient is at risk at 0 and never after.

    Raises:
        CannotEstimate: there is no patient.
        Refused: a time is missing, negative or not whole, an event is neither 0 nor 1, an event
            falls on day 0, or a patient stands twice.
    """
    check_definition(frame, definition, "analysis_set")
    if frame.empty:
        raise CannotEstimate(
            note(
                "No patient is eligible under definition '{definition}', so there is nothing "
                "to estimate.",
                definition=definition,
            ),
            cure=tr("`registry analyse flow` shows where the patients were excluded."),
        )
    require_columns(frame, ("patient_id", "time_days", "event"), "analysis_set")
    patients = frame["patient_id"].astype(str)
    _refuse(tr("a patient more than once"), patients, patients.duplicated())

    time = numbers(frame, "time_days")
    whole = np.isfinite(time) & (time >= 0) & (time == np.floor(time))
    _refuse(tr("a time that is not a whole number of days"), patients, ~whole)
    event = flags(frame, "event", "analysis_set")
    _refuse(tr("no event indicator"), patients, event.isna())
    happened = event.to_numpy(dtype=bool, na_value=False)
    _refuse(tr("an event on day 0"), patients, happened & (time == 0))

    columns: dict[str, Any] = {
        "patient_id": patients.to_numpy(),
        "time_days": time.astype(np.int64),
        "event": happened,
    }
    for covariate in COVARIATES:
        if covariate.id in frame.columns:
            columns[covariate.id] = flags(frame, covariate.id, "analysis_set").array
    rows = pd.DataFrame(columns)
    # As `read_view` gives them; of many to sort them once more takes longer than a model.
    if rows["patient_id"].is_monotonic_increasing:
        return rows
    return rows.sort_values("patient_id", ignore_index=True)


def covariates_by_id(ids: Sequence[str], limits: Limits = AS_PUBLISHED) -> tuple[Covariate, ...]:
    """The covariates of these ids, in this order, by the limits of a definition.

    Raises:
        WrongUsage: an id is unknown or stands twice.
    """
    known = {covariate.id: covariate for covariate in COVARIATES}
    unknown = [one for one in ids if one not in known]
    if unknown:
        raise no_covariate(unknown, known)
    require_once(ids)
    return tuple(known[one].under(limits) for one in ids)


def no_covariate(unknown: Iterable[str], known: Iterable[str]) -> WrongUsage:
    """What to say of ids that no covariate has."""
    return WrongUsage(
        tr("No covariate is called {unknown}.", unknown=", ".join(unknown)),
        cure=tr("The covariates are {known}.", known=", ".join(known)),
    )


def require_once(ids: Sequence[str]) -> None:
    """Raises WrongUsage for an id that stands twice."""
    twice = sorted({one for one in ids if ids.count(one) > 1})
    if twice:
        raise WrongUsage(
            tr("The covariate {twice} is named more than once.", twice=", ".join(twice)),
            cure=tr("Name it once."),
        )


def immortal_time_notes(covariates: Iterable[Covariate]) -> tuple[str, ...]:
    """One sentence on immortal-time bias if any of these covariates is acquired after the start."""
    names = [covariate.label for covariate in covariates if covariate.acquired_after_start]
    if not names:
        return ()
    return (
        note(
            "{names}: decided by treatment after the first infusion and taken as if known on that "
            "day, as the published study does. Who is observed for longer has more time to receive "
            "the added drug: before a loss of response that speaks for the drug, and what is given "
            "after the loss, which counts too, speaks against it. The comparison is biased "
            "(immortal-time bias).",
            names=listed_apart(names),
        ),
    )


def treatment_notes(covariates: Iterable[Covariate], rows: pd.DataFrame) -> tuple[str, ...]:
    """What is to be known of the treatment beside infliximab among covariates held fixed.

    Its immortal time, and of how many patients a stop is not known to the day, where `rows` have
    `stops_known_to` of the view.
    """
    said = immortal_time_notes(covariates)
    known = rows.get("stops_known_to")
    number = 0 if known is None else int((known.notna() & (known != "day")).sum())
    if said and number:
        said += (
            note(
                "Of {number:patient|patients} the end of a drug beside infliximab is not known to "
                "the day; its days count as the methods say.",
                number=number,
            ),
        )
    return said


def check_definition(frame: pd.DataFrame, definition: str, view: str) -> None:
    """Refuse rows of another definition: two rule sets in one analysis count patients twice."""
    require_columns(frame, ("definition",), view)
    others = sorted(set(frame["definition"].astype(str)) - {definition})
    if others:
        raise Refused(
            tr(
                "Rows of {view} belong to definition {others}, not to '{definition}'.",
                view=view,
                others=", ".join(others),
                definition=definition,
            ),
            cure=tr("Analyse one definition at a time."),
        )


def require_columns(frame: pd.DataFrame, names: Iterable[str], view: str) -> None:
    """Refuse a frame that lacks one of these columns."""
    missing = [name for name in names if name not in frame.columns]
    if missing:
        raise Refused(
            tr("The view {view} has no column {missing}.", view=view, missing=", ".join(missing)),
            cure=tr("`registry db upgrade` rebuilds the views."),
        )


def numbers(frame: pd.DataFrame, name: str) -> Floats:
    """A numeric column as floats, missing values as NaN; `Decimal` arrives from the driver."""
    return frame[name].to_numpy(dtype=np.float64, na_value=np.nan)


def flags(frame: pd.DataFrame, name: str, view: str) -> pd.Series[bool]:
    """A yes-or-no column as nullable booleans; anything but true, false, 1, 0, null is refused."""
    try:
        return frame[name].astype("boolean").reset_index(drop=True)
    except (TypeError, ValueError) as error:
        raise Refused(
            tr(
                "The column {name} of {view} has values that are neither true, false nor missing.",
                name=name,
                view=view,
            ),
            cure=tr("Code yes as true or 1, no as false or 0."),
        ) from error


def quartiles(values: Floats) -> tuple[float | None, float | None, float | None]:
    """First quartile, median and third quartile by the (n+1)p rule, as SPSS gives them.

    NaN is left out; without any value all three are None. Hyndman and Fan's type 6.
    """
    known = values[~np.isnan(values)]
    if known.size == 0:
        return None, None, None
    first, middle, third = np.quantile(known, [0.25, 0.5, 0.75], method="weibull")
    return float(first), float(middle), float(third)


def mean_sd(values: Floats) -> tuple[float | None, float | None]:
    """Mean and standard deviation (n - 1) of what is known; None where there is too little.

    To the last digit the same in whatever order a view gives its rows.
    """
    known = np.sort(values[~np.isnan(values)])
    mean = float(known.mean()) if known.size else None
    return mean, float(known.std(ddof=1)) if known.size > 1 else None


def _refuse(problem: str, patients: pd.Series[str], bad: Any) -> None:
    rows = np.asarray(bad, dtype=bool)
    if rows.any():
        shown = ", ".join(sorted(set(patients[rows]))[:5])
        more = ", ..." if rows.sum() > 5 else ""
        raise Refused(
            tr(
                "analysis_set has {problem} ({number} rows: {shown}{more}).",
                problem=problem,
                number=int(rows.sum()),
                shown=shown,
                more=more,
            ),
            cure=tr("This is a fault of the view, not of the data: please report it."),
        )


def known(value: Any) -> float | None:
    """The number, None for NaN."""
    return None if np.isnan(value) else float(value)


def complement(proportion: float | None) -> float | None:
    """One minus it."""
    return None if proportion is None else 1 - proportion


def in_months(days: float | None) -> float | None:
    """Days as months."""
    return None if days is None else days / DAYS_PER_MONTH
