"""When a Cox model cannot be fitted, and what can be done about it."""

from __future__ import annotations

from collections.abc import Sequence

from registry.analysis.cox.design import Prepared
from registry.errors import CannotEstimate
from registry.vocabulary import Covariate
from registry.words import note, tr


def refuse_if_too_little(prepared: Prepared, definition: str) -> None:
    """CannotEstimate without an event, without variation, or with fewer events than covariates."""
    chosen, rows = prepared.covariates, prepared.rows
    names = ", ".join(covariate.id for covariate in chosen)
    events, n = int(rows.event.sum()), len(prepared.patients)
    if events == 0 and not prepared.dropped and not prepared.never_at_risk:
        raise CannotEstimate(
            note(
                "None of the {number} patients of definition '{definition}' lost response, so "
                "a Cox model cannot be fitted.",
                number=n,
                definition=definition,
            ),
            cure=tr("`registry analyse table1` and `flow` still describe them."),
        )
    if events == 0:
        raise CannotEstimate(
            note(
                "Of {of_all} patients, {number} were at risk with a value of every covariate "
                "({names}), and none of these lost response.",
                of_all=prepared.of_all,
                number=n,
                names=names,
            ),
            cure=tr("Leave out the covariate with the most missing values.")
            if prepared.dropped_events
            else tr("`registry analyse table1` and `flow` still describe them."),
        )
    for k, covariate in enumerate(chosen):
        levels = set(rows.values[:, k].tolist())
        if len(levels) == 1:
            level = covariate.other_level if levels == {0.0} else covariate.level
            raise CannotEstimate(
                note(
                    "'{covariate}' is '{level}' in all {number} patients of the model, so it "
                    "has no hazard ratio.",
                    covariate=covariate.label,
                    level=level,
                    number=n,
                ),
                cure=tr("Leave {covariate} out.", covariate=covariate.id),
            )
    if events < len(chosen):
        raise CannotEstimate(
            note(
                "Losses of response are too few ({events}) for {number} covariates ({names}).",
                events=events,
                number=len(chosen),
                names=names,
            ),
            cure=tr(
                "Name at most {events}; about ten events for each covariate are usual.",
                events=events,
            ),
        )


def runs_away(covariate: Covariate) -> CannotEstimate:
    """The error to raise where patterns are too many for the check of separation."""
    return CannotEstimate(
        note(
            "The hazard ratio of '{covariate}' runs away to infinity or 0: its levels "
            "separate those who lost response.",
            covariate=covariate.label,
        ),
        cure=tr("Leave {covariate} out, or use --penalty firth.", covariate=covariate.id),
    )


def no_convergence(chosen: Sequence[Covariate]) -> CannotEstimate:
    """The error to raise where the likelihood has no maximum that is found."""
    names = ", ".join(covariate.id for covariate in chosen)
    return CannotEstimate(
        note("The Cox model of {names} did not converge.", names=names),
        cure=tr("Name fewer covariates, starting with those that have few patients in a level."),
    )
