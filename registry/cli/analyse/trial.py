"""`registry analyse target-trial`: the immunomodulator question as a target trial."""

from __future__ import annotations

from typing import Annotated, Any

from registry.analysis.choices import TrialPlan
from registry.cli.analyse.cox import USUAL_TIES, TiesOption, listed
from registry.cli.analyse.curves import months
from registry.cli.analyse.data import PATIENTS, Data
from registry.cli.analyse.risk import AT_RISK, EventsOption, ResamplesOption, SeedOption
from registry.cli.frame.completion import complete_covariates
from registry.cli.frame.signatures import flag, option

READS = (*PATIENTS, "exposure", "pcdai_course")


def target_trial(
    data: Data,
    covariates: Annotated[
        str,
        option(
            "--covariates",
            "A,B,...",
            "Known at time zero, for the weights and the models beside.",
            autocompletion=complete_covariates,
        ),
    ] = "severity_moderate_severe,perianal,growth_delay,response_without_remission",
    time_varying: Annotated[
        str,
        option(
            "--time-varying",
            "A,B,...",
            "Read anew each month, for the weights: pcdai, glucocorticoid, intensified, trough.",
        ),
    ] = ",".join(TrialPlan.varying),
    grace: Annotated[
        int, option("--grace", "MONTHS", "From week 14 on, to begin a strategy.", min=1, max=1200)
    ] = TrialPlan.grace_months,
    at: Annotated[
        str, option("--at", "A,B,...", "Months from week 14 on, of the risks.")
    ] = AT_RISK,
    landmark: Annotated[
        float, option("--landmark", "MONTHS", "Of the landmark answer beside it.")
    ] = TrialPlan.landmark_months,
    unstabilised: Annotated[
        bool, flag("--unstabilised", "Weights not over a model without the covariates.")
    ] = False,
    truncate: Annotated[
        float,
        option(
            "--truncate",
            "PERCENTILE",
            "Cut weights beyond it and below 100 less it; 100 cuts none.",
            min=50.5,
            max=100,
        ),
    ] = TrialPlan.truncate,
    events_per_covariate: EventsOption = TrialPlan.events_per_covariate,
    events_per_arm: Annotated[
        int, option("--events-per-arm", "N", "With fewer losses it is refused.", min=1)
    ] = TrialPlan.events_per_arm,
    resamples: ResamplesOption = TrialPlan.resamples,
    seed: SeedOption = TrialPlan.seed,
    ties: TiesOption = USUAL_TIES,
) -> Any:
    """A lasting immunomodulator or none: a target trial by clones and weights.

    The protocol, the weights, risks and hazard ratio with E-values, beside the answers with the
    exposure fixed, at a landmark and time-dependent. --events-per-covariate counts departures.

    Example: registry analyse target-trial --covariates perianal --time-varying pcdai
    """
    from registry.analysis.trial.emulation import target_trial

    plan = TrialPlan(
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
