"""`registry analyse risk`: the probability of losing response, told at week 14."""

from __future__ import annotations

from typing import Annotated

import typer

from registry.cli.analyse.show import FigureOption, draw, up_to_date
from registry.cli.frame.completion import complete_patient
from registry.cli.frame.context import DefinitionOption
from registry.cli.frame.output import Format, FormatOption, print_json, print_rows


def risk_command(
    context: typer.Context,
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
    events_per_covariate: Annotated[
        float,
        typer.Option(
            "--events-per-covariate", metavar="N", min=1, help="With fewer losses it is refused."
        ),
    ] = 5,
    resamples: Annotated[
        int, typer.Option("--resamples", metavar="N", min=50, help="Bootstrap samples.")
    ] = 200,
    seed: Annotated[int, typer.Option("--seed", metavar="N", min=0, help="Of the bootstrap.")] = 1,
    figure: FigureOption = None,
    definition: DefinitionOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Probability of losing response within 1 and 2 years of week 14, and how far to trust it.

    Example: registry analyse risk P001 --covariates week14_pcdai,bmi_z,growth_delay
    """
    from registry.analysis.basis import basis_of
    from registry.analysis.risk.data import DEFAULT, read_risk
    from registry.analysis.risk.telling import risk_of_loss
    from registry.analysis.risk.validation import RiskRule
    from registry.report import risk_tables
    from registry.report.text import render

    chosen: tuple[str, ...] = DEFAULT
    if covariates is not None:
        chosen = tuple(one.strip() for one in covariates.split(",") if one.strip())
    with up_to_date(context, definition) as (connection, definition):
        basis = basis_of(connection, definition)
        frames = read_risk(connection, definition)
    document = risk_of_loss(
        frames,
        definition,
        patient=patient,
        covariates=chosen,
        rule=RiskRule(events_per_covariate, resamples, seed),
        basis=basis,
    ).to_json()
    if figure is not None:
        from registry.report.figure_risk import calibration_figure

        draw(lambda: calibration_figure(document), figure)
    match form:
        case Format.JSON:
            print_json(document)
        case Format.CSV:
            print_rows(risk_tables.rows(document), form)
        case Format.TABLE:
            typer.echo("\n\n".join(render(table) for table in risk_tables.all_tables(document)))
