"""Cox regression of the time to loss of response on yes-or-no covariates.

Breslow ties by statsmodels, which is what SPSS computes and the study printed; Efron ties by
lifelines. The two differ by up to 14 % in a coefficient, so a result always names its ties.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from lifelines import CoxPHFitter
from lifelines.exceptions import ConvergenceError
from scipy import stats
from statsmodels.duration.hazard_regression import PHReg

from registry.analysis.dataset import (
    Days,
    Flags,
    Floats,
    covariates_by_id,
    immortal_time_notes,
    require_columns,
    survival_data,
)
from registry.analysis.separation import refuse_if_not_estimable
from registry.analysis.table2 import univariate_table
from registry.errors import CannotEstimate, WrongUsage
from registry.vocabulary import Covariate
from registry.words import note, spoken, tr

Ties = Literal["breslow", "efron"]

# A hazard ratio beyond e^12 or a standard error beyond 50 is a fit that runs away, not a finding.
_LARGEST_COEF = 12.0
_LARGEST_SE = 50.0
_Z = float(stats.norm.ppf(0.975))


@dataclass(frozen=True)
class Term:
    """One covariate of the model: level true against level false, 95 % Wald limits."""

    covariate: Covariate
    coef: float
    se: float

    @property
    def wald(self) -> float:
        """Wald chi-square with 1 df."""
        return (self.coef / self.se) ** 2

    def to_json(self) -> dict[str, Any]:
        return {
            "covariate": self.covariate.id,
            "label": self.covariate.label,
            "level": self.covariate.level,
            "other_level": self.covariate.other_level,
            "acquired_after_start": self.covariate.acquired_after_start,
            "coef": self.coef,
            "se": self.se,
            "wald": self.wald,
            "hr": math.exp(self.coef),
            "hr_lower": math.exp(self.coef - _Z * self.se),
            "hr_upper": math.exp(self.coef + _Z * self.se),
            "p": float(stats.chi2.sf(self.wald, 1)),
        }


@dataclass(frozen=True)
class Cox:
    """A fitted model; `dropped` patients lack one of the covariates and are not in `n`."""

    definition: str
    n: int
    dropped: int
    events: int
    ties: Ties
    chosen_by: str
    terms: tuple[Term, ...]
    notes: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """The document of `registry analyse cox`."""
        return {
            "definition": self.definition,
            "method": note(
                "Cox proportional-hazards regression, ties by {ties}, complete cases, Wald tests "
                "and limits; covariates {chosen_by}.",
                ties=self.ties.capitalize(),
                chosen_by=self.chosen_by,
            ),
            "n": self.n,
            "dropped": self.dropped,
            "events": self.events,
            "ties": self.ties,
            "terms": [term.to_json() for term in self.terms],
            "notes": list(self.notes),
        }


def cox_regression(
    frame: pd.DataFrame,
    definition: str,
    *,
    covariates: Sequence[str] | None = None,
    ties: str = "breslow",
    alpha: float = 0.05,
) -> Cox:
    """Fit the model on the patients in whom all covariates are known.

    Args:
        frame: rows of `analytics.analysis_set`.
        definition: the definition that all rows must belong to.
        covariates: ids in the order of the terms; without them those whose log-rank P in Table 2
            is below `alpha`, in the order of the vocabulary.
        ties: `breslow` or `efron`.
        alpha: the threshold of that choice.

    Raises:
        CannotEstimate: no patient, no event, fewer events than covariates, no covariate below
            `alpha`, a covariate with one level only, separation, collinearity, no convergence.
        WrongUsage: an unknown covariate or way of handling ties.
        Refused: the rows are not fit for analysis (see `survival_data`).
    """
    if ties not in ("breslow", "efron"):
        raise WrongUsage(
            tr("Ties cannot be handled by '{ties}'.", ties=ties), cure=tr("Use breslow or efron.")
        )
    data = survival_data(frame, definition)
    if not data["event"].any():
        raise CannotEstimate(
            tr(
                "None of the {number} patients of definition '{definition}' lost response, "
                "so a Cox model cannot be fitted.",
                number=len(data),
                definition=definition,
            ),
            cure=tr("`registry analyse table1`, `flow` and `km` still describe them."),
        )
    if covariates is None:
        chosen = _significant(frame, definition, alpha)
        chosen_by = note("with a univariate log-rank P below {alpha:g}", alpha=alpha)
    else:
        chosen = covariates_by_id(list(covariates))
        chosen_by = note("as named")
    if not chosen:
        raise WrongUsage(
            tr("A Cox model needs a covariate."), cure=tr("Name one or more covariates.")
        )
    ids = [covariate.id for covariate in chosen]
    require_columns(data, ids, "analysis_set")

    used = data.dropna(subset=ids)
    time = used["time_days"].to_numpy(dtype=np.int64)
    event = used["event"].to_numpy(dtype=bool)
    values = used[ids].to_numpy(dtype=np.float64)
    _refuse_if_too_little(data, used, event, chosen)
    refuse_if_not_estimable(time, event, values, chosen)

    coef, se = fit(time, event, values, "breslow" if ties == "breslow" else "efron")
    if not (np.isfinite(coef).all() and np.isfinite(se).all() and (se > 0).all()):
        raise _no_convergence(chosen)
    if np.abs(coef).max() > _LARGEST_COEF or se.max() > _LARGEST_SE:
        worst = chosen[int(np.argmax(se))]
        raise CannotEstimate(
            tr(
                "The hazard ratio of '{covariate}' runs away to infinity or 0: its levels separate "
                "those who lost response.",
                covariate=spoken(worst.label),
            ),
            cure=tr("Leave {covariate} out.", covariate=worst.id),
        )
    return Cox(
        definition=definition,
        n=len(used),
        dropped=len(data) - len(used),
        events=int(event.sum()),
        ties="breslow" if ties == "breslow" else "efron",
        chosen_by=chosen_by,
        terms=tuple(
            Term(covariate, float(b), float(s))
            for covariate, b, s in zip(chosen, coef, se, strict=True)
        ),
        notes=_notes(data, used, int(event.sum()), chosen),
    )


def _significant(frame: pd.DataFrame, definition: str, alpha: float) -> tuple[Covariate, ...]:
    table = univariate_table(frame, definition)
    chosen = tuple(row.covariate for row in table.rows if row.test and row.test.p < alpha)
    if not chosen:
        raise CannotEstimate(
            tr(
                "No covariate has a univariate P below {alpha:g}, so there is none for the "
                "Cox model.",
                alpha=alpha,
            ),
            cure=tr("Name the covariates with --covariates."),
        )
    return chosen


def _refuse_if_too_little(
    data: pd.DataFrame, used: pd.DataFrame, event: Flags, chosen: Sequence[Covariate]
) -> None:
    names = ", ".join(covariate.id for covariate in chosen)
    events = int(event.sum())
    if events == 0:
        raise CannotEstimate(
            tr(
                "Of {number} patients, {used} have a value of every covariate ({names}), "
                "and none of these lost response.",
                number=len(data),
                used=len(used),
                names=names,
            ),
            cure=tr("Leave out the covariate with the most missing values."),
        )
    for covariate in chosen:
        levels = set(used[covariate.id].tolist())
        if len(levels) == 1:
            level = covariate.level if levels == {True} else covariate.other_level
            raise CannotEstimate(
                tr(
                    "'{covariate}' is '{level}' in all {number} patients of the model, so it has "
                    "no hazard ratio.",
                    covariate=spoken(covariate.label),
                    level=spoken(level),
                    number=len(used),
                ),
                cure=tr("Leave {covariate} out.", covariate=covariate.id),
            )
    if events < len(chosen):
        raise CannotEstimate(
            tr(
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


def fit(time_days: Days, event: Flags, values: Floats, ties: Ties) -> tuple[Floats, Floats]:
    """Maximum partial likelihood; the caller has made sure that it has one.

    Args:
        time_days: whole days to the event or to censoring, shape (n,).
        event: whether the event happened, shape (n,).
        values: covariates, shape (n, k).
        ties: Breslow's or Efron's approximation for events on the same day.

    Returns:
        Coefficients and standard errors, shape (k,) each; NaN where the fit did not arrive.
    """
    return (_breslow if ties == "breslow" else _efron)(time_days, event, values)


def _breslow(time: Days, event: Flags, values: Floats) -> tuple[Floats, Floats]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            fit = PHReg(time, values, status=event.astype(np.int64), ties="breslow").fit()
        except np.linalg.LinAlgError:
            return np.full(values.shape[1], np.nan), np.full(values.shape[1], np.nan)
        coef, se = np.asarray(fit.params), np.asarray(fit.bse)
    return coef.astype(np.float64), se.astype(np.float64)


def _efron(time: Days, event: Flags, values: Floats) -> tuple[Floats, Floats]:
    columns = [f"x{k}" for k in range(values.shape[1])]
    frame = pd.DataFrame(values, columns=columns).assign(time=time, event=event)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            fitter = CoxPHFitter().fit(
                frame, duration_col="time", event_col="event", fit_options={"precision": 1e-12}
            )
        except (ConvergenceError, np.linalg.LinAlgError):
            return np.full(len(columns), np.nan), np.full(len(columns), np.nan)
    # lifelines warns of low variance at levels that the check for separation has cleared; of a
    # fit that did not arrive it says so in these words.
    if any("failed to converge" in str(warning.message) for warning in caught):
        return np.full(len(columns), np.nan), np.full(len(columns), np.nan)
    coef = fitter.params_[columns].to_numpy(dtype=np.float64)
    return coef, fitter.standard_errors_[columns].to_numpy(dtype=np.float64)


def _no_convergence(chosen: Sequence[Covariate]) -> CannotEstimate:
    names = ", ".join(covariate.id for covariate in chosen)
    return CannotEstimate(
        tr("The Cox model of {names} did not converge.", names=names),
        cure=tr("Name fewer covariates, starting with those that have few patients in a level."),
    )


def _notes(
    data: pd.DataFrame, used: pd.DataFrame, events: int, chosen: Sequence[Covariate]
) -> tuple[str, ...]:
    notes = []
    if len(used) < len(data):
        notes.append(
            note(
                "{used} of {number} patients have a value of every covariate and are in the model; "
                "{others} are not.",
                used=len(used),
                number=len(data),
                others=len(data) - len(used),
            )
        )
    if events < 10 * len(chosen):
        notes.append(
            note(
                "Events per covariate: {ratio:.1f} ({events} for {covariates}; ten are usual). The "
                "limits are wide and the ratios tend to be too far from 1.",
                ratio=events / len(chosen),
                events=events,
                covariates=len(chosen),
            )
        )
    return (*notes, *immortal_time_notes(chosen))
