"""The groups that patients are compared in: the levels of a covariate, two or several."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from registry.analysis.dataset import (
    Flags,
    flags,
    no_covariate,
    numbers,
    require_columns,
    treatment_notes,
)
from registry.analysis.reading import Cohort
from registry.covariates import AS_PUBLISHED, COVARIATES, MEASURES, MODEL_TERMS, Covariate, Limits
from registry.errors import CannotEstimate
from registry.vocabulary import (
    BEHAVIOUR_MEANINGS,
    GROWTH_MEANINGS,
    LOCATION_MEANINGS,
    SEX_MEANINGS,
    UPPER_GI_MEANINGS,
)
from registry.words import note, tr


@dataclass(frozen=True)
class Factor:
    """A covariate with several levels: code and meaning, in their order; none means as found."""

    id: str
    label: str
    levels: dict[str, str]


FACTORS = (
    Factor("centre", note("Centre"), {}),
    Factor("sex", MEASURES["sex"].label, SEX_MEANINGS),
    Factor(
        "severity",
        MODEL_TERMS["severity_moderate_severe"].label,
        {one: one for one in ("remission", "mild", "moderate", "severe")},
    ),
    Factor("location", MODEL_TERMS["location_l2"].label, LOCATION_MEANINGS),
    Factor("upper_gi_location", MODEL_TERMS["upper_gi"].label, UPPER_GI_MEANINGS),
    Factor("behaviour", MODEL_TERMS["behaviour_b2_b3"].label, BEHAVIOUR_MEANINGS),
    Factor("growth", note("Growth"), GROWTH_MEANINGS),
    Factor(
        "prior_surgery",
        note("Operation before infliximab"),
        {"true": note("yes"), "false": note("no")},
    ),
    Factor(
        "induction_outcome",
        note("Outcome of induction"),
        {"remission": "remission", "response": note("response without remission")},
    ),
)


@dataclass(frozen=True)
class Level:
    """One group: `group` is its code ('true' and 'false' of a yes-or-no covariate)."""

    group: str
    label: str
    members: Flags


@dataclass(frozen=True)
class Levels:
    """The levels of a covariate in a cohort, in their order; those without a patient last."""

    id: str
    label: str
    levels: tuple[Level, ...]
    empty: tuple[str, ...]
    missing: int
    notes: tuple[str, ...]

    @property
    def known(self) -> Flags:
        """Who has a value."""
        return np.asarray(np.any([level.members for level in self.levels], axis=0))

    @property
    def index(self) -> NDArray[Any]:
        """The number of each patient's level; -1 without a value."""
        found = np.full(len(self.known), -1)
        for number, level in enumerate(self.levels):
            found[level.members] = number
        return found


def levels_of(
    cohort: Cohort,
    by: str,
    *,
    exposure: pd.DataFrame | None = None,
    limits: Limits = AS_PUBLISHED,
) -> Levels:
    """The groups of a covariate.

    Args:
        cohort: the patients.
        by: the id of one of COVARIATES or FACTORS.
        exposure: rows of `analytics.exposure`, for a cohort with a landmark: covariates that are
            acquired after the start are taken as they stood at it.

    Raises:
        WrongUsage: an unknown covariate.
        CannotEstimate: it is missing in every patient.
    """
    covariate = next((one for one in COVARIATES if one.id == by), None)
    if covariate is None:
        return _of_factor(cohort, by)
    covariate = covariate.under(limits)
    require_columns(cohort.rows, (by,), "analysis_set")
    value = cohort.rows[by]
    notes: list[str] = []
    if covariate.acquired_after_start and cohort.start_day and exposure is not None:
        value = _at_landmark(cohort, covariate, exposure)
        notes.append(
            note(
                "{label}: as it stood at the landmark, so free of immortal time.",
                label=covariate.label,
            )
        )
    else:
        notes += treatment_notes([covariate], cohort.rows)
    known = value.notna().to_numpy(dtype=bool)
    true = value.to_numpy(dtype=bool, na_value=False)
    levels = (
        Level("true", covariate.level, known & true),
        Level("false", covariate.other_level, known & ~true),
    )
    return _levels(covariate.id, covariate.label, levels, known, notes)


def _of_factor(cohort: Cohort, by: str) -> Levels:
    factor = next((one for one in FACTORS if one.id == by), None)
    if factor is None:
        raise no_covariate([by], [*(one.id for one in COVARIATES), *(one.id for one in FACTORS)])
    require_columns(cohort.rows, (by,), "baseline")
    value = cohort.rows[by].map(_code, na_action="ignore")
    known = value.notna().to_numpy(dtype=bool)
    meanings = factor.levels or {one: one for one in sorted(set(value[known]))}
    levels = tuple(
        Level(code, _named(code, meaning), (value == code).to_numpy(dtype=bool))
        for code, meaning in meanings.items()
    )
    return _levels(factor.id, factor.label, levels, known, [])


def _levels(
    name: str, label: str, levels: tuple[Level, ...], known: Flags, notes: list[str]
) -> Levels:
    missing = int((~known).sum())
    if missing == len(known):
        raise CannotEstimate(
            note(
                "'{covariate}' is missing in all {number} patients.",
                covariate=label,
                number=len(known),
            ),
            cure=tr("Enter it, or choose another covariate."),
        )
    empty = tuple(level.label for level in levels if not level.members.any())
    told = [
        note("No patient has the level '{level}' of '{covariate}'.", level=one, covariate=label)
        for one in empty
    ]
    if missing:
        told.append(
            note(
                "'{covariate}' is missing in {missing} of {number} patients, who are in no group.",
                covariate=label,
                missing=missing,
                number=len(known),
            )
        )
    held = tuple(level for level in levels if level.members.any())
    return Levels(name, label, held, empty, missing, (*told, *notes))


def _at_landmark(cohort: Cohort, covariate: Covariate, exposure: pd.DataFrame) -> pd.Series[bool]:
    """What a covariate acquired after the start was at the landmark.

    Rows of `exposure` tile the observation and are parted where such a covariate changes, so the
    row over the landmark says it; whoever is still at risk has one.
    """
    view = "exposure"
    columns = ("patient_id", "start_day", "stop_day", "origin_day", covariate.id)
    require_columns(exposure, columns, view)
    origin = numbers(exposure, "origin_day")
    begun = numbers(exposure, "start_day") - origin <= cohort.start_day
    lasting = cohort.start_day < numbers(exposure, "stop_day") - origin
    rows = exposure[begun & lasting]
    value = flags(rows, covariate.id, view)
    value.index = pd.Index(rows["patient_id"].astype(str))
    return value.reindex(cohort.rows["patient_id"]).reset_index(drop=True)


def _code(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool | np.bool_) else str(value)


def _named(code: str, meaning: str) -> str:
    """'L1, terminal ileum'; a code that is a word stands alone."""
    plain = code in ("true", "false") or meaning.startswith(code)
    return meaning if plain else note("{one}, {other}", one=code, other=meaning)
