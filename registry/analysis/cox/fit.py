"""Cox regression of the time to loss of response.

The published model: fixed covariates, Breslow's ties as SPSS computes them, Wald limits. Beside it,
by a `Design`: time-dependent covariates, a landmark, delayed entry, strata, robust errors and
Firth's penalty with limits by the profile likelihood. Ties by Breslow and Efron differ by up to
14 % in a coefficient, so a result always names its ties.
"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from registry.analysis import arrays, methods
from registry.analysis.arrays import Ties
from registry.analysis.basis import Basis, limits_under
from registry.analysis.choices import TIES, USUAL_EVENTS_PER_TERM
from registry.analysis.cox.choice import Choice, choose
from registry.analysis.cox.design import (
    PUBLISHED,
    Design,
    Prepared,
    acquired,
    covariates_of,
    held_fixed,
    prepare,
)
from registry.analysis.cox.diagnostics import TRANSFORMS
from registry.analysis.cox.refusals import (
    Obstacle,
    no_convergence,
    obstacle,
    refuse_if_too_little,
    runs_away,
)
from registry.analysis.cox.result import Cox, Term, sizes_of
from registry.analysis.dataset import immortal_time_notes, known
from registry.analysis.methods import CoxFit, NoRobustErrors, NotFinite, Zph
from registry.errors import CannotEstimate, WrongUsage
from registry.words import Note, note, tr

# Below about this many clusters a sandwich is too small.
_FEW_CLUSTERS = 20


def cox_regression(
    frame: pd.DataFrame,
    definition: str,
    *,
    covariates: Choice | Sequence[str] | None = None,
    ties: str = TIES,
    design: Design = PUBLISHED,
    exposure: pd.DataFrame | None = None,
    basis: Basis | None = None,
) -> Cox:
    """Fit the model on the patients in whom all covariates are known.

    Args:
        frame: rows of `analytics.analysis_set`; for entry, strata or centres those of
            `read_patients`.
        covariates: ids in the order of the terms, or how they were chosen; without them those
            whose log-rank P in Table 2 is below 0.05, as published.
        ties: `breslow` or `efron`.
        design: what the model is beyond its covariates.
        exposure: rows of `analytics.exposure`, for time-dependent covariates and landmarks.

    Raises:
        CannotEstimate: no patient, no event, fewer events than covariates, no covariate
            with a small P, a covariate with one level only, separation without a penalty,
            collinearity, no convergence.
        Refused: a covariate that is acquired after the start would be held fixed in a sound design;
            the rows are not fit for analysis.
        WrongUsage: an unknown covariate or way of handling ties; robust errors with a penalty.
    """
    way = arrays.ties_of(ties)
    if design.robust and design.penalty == "firth":
        raise WrongUsage(
            tr("Robust errors are not defined for Firth's penalty."),
            cure=tr("Use --penalty none, or leave --robust out."),
        )
    choice = choose(frame, definition, covariates, limits=limits_under(basis))
    chosen, left_out = covariates_of(
        choice.names, design, named=choice.source == "named", limits=choice.limits
    )
    if not chosen:
        raise WrongUsage(
            tr("A Cox model needs a covariate."), cure=tr("Name one or more covariates.")
        )
    prepared = prepare(frame, definition, chosen, design, exposure)
    refuse_if_too_little(prepared, definition)
    events = int(prepared.rows.event.sum())
    found = obstacle(prepared.rows, chosen)
    firth, why = _penalised(design, found, events, len(chosen))
    if found is not None and not (firth and found.separation):
        raise found.error
    return _fit(
        prepared,
        way,
        firth=firth,
        finite=found is None,
        definition=definition,
        choice=choice,
        design=design,
        notes=(*choice.notes, *_notes(prepared, events, firth, design), *why, *left_out),
        basis=basis,
    )


def _fit(
    prepared: Prepared,
    ties: Ties,
    *,
    firth: bool,
    finite: bool,
    definition: str,
    choice: Choice,
    design: Design,
    notes: tuple[str, ...],
    basis: Basis | None,
) -> Cox:
    rows = prepared.rows
    fitted = _model(prepared, ties, design, firth=firth)
    hazards, untested = _hazards(prepared, ties, design, fitted, finite=finite)
    try:
        share = methods.concordance(fitted)
    except CannotEstimate:
        share = None
    if design.robust and prepared.clusters < _FEW_CLUSTERS:
        notes = (
            *notes,
            note(
                "Robust errors rest on {clusters} clusters and are too small below about {fewest}.",
                clusters=prepared.clusters,
                fewest=_FEW_CLUSTERS,
            ),
        )
    if untested:
        notes = (*notes, untested)
    return Cox(
        definition=definition,
        n=len(prepared.patients),
        dropped=prepared.dropped,
        never_at_risk=prepared.never_at_risk,
        events=int(rows.event.sum()),
        ties=ties,
        firth=firth,
        choice=choice,
        design=design,
        terms=_terms(prepared, fitted),
        loglik=fitted.log_likelihood,
        concordance=share.concordance if share else None,
        pairs={
            "concordant": share.concordant if share else 0,
            "discordant": share.discordant if share else 0,
            "tied": share.tied if share else 0,
        },
        hazards=hazards,
        untested=untested,
        schoenfeld=fitted.schoenfeld,
        residuals=fitted.residuals.by(rows.subject),
        patients=prepared.patients,
        sizes=sizes_of(prepared),
        notes=notes,
        basis=basis,
    )


def _model(prepared: Prepared, ties: Ties, design: Design, *, firth: bool) -> CoxFit:
    rows = prepared.rows
    try:
        return methods.cox(
            rows.stop,
            rows.event,
            rows.values,
            ties,
            entry=rows.start if (rows.start > 0).any() else None,
            strata=rows.stratum if design.strata else None,
            cluster=rows.cluster if design.robust else None,
            penalty="firth" if firth else None,
        )
    except NotFinite as error:
        raise runs_away(prepared.covariates[error.column]) from error
    except NoRobustErrors as error:
        raise CannotEstimate(error.problem, cure=tr("Leave --robust out.")) from error
    except CannotEstimate as error:
        raise no_convergence(prepared.covariates) from error


def _terms(prepared: Prepared, fitted: CoxFit) -> tuple[Term, ...]:
    robust = fitted.robust_standard_errors
    errors = fitted.standard_errors if robust is None else robust
    return tuple(
        Term(
            covariate=covariate,
            coef=float(fitted.coefficients[k]),
            se=float(errors[k]),
            se_model=float(fitted.standard_errors[k]),
            lower=known(fitted.coefficient_lower[k]),
            upper=known(fitted.coefficient_upper[k]),
            p=known(fitted.p_value[k]),
            limits="profile" if fitted.penalty == "firth" else "wald",
            time_dependent=covariate.id in prepared.time_dependent,
        )
        for k, covariate in enumerate(prepared.covariates)
    )


def _penalised(
    design: Design, found: Obstacle | None, events: int, terms: int
) -> tuple[bool, tuple[str, ...]]:
    """Whether Firth's penalty is used, and why when nobody asked for it by name."""
    wish = design.penalty or ("auto" if design.sound else "none")
    if wish != "auto" or design.robust:
        return wish == "firth", ()
    if found is not None and found.separation:
        return True, (
            note(
                "{problem} Firth's penalty, chosen for this, gives a finite one.",
                problem=found.error.problem,
            ),
        )
    if events < USUAL_EVENTS_PER_TERM * terms:
        return True, (
            note(
                "Firth's penalty was chosen because there are {ratio:.1f} events for each "
                "covariate, fewer than {usual}.",
                ratio=events / terms,
                usual=USUAL_EVENTS_PER_TERM,
            ),
        )
    return False, ()


def _hazards(
    prepared: Prepared, ties: Ties, design: Design, fitted: CoxFit, *, finite: bool
) -> tuple[tuple[Zph, ...], str | None]:
    """The tests of proportional hazards, at the estimate without a penalty; or why not."""
    if not finite:
        return (), note(
            "Proportional hazards are not tested: without the penalty there is no estimate."
        )
    try:
        plain = fitted if not fitted.penalty else _model(prepared, ties, design, firth=False)
        return tuple(methods.zph(plain, transform) for transform in TRANSFORMS), None
    except CannotEstimate:
        return (), note("Proportional hazards are not tested: the events are too few.")


def few_events(events: int, terms: int) -> tuple[Note, ...]:
    """The note on too few events for this many covariates, or none."""
    if events >= USUAL_EVENTS_PER_TERM * terms:
        return ()
    return (
        note(
            "Fewer than {usual} losses for each covariate: the limits are wide and the ratios "
            "tend to be too far from 1.",
            usual=USUAL_EVENTS_PER_TERM,
        ),
    )


def _notes(prepared: Prepared, events: int, firth: bool, design: Design) -> tuple[str, ...]:
    notes = []
    n, terms = len(prepared.patients), len(prepared.covariates)
    if prepared.dropped:
        notes.append(
            note(
                "{number} of {of_all} patients have a value of every covariate and are in the "
                "model; {others} are not.",
                number=n,
                of_all=prepared.of_all,
                others=prepared.dropped,
            )
        )
    if prepared.never_at_risk:
        notes.append(
            note("{number} patients left before they were at risk.", number=prepared.never_at_risk)
        )
    if not firth:
        notes.extend(few_events(events, terms))
    fixed = [one for one in prepared.covariates if one.id not in prepared.time_dependent]
    held = held_fixed([*fixed, *acquired(design.strata)], design)
    return (*notes, *immortal_time_notes(held))
