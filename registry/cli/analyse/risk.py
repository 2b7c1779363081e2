"""`registry analyse risk`: the probability of losing response, told at week 14."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from registry.cli.analyse.cox import listed
from registry.cli.analyse.data import Data
from registry.cli.frame.completion import complete_patient

EventsOption = Annotated[
    float,
    typer.Option(
        "--events-per-covariate", metavar="N", min=1, help="With fewer losses it is refused."
    ),
]


def risk(
    data: Data,
    patient: Annotated[
        str | None,
        typer.Argument(
            metavar="ID",
            help="Whose; without it the model alone.",
            autocompletion=complete_patient,
        ),
    ] = None,
    covariates: Annotated[
        str | None,
        typer.Option(
            "--covariates",
            metavar="A,B,...",
            help="What the model knows of a child; without it trough, both PCDAI, BMI, growth.",
        ),
    ] = None,
    events_per_covariate: EventsOption = 5,
    resamples: Annotated[
        int, typer.Option("--resamples", metavar="N", min=50, help="Bootstrap samples.")
    ] = 200,
    seed: Annotated[int, typer.Option("--seed", metavar="N", min=0, help="Of the bootstrap.")] = 1,
) -> Any:
    """Probability of losing response within 1 and 2 years of week 14, and how far to trust it.

    Example: registry analyse risk P001 --covariates week14_pcdai,bmi_z,growth_delay
    """
    from registry.analysis.risk.data import DEFAULT
    from registry.analysis.risk.telling import risk_of_loss
    from registry.analysis.risk.validation import RiskRule

    chosen = listed(covariates)
    return risk_of_loss(
        data.frames,
        data.definition,
        patient=patient,
        covariates=DEFAULT if chosen is None else tuple(chosen),
        rule=RiskRule(events_per_covariate, resamples, seed),
        basis=data.basis,
    )
