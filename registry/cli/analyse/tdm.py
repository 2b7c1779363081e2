"""`registry analyse tdm`: drug levels and loss of response."""

from __future__ import annotations

from typing import Annotated, Any

from registry.analysis.choices import Bootstrap
from registry.cli.analyse.data import Data
from registry.cli.analyse.risk import SeedOption
from registry.cli.frame.signatures import option


def tdm(
    data: Data,
    resamples: Annotated[
        int, option("--resamples", "N", "Bootstrap samples of the ROC.", min=100)
    ] = Bootstrap.resamples,
    seed: SeedOption = Bootstrap.seed,
) -> Any:
    """Infliximab troughs: by outcome, over time, why response was lost, who was measured.

    Example: registry analyse tdm --figure troughs
    """
    from registry.analysis.troughs.levels_and_loss import drug_levels

    bootstrap = Bootstrap(resamples, seed)
    return drug_levels(data.frames, data.definition, bootstrap=bootstrap, basis=data.basis)
