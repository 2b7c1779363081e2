"""`registry analyse km` and `cuminc`: curves of the time to loss of response."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated

import typer

from registry.cli.analyse.show import FigureOption, draw, months, show, up_to_date
from registry.cli.frame.completion import complete_covariates
from registry.cli.frame.context import DefinitionOption
from registry.cli.frame.output import Format, FormatOption
from registry.errors import CannotEstimate
from registry.words import tr


class Entry(StrEnum):
    """From when on a patient is at risk."""

    START = "start"
    WEEK14 = "week14"


ByOption = Annotated[
    str | None,
    typer.Option(
        "--by",
        metavar="COVARIATE",
        help="A curve for each level.",
        autocompletion=complete_covariates,
    ),
]
AtOption = Annotated[
    str, typer.Option("--at", metavar="MONTHS", help="When to read the incidence off.")
]
EntryOption = Annotated[
    Entry, typer.Option("--entry", help="At risk from the start, or from the week-14 PCDAI on.")
]
LandmarkOption = Annotated[
    float | None,
    typer.Option(
        "--landmark", metavar="MONTHS", help="Only those still at risk then, and from then on."
    ),
]
PermuteBelowOption = Annotated[
    float,
    typer.Option(
        "--permute-below",
        metavar="N",
        help="P by permutation too, where a group expects fewer losses (5: Cochran's rule).",
    ),
]
PermutationsOption = Annotated[
    int, typer.Option("--permutations", metavar="N", min=0, help="How many permutations.")
]
SeedOption = Annotated[
    int, typer.Option("--seed", metavar="N", min=0, help="Of the random permutations.")
]


def km_command(
    context: typer.Context,
    by: ByOption = None,
    at: AtOption = "12,24,36",
    entry: EntryOption = Entry.START,
    landmark: LandmarkOption = None,
    strata: Annotated[
        str | None,
        typer.Option(
            "--strata",
            metavar="COVARIATE",
            help="Compare the groups within its levels.",
            autocompletion=complete_covariates,
        ),
    ] = None,
    rmst: Annotated[
        float | None,
        typer.Option("--rmst", metavar="MONTHS", help="Mean time without loss up to then."),
    ] = None,
    interval_censored: Annotated[
        bool,
        typer.Option(
            "--interval-censored", help="Also the curve of losses known only between two visits."
        ),
    ] = False,
    permute_below: PermuteBelowOption = 5,
    permutations: PermutationsOption = 9999,
    seed: SeedOption = 1,
    figure: FigureOption = None,
    definition: DefinitionOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Kaplan-Meier: cumulative incidence of loss of response.

    Example: registry analyse km --by im_over_6_months --landmark 12 --rmst 36
    """
    read_at = months(at)
    from registry.analysis.basis import basis_of
    from registry.analysis.cohort.patients import read_patients
    from registry.analysis.curves.kaplan_meier import kaplan_meier
    from registry.analysis.curves.logrank import PermutationRule
    from registry.analysis.dataset import read_view

    with up_to_date(context, definition) as (connection, definition):
        basis = basis_of(connection, definition)
        frame = read_patients(connection, definition)
        exposure = None if landmark is None else read_view(connection, "exposure", definition)
    result = kaplan_meier(
        frame,
        definition,
        by=by,
        at_months=read_at,
        late_entry=entry is Entry.WEEK14,
        landmark_months=landmark,
        exposure=exposure,
        strata=strata,
        rmst_months=rmst,
        interval_censored=interval_censored,
        permutation=PermutationRule(permute_below, permutations, seed),
        basis=basis,
    )
    _require_losses([(group.n, group.events) for group in result.groups], by)
    if rmst is not None and not any(group.restricted_mean for group in result.groups):
        raise CannotEstimate(
            tr("No patient was observed for {months:g} months without loss.", months=rmst),
            cure=tr("Give --rmst fewer months."),
        )
    if figure is not None:
        from registry.drawing.plot import cumulative_incidence

        draw(
            lambda: cumulative_incidence(result.to_json(curves=True), time_zero=basis.origin),
            figure,
        )
    show(result.to_json(), "kaplan_meier", form)


def cuminc_command(
    context: typer.Context,
    by: ByOption = None,
    at: AtOption = "12,24,36",
    entry: EntryOption = Entry.START,
    figure: FigureOption = None,
    definition: DefinitionOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Cumulative incidence of loss of response beside what rules it out: stop, transfer, death.

    Example: registry analyse cuminc --by perianal --figure cuminc
    """
    read_at = months(at)
    from registry.analysis.basis import basis_of
    from registry.analysis.cohort.patients import read_patients
    from registry.analysis.curves.competing import cumulative_incidence

    with up_to_date(context, definition) as (connection, definition):
        basis = basis_of(connection, definition)
        frame = read_patients(connection, definition)
    result = cumulative_incidence(
        frame,
        definition,
        by=by,
        at_months=read_at,
        late_entry=entry is Entry.WEEK14,
        basis=basis,
    )
    # The first cause is the loss.
    _require_losses([(group.n, group.causes[0].events) for group in result.groups], by)
    if figure is not None:
        from registry.report.competing_figure import competing_incidence

        draw(
            lambda: competing_incidence(result.to_json(curves=True), time_zero=basis.origin), figure
        )
    show(result.to_json(), "cuminc", form)


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
