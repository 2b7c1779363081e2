"""The Cox model with missing covariates imputed, beside the model of complete cases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from registry.analysis import methods
from registry.analysis.arrays import Ties
from registry.analysis.basis import Basis, limits_under
from registry.analysis.choices import TIES, ImputationRule
from registry.analysis.cox.choice import Choice, choose
from registry.analysis.cox.design import PUBLISHED, Design, covariates_of, held_fixed
from registry.analysis.cox.fit import few_events
from registry.analysis.cox.imputed_result import Imputed
from registry.analysis.cox.incomplete import TROUGH, Incomplete, incomplete
from registry.analysis.cox.partial_likelihood import Rows
from registry.analysis.cox.refusals import (
    obstacle,
    refuse_if_too_little,
    refuse_without_levels,
    runs_away,
)
from registry.analysis.dataset import covariates_by_id, immortal_time_notes, require_once
from registry.analysis.methods import CoxFit, ImputedCox, NotFinite
from registry.covariates import Covariate, Limits
from registry.errors import CannotEstimate, WrongUsage
from registry.words import note, tr

AS_USUAL = ImputationRule()


def impute_regression(
    frame: pd.DataFrame,
    definition: str,
    *,
    covariates: Choice | Sequence[str] | None = None,
    auxiliary: Sequence[str] = (),
    ties: Ties = TIES,
    design: Design = PUBLISHED,
    rule: ImputationRule = AS_USUAL,
    exposure: pd.DataFrame | None = None,
    levels: Mapping[str, pd.DataFrame] | None = None,
    basis: Basis | None = None,
) -> Imputed:
    """Impute what is missing, pool the models, and fit the complete cases beside.

    Args:
        frame, definition, ties, exposure, basis: as in `cox_regression`.
        covariates: ids in the order of the terms, `trough` among them if wished; without them those
            that `cox_regression` takes.
        auxiliary: covariates that only help to impute.
        design: entry, landmark and strata; with the trough entry is at week 14 always.
        rule: of the imputation.
        levels: rows of `tdm_week14` and `survival`, for the trough.

    Raises:
        CannotEstimate: a covariate of which nothing is known or that does not vary, fewer events
            than covariates, no finite estimate.
        Refused: a covariate that is acquired after the start would be held fixed in a sound design.
        WrongUsage: an unknown covariate, or one named twice.
    """
    choice, dropped = choose(frame, definition, covariates, limits=limits_under(basis)).at_start(
        design
    )
    both = [*choice.names, *auxiliary]
    require_once(both)
    if TROUGH.id in both:
        design = replace(design, late_entry=True)
    chosen, left_out = _terms(choice, design)
    helping = _auxiliary(auxiliary, design, choice.limits)
    found = incomplete(frame, definition, chosen, helping, design, exposure=exposure, levels=levels)
    refuse_if_too_little(found.model, definition)
    refuse_without_levels(replace(found.prepared, covariates=found.columns))
    made = _impute(found, ties, design, rule) if found.missing.any() else None
    complete, reason = _complete(found, ties, design)
    if made is None and complete is None:
        raise CannotEstimate(reason or "")
    events = int(found.prepared.rows.event.sum())
    return Imputed(
        definition=definition,
        found=found,
        made=made,
        complete=complete,
        reason=reason,
        ties=ties,
        design=design,
        imputations=rule.imputations if made else 0,
        iterations=rule.iterations,
        seed=rule.seed,
        choice=choice,
        notes=(
            *choice.notes,
            *dropped,
            *few_events(events, len(chosen)),
            *left_out,
            *immortal_time_notes(held_fixed(chosen, design)),
        ),
        basis=basis,
    )


def _terms(choice: Choice, design: Design) -> tuple[tuple[Covariate, ...], tuple[str, ...]]:
    names, named = choice.names, choice.source == "named"
    others = [name for name in names if name != TROUGH.id]
    chosen, left_out = covariates_of(others, design, named=named, limits=choice.limits)
    terms = list(chosen)
    if TROUGH.id in names:
        before = [one.id for one in terms]
        at = sum(name in before for name in names[: list(names).index(TROUGH.id)])
        terms.insert(at, TROUGH)
    if not terms:
        raise WrongUsage(
            tr("A Cox model needs a covariate."), cure=tr("Name one or more covariates.")
        )
    return tuple(terms), left_out


def _auxiliary(names: Sequence[str], design: Design, limits: Limits) -> tuple[Covariate, ...]:
    """Those that only help; none that is acquired after the start."""
    known = covariates_by_id([name for name in names if name != TROUGH.id], limits)
    later = held_fixed(known, design)
    if later:
        raise WrongUsage(
            tr(
                "{ids} cannot help to impute: it is acquired after the start, by whoever stays.",
                ids=", ".join(one.id for one in later),
            ),
            cure=tr("Leave it out, or use a --landmark."),
        )
    by_id = {one.id: one for one in (*known, TROUGH)}
    return tuple(by_id[name] for name in names)


def _impute(found: Incomplete, ties: Ties, design: Design, rule: ImputationRule) -> ImputedCox:
    rows, terms = found.prepared.rows, len(found.prepared.covariates)
    try:
        return methods.impute_cox(
            rows.stop,
            rows.event,
            found.values,
            ties,
            entry=_entry(rows),
            strata=rows.stratum if design.strata else None,
            auxiliary=np.arange(len(found.columns)) >= terms,
            lower=found.lower,
            upper=found.upper,
            imputations=rule.imputations,
            iterations=rule.iterations,
            seed=rule.seed,
        )
    except NotFinite as error:
        raise _no_estimate(found, error.column) from error


def _no_estimate(found: Incomplete, column: int) -> CannotEstimate:
    """Why a completed data set has no finite estimate, as complete cases show it if they do."""
    rows, known, terms = found.prepared.rows, found.complete, found.prepared.covariates
    complete = Rows.of(
        rows.stop[known], rows.event[known], found.taken[known, : len(terms)],
        start=rows.start[known], stratum=rows.stratum[known],
    )  # fmt: skip
    seen = obstacle(complete, terms) if complete.event.any() else None
    if seen is None:
        return runs_away(terms[column], penalty=False)
    return CannotEstimate(seen.error.problem, cure=tr("Leave one of them out."))


def _complete(found: Incomplete, ties: Ties, design: Design) -> tuple[CoxFit | None, str | None]:
    """The model of those of whom every covariate is known, or why there is none."""
    rows, known = found.prepared.rows, found.complete
    if not known.any():
        return None, note("No patient has a value of every covariate.")
    values = found.taken[known, : len(found.prepared.covariates)]
    entry = _entry(rows)
    try:
        return methods.cox(
            rows.stop[known],
            rows.event[known],
            values,
            ties,
            entry=None if entry is None else entry[known],
            strata=rows.stratum[known] if design.strata else None,
        ), None
    except CannotEstimate as error:
        return None, error.problem


def _entry(rows: Rows) -> np.ndarray | None:
    return rows.start if (rows.start > 0).any() else None
