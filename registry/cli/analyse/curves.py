"""`registry analyse km` and `cuminc`: curves of the time to loss of response."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Annotated, Any

import typer

from registry.analysis.choices import CURVE_MONTHS, PermutationRule
from registry.cli.analyse.data import Data
from registry.cli.frame.completion import complete_covariates
from registry.cli.frame.signatures import flag, option
from registry.errors import CannotEstimate, WrongUsage
from registry.words import tr


class Entry(StrEnum):
    """From when on a patient is at risk."""

    START = "start"
    WEEK14 = "week14"


ByOption = Annotated[
    str | None,
    option("--by", "COVARIATE", "A curve for each level.", autocompletion=complete_covariates),
]
AtOption = Annotated[str, option("--at", "MONTHS", "When to read the incidence off.")]
EntryOption = Annotated[
    Entry, typer.Option("--entry", help="At risk from the start, or from the week-14 PCDAI on.")
]
LandmarkOption = Annotated[
    float | None, option("--landmark", "MONTHS", "Only those still at risk then, and from then on.")
]
HazardStrataOption = Annotated[
    str | None,
    option(
        "--strata",
        "A,B,...",
        "A hazard of its own for each level.",
        autocompletion=complete_covariates,
    ),
]
PermuteBelowOption = Annotated[
    float,
    option(
        "--permute-below",
        "N",
        "P by permutation too, where a group expects fewer losses (5: Cochran's rule).",
    ),
]
PermutationsOption = Annotated[int, option("--permutations", "N", "How many permutations.", min=0)]
SeedOption = Annotated[int, option("--seed", "N", "Of the random permutations.", min=0)]


def written(months: Sequence[float]) -> str:
    """Months as `--at` has them."""
    return ",".join(map(str, months))


AT_CURVE = written(CURVE_MONTHS)


def km(
    data: Data,
    by: ByOption = None,
    at: AtOption = AT_CURVE,
    entry: EntryOption = Entry.START,
    landmark: LandmarkOption = None,
    strata: Annotated[
        str | None,
        option(
            "--strata",
            "COVARIATE",
            "Compare the groups within its levels.",
            autocompletion=complete_covariates,
        ),
    ] = None,
    rmst: Annotated[
        float | None, option("--rmst", "MONTHS", "Mean time without loss up to then.")
    ] = None,
    interval_censored: Annotated[
        bool, flag("--interval-censored", "Also the curve of losses known only between two visits.")
    ] = False,
    permute_below: PermuteBelowOption = PermutationRule.below,
    permutations: PermutationsOption = PermutationRule.permutations,
    seed: SeedOption = PermutationRule.seed,
) -> Any:
    """Kaplan-Meier: cumulative incidence of loss of response.

    Example: registry analyse km --by im_over_6_months --landmark 12 --rmst 36
    """
    read_at = months(at)
    from registry.analysis.curves.kaplan_meier import kaplan_meier

    # One curve needs no covariates, and to find these is most of the work.
    plain = by is None and strata is None and not interval_censored
    return kaplan_meier(
        data.survival if plain else data.patients,
        data.definition,
        by=by,
        at_months=read_at,
        late_entry=entry is Entry.WEEK14,
        landmark_months=landmark,
        exposure=None if landmark is None else data.view("exposure"),
        strata=strata,
        rmst_months=rmst,
        interval_censored=interval_censored,
        permutation=PermutationRule(permute_below, permutations, seed),
        basis=data.basis,
    )


def refuse_km(result: Any, options: Mapping[str, Any]) -> None:
    """Raises CannotEstimate for curves that a command has nothing to tell of."""
    _require_losses([(group.n, group.events) for group in result.groups], options["by"])
    months = options["rmst"]
    if months is not None and not any(group.restricted_mean for group in result.groups):
        raise CannotEstimate(
            tr("No patient was observed for {months:g} months without loss.", months=months),
            cure=tr("Give --rmst fewer months."),
        )


def cuminc(
    data: Data,
    by: ByOption = None,
    at: AtOption = AT_CURVE,
    entry: EntryOption = Entry.START,
) -> Any:
    """Cumulative incidence of loss of response beside what rules it out: stop, transfer, death.

    Example: registry analyse cuminc --by perianal --figure cuminc
    """
    read_at = months(at)
    from registry.analysis.curves.competing import cumulative_incidence

    return cumulative_incidence(
        data.patients,
        data.definition,
        by=by,
        at_months=read_at,
        late_entry=entry is Entry.WEEK14,
        basis=data.basis,
    )


def refuse_cuminc(result: Any, options: Mapping[str, Any]) -> None:
    """Raises CannotEstimate for curves without a loss, the first of the causes."""
    _require_losses([(group.n, group.causes[0].events) for group in result.groups], options["by"])


def months(written: str) -> list[float]:
    """The months of `--at 12,24,36`."""
    try:
        return [float(part) for part in written.split(",") if part.strip()]
    except ValueError:
        raise WrongUsage(
            tr("--at {written} is not a list of months.", written=written),
            cure=tr("Write it as --at 12,24,36"),
        ) from None


def _require_losses(groups: Sequence[tuple[int, int]], by: str | None) -> None:
    """Refuses curves without any loss, and a comparison of one group; a group is n and losses."""
    n = sum(patients for patients, _ in groups)
    if not any(losses for _, losses in groups):
        raise CannotEstimate(
            tr(
                "None of the {n} patients at risk lost response, so there is no incidence to tell.",
                n=n,
            )
        )
    if by is not None and len(groups) < 2:
        raise CannotEstimate(
            tr(
                "All {n} patients whose '{covariate}' is known have the same, so there is nothing "
                "to compare.",
                n=n,
                covariate=by,
            ),
            cure=tr("Leave --by out for the one curve."),
        )
