"""What a prediction at week 14 may be made of, the patients it is learnt from, and when not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from registry.analysis.dataset import (
    Days,
    Flags,
    Floats,
    flags,
    numbers,
    require_columns,
    survival_data,
)
from registry.analysis.risk.fitting import LOSS, RULED_OUT
from registry.covariates import AS_PUBLISHED, COVARIATES, MEASURES, Covariate, Limits
from registry.errors import CannotEstimate, NotFound, WrongUsage
from registry.words import note, tr

LANDMARK = note(
    "the week-14 PCDAI, or the day of the week-14 trough where that is later and the "
    "trough is a covariate"
)
# Whatever ratio is asked for: the groups in which predictions are held against what was observed
# need a few losses each. Our choice.
FEWEST_LOSSES = 10


@dataclass(frozen=True)
class Predictor:
    """Something known by week 14; a yes-or-no covariate counts 1 or 0."""

    id: str
    label: str
    step: str
    """What one more of it means, for its hazard ratio."""


def _of_covariate(one: Covariate) -> Predictor:
    step = note("{level} against {other_level}", level=one.level, other_level=one.other_level)
    return Predictor(one.id, one.label, step)


_BASELINE = {
    "week14_pcdai": note("1 point"),
    "baseline_pcdai": note("1 point"),
    "bmi_z": "1",
    "height_z": "1",
    "age_at_start_years": note("1 year"),
    "duration_before_start_months": note("1 month"),
    "initial_dose_mg_per_kg": note("1 mg/kg"),
    "alb": note("1 g/L"),
    "hb": note("1 g/L"),
}
"""What a number of the view `baseline` counts by."""
PREDICTORS = (
    Predictor("trough", MEASURES["week14_trough"].in_unit, note("twice the level")),
    *(Predictor(name, MEASURES[name].in_unit, step) for name, step in _BASELINE.items()),
    *(_of_covariate(one) for one in COVARIATES if not one.acquired_after_start),
)


@dataclass(frozen=True)
class RiskData:
    """Every patient of the cohort, in the order of the ids.

    `time` counts days from the landmark; 0 or less for who was not at risk after it. `code` tells
    what ended it: `LOSS`, `RULED_OUT` by stop, transfer or death, or 0. `values` has a column per
    predictor, NaN where it is not known; of a trough its logarithm to base 2.
    """

    predictors: tuple[Predictor, ...]
    patients: tuple[str, ...]
    time: Days
    code: Days
    values: Floats

    @property
    def event(self) -> Flags:
        """Who lost response."""
        return np.asarray(self.code == LOSS)

    @property
    def complete(self) -> Flags:
        """Who is at risk after the landmark with every predictor known."""
        return np.asarray((self.time > 0) & ~np.isnan(self.values).any(axis=1))

    def without(self, left_out: int) -> RiskData:
        """The same patients without one of the predictors."""
        at = [i for i in range(len(self.predictors)) if i != left_out]
        chosen = tuple(self.predictors[i] for i in at)
        return RiskData(chosen, self.patients, self.time, self.code, self.values[:, at])


def predictors_by_id(ids: Sequence[str], limits: Limits = AS_PUBLISHED) -> tuple[Predictor, ...]:
    """The predictors of these ids, in this order, by the limits of a definition.

    Raises:
        WrongUsage: none, an unknown one, one named twice, or one that is not known at week 14.
    """
    known = {one.id: one for one in PREDICTORS} | {
        one.id: _of_covariate(one.under(limits))
        for one in COVARIATES
        if not one.acquired_after_start
    }
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


def risk_data(
    frames: dict[str, pd.DataFrame], definition: str, predictors: tuple[Predictor, ...]
) -> RiskData:
    """The cohort with these predictors.

    Args:
        frames: rows by the view's name: `analysis_set`, `survival`, `baseline`, `tdm_week14` and
            `competing_events`.
        predictors: from `predictors_by_id`.

    Raises:
        CannotEstimate, Refused: see `survival_data`.
    """
    rows = survival_data(frames["analysis_set"], definition)
    for view, columns in (
        ("survival", ("entry_days", "origin_on")),
        ("baseline", tuple(_BASELINE)),
        ("tdm_week14", ("sampled_on", "ifx_for_mean")),
        ("competing_events", ("event_code",)),
    ):
        require_columns(frames[view], columns, view)
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
        np.where(rows["event"], LOSS, np.where(numbers(rows, "event_code") > LOSS, RULED_OUT, 0)),
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


def refuse_unknown(data: RiskData, patient: str, definition: str) -> None:
    """NotFound unless the patient is in the cohort."""
    if patient not in data.patients:
        raise NotFound(
            tr(
                "{patient} is not in the cohort of definition '{definition}', so there is no "
                "prediction.",
                patient=patient,
                definition=definition,
            ),
            cure=tr(
                "See why: registry explain {patient} --definition {definition}",
                patient=patient,
                definition=definition,
            ),
        )


def pattern_values(predictors: tuple[Predictor, ...], pattern: Mapping[str, float]) -> Floats:
    """The predictors of somebody described, as `RiskData.values` has them.

    Raises:
        WrongUsage: one of the predictors is not given, another is, or a value that it cannot have.
    """
    missing = [one.id for one in predictors if one.id not in pattern]
    further = sorted(set(pattern) - {one.id for one in predictors})
    if missing or further:
        raise WrongUsage(
            tr("A pattern gives each covariate of the model once."),
            cure=tr("Give: {names}", names=",".join(f"{one.id}=..." for one in predictors)),
        )
    yes_or_no = {one.id for one in COVARIATES}
    for name, value in pattern.items():
        if (name in yes_or_no and value not in (0, 1)) or (name == "trough" and value <= 0):
            raise WrongUsage(
                tr("{name} cannot be {value:g}.", name=name, value=value),
                cure=tr("Give yes or no.") if name in yes_or_no else tr("Give a level above 0."),
            )
    return np.array(
        [np.log2(pattern[one.id]) if one.id == "trough" else pattern[one.id] for one in predictors]
    )


def refuse_missing(data: RiskData, patient: str) -> None:
    """CannotEstimate unless every predictor is known of the patient."""
    own = data.values[data.patients.index(patient)]
    missing = [one.id for one, value in zip(data.predictors, own, strict=True) if np.isnan(value)]
    if missing:
        others = ",".join(one.id for one in data.predictors if one.id not in missing)
        raise CannotEstimate(
            note(
                "{patient} has no {missing}, which the model needs.",
                patient=patient,
                missing=", ".join(missing),
            ),
            cure=tr("Enter it, or leave it out: --covariates {others}", others=others)
            if others
            else tr("Enter it."),
        )


def refuse_too_few(data: RiskData, least: float, *, penalised: bool = True) -> None:
    """CannotEstimate with fewer losses than `least` per covariate or `FEWEST_LOSSES` in all.

    Or with a covariate that does not vary; without a penalty also where there are some, but fewer
    than `least` per covariate, of what rules a loss out.
    """
    used, k = data.complete, len(data.predictors)
    events = int(data.event[used].sum())
    at_risk = int((data.time > 0).sum())
    if events < max(1.0, least * k):
        raise CannotEstimate(
            note(
                "{number} of {at_risk} patients have every covariate ({names}), and {events} "
                "of these lost response: {ratio:.1f} losses per covariate, fewer than "
                "{least:g}, so a prediction would be made of noise.",
                number=int(used.sum()),
                at_risk=at_risk,
                names=", ".join(one.id for one in data.predictors),
                events=events,
                ratio=events / k,
                least=least,
            ),
            cure=_fewer(data, least),
        )
    if events < FEWEST_LOSSES:
        raise CannotEstimate(
            note(
                "{events} of the {number} patients with every covariate lost response; below "
                "{fewest} losses nothing can be predicted, or held against what came.",
                events=events,
                number=int(used.sum()),
                fewest=FEWEST_LOSSES,
            ),
            cure=tr("Describe the patients with: registry analyse km"),
        )
    ruled_out = int((data.code[used] == RULED_OUT).sum())
    if not penalised and 0 < ruled_out < least * k:
        raise CannotEstimate(
            note(
                "{events} patients stopped, went to adult care or died before a loss:"
                " {ratio:.1f} per covariate, fewer than {least:g}, so their hazard cannot be told"
                " without a penalty.",
                events=ruled_out,
                ratio=ruled_out / k,
                least=least,
            ),
            cure=tr("Leave --penalty none out."),
        )
    raw = data.values[used]
    for i, one in enumerate(data.predictors):
        if np.ptp(raw[:, i]) == 0:
            raise CannotEstimate(
                note(
                    "'{covariate}' is the same in all {number} patients of the model.",
                    covariate=one.label,
                    number=int(used.sum()),
                ),
                cure=tr("Leave {covariate} out.", covariate=one.id),
            )


def _fewer(data: RiskData, least: float) -> str:
    """The largest part of the covariates that the data can carry, as an option to type."""
    if not data.event.any():
        return tr("`registry analyse table1` and `flow` still describe them.")
    left = data
    while len(left.predictors) > 1:
        missing = np.isnan(left.values[left.time > 0]).sum(axis=0)
        # The one with the most missing values; of equal ones the last, the least important.
        worst = int(np.flatnonzero(missing == missing.max())[-1])
        left = left.without(worst)
        if left.event[left.complete].sum() >= least * len(left.predictors):
            return tr(
                "Name fewer covariates, for example --covariates {names}",
                names=",".join(one.id for one in left.predictors),
            )
    return tr("Report the Kaplan-Meier curve instead: registry analyse km")
