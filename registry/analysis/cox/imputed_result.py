"""The result of an imputed Cox regression: pooled terms, complete cases, what was imputed."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from registry.analysis.arrays import Ties
from registry.analysis.basis import Basis
from registry.analysis.cox.choice import Choice
from registry.analysis.cox.design import Design
from registry.analysis.cox.incomplete import TROUGH, Incomplete
from registry.analysis.cox.result import entry_of, sizes_of
from registry.analysis.dataset import Floats
from registry.analysis.methods import CoxFit, ImputedCox
from registry.covariates import Covariate
from registry.words import note

# Above this factor chains are usually said not to have forgotten how they began.
_FORGOTTEN = 1.1
# At which shares a distribution is told.
_SHARES = [number / 20 for number in range(1, 20)]
FROM_TROUGH = note(
    "at risk from the day after the week-14 PCDAI, or after the week-14 trough where that is later"
)


@dataclass(frozen=True)
class Imputed:
    """The pooled model `made` beside that of complete cases; `reason` says why one is not there.

    Where nothing is missing there is no `made`, and the complete cases are everybody.
    """

    definition: str
    found: Incomplete = field(repr=False)
    made: ImputedCox | None
    complete: CoxFit | None
    reason: str | None
    ties: Ties
    design: Design
    imputations: int
    iterations: int
    seed: int
    choice: Choice
    notes: tuple[str, ...]
    basis: Basis | None = None

    @property
    def entry(self) -> str:
        """From when on patients are at risk, in words."""
        if TROUGH in self.found.columns and self.design.landmark_months is None:
            return FROM_TROUGH
        return entry_of(self.design)

    @property
    def method(self) -> str:
        """How it was imputed and pooled, in words."""
        if self.made is None:
            return note(
                "Cox proportional-hazards regression, ties by {ties}, Wald tests and limits; "
                "covariates {chosen_by}. Nothing is missing, so nothing is imputed.",
                ties=self.ties.capitalize(),
                chosen_by=self.choice.words,
            )
        return note(
            "Cox proportional-hazards regression, ties by {ties}, covariates {chosen_by}, pooled "
            "by Rubin's rules (Barnard and Rubin's degrees of freedom) over {imputations} data "
            "sets completed by chained equations that agree with the Cox model (Bartlett et al. "
            "2015; {iterations} iterations, seed {seed}); beside it complete cases, Wald limits.",
            ties=self.ties.capitalize(),
            chosen_by=self.choice.words,
            imputations=self.imputations,
            iterations=self.iterations,
            seed=self.seed,
        )

    @property
    def advised(self) -> int | None:
        """100 times the largest fraction of missing information, and no fewer than 2."""
        if self.made is None:
            return None
        return max(2, math.ceil(100 * float(self.made.pooled.fraction_missing.max())))

    def to_json(self, *, details: bool = False) -> dict[str, Any]:
        """The document of `registry analyse impute`; with `details` what was imputed."""
        rows, known = self.found.prepared.rows, self.found.complete
        return {
            "definition": self.definition,
            **({"entry": self.entry} if self.basis is None else self.basis.to_json(self.entry)),
            "method": self.method,
            "n": len(rows.stop),
            "events": int(rows.event.sum()),
            "never_at_risk": self.found.prepared.never_at_risk,
            "without_stratum": self.found.prepared.dropped,
            "covariates_from": self.choice.source,
            "ties": self.ties,
            "landmark_months": self.design.landmark_months,
            "strata": list(self.design.strata),
            "imputations": self.imputations,
            "iterations": self.iterations,
            "seed": self.seed,
            "advised_imputations": self.advised,
            "complete_cases": {
                "n": int(known.sum()),
                "events": int(rows.event[known].sum()),
                "reason": self.reason,
                "left_out": self._left_out(),
            },
            "terms": [self._term(k, one) for k, one in enumerate(self.found.prepared.covariates)],
            "covariates": [
                self._column(j, one, details) for j, one in enumerate(self.found.columns)
            ],
            "notes": list(self._notes()),
            **({"sizes": sizes_of(self.found.model)} if details else {}),
        }

    def _term(self, k: int, covariate: Covariate) -> dict[str, Any]:
        complete = None if self.complete is None else _of_fit(self.complete, k)
        if self.made is None:
            assert complete is not None
            nothing = {"df": None, "within": complete["se"] ** 2, "between": 0.0}
            share = {"fraction_missing": 0.0, "relative_efficiency": 1.0}
            return {**covariate.to_json(), **complete, **nothing, **share, "complete": complete}
        pooled = self.made.pooled
        lower, upper = pooled.limits()
        return {
            **covariate.to_json(),
            "coef": float(pooled.estimate[k]),
            "se": float(pooled.standard_error[k]),
            "hr": math.exp(pooled.estimate[k]),
            "hr_lower": math.exp(lower[k]),
            "hr_upper": math.exp(upper[k]),
            "p": float(pooled.p_value[k]),
            "df": float(pooled.df[k]),
            "within": float(pooled.within[k]),
            "between": float(pooled.between[k]),
            "fraction_missing": float(pooled.fraction_missing[k]),
            "relative_efficiency": float(pooled.relative_efficiency[k]),
            "complete": complete,
        }

    def _column(self, j: int, covariate: Covariate, details: bool) -> dict[str, Any]:
        """What is known of a covariate, and what was imputed for the rest."""
        values, lacking = self.found.values[:, j], self.found.missing[:, j]
        below, above = (
            int((lacking & ~np.isnan(one[:, j])).sum())
            for one in (self.found.upper, self.found.lower)
        )
        told: dict[str, Any] = {
            **covariate.to_json(),
            "auxiliary": covariate in self.found.auxiliary,
            "scale": "log2" if covariate == TROUGH else "share",
            "known": int((~lacking).sum()),
            "missing": int(lacking.sum()) - below - above,
            "below_limit": below,
            "above_limit": above,
            "known_mean": float(values[~lacking].mean()),
            "imputed_means": None,
            "trace": None,
            "scale_reduction": None,
        }
        if self.made is not None and lacking.any():
            drawn = self.made.completed[:, lacking, j]
            told["imputed_means"] = drawn.mean(axis=1).tolist()
            told["trace"] = self.made.trace[:, :, j].mean(axis=1).tolist()
            told["scale_reduction"] = _finite(self.made.scale_reduction[j])
            if details and covariate == TROUGH:
                told["distribution"] = {
                    "shares": _SHARES,
                    "known": np.quantile(values[~lacking], _SHARES).tolist(),
                    "imputed": [np.quantile(one, _SHARES).tolist() for one in drawn],
                }
        return told

    def _left_out(self) -> list[dict[str, Any]]:
        """Which covariates those lack who are in no complete-case analysis, the most first."""
        terms = self.found.prepared.covariates
        lacking = np.isnan(self.found.taken[:, : len(terms)])
        event = self.found.prepared.rows.event
        n: Counter[tuple[str, ...]] = Counter()
        events: Counter[tuple[str, ...]] = Counter()
        for own, lost in zip(lacking, event, strict=True):
            if own.any():
                pattern = tuple(one.id for one, none in zip(terms, own, strict=True) if none)
                n[pattern] += 1
                events[pattern] += int(lost)
        return [
            {"covariates": list(pattern), "n": number, "events": events[pattern]}
            for pattern, number in sorted(n.items(), key=lambda one: (-one[1], one[0]))
        ]

    def _notes(self) -> tuple[str, ...]:
        notes = list(self.notes)
        prepared = self.found.prepared
        if prepared.never_at_risk:
            notes.append(
                note(
                    "{number} patients left before they were at risk.",
                    number=prepared.never_at_risk,
                )
            )
        if prepared.dropped:
            notes.append(
                note("{number} patients have no stratum and are left out.", number=prepared.dropped)
            )
        if self.made is None:
            return tuple(notes)
        notes.append(
            note(
                "Imputation holds if whether a value is missing depends on what is known of the "
                "child, its outcome included, and not on the value itself (missing at random)."
            )
        )
        advised = self.advised or 0
        if advised > self.imputations:
            notes.append(
                note(
                    "{advised} imputations are advised, 100 times the largest fraction of missing "
                    "information; these are {imputations}.",
                    advised=advised,
                    imputations=self.imputations,
                )
            )
        factors = self.made.scale_reduction
        late = [
            one.label
            for one, factor in zip(self.found.columns, factors, strict=True)
            if factor > _FORGOTTEN
        ]
        if late:
            notes.append(
                note(
                    "The chains of {covariates} still differ after {iterations} iterations; more "
                    "are advised.",
                    covariates=", ".join(late),
                    iterations=self.iterations,
                )
            )
        return tuple(notes)


def _of_fit(fit: CoxFit, k: int) -> dict[str, float]:
    """The numbers of one coefficient."""
    return {
        "coef": float(fit.coefficients[k]),
        "se": float(fit.standard_errors[k]),
        "hr": float(fit.hazard_ratios[k]),
        "hr_lower": float(fit.lower[k]),
        "hr_upper": float(fit.upper[k]),
        "p": float(fit.p_value[k]),
    }


def _finite(value: float | Floats) -> float | None:
    return float(value) if math.isfinite(float(value)) else None
