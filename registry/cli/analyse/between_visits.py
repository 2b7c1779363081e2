"""`registry analyse interval-censored`: regression of a loss between two visits."""

from __future__ import annotations

from typing import Any

from registry.analysis.choices import RiskRule
from registry.cli.analyse.cox import (
    USUAL_TIES,
    AsPublishedOption,
    CovariatesOption,
    TiesOption,
    chosen,
)
from registry.cli.analyse.data import Data
from registry.cli.analyse.risk import EventsOption


def interval_censored(
    data: Data,
    covariates: CovariatesOption = None,
    as_published: AsPublishedOption = False,
    ties: TiesOption = USUAL_TIES,
    events_per_covariate: EventsOption = RiskRule.events_per_covariate,
) -> Any:
    """Regression of a loss that lies between two visits, beside the models by visit dates.

    A loss is seen at a visit and came at some time since the visit before. Weibull regression takes
    it so; its hazard ratios stand beside Cox's and Weibull's with the loss on the day of the visit.

    Example: registry analyse interval-censored --covariates bmi_z_low,growth_delay
    """
    from registry.analysis.cox.between_visits import between_visits

    return between_visits(
        data.patients,
        data.definition,
        covariates=chosen(data, covariates, as_published=as_published),
        ties=ties.value,
        events_per_covariate=events_per_covariate,
        basis=data.basis,
    )
