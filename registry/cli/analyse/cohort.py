"""`registry analyse flow`, `table1`, `table2` and `outcomes`: who the patients are and what became
of them."""

from __future__ import annotations

from typing import Annotated, Any

from registry.analysis.choices import PermutationRule
from registry.cli.analyse.curves import PermutationsOption, PermuteBelowOption, SeedOption
from registry.cli.analyse.data import Data
from registry.cli.frame.signatures import flag
from registry.covariates import COVARIATES


def flow(data: Data) -> Any:
    """Patients that started, each exclusion in order, the cohort and its outcome.

    Example: registry analyse flow
    """
    from registry.analysis.cohort.flow import cohort_flow

    return cohort_flow(data.view("cohort_flow"), data.definition, data.basis.excluded)


def table1(data: Data) -> Any:
    """Baseline characteristics.

    Example: registry analyse table1 --format csv
    """
    from registry.analysis.cohort.table1 import baseline_table

    return baseline_table(data.view("baseline"), data.definition, data.basis.limits)


def table2(
    data: Data,
    holm: Annotated[bool, flag("--holm", "Show P adjusted for the number of tests too.")] = False,
    permute_below: PermuteBelowOption = PermutationRule.below,
    permutations: PermutationsOption = PermutationRule.permutations,
    seed: SeedOption = PermutationRule.seed,
) -> Any:
    """Univariate log-rank tests of the 21 covariates.

    Example: registry analyse table2 --definition recommended --holm
    """
    rule = PermutationRule(permute_below, permutations, seed)
    computing = "registry.analysis.cohort.table2"
    patients = data.patients_with((one.id for one in COVARIATES), loading=computing)
    from registry.analysis.cohort.table2 import univariate_table

    result = univariate_table(patients, data.definition, permutation=rule, basis=data.basis)
    return {**result.to_json(), "show_holm": holm}


def outcomes(data: Data) -> Any:
    """What was done after a loss of response and what came of it.

    Example: registry analyse outcomes
    """
    from registry.analysis.cohort.outcome import outcomes_after_loss

    return outcomes_after_loss(data.view("lor_outcome"), data.definition)
