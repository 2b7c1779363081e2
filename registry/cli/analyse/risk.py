"""`registry analyse risk`: the probability of losing response, told at week 14."""

from __future__ import annotations

import math
from enum import StrEnum
from typing import Annotated, Any

import typer

from registry.analysis.choices import RISK_COVARIATES, RISK_MONTHS, RiskRule
from registry.cli.analyse.cox import listed
from registry.cli.analyse.curves import AtOption, months, written
from registry.cli.analyse.data import Data
from registry.cli.frame.completion import complete_patient
from registry.cli.frame.signatures import argument, option
from registry.errors import WrongUsage
from registry.words import tr


class Penalty(StrEnum):
    """What is taken off for large coefficients."""

    RIDGE = "ridge"
    NONE = "none"


EventsOption = Annotated[
    float, option("--events-per-covariate", "N", "With fewer losses it is refused.", min=1)
]
ResamplesOption = Annotated[int, option("--resamples", "N", "Bootstrap samples.", min=50)]
AT_RISK = written(RISK_MONTHS)
SeedOption = Annotated[int, option("--seed", "N", "Of the bootstrap.", min=0)]


def risk(
    data: Data,
    patient: Annotated[
        str | None,
        argument("ID", "Whose; without it the model alone.", autocompletion=complete_patient),
    ] = None,
    covariates: Annotated[
        str, option("--covariates", "A,B,...", "What the model knows of a child.")
    ] = ", ".join(RISK_COVARIATES),
    at: AtOption = AT_RISK,
    pattern: Annotated[
        str | None,
        option(
            "--pattern",
            "A=V,...",
            "Instead of a child: the value of each covariate, yes or no as yes and no.",
        ),
    ] = None,
    penalty: Annotated[
        Penalty,
        typer.Option(
            "--penalty",
            help="Coefficients shrunk by a ridge, or plain cause-specific Cox models.",
        ),
    ] = Penalty.RIDGE,
    events_per_covariate: EventsOption = RiskRule.events_per_covariate,
    resamples: ResamplesOption = RiskRule.resamples,
    seed: SeedOption = RiskRule.seed,
) -> Any:
    """Probability of losing response in the months after week 14, and how far to trust it.

    Example: registry analyse risk P002 --covariates week14_pcdai,bmi_z,growth_delay
    """
    from registry.analysis.risk.telling import risk_of_loss

    return risk_of_loss(
        data.frames,
        data.definition,
        patient=patient,
        pattern=None if pattern is None else _pattern(pattern),
        covariates=tuple(listed(covariates) or ()),
        months=months(at),
        rule=RiskRule(events_per_covariate, resamples, seed, penalised=penalty is Penalty.RIDGE),
        basis=data.basis,
    )


def _pattern(written: str) -> dict[str, float]:
    """The values of `--pattern bmi_z=-1.5,growth_delay=yes`."""
    found: dict[str, float] = {}
    for one in written.split(","):
        name, sign, value = (part.strip() for part in one.partition("="))
        word = {"yes": "1", "no": "0"}.get(value.lower(), value)
        try:
            number = float(word)
        except ValueError:
            number = math.nan
        if not sign or name in found or not math.isfinite(number):
            raise WrongUsage(
                tr("--pattern: '{part}' is no covariate with a number, yes or no.", part=one),
                cure=tr("Write for example: --pattern bmi_z=-1.5,growth_delay=yes"),
            )
        found[name] = number
    return found
