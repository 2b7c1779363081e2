"""How the analyses that have many choices are asked: each choice with its default.

Commands read their options' defaults here, so nothing is imported that computes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from registry.analysis.arrays import Ties


# At which a curve is read off; and, from week 14 on, the risk of a loss.
CURVE_MONTHS: tuple[float, ...] = (12, 24, 36)
RISK_MONTHS: tuple[float, ...] = (12, 24)


# Where the curves of what is acquired after the start begin in a report, the one landmark from
# which anything is published.
LANDMARK_MONTHS = 12.0
# How a Cox model of one registry handles events on the same day: as the published study did.
TIES: Ties = "breslow"
# Events for each covariate below which estimates are known to be biased away from 0 (Peduzzi et
# al., J Clin Epidemiol 1995;48:1503-10).
USUAL_EVENTS_PER_TERM = 10


@dataclass(frozen=True)
class Bootstrap:
    """How often to draw, and where the random numbers start."""

    resamples: int = 2000
    seed: int = 1


@dataclass(frozen=True)
class PermutationRule:
    """When a log-rank test is also judged by permutation, and how.

    Attributes:
        below: a P by permutation is given when a group's expected events are fewer than this; 5 is
            Cochran's rule for chi-square tests (Biometrics 1954;10:417-51). 0 means never.
        permutations: how many random permutations are drawn.
        seed: where the random numbers start, so that the same data give the same P.
    """

    below: float = 5
    permutations: int = 9999
    seed: int = 1


@dataclass(frozen=True)
class ImputationRule:
    """How many completed data sets, how long each chain is, and its seed."""

    imputations: int = 20
    iterations: int = 10
    seed: int = 1


# What the risk model knows of a child, for what is known of the disease, the most important first,
# not by their P here.
RISK_COVARIATES = ("trough", "week14_pcdai", "bmi_z", "growth_delay", "baseline_pcdai")


@dataclass(frozen=True)
class RiskRule:
    """When a model is refused, and how it is validated.

    Attributes:
        events_per_covariate: a model with fewer is refused. 5 is the least at which Cox models
            were found sound (Vittinghoff and McCulloch, American Journal of Epidemiology
            2007;165:710-8). It counts covariates before the penalty: penalties do not make up for
            events that are missing (Riley et al., Journal of Clinical Epidemiology 2021;132:88-96).
        resamples: bootstrap samples.
        seed: of the samples and the folds.
        groups: how many groups of predicted risk are held against what was observed.
        penalised: with a ridge, or Cox models as they are.
    """

    events_per_covariate: float = 5
    resamples: int = 200
    seed: int = 1
    groups: int = 3
    penalised: bool = True


@dataclass(frozen=True)
class TrialPlan:
    """The choices of the target trial.

    Attributes:
        covariates: known at time zero, for the weights.
        varying: read anew each month, for the weights.
        grace_months: from time zero, by when a strategy must be followed.
        at_months: from time zero, at which risks are told.
        landmark_months: from where the clock starts, of the landmark answer.
        stabilised: whether weights are over a model without the covariates.
        truncate: percentile beyond which, and below 100 less it, weights are cut.
        events_per_covariate: with fewer departures it is refused.
        events_per_arm: with fewer losses in either arm it is refused.
        resamples, seed: of the bootstrap over children.
        ties: of the Cox models.
    """

    covariates: tuple[str, ...]
    varying: tuple[str, ...] = ("pcdai", "glucocorticoid", "intensified")
    grace_months: int = 3
    at_months: tuple[float, ...] = RISK_MONTHS
    landmark_months: float = 12
    stabilised: bool = True
    truncate: float = 99
    events_per_covariate: float = 5
    events_per_arm: int = 10
    resamples: int = 200
    seed: int = 1
    ties: Ties = TIES
