"""Which covariates a Cox model has, and who chose them: a person, the definition, or their P."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import pandas as pd

from registry.analysis.cohort.table2 import univariate_table
from registry.analysis.cox.design import ALIASES, Design, left_out, time_dependent_covariates
from registry.analysis.dataset import covariates_by_id
from registry.covariates import AS_PUBLISHED, COVARIATES, MODEL_TERMS, Covariate, Limits
from registry.errors import CannotEstimate
from registry.words import note, tr

Source = Literal["named", "definition", "as_published"]
ALPHA = 0.05
_FIXED = {one.id for one in COVARIATES}
_WORDS: dict[Source, str] = {
    "named": note("as named"),
    "definition": note("prespecified in the definition"),
    "as_published": note("with a univariate log-rank P below {alpha:g}, as published", alpha=ALPHA),
}


@dataclass(frozen=True)
class Choice:
    """Ids of covariates in the order of the terms, and where they come from.

    `limits` are those of the definition, which the words of the covariates have.
    """

    names: tuple[str, ...]
    source: Source
    limits: Limits = field(default_factory=lambda: AS_PUBLISHED, compare=False)

    @property
    def covariates(self) -> tuple[Covariate, ...]:
        """What they name; WrongUsage for an unknown one, or for one named twice."""
        varying = [one for one in self.names if one in MODEL_TERMS.keys() - _FIXED]
        fixed = covariates_by_id([one for one in self.names if one not in varying], self.limits)
        found = {one.id: one for one in (*fixed, *time_dependent_covariates(varying, self.limits))}
        return tuple(found[one] for one in self.names)

    @property
    def words(self) -> str:
        """Where they come from, in words."""
        return _WORDS[self.source]

    @property
    def sentence(self) -> str:
        """Where they come from, in a sentence of its own."""
        return note("Covariates {chosen_by}.", chosen_by=self.words)

    @property
    def notes(self) -> tuple[str, ...]:
        """What a choice by P does to the numbers."""
        if self.source != "as_published":
            return ()
        return (
            note(
                "The covariates were chosen by their P in these data, as the published study "
                "did: limits and P do not allow for that choice and claim too much."
            ),
        )

    def held_in(self, design: Design) -> Design:
        """The design in which nothing that the definition names is held fixed from the start on."""
        return replace(design, time_dependent=(*design.time_dependent, *self._read_daily(design)))

    def at_start(self, design: Design) -> tuple[Choice, tuple[str, ...]]:
        """For a model that reads nothing day by day: what is then left of it, and a note."""
        gone = self._read_daily(design)
        if not gone:
            return self, ()
        kept = tuple(one for one in self.names if one not in gone)
        return replace(self, names=kept), (
            left_out([MODEL_TERMS[one].under(self.limits) for one in gone]),
        )

    def _read_daily(self, design: Design) -> tuple[str, ...]:
        """Those of the definition acquired after the start; a landmark has them as of its day."""
        if self.source != "definition":
            return ()
        fixed = {
            one.id
            for one in COVARIATES
            if design.landmark_months is not None or not one.acquired_after_start
        }
        asked = {ALIASES.get(one, one) for one in design.time_dependent}
        return tuple(one for one in self.names if one not in fixed | asked)


def choose(
    frame: pd.DataFrame,
    definition: str,
    named: Choice | Sequence[str] | None,
    prespecified: Sequence[str] = (),
    *,
    as_published: bool = False,
    limits: Limits = AS_PUBLISHED,
) -> Choice:
    """Those named; else the definition's; else, and `as_published`, those with a small P.

    Args:
        frame: rows of `analytics.analysis_set`.
        named: what a person asks for, None for nothing; or what was chosen before.
        prespecified: the definition's own.
        as_published: by P whatever the definition has.

    Raises CannotEstimate when P decides and none is below 0.05, or there is no patient or event.
    """
    if isinstance(named, Choice):
        return named
    if named is not None:
        return Choice(tuple(named), "named", limits)
    if prespecified and not as_published:
        return Choice(tuple(prespecified), "definition", limits)
    table = univariate_table(frame, definition)
    found = tuple(row.covariate.id for row in table.rows if row.test and row.test.p < ALPHA)
    if not found:
        raise CannotEstimate(
            note(
                "No covariate has a univariate P below {alpha:g}, so there is none for the Cox "
                "model.",
                alpha=ALPHA,
            ),
            cure=tr("Name the covariates with --covariates."),
        )
    return Choice(found, "as_published", limits)
