"""Regression of a loss that is known only to lie between two visits, beside the visit-date model.

Time counts from the week-14 PCDAI, before which nobody can be seen to lose response, so that nobody
enters late. The same children and covariates three times: Cox at the day of the visit that shows
the loss, Weibull at that day, and Weibull with the loss anywhere since the last visit without
one. The first two differ by the model alone, the last two by the interval alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from registry.analysis import arrays, methods
from registry.analysis.arrays import Ties
from registry.analysis.basis import Basis, limits_under
from registry.analysis.choices import TIES, RiskRule
from registry.analysis.cox.choice import Choice, choose
from registry.analysis.cox.design import Design, Prepared, immortal_time, left_out, prepare
from registry.analysis.cox.fit import few_events
from registry.analysis.cox.refusals import obstacle, refuse_if_too_little, runs_away
from registry.analysis.cox.result import sizes_of
from registry.analysis.dataset import Floats, numbers, quartiles, require_columns
from registry.analysis.methods.interval_regression import DISTRIBUTIONS, Effects
from registry.covariates import Covariate
from registry.errors import WrongUsage
from registry.words import note, tr

_DESIGN = Design(late_entry=True)
MODELS = {
    "cox_visit_dates": note("Cox, loss on the day of the visit"),
    "weibull_visit_dates": note("Weibull, loss on the day of the visit"),
    "weibull_intervals": note("Weibull, loss between two visits"),
}


@dataclass(frozen=True)
class BetweenVisits:
    """The three models, and Weibull's distribution beside another.

    `width` is of each loss the days between the two visits; `unseen` children have no scored visit
    after week 14 and tell the intervals nothing.
    """

    definition: str
    prepared: Prepared
    ties: Ties
    choice: Choice
    hazards: dict[str, Effects]
    fits: dict[str, methods.IntervalRegression]
    width: Floats
    unseen: int
    notes: tuple[str, ...]
    basis: Basis | None

    def to_json(self, *, details: bool = False) -> dict[str, Any]:
        """The document of `registry analyse interval-censored`.

        With `details` the sizes of terms too.
        """
        q1, median, q3 = quartiles(self.width)
        rows = self.prepared.rows
        told = {}
        if self.basis:
            told = {
                **self.basis.to_json(note("at risk from the day after it")),
                "clock": note("days from the week-14 PCDAI"),
            }
        return {
            "definition": self.definition,
            "method": note(
                "Weibull regression with the loss between the last scored visit without it and the "
                "first that shows it, by maximum likelihood; hazard ratios exp(-b / scale), Wald "
                "limits by the delta method. Beside it the same with the loss on the "
                "day of the visit, and Cox regression with ties by {ties}. Complete cases; "
                "covariates {chosen_by}.",
                ties=self.ties.capitalize(),
                chosen_by=self.choice.words,
            ),
            **told,
            "n": len(self.prepared.patients),
            "dropped": self.prepared.dropped,
            "never_at_risk": self.prepared.never_at_risk,
            "events": int(rows.event.sum()),
            "unseen": self.unseen,
            "covariates_from": self.choice.source,
            "ties": self.ties,
            "days_between_visits": {
                "median": median,
                "q1": q1,
                "q3": q3,
                "longest": float(self.width.max()),
            },
            "models": [{"id": name, "model": MODELS[name]} for name in self.hazards],
            "terms": [
                {
                    **covariate.to_json(),
                    **{name: _effect(one, k, "hr") for name, one in self.hazards.items()},
                    "time_ratios": {
                        name: _effect(one.times, k, "ratio") for name, one in self.fits.items()
                    },
                }
                for k, covariate in enumerate(self.prepared.covariates)
            ],
            "distributions": [
                {
                    "distribution": name,
                    "shape": 1 / one.scale,
                    "loglik": one.log_likelihood,
                    "aic": one.aic,
                }
                for name, one in self.fits.items()
            ],
            "notes": list(self.notes),
            **({"sizes": sizes_of(self.prepared)} if details else {}),
        }


def between_visits(
    frame: pd.DataFrame,
    definition: str,
    *,
    covariates: Choice | Sequence[str] | None = None,
    ties: str = TIES,
    events_per_covariate: float = RiskRule.events_per_covariate,
    basis: Basis | None = None,
) -> BetweenVisits:
    """Fit the models to the children in whom all covariates are known.

    Args:
        frame: rows of `patients_of`, with `left_days`, `right_days` and `entry_days`.
        covariates: ids in the order of the terms; without them those with a univariate P below
            0.05 that are not acquired after the start.
        ties: of the Cox model, `breslow` or `efron`.
        events_per_covariate: with fewer losses it is refused.

    Raises:
        CannotEstimate: what `cox_regression` says of the data, or no maximum of the likelihood.
        Refused: a covariate acquired after the start is named; the rows are not fit for analysis.
        WrongUsage: an unknown covariate or way of handling ties.
    """
    way = arrays.ties_of(ties)
    choice = choose(frame, definition, covariates, limits=limits_under(basis))
    chosen, notes = _covariates(choice)
    prepared = prepare(frame, definition, chosen, _DESIGN)
    refuse_if_too_little(prepared, definition, events_per_covariate)
    found = obstacle(prepared.rows, chosen)
    if found is not None:
        raise found.error
    rows = prepared.rows
    events = int(rows.event.sum())
    left, right = _intervals(frame, prepared)
    # A visit-date model counts from the same day, so that the models differ by nothing else.
    time = rows.stop - rows.start
    hazards, fits = _fitted(time, left, right, prepared, way)
    unseen = int(((left == 0) & ~np.isfinite(right)).sum())
    return BetweenVisits(
        definition=definition,
        prepared=prepared,
        ties=way,
        choice=choice,
        hazards=hazards,
        fits=fits,
        width=(right - left)[np.isfinite(right)],
        unseen=unseen,
        notes=(*choice.notes, *_notes(prepared, events, unseen), *notes),
        basis=basis,
    )


def _covariates(choice: Choice) -> tuple[tuple[Covariate, ...], tuple[str, ...]]:
    chosen = choice.covariates
    immortal = tuple(one for one in chosen if one.acquired_after_start)
    if immortal and choice.source == "named":
        raise immortal_time(
            immortal,
            tr("Leave it out here; `registry analyse cox --time-dependent` takes it day by day."),
        )
    kept = tuple(one for one in chosen if one not in immortal)
    if not kept:
        raise WrongUsage(
            tr("The regression needs a covariate that is known at the start."),
            cure=tr("Name one or more with --covariates."),
        )
    return kept, (left_out(immortal),) if immortal else ()


def _intervals(frame: pd.DataFrame, prepared: Prepared) -> tuple[Floats, Floats]:
    """Days from the week-14 PCDAI to either end, in the order of the rows."""
    require_columns(frame, ("entry_days", "left_days", "right_days"), "interval_censored")
    place = pd.Index(frame["patient_id"].astype(str)).get_indexer(pd.Index(prepared.patients))
    entry, left, right = (
        numbers(frame, name)[place][prepared.rows.subject]
        for name in ("entry_days", "left_days", "right_days")
    )
    return left - entry, np.where(np.isnan(right), np.inf, right - entry)


def _fitted(
    time: Floats, left: Floats, right: Floats, prepared: Prepared, ties: Ties
) -> tuple[dict[str, Effects], dict[str, methods.IntervalRegression]]:
    x, event = prepared.rows.values, prepared.rows.event
    try:
        cox = methods.cox(time, event, x, ties)
        seen = methods.interval_regression(time, np.where(event, time, np.inf), x)
        fits: dict[str, methods.IntervalRegression] = {
            one: methods.interval_regression(left, right, x, one) for one in DISTRIBUTIONS
        }
    except methods.NotFinite as error:
        raise runs_away(prepared.covariates[error.column], penalty=False) from error
    hazards = {
        "cox_visit_dates": Effects(cox.coefficients, cox.standard_errors),
        "weibull_visit_dates": seen.hazards,
        "weibull_intervals": fits["weibull"].hazards,
    }
    return {name: one for name, one in hazards.items() if one is not None}, fits


def _effect(effects: Effects, k: int, name: str) -> dict[str, float]:
    return {
        "coef": float(effects.coefficients[k]),
        "se": float(effects.standard_errors[k]),
        name: float(effects.ratios[k]),
        f"{name}_lower": float(effects.lower[k]),
        f"{name}_upper": float(effects.upper[k]),
        "p": float(effects.p_value[k]),
    }


def _notes(prepared: Prepared, events: int, unseen: int) -> tuple[str, ...]:
    notes = []
    if unseen:
        notes.append(
            note(
                "{unseen:patient has|patients have} no scored visit after week 14: the models by "
                "visit dates count their days without loss, that of intervals does not.",
                unseen=unseen,
            )
        )
    return (*notes, *few_events(events, len(prepared.covariates)))
