"""Everybody who is at risk with what is known of each covariate and what is not, for imputation.

A covariate of the vocabulary is imputed as the yes or no that the model has. A trough is a number,
its logarithm to base 2; a level below a limit of quantification is known to lie below it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from registry.analysis.cox.design import Design, Prepared, prepare
from registry.analysis.dataset import Flags, Floats, numbers, require_columns
from registry.covariates import MEASURES, Covariate
from registry.errors import CannotEstimate
from registry.words import note

TROUGH = Covariate("trough", MEASURES["week14_trough"].in_unit, note("twice the level"), "")


@dataclass(frozen=True)
class Incomplete:
    """Rows with NaN for what is not known, a column a covariate: those of the model, then others.

    Attributes:
        prepared: the rows and whose they are; `covariates` are those of the model alone.
        auxiliary: covariates that only help to impute.
        lower, upper: between what an unknown value lies, shape (n, columns), NaN for no bound.
        taken: the values with half a limit for what lies below it and the limit for what lies
            above, as complete-case analyses take them.
    """

    prepared: Prepared
    auxiliary: tuple[Covariate, ...]
    lower: Floats
    upper: Floats
    taken: Floats

    @property
    def values(self) -> Floats:
        """What is known, shape (n, columns)."""
        return self.prepared.rows.values

    @property
    def columns(self) -> tuple[Covariate, ...]:
        """What the columns are."""
        return (*self.prepared.covariates, *self.auxiliary)

    @property
    def missing(self) -> Flags:
        """What is imputed."""
        return np.isnan(self.values)

    @property
    def complete(self) -> Flags:
        """Who is in a complete-case analysis."""
        lacking = np.isnan(self.taken[:, : len(self.prepared.covariates)])
        return np.asarray(~lacking.any(axis=1), dtype=bool)

    @property
    def model(self) -> Prepared:
        """The same without the auxiliary covariates."""
        columns = list(range(len(self.prepared.covariates)))
        return replace(self.prepared, rows=self.prepared.rows.columns(columns))


def incomplete(
    frame: pd.DataFrame,
    definition: str,
    covariates: Sequence[Covariate],
    auxiliary: Sequence[Covariate],
    design: Design,
    *,
    exposure: pd.DataFrame | None = None,
    levels: Mapping[str, pd.DataFrame] | None = None,
) -> Incomplete:
    """The rows of a model, nobody left out for a covariate that is not known.

    With the trough everybody is at risk from the day after the week-14 PCDAI, or after the sample
    where that is later: the design must have `late_entry`.

    Args:
        frame, definition, exposure: as in `prepare`.
        covariates: of the model; `TROUGH` may be one of them.
        auxiliary: those that only help to impute.
        design: of the model, without time-dependent covariates.
        levels: rows of the views `tdm_week14` and `survival`, for the trough.

    Raises:
        CannotEstimate: as `prepare`; nobody was at risk after the trough.
    """
    columns = (*covariates, *auxiliary)
    of_patients = tuple(one for one in columns if one != TROUGH)
    prepared = prepare(frame, definition, of_patients, design, exposure, complete=False)
    values = prepared.rows.values
    lower, upper, taken = np.full(values.shape, np.nan), np.full(values.shape, np.nan), values
    if TROUGH in columns:
        assert levels is not None
        at = columns.index(TROUGH)
        trough = _troughs(levels, prepared.patients)
        values, lower, upper, taken = (
            np.insert(one, at, beside, axis=1)
            for one, beside in zip(
                (values, lower, upper, taken),
                (trough.level, trough.lower, trough.upper, trough.taken),
                strict=True,
            )
        )
        start = np.fmax(prepared.rows.start, trough.sampled)
        kept = prepared.rows.stop > start
        prepared = _entered(prepared, values, start, kept)
        lower, upper, taken = lower[kept], upper[kept], taken[kept]
    model = replace(prepared, covariates=tuple(covariates))
    return Incomplete(model, tuple(auxiliary), lower, upper, taken)


def _entered(prepared: Prepared, values: Floats, start: Floats, kept: Flags) -> Prepared:
    """Those who are still at risk when they enter."""
    if not kept.any():
        raise CannotEstimate(note("Nobody was at risk after the trough at week 14."))
    rows = prepared.rows
    number = np.arange(int(kept.sum()), dtype=np.int64)
    return replace(
        prepared,
        rows=replace(
            rows, start=start[kept], stop=rows.stop[kept], event=rows.event[kept],
            values=values[kept], stratum=rows.stratum[kept], subject=number, cluster=number,
        ),
        patients=tuple(np.asarray(prepared.patients)[kept]),
        never_at_risk=prepared.never_at_risk + int((~kept).sum()),
    )  # fmt: skip


@dataclass(frozen=True)
class _Troughs:
    """By patient: the day of the sample on the clock, and log2 of the level or of its limits."""

    sampled: Floats
    level: Floats
    lower: Floats
    upper: Floats
    taken: Floats


def _troughs(levels: Mapping[str, pd.DataFrame], patients: Sequence[str]) -> _Troughs:
    measured, survival = levels["tdm_week14"], levels["survival"]
    columns = ("patient_id", "sampled_on", "ifx_ug_ml", "ifx_comparator", "ifx_for_mean")
    require_columns(measured, columns, "tdm_week14")
    require_columns(survival, ("patient_id", "origin_on"), "survival")
    rows = pd.DataFrame({"patient_id": list(patients)}, dtype=object)
    for view in (measured[list(columns)], survival[["patient_id", "origin_on"]]):
        rows = rows.merge(view, on="patient_id", how="left")
    value, taken = numbers(rows, "ifx_ug_ml"), numbers(rows, "ifx_for_mean")
    sign = rows["ifx_comparator"].to_numpy(dtype=object)
    # A level of 0 has no logarithm: it lies below the lowest that was ever told.
    lowest = float(np.nanmin(np.where(value > 0, value, np.nan), initial=np.inf))
    below, above = (sign == "<") | (value == 0), sign == ">"
    limit = np.log2(np.where(value > 0, value, lowest))
    return _Troughs(
        sampled=np.array(
            [
                np.nan if pd.isna(day) else float((day - origin).days)
                for day, origin in zip(rows["sampled_on"], rows["origin_on"], strict=True)
            ]
        ),
        level=np.where(below | above, np.nan, np.where(np.isnan(value), np.nan, limit)),
        lower=np.where(above, limit, np.nan),
        upper=np.where(below, limit, np.nan),
        taken=np.where(np.isnan(value), np.nan, np.log2(np.where(taken > 0, taken, lowest / 2))),
    )
