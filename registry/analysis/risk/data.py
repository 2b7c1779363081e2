"""What a prediction at week 14 may be made of, and the patients it is learnt from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from sqlalchemy import Connection

from registry.analysis.dataset import (
    Days,
    Flags,
    Floats,
    flags,
    numbers,
    read_view,
    require_columns,
    survival_data,
)
from registry.errors import WrongUsage
from registry.vocabulary import COVARIATES
from registry.words import note, tr

LANDMARK = note(
    "the week-14 PCDAI, or the day of the week-14 trough where that is later and the "
    "trough is a covariate"
)
DEFAULT = ("trough", "week14_pcdai", "bmi_z", "growth_delay", "baseline_pcdai")
"""Chosen for what is known of the disease, the most important first, not by their P here."""


@dataclass(frozen=True)
class Predictor:
    """Something known by week 14; a yes-or-no covariate counts 1 or 0."""

    id: str
    label: str
    step: str
    """What one more of it means, for its hazard ratio."""


PREDICTORS = (
    Predictor("trough", note("Infliximab trough at week 14, ug/mL"), note("twice the level")),
    Predictor("week14_pcdai", note("PCDAI at week 14"), note("1 point")),
    Predictor("baseline_pcdai", note("PCDAI at the first infusion"), note("1 point")),
    Predictor("bmi_z", note("BMI Z-score"), "1"),
    Predictor("height_z", note("Height Z-score"), "1"),
    Predictor("age_at_start_years", note("Age at the first infusion, years"), note("1 year")),
    Predictor("duration_before_start_months", note("Disease duration, months"), note("1 month")),
    Predictor("initial_dose_mg_per_kg", note("First dose, mg/kg"), note("1 mg/kg")),
    Predictor("alb", note("Albumin, g/L"), note("1 g/L")),
    Predictor("hb", note("Haemoglobin, g/L"), note("1 g/L")),
    *(
        Predictor(
            one.id,
            one.label,
            note("{level} against {other_level}", level=one.level, other_level=one.other_level),
        )
        for one in COVARIATES
        if not one.acquired_after_start
    ),
)
_BASELINE = tuple(
    one.id for one in PREDICTORS if one.id != "trough" and one.id not in {c.id for c in COVARIATES}
)


@dataclass(frozen=True)
class RiskData:
    """Every patient of the cohort, in the order of the ids.

    `time` counts days from the landmark; 0 or less for who was not at risk after it. `values` has a
    column per predictor, NaN where it is not known; of a trough its logarithm to base 2.
    """

    predictors: tuple[Predictor, ...]
    patients: tuple[str, ...]
    time: Days
    event: Flags
    values: Floats

    @property
    def complete(self) -> Flags:
        """Who is at risk after the landmark with every predictor known."""
        return np.asarray((self.time > 0) & ~np.isnan(self.values).any(axis=1))

    def with_predictors(self, ids: Sequence[str]) -> RiskData:
        """The same patients with some of the predictors."""
        at = [i for i, one in enumerate(self.predictors) if one.id in ids]
        chosen = tuple(self.predictors[i] for i in at)
        return RiskData(chosen, self.patients, self.time, self.event, self.values[:, at])


def predictors_by_id(ids: Sequence[str]) -> tuple[Predictor, ...]:
    """The predictors of these ids, in this order.

    Raises:
        WrongUsage: none, an unknown one, one named twice, or one that is not known at week 14.
    """
    known = {one.id: one for one in PREDICTORS}
    later = [one for one in COVARIATES if one.acquired_after_start and one.id in ids]
    if later:
        raise WrongUsage(
            tr(
                "{names} cannot predict: whether a child comes to have it is not known at week "
                "14, and who stays longer is likelier to.",
                names=", ".join(one.id for one in later),
            ),
            cure=tr("Leave it out; `registry analyse cox` takes it as it changes over time."),
        )
    unknown = [one for one in ids if one not in known]
    if unknown:
        raise WrongUsage(
            tr("No predictor is called {unknown}.", unknown=", ".join(unknown)),
            cure=tr("The predictors are {known}.", known=", ".join(known)),
        )
    if not ids or len(set(ids)) < len(ids):
        raise WrongUsage(tr("Name each predictor once, and one at least."))
    return tuple(known[one] for one in ids)


def read_risk(connection: Connection, definition: str) -> dict[str, pd.DataFrame]:
    """The rows of the views that a prediction takes."""
    views = ("analysis_set", "survival", "baseline", "tdm_week14")
    return {view: read_view(connection, view, definition) for view in views}


def risk_data(
    frames: dict[str, pd.DataFrame], definition: str, predictors: tuple[Predictor, ...]
) -> RiskData:
    """The cohort with these predictors.

    Args:
        frames: by view, as `read_risk` gives them.
        definition: the definition that all rows must belong to.
        predictors: from `predictors_by_id`.

    Raises:
        CannotEstimate, Refused: see `survival_data`.
    """
    rows = survival_data(frames["analysis_set"], definition)
    require_columns(frames["survival"], ("entry_days", "origin_on"), "survival")
    require_columns(frames["baseline"], _BASELINE, "baseline")
    for view, columns in (
        ("survival", ["entry_days", "origin_on"]),
        ("baseline", list(_BASELINE)),
        ("tdm_week14", ["sampled_on", "ifx_for_mean"]),
    ):
        beside = frames[view][["patient_id", *columns]]
        rows = rows.merge(beside, on="patient_id", how="left")
    landmark = numbers(rows, "entry_days")
    if any(one.id == "trough" for one in predictors):
        sampled = np.array(
            [
                np.nan if pd.isna(a) else float((a - b).days)
                for a, b in zip(rows["sampled_on"], rows["origin_on"], strict=True)
            ]
        )
        landmark = np.fmax(landmark, sampled)
    return RiskData(
        predictors,
        tuple(rows["patient_id"]),
        rows["time_days"].to_numpy(dtype=np.int64) - landmark.astype(np.int64),
        rows["event"].to_numpy(dtype=bool),
        np.column_stack([_values(rows, one.id) for one in predictors]),
    )


def _values(rows: pd.DataFrame, name: str) -> Floats:
    if name == "trough":
        level = numbers(rows, "ifx_for_mean")
        # A level of 0 has no logarithm; half the lowest other stands for it.
        lowest = np.nanmin(np.where(level > 0, level, np.nan), initial=np.inf) / 2
        return np.asarray(np.log2(np.maximum(level, lowest)), dtype=np.float64)
    if name in _BASELINE:
        return numbers(rows, name)
    known = flags(rows, name, "analysis_set")
    return np.array([np.nan if pd.isna(one) else float(one) for one in known], dtype=np.float64)
