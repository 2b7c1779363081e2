"""`registry analyse tdm`: drug levels and loss of response."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from registry.cli.analyse.show import FigureOption, draw, up_to_date
from registry.cli.frame.context import DefinitionOption
from registry.cli.frame.output import Format, FormatOption, print_json, print_rows


class Part(StrEnum):
    """One of the tables of the analysis."""

    GROUPS = "groups"
    QUARTILES = "quartiles"
    ROC = "roc"
    OVER_TIME = "over_time"
    MECHANISMS = "mechanisms"
    MEASURED = "measured"


def tdm_command(
    context: typer.Context,
    part: Annotated[
        Part, typer.Option("--part", help="Which table a CSV holds; the others have all.")
    ] = Part.GROUPS,
    resamples: Annotated[
        int,
        typer.Option("--resamples", metavar="N", min=100, help="Bootstrap samples of the ROC."),
    ] = 2000,
    seed: Annotated[int, typer.Option("--seed", metavar="N", min=0, help="Of the bootstrap.")] = 1,
    figure: FigureOption = None,
    definition: DefinitionOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Infliximab troughs: by outcome, over time, why response was lost, who was measured.

    Example: registry analyse tdm --figure troughs
    """
    from registry.analysis.basis import basis_of
    from registry.analysis.troughs.levels_and_loss import drug_levels, read_levels
    from registry.analysis.troughs.roc import Bootstrap
    from registry.report import tdm_rows, text

    with up_to_date(context, definition) as (connection, definition):
        basis = basis_of(connection, definition)
        frames = read_levels(connection, definition)
    result = drug_levels(frames, definition, bootstrap=Bootstrap(resamples, seed), basis=basis)
    document = result.to_json()
    if figure is not None:
        from registry.report.figure_tdm import levels_figure

        draw(lambda: levels_figure(result.to_json(levels=True)), figure)
    match form:
        case Format.JSON:
            print_json(document)
        case Format.CSV:
            print_rows(tdm_rows.part(document, part.value), form)
        case Format.TABLE:
            typer.echo(text.drug_levels(document))
