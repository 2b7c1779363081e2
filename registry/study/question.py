"""What a study asks: its analyses with their options, as they stand in an envelope."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

from registry.analysis import arrays
from registry.analysis.cohort.covariate_groups import FACTORS
from registry.analysis.cox.design import Design, covariates_of
from registry.covariates import COVARIATES, Covariate
from registry.errors import RegistryError, WrongUsage
from registry.words import tr

NAMES = ("flow", "table1", "table2", "km", "cox")
MOST_TERMS = 12
"""More terms than this no model of a study has: their sums would tell too much of too few."""


FLAGS = ("late_entry", "firth", "profile")


@dataclass(frozen=True)
class Model:
    """A Cox model with a hazard of its own for each hospital.

    With `profile` limits and P are of the profile likelihood, which takes some more rounds.
    """

    covariates: tuple[str, ...]
    time_dependent: tuple[str, ...] = ()
    strata: tuple[str, ...] = ()
    ties: arrays.Ties = "efron"
    late_entry: bool = False
    firth: bool = False
    profile: bool = False

    @property
    def design(self) -> Design:
        """As `registry analyse cox` has it."""
        return Design(
            time_dependent=self.time_dependent,
            strata=self.strata,
            late_entry=self.late_entry,
            penalty="firth" if self.firth else "none",
        )

    @property
    def terms(self) -> tuple[Covariate, ...]:
        """The terms in their order; WrongUsage or Refused for what is no model."""
        return covariates_of(self.covariates, self.design, named=True)[0]


@dataclass(frozen=True)
class Question:
    """Which analyses are asked for; `at_months` are those of the curve."""

    analyses: tuple[str, ...]
    at_months: tuple[float, ...] = ()
    model: Model | None = None

    def to_json(self) -> dict[str, Any]:
        """As it stands in an envelope."""
        made: dict[str, Any] = {"analyses": list(self.analyses)}
        if "km" in self.analyses:
            made["at_months"] = list(self.at_months)
        if self.model is not None:
            held = asdict(self.model)
            made["model"] = {
                name: list(value) if isinstance(value, tuple) else value
                for name, value in held.items()
            }
        return made

    @classmethod
    def of_json(cls, given: Mapping[str, Any]) -> Question:
        """What `to_json` made; ValueError for anything else, WrongUsage for what nobody can ask."""
        if not isinstance(given, Mapping) or not given.keys() <= {
            *("analyses", "at_months", "model")
        }:
            raise ValueError
        model = None
        if "model" in given:
            held = dict(given["model"])
            if held.keys() != {one.name for one in fields(Model)}:
                raise ValueError
            for name in ("covariates", "time_dependent", "strata"):
                held[name] = _texts(held[name])
            if not all(isinstance(held[name], bool) for name in FLAGS):
                raise ValueError
            model = Model(**held)
        months = tuple(float(one) for one in given.get("at_months", ()))
        return asked(_texts(given["analyses"]), months, model)


def asked(
    analyses: Sequence[str], at_months: Sequence[float] = (), model: Model | None = None
) -> Question:
    """A question, looked through. WrongUsage for what cannot be asked."""
    unknown = [one for one in analyses if one not in NAMES]
    if unknown or not analyses or len(set(analyses)) < len(analyses):
        raise WrongUsage(
            tr("A study asks for some of: {names}.", names=", ".join(NAMES)),
            cure=tr("For example: --analysis flow,table1,cox"),
        )
    if ("cox" in analyses) != (model is not None):
        raise WrongUsage(
            tr("A model of a study names its covariates."),
            cure=tr("For example: --analysis cox --covariates perianal,growth_delay"),
        )
    months = tuple(sorted(set(at_months)))
    if "km" in analyses and not (months and all(0 < one <= 600 for one in months)):
        raise WrongUsage(tr("A curve is read at months above 0."), cure=tr("Write it as 12,24,36"))
    if model is not None:
        _look_through(model)
    return Question(tuple(one for one in NAMES if one in analyses), months, model)


def _look_through(model: Model) -> None:
    arrays.ties_of(model.ties)
    known = {one.id for one in FACTORS} | {one.id for one in COVARIATES}
    if not set(model.strata) <= known or "centre" in model.strata:
        raise WrongUsage(
            tr("Each hospital has a hazard of its own; strata beside it are covariates.")
        )
    try:
        terms = model.terms
    except RegistryError as error:
        raise WrongUsage(error.problem, cure=error.cure) from None
    numbers = [one.id for one in terms if not one.other_level]
    if numbers:
        raise WrongUsage(
            tr(
                "{terms}: a term of a study has two levels, of which children can be counted.",
                terms=", ".join(numbers),
            )
        )
    if not 0 < len(terms) <= MOST_TERMS:
        raise WrongUsage(tr("A model of a study has 1 to {most} terms.", most=MOST_TERMS))


def _texts(given: Any) -> tuple[str, ...]:
    if not isinstance(given, list | tuple) or not all(isinstance(one, str) for one in given):
        raise ValueError
    return tuple(given)
