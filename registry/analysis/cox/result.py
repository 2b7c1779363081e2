"""The result of a Cox regression: its terms, their sizes, tests and residuals, as a document."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from registry.analysis.arrays import Ties
from registry.analysis.basis import FROM_START, FROM_WEEK14, Basis
from registry.analysis.cox.choice import Choice
from registry.analysis.cox.design import Design, Prepared
from registry.analysis.cox.diagnostics import TRANSFORMS, Residuals, Schoenfeld
from registry.analysis.dataset import Flags
from registry.analysis.methods import Zph
from registry.covariates import Covariate
from registry.words import listed_apart, note, sentences


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
            **self.covariate.to_json(),
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
    choice: Choice
    design: Design
    terms: tuple[Term, ...]
    loglik: float
    concordance: float | None
    pairs: dict[str, int]
    hazards: tuple[Zph, ...]
    untested: str | None
    schoenfeld: Schoenfeld = field(repr=False)
    residuals: Residuals = field(repr=False)
    patients: tuple[str, ...] = field(repr=False)
    sizes: dict[str, Any] = field(repr=False)
    notes: tuple[str, ...]
    basis: Basis | None = None

    @property
    def entry(self) -> str:
        """From when on patients are at risk, in words."""
        return entry_of(self.design)

    @property
    def method(self) -> str:
        """The methods that this result used, in words."""
        parts = [
            note(
                "Cox proportional-hazards regression, ties by {ties}, complete cases, "
                "{limits}; covariates {chosen_by}.",
                ties=self.ties.capitalize(),
                limits=self._limits(),
                chosen_by=self.choice.words,
            )
        ]
        varying = [one.covariate.label for one in self.terms if one.time_dependent]
        if varying:
            parts.append(
                note(
                    "Time-dependent, read day by day: {covariates}.",
                    covariates=listed_apart(varying),
                )
            )
        if self.design.landmark_months is not None:
            parts.append(
                note(
                    "Landmark at {months:g} months: only those still at risk then; what is "
                    "acquired after the start is taken as it stood on that day.",
                    months=self.design.landmark_months,
                )
            )
        if self.design.late_entry:
            parts.append(note("Delayed entry: at risk from the day after the week-14 PCDAI."))
        if self.design.strata:
            parts.append(
                note(
                    "A hazard of its own for each stratum of {covariates}.",
                    covariates=", ".join(self.design.strata),
                )
            )
        return sentences(parts)

    def _limits(self) -> str:
        if self.firth:
            return note("Firth's penalty with limits and P by the profile likelihood")
        if self.design.robust:
            return note(
                "Wald tests and limits with errors robust by {robust}", robust=self.design.robust
            )
        return note("Wald tests and limits")

    def to_json(self, *, details: bool = False) -> dict[str, Any]:
        """The document of `registry analyse cox`; with `details` sizes and residuals too."""
        document = {
            "definition": self.definition,
            **({"entry": self.entry} if self.basis is None else self.basis.to_json(self.entry)),
            "method": self.method,
            "n": self.n,
            "dropped": self.dropped,
            "never_at_risk": self.never_at_risk,
            "events": self.events,
            "events_per_term": self.events / len(self.terms),
            "covariates_from": self.choice.source,
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
            document["sizes"] = self.sizes
            document["schoenfeld"] = {
                "days": self.schoenfeld.time.tolist(),
                "scaled": {
                    term.covariate.id: self.schoenfeld.scaled[:, k].tolist()
                    for k, term in enumerate(self.terms)
                },
            }
        return document

    def _hazards_to_json(self, test: Zph) -> dict[str, Any]:
        return {
            "transform": test.transform,
            "transform_in_words": TRANSFORMS[test.transform],
            "terms": [
                {"covariate": term.covariate.id, "chi2": float(chi2), "df": 1, "p": float(p)}
                for term, chi2, p in zip(self.terms, test.statistic, test.p_value, strict=True)
            ],
            "chi2": test.global_statistic,
            "df": len(self.terms),
            "p": test.global_p_value,
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


def entry_of(design: Design) -> str:
    """From when on patients are at risk, in words."""
    if design.landmark_months is not None:
        return note(
            "at risk from the landmark at {months:g} months on", months=design.landmark_months
        )
    return FROM_WEEK14 if design.late_entry else FROM_START


def _exp(value: float | None) -> float | None:
    return None if value is None else math.exp(value)


def sizes_of(prepared: Prepared) -> dict[str, Any]:
    """Children and losses by the levels of each term that has two, and by stratum.

    A child whose treatment changes stands on both sides of it, its loss on one. A value that is not
    known stands on neither.

    Returns:
        `terms`, by covariate the pair of those with the level and those with the other, and
        `strata`, empty where there is one; each with `n` and `events`.
    """
    rows = prepared.rows

    def size(of: Flags) -> dict[str, int]:
        return {"n": len(np.unique(rows.subject[of])), "events": int(rows.event[of].sum())}

    strata = np.unique(rows.stratum)
    return {
        "terms": {
            one.id: [size(rows.values[:, k] == level) for level in (1, 0)]
            for k, one in enumerate(prepared.covariates)
            if one.other_level
        },
        "strata": [size(rows.stratum == one) for one in strata] if len(strata) > 1 else [],
    }
