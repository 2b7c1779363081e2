"""What a Cox model is asked to be, and the start-stop rows that this makes of the views."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from registry.analysis.cohort.covariate_groups import levels_of
from registry.analysis.cox.partial_likelihood import Rows
from registry.analysis.cox.splitting import joined, split_at_events
from registry.analysis.dataset import (
    Days,
    Flags,
    Floats,
    covariates_by_id,
    flags,
    numbers,
    require_columns,
)
from registry.analysis.reading import Cohort, cohort_of
from registry.covariates import AS_PUBLISHED, COVARIATES, TIME_DEPENDENT, Covariate, Limits
from registry.errors import CannotEstimate, Refused, WrongUsage
from registry.variables import DAYS_PER_MONTH
from registry.words import note, tr

Penalty = Literal["none", "firth", "auto"]
Cluster = Literal["patient", "centre"]
# Counted in the view up to the first day of a row, and on in a row with the drug.
_COMBINATION = "combination_months"
ALIASES = {"im": "immunomodulator", "gc": "glucocorticoid"}


@dataclass(frozen=True)
class Design:
    """The choices of a model beyond its covariates; none of them is the published model.

    Attributes:
        time_dependent: covariates read from `exposure`, day by day.
        landmark_months: only those at risk after this many months, from then on; covariates
            acquired after the start are those of that day.
        late_entry: at risk from the week-14 PCDAI on.
        strata: covariates or factors whose levels have a hazard of their own.
        robust: whose residuals are added up for robust errors; None for the model's own errors.
        penalty: Firth's, none, or `auto`; None is `auto` in a sound design and else none.
        as_published: lets a covariate acquired after the start be held fixed in a sound design.
    """

    time_dependent: tuple[str, ...] = ()
    landmark_months: float | None = None
    late_entry: bool = False
    strata: tuple[str, ...] = ()
    robust: Cluster | None = None
    penalty: Penalty | None = None
    as_published: bool = False

    @property
    def sound(self) -> bool:
        """Whether it claims more than the published model does."""
        return self.by_day or self.late_entry or self.penalty in ("firth", "auto")

    @property
    def by_day(self) -> bool:
        """Whether it asks what was known on a day after the start, of rows of `exposure`."""
        return bool(self.time_dependent) or self.landmark_months is not None


PUBLISHED = Design()


@dataclass(frozen=True)
class Prepared:
    """Rows for the likelihood and what they stand for.

    `patients` are the study ids by the number of the subject; `dropped` lack a covariate or a
    stratum and `dropped_events` of them lost response, `never_at_risk` left before they entered.
    """

    rows: Rows
    covariates: tuple[Covariate, ...]
    time_dependent: tuple[str, ...]
    patients: tuple[str, ...]
    clusters: int
    of_all: int
    dropped: int
    dropped_events: int
    never_at_risk: int


def time_dependent_covariates(
    names: Sequence[str], limits: Limits = AS_PUBLISHED
) -> tuple[Covariate, ...]:
    """The covariates of these names, `im` and `gc` included; WrongUsage for an unknown one."""
    known = {one.id: one for one in TIME_DEPENDENT}
    ids = [ALIASES.get(name, name) for name in names]
    unknown = [name for name in ids if name not in known]
    if unknown:
        raise WrongUsage(
            tr("{unknown} is not known day by day.", unknown=", ".join(unknown)),
            cure=tr(
                "Time-dependent covariates are {known}; im and gc for short.",
                known=", ".join(known),
            ),
        )
    if len(set(ids)) < len(ids):
        raise WrongUsage(tr("A time-dependent covariate is named more than once."))
    return tuple(known[name].under(limits) for name in ids)


def acquired(names: Sequence[str], limits: Limits = AS_PUBLISHED) -> tuple[Covariate, ...]:
    """Those of these covariates and factors that are acquired after the start."""
    found = (one for one in COVARIATES if one.id in names and one.acquired_after_start)
    return tuple(one.under(limits) for one in found)


def held_fixed(covariates: Sequence[Covariate], design: Design) -> tuple[Covariate, ...]:
    """Those that are acquired after the start and yet would be known from it on.

    The one rule for terms and strata: a landmark takes them as of its day.
    """
    if design.landmark_months is not None:
        return ()
    return tuple(one for one in covariates if one.acquired_after_start)


def immortal_time(covariates: Sequence[Covariate], cure: str) -> Refused:
    """The error to raise where these would be held fixed from the start."""
    return Refused(
        tr(
            "{ids}: decided by treatment after the first infusion, so it cannot be "
            "held fixed from that day: whoever stays without loss for longer has more "
            "time to come to have it, and the time before it is counted as if "
            "protected (immortal time).",
            ids=", ".join(one.id for one in covariates),
        ),
        cure=cure,
    )


def left_out(covariates: Sequence[Covariate]) -> str:
    """The note on those that nobody named and that were not taken."""
    return note(
        "Left out of the covariates, since they are acquired after the start: {ids}.",
        ids=", ".join(one.id for one in covariates),
    )


def covariates_of(
    names: Sequence[str], design: Design, *, named: bool, limits: Limits = AS_PUBLISHED
) -> tuple[tuple[Covariate, ...], tuple[str, ...]]:
    """The terms of the model in their order, and a note on what was left out of them.

    A covariate of the choice that is also time-dependent is so; other time-dependent ones follow.

    Args:
        names: the chosen covariates.
        design: of the model.
        named: whether a person named them, or their P values did.

    Raises:
        Refused: a covariate or stratum that is acquired after the start would be held fixed in a
            sound design.
        WrongUsage: an unknown name.
    """
    varying = time_dependent_covariates(design.time_dependent, limits)
    at = {one.id for one in varying}
    fixed = covariates_by_id([name for name in names if name not in at], limits)
    held_strata = held_fixed(acquired(design.strata, limits), design)
    if held_strata and design.sound and not design.as_published:
        raise immortal_time(
            held_strata, tr("Use a --landmark; --as-published holds it fixed all the same.")
        )
    immortal = held_fixed(fixed, design)
    notes: tuple[str, ...] = ()
    if immortal and design.sound and not design.as_published:
        if named or not varying:
            ids = ",".join(one.id for one in immortal)
            raise immortal_time(
                immortal,
                tr(
                    "Use --time-dependent {ids}, or a --landmark; --as-published holds it "
                    "fixed all the same.",
                    ids=ids,
                ),
            )
        fixed = tuple(one for one in fixed if not one.acquired_after_start)
        notes = (left_out(immortal),)
    terms = {one.id: one for one in (*fixed, *varying)}
    ordered = [
        *(terms[name] for name in names if name in terms),
        *(one for one in varying if one.id not in names),
    ]
    return tuple(ordered), notes


def prepare(
    frame: pd.DataFrame,
    definition: str,
    covariates: tuple[Covariate, ...],
    design: Design,
    exposure: pd.DataFrame | None = None,
    *,
    complete: bool = True,
) -> Prepared:
    """The start-stop rows of a model.

    Args:
        frame: rows of `analysis_set`, with the columns of `read_patients` where the design asks
            for entry, strata or centres.
        covariates: the terms.
        design: of the model.
        exposure: rows of `exposure`; needed for time-dependent covariates and for a landmark.
        complete: whether who lacks a fixed covariate is left out, or kept with NaN.

    Raises:
        CannotEstimate: no patient, nobody at risk, one centre only.
    """
    cohort = cohort_of(
        frame, definition, late_entry=design.late_entry, landmark_months=design.landmark_months
    )
    varying = {one.id for one in time_dependent_covariates(design.time_dependent)}
    fixed = [one for one in covariates if one.id not in varying]
    values = np.column_stack(
        [_fixed(cohort, one, exposure) for one in fixed] or [np.zeros((len(cohort), 0))]
    )
    strata, known = _strata(cohort, design.strata, exposure)
    if complete:
        known &= ~np.isnan(values).any(axis=1)
    n = len(cohort)
    if not varying:
        rows = Rows.of(
            cohort.time, cohort.event, values, start=cohort.entry, stratum=strata,
            subject=np.arange(n, dtype=np.int64), cluster=_clusters(cohort, design.robust),
        )  # fmt: skip
        return _prepared(rows, cohort, known, covariates, ())
    if exposure is None:
        raise Refused(tr("Time-dependent covariates need the rows of the view exposure."))
    split, missing = _split(cohort, covariates, fixed, values, exposure)
    known[missing] = False
    who = split.subject
    rows = Rows(
        split.start, split.stop, split.event, split.values, strata[who], who,
        _clusters(cohort, design.robust)[who],
    )  # fmt: skip
    return _prepared(rows, cohort, known, covariates, tuple(sorted(varying)))


def _prepared(
    rows: Rows,
    cohort: Cohort,
    known: Flags,
    covariates: tuple[Covariate, ...],
    varying: tuple[str, ...],
) -> Prepared:
    """The rows of those in whom everything is known, patients and clusters numbered from 0."""
    kept = known[rows.subject]
    subjects = np.flatnonzero(known)
    subject = np.searchsorted(subjects, rows.subject[kept])
    clusters, cluster = np.unique(rows.cluster[kept], return_inverse=True)
    return Prepared(
        rows=Rows(
            rows.start[kept], rows.stop[kept], rows.event[kept], rows.values[kept],
            rows.stratum[kept], subject.astype(np.int64), cluster.reshape(-1).astype(np.int64),
        ),
        covariates=covariates,
        time_dependent=varying,
        patients=tuple(cohort.rows["patient_id"].astype(str).to_numpy()[subjects]),
        clusters=len(clusters),
        of_all=len(cohort) + cohort.never_at_risk,
        dropped=int((~known).sum()),
        dropped_events=int(rows.event[~kept].sum()),
        never_at_risk=cohort.never_at_risk,
    )  # fmt: skip


def _fixed(cohort: Cohort, covariate: Covariate, exposure: pd.DataFrame | None) -> Floats:
    """A covariate as 0, 1 or NaN; one acquired after the start as it stood at the landmark."""
    if covariate.acquired_after_start and cohort.start_day and exposure is not None:
        found = levels_of(cohort, covariate.id, exposure=exposure)
        value = np.full(len(cohort), np.nan)
        for level in found.levels:
            value[level.members] = float(level.group == "true")
        return value
    require_columns(cohort.rows, (covariate.id,), "analysis_set")
    return cohort.rows[covariate.id].to_numpy(dtype=np.float64, na_value=np.nan)


def _strata(
    cohort: Cohort, names: Sequence[str], exposure: pd.DataFrame | None
) -> tuple[Days, Flags]:
    """The number of each patient's stratum, and who has one."""
    number = np.zeros(len(cohort), dtype=np.int64)
    known = np.ones(len(cohort), dtype=bool)
    for name in names:
        level = levels_of(cohort, name, exposure=exposure).index
        known &= level >= 0
        number = number * (int(level.max()) + 1) + np.maximum(level, 0)
    return number, known


def _clusters(cohort: Cohort, robust: Cluster | None) -> Days:
    if robust != "centre":
        return np.arange(len(cohort), dtype=np.int64)
    require_columns(cohort.rows, ("centre",), "baseline")
    codes, centres = pd.factorize(cohort.rows["centre"], sort=True)
    if len(centres) < 2:
        raise CannotEstimate(
            note(
                "All patients are of one centre, so errors that are robust against what "
                "patients of a centre share cannot be estimated."
            ),
            cure=tr("Leave --robust out, or use --robust patient."),
        )
    return np.asarray(codes, dtype=np.int64)


def _split(
    cohort: Cohort,
    covariates: Sequence[Covariate],
    fixed: Sequence[Covariate],
    values: Floats,
    exposure: pd.DataFrame,
) -> tuple[Rows, Days]:
    """Each patient's days at risk, parted where treatment changes; and who lacks a value."""
    columns = [one.id for one in covariates if one not in fixed]
    require_columns(
        exposure,
        ("patient_id", "start_day", "stop_day", "origin_day", "event", "at_risk", *columns),
        "exposure",
    )
    at_risk = flags(exposure, "at_risk", "exposure").to_numpy(dtype=bool, na_value=False)
    place = pd.Index(cohort.rows["patient_id"].astype(str)).get_indexer(
        pd.Index(exposure["patient_id"].astype(str))
    )
    chosen = exposure[at_risk & (place >= 0)].reset_index(drop=True)
    who = place[at_risk & (place >= 0)].astype(np.int64)
    origin = numbers(chosen, "origin_day")
    start = np.maximum(numbers(chosen, "start_day") - origin, np.maximum(cohort.entry, 0)[who])
    stop = numbers(chosen, "stop_day") - origin
    event = flags(chosen, "event", "exposure").to_numpy(dtype=bool, na_value=False)
    seen = stop > start
    held = [
        values[who, list(fixed).index(one)] if one in fixed else _varying(chosen, one)
        for one in covariates
    ]
    apart = Rows.of(
        stop[seen],
        event[seen],
        np.column_stack(held)[seen],
        start=start[seen],
        subject=who[seen],
    )
    if _COMBINATION in columns:
        require_columns(chosen, ("immunomodulator",), "exposure")
        on = flags(chosen, "immunomodulator", "exposure").to_numpy(dtype=bool, na_value=False)
        # A delayed entry cuts days off the row that it lies in, not off what was counted in them.
        term = [one.id for one in covariates].index(_COMBINATION)
        begun = numbers(chosen, "start_day") - origin
        apart.values[:, term] += (on * (start - begun) / DAYS_PER_MONTH)[seen]
        apart = split_at_events(apart, term, on[seen] / DAYS_PER_MONTH)
        # Whole days, so that a concordance sees those alike as tied.
        apart.values[:, term] = np.rint(apart.values[:, term] * DAYS_PER_MONTH) / DAYS_PER_MONTH
    rows = joined(apart)
    _refuse_if_not_tiled(cohort, rows)
    missing = np.isnan(rows.values).any(axis=1)
    return rows, np.unique(rows.subject[missing])


def _varying(exposure: pd.DataFrame, covariate: Covariate) -> Floats:
    if not covariate.other_level:
        return numbers(exposure, covariate.id)
    value = flags(exposure, covariate.id, "exposure")
    return np.asarray(value.to_numpy(dtype=np.float64, na_value=np.nan), dtype=np.float64)


def _refuse_if_not_tiled(cohort: Cohort, rows: Rows) -> None:
    """The rows of a patient must be his days at risk, no more and no less, with his event."""
    n = len(cohort)
    days = np.bincount(rows.subject, rows.stop - rows.start, n)
    events = np.bincount(rows.subject, rows.event, n)
    entry = np.maximum(cohort.entry, 0)
    wrong = (np.abs(days - (cohort.time - entry)) > 0) | (events != cohort.event)
    if wrong.any():
        names = ", ".join(cohort.rows["patient_id"].astype(str)[wrong].head(5))
        raise Refused(
            tr(
                "The rows of exposure are not the days at risk of analysis_set ({number} "
                "patients: {patients}).",
                number=int(wrong.sum()),
                patients=names,
            ),
            cure=tr("This is a fault of the view, not of the data: please report it."),
        )
