"""Cox regression of the time to loss of response.

The published model: fixed covariates, Breslow's ties as SPSS computes them, Wald limits. Beside it,
by a `Design`: time-dependent covariates, a landmark, delayed entry, strata, robust errors and
Firth's penalty with limits by the profile likelihood. Ties by Breslow and Efron differ by up to
14 % in a coefficient, so a result always names its ties.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from registry.analysis.basis import FROM_START, FROM_WEEK14, Basis
from registry.analysis.cox_design import (
    PUBLISHED,
    Design,
    Prepared,
    covariates_of,
    prepare,
)
from registry.analysis.cox_residuals import (
    TRANSFORMS,
    ProportionalHazards,
    Residuals,
    Schoenfeld,
    concordance,
    proportional_hazards,
    residuals,
    robust_variance,
    schoenfeld,
)
from registry.analysis.dataset import Days, Flags, Floats, immortal_time_notes
from registry.analysis.partial_likelihood import (
    PartialLikelihood,
    Point,
    Rows,
    Ties,
    likelihood_ratio,
    maximise,
    profile_limits,
)
from registry.analysis.separation import Obstacle, obstacle
from registry.analysis.table2 import univariate_table
from registry.errors import CannotEstimate, WrongUsage
from registry.vocabulary import Covariate

# A coefficient beyond 12 per level or a standard error beyond 50 is a fit that runs away.
_LARGEST_COEF = 12.0
_LARGEST_SE = 50.0
_Z = float(stats.norm.ppf(0.975))
# Events for each covariate below which estimates are known to be biased away from 0 (Peduzzi et
# al., J Clin Epidemiol 1995;48:1503-10).
USUAL_EVENTS_PER_TERM = 10
# Below about this many clusters a sandwich is too small.
_FEW_CLUSTERS = 20


@dataclass(frozen=True)
class Term:
    """One covariate of the model: level true against level false, or a unit more.

    `se` is robust where the design asks for it and `se_model` the model's own. `lower` and `upper`
    are limits of the coefficient, None where the likelihood has none; `limits` says whether they
    are Wald's or of the profile likelihood, and P is of the same kind.
    """

    covariate: Covariate
    coef: float
    se: float
    se_model: float
    lower: float | None
    upper: float | None
    p: float | None
    limits: str = "wald"
    time_dependent: bool = False

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
            "time_dependent": self.time_dependent,
            "coef": self.coef,
            "se": self.se,
            "se_model": self.se_model,
            "wald": self.wald,
            "hr": math.exp(self.coef),
            "hr_lower": _exp(self.lower),
            "hr_upper": _exp(self.upper),
            "p": self.p,
            "limits": self.limits,
        }


@dataclass(frozen=True)
class Cox:
    """A fitted model; `dropped` patients lack one of the covariates and are not in `n`.

    `never_at_risk` patients left before they entered and are not in `n` either. Residuals are a
    value per patient, in the order of `patients`. `untested` says why there is no test of
    proportional hazards.
    """

    definition: str
    n: int
    dropped: int
    never_at_risk: int
    events: int
    ties: Ties
    firth: bool
    chosen_by: str
    design: Design
    terms: tuple[Term, ...]
    loglik: float
    concordance: float | None
    pairs: dict[str, int]
    hazards: tuple[ProportionalHazards, ...]
    untested: str | None
    schoenfeld: Schoenfeld = field(repr=False)
    residuals: Residuals = field(repr=False)
    patients: tuple[str, ...] = field(repr=False)
    notes: tuple[str, ...]
    basis: Basis | None = None

    @property
    def entry(self) -> str:
        """From when on patients are at risk, in words."""
        if self.design.landmark_months is not None:
            return f"at risk from the landmark at {self.design.landmark_months:g} months on"
        return FROM_WEEK14 if self.design.late_entry else FROM_START

    @property
    def method(self) -> str:
        """The methods that this result used, in words."""
        parts = [
            f"Cox proportional-hazards regression, ties by {self.ties.capitalize()}, complete"
            f" cases, {self._limits()}; covariates {self.chosen_by}."
        ]
        varying = [one.covariate.label for one in self.terms if one.time_dependent]
        if varying:
            parts.append(f"Time-dependent, read day by day: {'; '.join(varying)}.")
        if self.design.landmark_months is not None:
            parts.append(
                f"Landmark at {self.design.landmark_months:g} months: only those still at risk"
                " then; what is acquired after the start is taken as it stood on that day."
            )
        if self.design.late_entry:
            parts.append("Delayed entry: at risk from the day after the week-14 PCDAI.")
        if self.design.strata:
            parts.append(
                f"A hazard of its own for each stratum of {', '.join(self.design.strata)}."
            )
        return " ".join(parts)

    def _limits(self) -> str:
        if self.firth:
            return "Firth's penalty with limits and P by the profile likelihood"
        if self.design.robust:
            return f"Wald tests and limits with errors robust by {self.design.robust}"
        return "Wald tests and limits"

    def to_json(self, *, details: bool = False) -> dict[str, Any]:
        """The document of `registry analyse cox`; with `details` Schoenfeld's residuals too."""
        document = {
            "definition": self.definition,
            **({"entry": self.entry} if self.basis is None else self.basis.to_json(self.entry)),
            "method": self.method,
            "n": self.n,
            "dropped": self.dropped,
            "never_at_risk": self.never_at_risk,
            "events": self.events,
            "events_per_term": self.events / len(self.terms),
            "ties": self.ties,
            "penalty": "firth" if self.firth else "none",
            "landmark_months": self.design.landmark_months,
            "strata": list(self.design.strata),
            "robust": self.design.robust,
            "terms": [term.to_json() for term in self.terms],
            "loglik": self.loglik,
            "concordance": self.concordance,
            "concordance_pairs": self.pairs,
            "proportional_hazards": [self._hazards_to_json(one) for one in self.hazards],
            "notes": list(self.notes),
        }
        if details:
            document["schoenfeld"] = {
                "days": self.schoenfeld.time.tolist(),
                "scaled": {
                    term.covariate.id: self.schoenfeld.scaled[:, k].tolist()
                    for k, term in enumerate(self.terms)
                },
            }
        return document

    def _hazards_to_json(self, test: ProportionalHazards) -> dict[str, Any]:
        return {
            "transform": test.transform,
            "transform_in_words": TRANSFORMS[test.transform],
            "terms": [
                {"covariate": term.covariate.id, "chi2": float(chi2), "df": 1, "p": float(p)}
                for term, chi2, p in zip(self.terms, test.chi2, test.p, strict=True)
            ],
            "chi2": test.global_chi2,
            "df": len(self.terms),
            "p": test.global_p,
        }

    def residual_rows(self) -> list[dict[str, Any]]:
        """A row per patient: martingale residual, and dfbeta of each coefficient."""
        return [
            {
                "patient_id": patient,
                "martingale": float(martingale),
                **{
                    f"dfbeta_{term.covariate.id}": float(value)
                    for term, value in zip(self.terms, dfbeta, strict=True)
                },
            }
            for patient, martingale, dfbeta in zip(
                self.patients, self.residuals.martingale, self.residuals.dfbeta, strict=True
            )
        ]


def cox_regression(
    frame: pd.DataFrame,
    definition: str,
    *,
    covariates: Sequence[str] | None = None,
    ties: str = "breslow",
    alpha: float = 0.05,
    design: Design = PUBLISHED,
    exposure: pd.DataFrame | None = None,
    basis: Basis | None = None,
) -> Cox:
    """Fit the model on the patients in whom all covariates are known.

    Args:
        frame: rows of `analytics.analysis_set`; for entry, strata or centres those of
            `read_patients`.
        definition: the definition that all rows must belong to.
        covariates: ids in the order of the terms; without them those whose log-rank P in Table 2
            is below `alpha`, in the order of the vocabulary.
        ties: `breslow` or `efron`.
        alpha: the threshold of that choice.
        design: what the model is beyond its covariates.
        exposure: rows of `analytics.exposure`, for time-dependent covariates and landmarks.
        basis: what the result rests on, to be told with it.

    Raises:
        CannotEstimate: no patient, no event, fewer events than covariates, no covariate below
            `alpha`, a covariate with one level only, separation without a penalty, collinearity,
            no convergence.
        Refused: a covariate that is acquired after the start would be held fixed in a sound design;
            the rows are not fit for analysis.
        WrongUsage: an unknown covariate or way of handling ties; robust errors with a penalty.
    """
    if ties not in ("breslow", "efron"):
        raise WrongUsage(f"Ties cannot be handled by '{ties}'.", cure="Use breslow or efron.")
    if design.robust and design.penalty == "firth":
        raise WrongUsage(
            "Robust errors are not defined for Firth's penalty.",
            cure="Use --penalty none, or leave --robust out.",
        )
    if covariates is None:
        names, chosen_by = (
            significant(frame, definition, alpha),
            (f"with a univariate log-rank P below {alpha:g}"),
        )
    else:
        names, chosen_by = tuple(covariates), "as named"
    chosen, left_out = covariates_of(names, design, named=covariates is not None)
    if not chosen:
        raise WrongUsage("A Cox model needs a covariate.", cure="Name one or more covariates.")
    prepared = prepare(frame, definition, chosen, design, exposure)
    _refuse_if_too_little(prepared, definition)
    events = int(prepared.rows.event.sum())
    found = obstacle(prepared.rows, chosen)
    firth, why = _penalised(design, found, events, len(chosen))
    if found is not None and not (firth and found.separation):
        raise found.error
    way: Ties = "breslow" if ties == "breslow" else "efron"
    return _fit(
        prepared,
        way,
        firth=firth,
        finite=found is None,
        definition=definition,
        chosen_by=chosen_by,
        design=design,
        notes=(*_notes(prepared, events, firth, design), *why, *left_out),
        basis=basis,
    )


def _fit(
    prepared: Prepared,
    ties: Ties,
    *,
    firth: bool,
    finite: bool,
    definition: str,
    chosen_by: str,
    design: Design,
    notes: tuple[str, ...],
    basis: Basis | None,
) -> Cox:
    rows, chosen = prepared.rows, prepared.covariates
    likelihood = PartialLikelihood(rows, ties, firth=firth)
    best = maximise(likelihood)
    if best is None:
        raise _no_convergence(chosen)
    inverse = _inverse(best, chosen)
    found = residuals(likelihood, best.coef, inverse)
    variance = robust_variance(found, rows) if design.robust else inverse
    if not firth:
        _refuse_if_it_runs_away(best, variance, rows, chosen)
    hazards, untested = _hazards(rows, ties, None if firth else best, finite=finite)
    share, pairs = concordance(rows, rows.values @ best.coef)
    if design.robust and prepared.clusters < _FEW_CLUSTERS:
        notes = (
            *notes,
            f"Robust errors rest on {prepared.clusters} clusters and are too small below about"
            f" {_FEW_CLUSTERS}.",
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
        chosen_by=chosen_by,
        design=design,
        terms=_terms(prepared, likelihood, best, inverse, variance),
        loglik=best.loglik,
        concordance=share,
        pairs=pairs,
        hazards=hazards,
        untested=untested,
        schoenfeld=schoenfeld(likelihood, best.coef, inverse),
        residuals=found.by(rows.subject),
        patients=prepared.patients,
        notes=notes,
        basis=basis,
    )


def _terms(
    prepared: Prepared,
    likelihood: PartialLikelihood,
    best: Point,
    inverse: Floats,
    variance: Floats,
) -> tuple[Term, ...]:
    terms = []
    for k, covariate in enumerate(prepared.covariates):
        coef, se = float(best.coef[k]), float(np.sqrt(variance[k, k]))
        lower: float | None
        upper: float | None
        p: float | None
        if likelihood.firth:
            lower, upper = profile_limits(likelihood, best, k)
            ratio = likelihood_ratio(likelihood, best, k)
            p = None if ratio is None else float(stats.chi2.sf(ratio, 1))
        else:
            lower, upper = coef - _Z * se, coef + _Z * se
            p = float(stats.chi2.sf((coef / se) ** 2, 1))
        terms.append(
            Term(
                covariate=covariate,
                coef=coef,
                se=se,
                se_model=float(np.sqrt(inverse[k, k])),
                lower=lower,
                upper=upper,
                p=p,
                limits="profile" if likelihood.firth else "wald",
                time_dependent=covariate.id in prepared.time_dependent,
            )
        )
    return tuple(terms)


def _penalised(
    design: Design, found: Obstacle | None, events: int, terms: int
) -> tuple[bool, tuple[str, ...]]:
    """Whether Firth's penalty is used, and why when nobody asked for it by name."""
    wish = design.penalty or ("auto" if design.sound else "none")
    if wish != "auto" or design.robust:
        return wish == "firth", ()
    if found is not None and found.separation:
        return True, (
            f"{found.error.problem} Firth's penalty, chosen for this, gives a finite one.",
        )
    if events < USUAL_EVENTS_PER_TERM * terms:
        return True, (
            f"Firth's penalty was chosen because there are {events / terms:.1f} events for each"
            f" covariate, fewer than {USUAL_EVENTS_PER_TERM}.",
        )
    return False, ()


def _hazards(
    rows: Rows, ties: Ties, best: Point | None, *, finite: bool
) -> tuple[tuple[ProportionalHazards, ...], str | None]:
    """The tests of proportional hazards, at the estimate without a penalty; or why not."""
    if not finite:
        return (), "Proportional hazards are not tested: without the penalty there is no estimate."
    plain = PartialLikelihood(rows, ties)
    point = best if best is not None else maximise(plain)
    tests = [
        None if point is None else proportional_hazards(plain, point.coef, transform)
        for transform in TRANSFORMS
    ]
    if any(test is None for test in tests):
        return (), "Proportional hazards are not tested: the events are too few."
    return tuple(test for test in tests if test is not None), None


def significant(frame: pd.DataFrame, definition: str, alpha: float = 0.05) -> tuple[str, ...]:
    """The covariates whose univariate log-rank P is below `alpha`.

    Raises CannotEstimate when there is none, or no patient, or no event.
    """
    table = univariate_table(frame, definition)
    chosen = tuple(row.covariate.id for row in table.rows if row.test and row.test.p < alpha)
    if not chosen:
        raise CannotEstimate(
            f"No covariate has a univariate P below {alpha:g}, so there is none for the Cox model.",
            cure="Name the covariates with --covariates.",
        )
    return chosen


def _refuse_if_too_little(prepared: Prepared, definition: str) -> None:
    chosen, rows = prepared.covariates, prepared.rows
    names = ", ".join(covariate.id for covariate in chosen)
    events, n = int(rows.event.sum()), len(prepared.patients)
    if events == 0 and not prepared.dropped and not prepared.never_at_risk:
        raise CannotEstimate(
            f"None of the {n} patients of definition '{definition}' lost response, so a"
            " Cox model cannot be fitted.",
            cure="`registry analyse table1`, `flow` and `km` still describe them.",
        )
    if events == 0:
        raise CannotEstimate(
            f"Of {prepared.of_all} patients, {n} were at risk with a value of every covariate"
            f" ({names}), and none of these lost response.",
            cure="Leave out the covariate with the most missing values.",
        )
    for k, covariate in enumerate(chosen):
        levels = set(rows.values[:, k].tolist())
        if len(levels) == 1:
            level = covariate.other_level if levels == {0.0} else covariate.level
            raise CannotEstimate(
                f"'{covariate.label}' is '{level}' in all {n} patients of the model, so it"
                " has no hazard ratio.",
                cure=f"Leave {covariate.id} out.",
            )
    if events < len(chosen):
        raise CannotEstimate(
            f"Losses of response are too few ({events}) for {len(chosen)} covariates ({names}).",
            cure=f"Name at most {events}; about ten events for each covariate are usual.",
        )


def fit(time_days: Days, event: Flags, values: Floats, ties: Ties) -> tuple[Floats, Floats]:
    """Maximum partial likelihood of fixed covariates; the caller has made sure that it has one.

    Args:
        time_days: whole days to the event or to censoring, shape (n,).
        event: whether the event happened, shape (n,).
        values: covariates, shape (n, k).
        ties: Breslow's or Efron's approximation for events on the same day.

    Returns:
        Coefficients and standard errors, shape (k,) each; NaN where the fit did not arrive.
    """
    best = maximise(PartialLikelihood(Rows.of(time_days, event, values), ties))
    if best is None:
        return np.full(values.shape[1], np.nan), np.full(values.shape[1], np.nan)
    return best.coef, np.sqrt(np.diag(np.linalg.inv(best.information)))


def _inverse(best: Point, chosen: Sequence[Covariate]) -> Floats:
    try:
        inverse = np.linalg.inv(best.information)
    except np.linalg.LinAlgError:
        raise _no_convergence(chosen) from None
    if not (np.isfinite(inverse).all() and (np.diag(inverse) > 0).all()):
        raise _no_convergence(chosen)
    return np.asarray(inverse, dtype=np.float64)


def _refuse_if_it_runs_away(
    best: Point, variance: Floats, rows: Rows, chosen: Sequence[Covariate]
) -> None:
    """A last look where patterns are too many for the check of separation."""
    spread = rows.values.max(axis=0) - rows.values.min(axis=0)
    se = np.sqrt(np.diag(variance)) * spread
    if np.abs(best.coef * spread).max() > _LARGEST_COEF or se.max() > _LARGEST_SE:
        worst = chosen[int(np.argmax(se))]
        raise CannotEstimate(
            f"The hazard ratio of '{worst.label}' runs away to infinity or 0: its levels separate"
            " those who lost response.",
            cure=f"Leave {worst.id} out, or use --penalty firth.",
        )


def _no_convergence(chosen: Sequence[Covariate]) -> CannotEstimate:
    names = ", ".join(covariate.id for covariate in chosen)
    return CannotEstimate(
        f"The Cox model of {names} did not converge.",
        cure="Name fewer covariates, starting with those that have few patients in a level.",
    )


def _notes(prepared: Prepared, events: int, firth: bool, design: Design) -> tuple[str, ...]:
    notes = []
    n, terms = len(prepared.patients), len(prepared.covariates)
    if prepared.dropped:
        notes.append(
            f"{n} of {prepared.of_all} patients have a value of every covariate and are in the"
            f" model; {prepared.dropped} are not."
        )
    if prepared.never_at_risk:
        notes.append(f"{prepared.never_at_risk} patients left before they were at risk.")
    if events < USUAL_EVENTS_PER_TERM * terms and not firth:
        notes.append(
            f"Events per covariate: {events / terms:.1f} ({events} for {terms}; ten"
            " are usual). The limits are wide and the ratios tend to be too far from 1."
        )
    held = [
        one
        for one in prepared.covariates
        if one.id not in prepared.time_dependent and design.landmark_months is None
    ]
    return (*notes, *immortal_time_notes(held))


def _exp(value: float | None) -> float | None:
    return None if value is None else math.exp(value)
