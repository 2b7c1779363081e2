"""`registry analyse impute`: the Cox model with missing covariates imputed."""

from __future__ import annotations

from typing import Annotated, Any

from registry.analysis.choices import ImputationRule
from registry.cli.analyse.cox import USUAL_TIES, AsPublishedOption, TiesOption, chosen, listed
from registry.cli.analyse.curves import Entry, EntryOption, HazardStrataOption, LandmarkOption
from registry.cli.analyse.data import Data
from registry.cli.frame.completion import complete_covariates
from registry.cli.frame.signatures import option


def impute(
    data: Data,
    covariates: Annotated[
        str | None,
        option(
            "--covariates",
            "A,B,...",
            "Covariates of the model, trough among them if wished; without them those of "
            "`registry analyse cox`.",
            autocompletion=complete_covariates,
        ),
    ] = None,
    as_published: AsPublishedOption = False,
    auxiliary: Annotated[
        str | None,
        option(
            "--auxiliary",
            "A,B,...",
            "Covariates that only help to impute.",
            autocompletion=complete_covariates,
        ),
    ] = None,
    imputations: Annotated[
        int, option("--imputations", "M", "Completed data sets.", min=2)
    ] = ImputationRule.imputations,
    iterations: Annotated[
        int, option("--iterations", "N", "Of each chain.", min=1)
    ] = ImputationRule.iterations,
    seed: Annotated[int, option("--seed", "N", "Of all draws.", min=0)] = ImputationRule.seed,
    ties: TiesOption = USUAL_TIES,
    entry: EntryOption = Entry.START,
    landmark: LandmarkOption = None,
    strata: HazardStrataOption = None,
) -> Any:
    """Cox model with missing covariates imputed, beside complete cases.

    Chained equations that agree with the Cox model, pooled by Rubin's rules. A trough below its
    limit of quantification is drawn below it; with it patients are at risk from week 14 on. With
    --figure STEM what was imputed is drawn beside what is known.

    Example: registry analyse impute --covariates trough,crp_high,growth_delay --imputations 50
    """
    from registry.analysis.cox.design import Design
    from registry.analysis.cox.imputed import impute_regression

    design = Design(
        landmark_months=landmark,
        late_entry=entry is Entry.WEEK14,
        strata=tuple(listed(strata) or ()),
        as_published=as_published,
    )
    return impute_regression(
        data.patients,
        data.definition,
        covariates=chosen(data, covariates, as_published=as_published),
        auxiliary=listed(auxiliary) or (),
        ties=ties.value,
        design=design,
        rule=ImputationRule(imputations, iterations, seed),
        exposure=data.view("exposure") if landmark is not None else None,
        levels={view: data.view(view) for view in ("tdm_week14", "survival")},
        basis=data.basis,
    )
