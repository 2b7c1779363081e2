"""Table 1: the cohort at the first infusion."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from registry.analysis.dataset import (
    Floats,
    check_definition,
    flags,
    mean_sd,
    numbers,
    quartiles,
    require_columns,
)
from registry.covariates import AS_PUBLISHED, MEASURES, Limits, under
from registry.errors import CannotEstimate
from registry.variables import DAYS_PER_MONTH
from registry.vocabulary import (
    BEHAVIOUR_MEANINGS,
    BEHAVIOURS,
    LOCATION_MEANINGS,
    LOCATIONS,
    UPPER_GI_MEANINGS,
)
from registry.words import note, tr

METHOD = note(
    "Numbers with percentages of the patients in whom the item is known; means with standard"
    " deviations (n - 1); medians with quartiles by the (n + 1)p rule."
)


@dataclass(frozen=True)
class Count:
    """How many patients have a characteristic, of those in whom it is known."""

    id: str
    label: str
    n: int
    known: int
    missing: int

    @property
    def percent(self) -> float | None:
        """Percentage of the known, or None when it is known in nobody."""
        return 100 * self.n / self.known if self.known else None

    def to_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "label": self.label,
            "n": self.n,
            "percent": self.percent,
            "known": self.known,
            "missing": self.missing,
        }


@dataclass(frozen=True)
class MeanSd:
    """Mean and standard deviation of a characteristic, in the unit that its label names."""

    id: str
    label: str
    mean: float | None
    sd: float | None
    missing: int
    values: Floats = field(repr=False, compare=False)

    def to_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "label": self.label,
            "mean": self.mean,
            "sd": self.sd,
            "missing": self.missing,
        }


@dataclass(frozen=True)
class MedianQuartiles:
    """Median and quartiles of a characteristic, in the unit that its label names."""

    id: str
    label: str
    median: float | None
    q1: float | None
    q3: float | None
    missing: int
    values: Floats = field(repr=False, compare=False)

    def to_json(self, values: bool = False) -> dict[str, Any]:
        told = {
            "id": self.id,
            "label": self.label,
            "median": self.median,
            "q1": self.q1,
            "q3": self.q3,
            "missing": self.missing,
        }
        if values:
            told["values"] = np.sort(self.values[~np.isnan(self.values)]).tolist()
        return told


Row = Count | MeanSd | MedianQuartiles


@dataclass(frozen=True)
class Table1:
    """The rows of Table 1 over `n` eligible patients."""

    definition: str
    n: int
    rows: tuple[Row, ...]

    def to_json(self, values: bool = False) -> dict[str, Any]:
        """The document of `registry analyse table1`; `values`: with those behind the medians."""
        return {
            "definition": self.definition,
            "method": METHOD,
            "n": self.n,
            "rows": [
                row.to_json(values) if isinstance(row, MedianQuartiles) else row.to_json()
                for row in self.rows
            ],
            "notes": [],
        }


def baseline_table(frame: pd.DataFrame, definition: str, limits: Limits = AS_PUBLISHED) -> Table1:
    """Table 1 of one definition.

    Args:
        frame: rows of `analytics.baseline`, one per eligible patient: years, months, mg/kg,
            Z-scores and points as their columns say.
        limits: of the definition, for the words of the rows.

    Raises:
        CannotEstimate: there is no patient.
        Refused: a column is missing or a yes-or-no column has other values.
    """
    check_definition(frame, definition, "baseline")
    if frame.empty:
        raise CannotEstimate(
            note(
                "No patient is eligible under definition '{definition}', so there is no baseline.",
                definition=definition,
            ),
            cure=tr("`registry analyse flow` shows where the patients were excluded."),
        )
    require_columns(frame, _COLUMNS, "baseline")
    return Table1(definition=definition, n=len(frame), rows=tuple(_rows(frame, limits)))


def described(limits: Limits = AS_PUBLISHED) -> list[Row]:
    """Every row that a table may have, of nobody."""
    return _rows(pd.DataFrame(columns=list(_COLUMNS), dtype=object), limits, every=True)


_COLUMNS = (
    "sex",
    "age_at_start_years",
    "duration_before_start_months",
    "initial_dose_mg_per_kg",
    "height_z",
    "bmi_z",
    "baseline_pcdai",
    "severity",
    "week14_pcdai",
    "location",
    "upper_gi_location",
    "phenotype_assessed_on",
    "behaviour",
    "perianal",
    "growth",
    "prior_surgery",
    "infusions",
    "cdeis",
    "time_days",
)

# Id, code and label of upper disease.
_UPPER = (
    ("L4a_only", "L4a", note("{code}, {meaning}", code="L4a", meaning=UPPER_GI_MEANINGS["L4a"])),
    ("L4b_only", "L4b", note("L4b, distal to it")),
    ("L4a+4b", "L4ab", note("L4a and L4b")),
)
_LOCATION = {
    code: note("{code}, {meaning}", code=code, meaning=meaning)
    for code, meaning in LOCATION_MEANINGS.items()
} | {"none": note("None below the ligament of Treitz")}
_BEHAVIOUR = {
    code: note("{code}, {meaning}", code=code, meaning=meaning)
    for code, meaning in BEHAVIOUR_MEANINGS.items()
} | {"B2B3": note("B2B3, both")}
_SEVERITY = {
    "remission": note("PCDAI <{severity_mild_from}, remission", **AS_PUBLISHED),
    "mild": note("PCDAI {severity_mild_from} to {severity_mild_to}, mild", **AS_PUBLISHED),
    "moderate": note(
        "PCDAI {severity_moderate_from} to {severity_moderate_to}, moderate", **AS_PUBLISHED
    ),
    "severe": note("PCDAI >={severity_severe_from}, severe", **AS_PUBLISHED),
}
# CDEIS bands of the study, lower limit included.
_CDEIS: tuple[tuple[str, str, Callable[[Floats], Any]], ...] = (
    ("cdeis_remission", note("CDEIS <3, remission"), lambda x: x < 3),
    ("cdeis_mild", note("CDEIS 3 to <9, mild"), lambda x: (x >= 3) & (x < 9)),
    ("cdeis_moderate", note("CDEIS 9 to <12, moderate"), lambda x: (x >= 9) & (x < 12)),
    ("cdeis_severe", note("CDEIS >=12, severe"), lambda x: x >= 12),
)


def _rows(frame: pd.DataFrame, limits: Limits, *, every: bool = False) -> list[Row]:
    rows: list[Row] = [
        _level(frame, "male", note("Male"), "sex", "male"),
        _level(frame, "female", note("Female"), "sex", "female"),
        _median(frame, "age_first_ifx_y", "age_at_start_years"),
        _median(frame, "duration_before_ifx_mo", "duration_before_start_months"),
        _mean(frame, "initial_dose_mg_per_kg", "initial_dose_mg_per_kg"),
        _mean(frame, "haz", "height_z"),
        _mean(frame, "baz", "bmi_z"),
        _mean(frame, "pcdai", "baseline_pcdai"),
    ]
    rows += [
        _level(frame, f"severity_{code}", under(label, limits), "severity", code)
        for code, label in _SEVERITY.items()
    ]
    cdeis = numbers(frame, "cdeis")
    known = ~np.isnan(cdeis)
    rows += [_count(id_, label, band(cdeis), known) for id_, label, band in _CDEIS]
    for code in LOCATIONS:
        row = _level(frame, code if code != "none" else "L_none", _LOCATION[code], "location", code)
        # Upper disease alone is rare: the row stands only where there is such a patient.
        if code != "none" or row.n or every:
            rows.append(row)
    # No upper disease is a finding of an assessment; without an assessment it is unknown.
    assessed = frame["phenotype_assessed_on"].notna().to_numpy(dtype=bool)
    upper = frame["upper_gi_location"].astype(object)
    rows += [
        _count(id_, label, (upper == code).to_numpy(dtype=bool), assessed)
        for id_, code, label in _UPPER
    ]
    rows += [_level(frame, code, _BEHAVIOUR[code], "behaviour", code) for code in BEHAVIOURS]
    rows += [
        _flag(frame, "p", MEASURES["perianal"].label, "perianal"),
        _level(frame, "growth_delay", MEASURES["growth"].label, "growth", "G1"),
        _flag(frame, "surgery", note("Intestinal or perianal surgery before"), "prior_surgery"),
        _mean(frame, "week14_pcdai", "week14_pcdai"),
        _quartiles_of(
            numbers(frame, "infusions"), "infusions", note("Infliximab infusions under observation")
        ),
    ]
    months = numbers(frame, "time_days") / DAYS_PER_MONTH
    label = note("Time to loss of response or censoring, months")
    rows.append(_quartiles_of(months, "analysis_time_mo", label))
    return rows


def _count(id_: str, label: str, has: Any, known: Any) -> Count:
    has, known = np.asarray(has, dtype=bool), np.asarray(known, dtype=bool)
    n, of = int((has & known).sum()), int(known.sum())
    return Count(id=id_, label=label, n=n, known=of, missing=len(known) - of)


def _level(frame: pd.DataFrame, id_: str, label: str, name: str, code: str) -> Count:
    values = frame[name].astype(object)
    return _count(id_, label, values == code, values.notna())


def _flag(frame: pd.DataFrame, id_: str, label: str, name: str) -> Count:
    values = flags(frame, name, "baseline")
    return _count(id_, label, values.fillna(False), values.notna())


def _mean(frame: pd.DataFrame, id_: str, name: str) -> MeanSd:
    values = numbers(frame, name)
    mean, sd = mean_sd(values)
    return MeanSd(id_, MEASURES[name].in_unit, mean, sd, int(np.isnan(values).sum()), values)


def _median(frame: pd.DataFrame, id_: str, name: str) -> MedianQuartiles:
    return _quartiles_of(numbers(frame, name), id_, MEASURES[name].in_unit)


def _quartiles_of(values: Floats, id_: str, label: str) -> MedianQuartiles:
    q1, median, q3 = quartiles(values)
    return MedianQuartiles(id_, label, median, q1, q3, int(np.isnan(values).sum()), values)
