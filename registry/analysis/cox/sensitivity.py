"""The Cox model under every reading of the rules: a specification curve.

A reading is a definition, or one with some parameters changed; its analysis set comes from the
rules like any other. The published and the sound model are fitted to each (Simonsohn, Simmons and
Nelson, Nature Human Behaviour 2020;4:1208-14, call this a specification curve). The covariates are
the same in all readings, for only the same covariate can be compared.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import repeat
from statistics import median
from typing import Any, Literal

import pandas as pd

from registry.analysis.basis import Basis
from registry.analysis.choices import TIES
from registry.analysis.cox.choice import Choice
from registry.analysis.cox.design import Design
from registry.analysis.cox.fit import cox_regression
from registry.analysis.cox.result import Cox
from registry.covariates import COVARIATES, Covariate
from registry.errors import CannotEstimate
from registry.words import listed_apart, note, sentences, tr

Model = Literal["published", "sound"]
MODELS: dict[Model, str] = {
    "published": note("as published: fixed covariates, Wald limits"),
    "sound": note(
        "sound: delayed entry at week 14, time-dependent treatment, Firth's penalty "
        "with profile limits"
    ),
}
_NAMES: dict[Model, str] = {"published": note("published"), "sound": note("sound")}


@dataclass(frozen=True)
class Reading:
    """One reading of the rules: the definition it starts from and the parameters changed in it.

    `exposure` is needed where a covariate is acquired after the start.
    """

    definition: str
    choices: Mapping[str, str]
    basis: Basis
    frame: pd.DataFrame
    exposure: pd.DataFrame | None


@dataclass(frozen=True)
class Specification:
    """One model of one reading; without a model, why there is none."""

    definition: str
    choices: Mapping[str, str]
    basis: Basis
    model: Model
    cox: Cox | None
    reason: str | None
    reference: bool
    frame: pd.DataFrame

    def to_json(self, ids: Sequence[str]) -> dict[str, Any]:
        terms = {} if self.cox is None else {t.covariate.id: t.to_json() for t in self.cox.terms}
        keys = ("hr", "hr_lower", "hr_upper", "p")
        return {
            "definition": self.definition,
            "definition_hash": self.basis.definition_hash,
            "choices": dict(self.choices),
            "clock": self.basis.clock,
            "censoring": self.basis.censoring,
            "model": self.model,
            "reference": self.reference,
            "n": None if self.cox is None else self.cox.n,
            "events": None if self.cox is None else self.cox.events,
            "terms": {
                one: {key: terms[one][key] for key in keys} if one in terms else None for one in ids
            },
            "reason": self.reason,
        }


@dataclass(frozen=True)
class Sensitivity:
    """All specifications, in the order of the readings."""

    definition: str
    choice: Choice
    ties: str
    varied: Mapping[str, Sequence[str]]
    specifications: tuple[Specification, ...]
    notes: tuple[str, ...]
    basis: Basis

    def to_json(self, *, details: bool = False) -> dict[str, Any]:
        """The document of `registry analyse sensitivity`; with `details` what a reading rests on.

        That is the `sizes` of its terms, and `differing`, the children by whom it differs from each
        of those before it.
        """
        ids = list(self.choice.names)
        return {
            "definition": self.definition,
            **self.basis.to_json(note("published: from the start; sound: from week 14 on")),
            "method": sentences(
                [
                    note(
                        "Cox regression of the same covariates under every reading of the rules, "
                        "ties by {ties}; {models}.",
                        ties=self.ties.capitalize(),
                        models=listed_apart(MODELS[model] for model in self._models()),
                    ),
                    self.choice.sentence,
                ]
            ),
            "covariates_from": self.choice.source,
            "ties": self.ties,
            "covariates": [one.to_json() for one in self.choice.covariates],
            "varied": {key: list(values) for key, values in self.varied.items()},
            "specifications": [
                one.to_json(ids) | rests_on
                for one, rests_on in zip(
                    self.specifications,
                    self._rest_on(ids) if details else repeat({}, len(self.specifications)),
                    strict=True,
                )
            ],
            "summary": [
                self._summary(covariate, model)
                for covariate in self.choice.covariates
                for model in self._models()
            ],
            "notes": list(self.notes),
        }

    def _rest_on(self, ids: Sequence[str]) -> Iterator[dict[str, Any]]:
        children: list[Children] = []
        for one in self.specifications:
            children.append(children_of(one.frame, ids))
            yield {
                "sizes": None if one.cox is None else one.cox.sizes,
                "differing": [differing(children[-1], its) for its in children[:-1]],
            }

    def _models(self) -> list[Model]:
        used = {one.model for one in self.specifications}
        return [model for model in MODELS if model in used]

    def _summary(self, covariate: Covariate, model: Model) -> dict[str, Any]:
        """How a hazard ratio runs over the readings, and in how many its limits exclude 1."""
        terms = [
            term
            for one in self.specifications
            if one.model == model and one.cox is not None
            for term in one.cox.terms
            if term.covariate.id == covariate.id
        ]
        ratios = [math.exp(term.coef) for term in terms]
        below = sum(term.upper is not None and term.upper < 0 for term in terms)
        above = sum(term.lower is not None and term.lower > 0 for term in terms)
        least, middle, greatest = (
            (min(ratios), median(ratios), max(ratios)) if ratios else (None, None, None)
        )
        sentence = (
            note("no reading gives a hazard ratio.")
            if least is None
            else note(
                "hazard ratio from {least:.2f} to {greatest:.2f}, median {median:.2f}; in {number}"
                " of {readings} readings its limits exclude 1{directions}.",
                least=least,
                greatest=greatest,
                median=middle,
                number=below + above,
                readings=len(ratios),
                directions=_directions(below, above),
            )
        )
        return {
            "covariate": covariate.id,
            "model": model,
            "readings": len(ratios),
            "least": least,
            "median": middle,
            "greatest": greatest,
            "limits_below_1": below,
            "limits_above_1": above,
            "sentence": note(
                "{label} ({level}), {model}: {sentence}",
                label=covariate.label,
                level=covariate.level,
                model=_NAMES[model],
                sentence=sentence,
            ),
        }


def _directions(below: int, above: int) -> str:
    if below and above:
        return note(", {below} below and {above} above", below=below, above=above)
    return ""


Children = frozenset[tuple[str, ...]]
"""Each child with all that is taken of it."""


def children_of(frame: pd.DataFrame, covariates: Sequence[str] | None = None) -> Children:
    """The children of rows of `analysis_set`, with time, outcome and covariates, all or some."""
    taken = ("patient_id", "time_days", "event", *(covariates or ()))
    columns = [
        one
        for one in frame.columns
        if one in taken or (covariates is None and one not in ("definition", *taken))
    ]
    # In one order, whatever else was read beside them.
    columns.sort(key=lambda one: (one != "patient_id", one))
    return frozenset(frame[columns].astype(str).itertuples(index=False, name=None))


def differing(children: Children, others: Children) -> int:
    """Children who are in one of the two alone, or of whom something else is taken."""
    return len({child for child, *_ in children ^ others})


def sensitivity_analysis(
    readings: Sequence[Reading],
    choice: Choice,
    *,
    models: Sequence[Model] = ("published", "sound"),
    varied: Mapping[str, Sequence[str]] | None = None,
    ties: str = TIES,
    notes: Sequence[str] = (),
) -> Sensitivity:
    """Fit each model to each reading; a fit that cannot be made is told with its reason.

    Args:
        readings: the first is the reference.
        choice: the covariates, the same for all.
        models: which models.
        varied: the parameters that were varied with their values, to be told.
        ties: `breslow` or `efron`.
        notes: what else to tell.

    Raises:
        CannotEstimate: no reading at all gives a model; the reason is the reference's.
        WrongUsage: an unknown covariate.
    """
    chosen = choice.covariates
    acquired = tuple(one.id for one in chosen if one.acquired_after_start)
    # What is known day by day only cannot be held fixed.
    daily = tuple(one for one in acquired if one not in {other.id for other in COVARIATES})
    designs: dict[Model, Design] = {
        "published": Design(penalty="none", time_dependent=daily, as_published=True),
        "sound": Design(late_entry=True, penalty="firth", time_dependent=acquired),
    }
    found = []
    for reading in readings:
        for model in models:
            fitted, reason = None, None
            try:
                fitted = cox_regression(
                    reading.frame,
                    reading.basis.definition,
                    covariates=choice,
                    ties=ties,
                    design=designs[model],
                    exposure=reading.exposure,
                    basis=reading.basis,
                )
            except CannotEstimate as error:
                reason = error.problem
            found.append(
                Specification(
                    reading.definition,
                    reading.choices,
                    reading.basis,
                    model,
                    fitted,
                    reason,
                    reading is readings[0],
                    reading.frame,
                )
            )
    if all(one.cox is None for one in found):
        raise CannotEstimate(
            note("No reading gives a model. Of the first: {reason}", reason=found[0].reason),
            cure=tr("`registry analyse flow` shows how many patients and losses there are."),
        )
    failed = sum(one.cox is None for one in found)
    told = [*choice.notes, *notes]
    if failed:
        told.append(
            note(
                "{number} of {models} models cannot be fitted; each row says why.",
                number=failed,
                models=len(found),
            )
        )
    return Sensitivity(
        definition=readings[0].definition,
        choice=choice,
        ties=ties,
        varied=dict(varied or {}),
        specifications=tuple(found),
        notes=tuple(told),
        basis=readings[0].basis,
    )
