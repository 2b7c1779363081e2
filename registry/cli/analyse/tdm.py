"""`registry analyse tdm`: drug levels and loss of response."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from registry.cli.analyse.data import Data


def tdm(
    data: Data,
    resamples: Annotated[
        int,
        typer.Option("--resamples", metavar="N", min=100, help="Bootstrap samples of the ROC."),
    ] = 2000,
    seed: Annotated[int, typer.Option("--seed", metavar="N", min=0, help="Of the bootstrap.")] = 1,
) -> Any:
    """Infliximab troughs: by outcome, over time, why response was lost, who was measured.

    Example: registry analyse tdm --figure troughs
    """
    from registry.analysis.troughs.levels_and_loss import drug_levels
    from registry.analysis.troughs.roc import Bootstrap

    bootstrap = Bootstrap(resamples, seed)
    return drug_levels(data.frames, data.definition, bootstrap=bootstrap, basis=data.basis)
