"""`registry analyse target-trial`: the immunomodulator question as a target trial."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from registry.cli.analyse.cox import Ties, TiesOption, listed
from registry.cli.analyse.curves import months
from registry.cli.analyse.data import PATIENTS, Data
from registry.cli.analyse.risk import EventsOption
from registry.cli.frame.completion import complete_covariates

READS = (*PATIENTS, "exposure", "pcdai_course")


def target_trial(
    data: Data,
    covariates: Annotated[
        str,
        typer.Option(
            "--covariates",
            metavar="A,B,...",
            help="Known at time zero, for the weights and the models beside.",
            autocompletion=complete_covariates,
        ),
    ] = "severity_moderate_severe,perianal,growth_delay,response_without_remission",
    time_varying: Annotated[
        str,
        typer.Option(
            "--time-varying",
            metavar="A,B,...",
            help="Read anew each month, for the weights: pcdai, glucocorticoid, intensified, "
            "trough.",
        ),
    ] = "pcdai,glucocorticoid,intensified",
    grace: Annotated[
        int,
        typer.Option(
            "--grace", metavar="MONTHS", min=1, help="From week 14 on, to begin a strategy."
        ),
    ] = 3,
    at: Annotated[
        str,
        typer.Option("--at", metavar="A,B,...", help="Months from week 14 on, of the risks."),
    ] = "12,24",
    landmark: Annotated[
        float,
        typer.Option("--landmark", metavar="MONTHS", help="Of the landmark answer beside it."),
    ] = 12,
    unstabilised: Annotated[
        bool,
        typer.Option("--unstabilised", help="Weights not over a model without the covariates."),
    ] = False,
    truncate: Annotated[
        float,
        typer.Option(
            "--truncate",
            metavar="PERCENTILE",
            min=50.5,
            max=100,
            help="Cut weights beyond it and below 100 less it; 100 cuts none.",
        ),
    ] = 99,
    events_per_covariate: EventsOption = 5,
    events_per_arm: Annotated[
        int,
        typer.Option(
            "--events-per-arm", metavar="N", min=1, help="With fewer losses it is refused."
        ),
    ] = 10,
    resamples: Annotated[
        int, typer.Option("--resamples", metavar="N", min=50, help="Bootstrap samples.")
    ] = 200,
    seed: Annotated[int, typer.Option("--seed", metavar="N", min=0, help="Of the bootstrap.")] = 1,
    ties: TiesOption = Ties.BRESLOW,
) -> Any:
    """Immunomodulator for more than 6 months or none: a target trial by clones and weights.

    The protocol, the weights, risks and hazard ratio with E-values, beside the answers with the
    exposure fixed, at a landmark and time-dependent. --events-per-covariate counts departures.

    Example: registry analyse target-trial --covariates perianal --time-varying pcdai
    """
    from registry.analysis.trial.emulation import target_trial
    from registry.analysis.trial.result import Plan

    plan = Plan(
        covariates=tuple(listed(covariates) or ()),
        varying=tuple(listed(time_varying) or ()),
        grace_months=grace,
        at_months=tuple(months(at)),
        landmark_months=landmark,
        stabilised=not unstabilised,
        truncate=truncate,
        events_per_covariate=events_per_covariate,
        events_per_arm=events_per_arm,
        resamples=resamples,
        seed=seed,
        ties=ties.value,
    )
    return target_trial(
        data.patients,
        data.view("exposure"),
        data.view("pcdai_course"),
        data.definition,
        plan,
        basis=data.basis,
    )
