"""Table 2: loss of response by each covariate alone, tested by the log-rank test."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from registry.analysis.basis import FROM_START, Basis, limits_under
from registry.analysis.choices import PermutationRule
from registry.analysis.curves.logrank import (
    LogRank,
    PermutationTest,
    log_rank_test,
    permutation_test,
)
from registry.analysis.dataset import require_columns, survival_data, treatment_notes
from registry.covariates import COVARIATES, Covariate
from registry.errors import CannotEstimate
from registry.words import note, tr

METHOD = note(
    "Log-rank (Mantel-Cox) test of each covariate alone, over the patients in whom it is "
    "known; P values are not adjusted for the number of tests, but for those named Holm's."
)


@dataclass(frozen=True)
class UnivariateRow:
    """One covariate: patients and losses at each level; `note` says why there is no test."""

    covariate: Covariate
    events_true: int
    n_true: int
    events_false: int
    n_false: int
    missing: int
    test: LogRank | None
    note: str | None
    p_holm: float | None = None
    permutation: PermutationTest | None = None

    def to_json(self) -> dict[str, Any]:
        return {
            **self.covariate.to_json(),
            "events_true": self.events_true,
            "n_true": self.n_true,
            "events_false": self.events_false,
            "n_false": self.n_false,
            "missing": self.missing,
            "chi2": self.test.chi2 if self.test else None,
            "df": self.test.df if self.test else None,
            "p": self.test.p if self.test else None,
            "p_holm": self.p_holm,
            "p_permutation": self.permutation.p if self.permutation else None,
            "note": self.note,
        }


@dataclass(frozen=True)
class Table2:
    """The univariate table of `n` patients, rows in the order of the vocabulary."""

    definition: str
    n: int
    events: int
    rows: tuple[UnivariateRow, ...]
    notes: tuple[str, ...]
    permutation: PermutationRule | None = None
    basis: Basis | None = None

    def to_json(self) -> dict[str, Any]:
        """The document of `registry analyse table2`."""
        return {
            "definition": self.definition,
            **(self.basis.to_json() if self.basis else {"entry": FROM_START}),
            "method": METHOD,
            "n": self.n,
            "events": self.events,
            "tests": sum(row.test is not None for row in self.rows),
            "permutations": self.permutation.permutations if self.permutation else None,
            "permutation_seed": self.permutation.seed if self.permutation else None,
            "permuted_below_expected_events": self.permutation.below if self.permutation else None,
            "rows": [row.to_json() for row in self.rows],
            "notes": list(self.notes),
        }


def univariate_table(
    frame: pd.DataFrame,
    definition: str,
    *,
    permutation: PermutationRule | None = None,
    basis: Basis | None = None,
) -> Table2:
    """Table 2 of one definition: every covariate of the vocabulary.

    A covariate that is missing everywhere or has one level only keeps its counts and has no test.

    Args:
        permutation: when to give a P by permutation too; without it never.

    Raises:
        CannotEstimate: no patient, or nobody lost response.
    """
    data = survival_data(frame, definition)
    require_columns(data, (covariate.id for covariate in COVARIATES), "analysis_set")
    time = data["time_days"].to_numpy(dtype=np.int64)
    event = data["event"].to_numpy(dtype=bool)
    if not event.any():
        raise CannotEstimate(
            note(
                "None of the {number} patients of definition '{definition}' lost response, so "
                "there is nothing to test.",
                number=len(data),
                definition=definition,
            ),
            cure=tr("`registry analyse table1` and `flow` still describe them."),
        )
    rows = []
    rule = permutation or PermutationRule(permutations=0)
    covariates = [one.under(limits_under(basis)) for one in COVARIATES]
    for covariate in covariates:
        value = data[covariate.id]
        known = value.notna().to_numpy(dtype=bool)
        true = value.to_numpy(dtype=bool, na_value=False)
        if known.any():
            test, reason = log_rank_test(time[known], event[known], true[known])
        else:
            test, reason = None, note("missing in every patient")
        permuted = permutation_test(time[known], event[known], true[known], test, rule)
        rows.append(
            UnivariateRow(
                covariate=covariate,
                events_true=int((true & event).sum()),
                n_true=int(true.sum()),
                events_false=int((known & ~true & event).sum()),
                n_false=int((known & ~true).sum()),
                missing=int((~known).sum()),
                test=test,
                note=None if reason is None else note("No test: {reason}.", reason=reason),
                permutation=permuted,
            )
        )
    return Table2(
        definition=definition,
        n=len(data),
        events=int(event.sum()),
        rows=_with_holm(rows),
        permutation=permutation,
        basis=basis,
        notes=treatment_notes(covariates, frame),
    )


def _with_holm(rows: Sequence[UnivariateRow]) -> tuple[UnivariateRow, ...]:
    """Holm's adjustment (Scand J Statist 1979;6:65-70) over the tests that could be made."""
    tests = sorted((row.test.p, i) for i, row in enumerate(rows) if row.test is not None)
    adjusted: dict[int, float] = {}
    largest = 0.0
    for rank, (p, i) in enumerate(tests):
        largest = max(largest, min(1.0, (len(tests) - rank) * p))
        adjusted[i] = largest
    return tuple(replace(row, p_holm=adjusted.get(i)) for i, row in enumerate(rows))
