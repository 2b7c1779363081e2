"""All documents of one report of a random cohort, published or as they stay within the centre."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from registry.cli.analyse.analyses import BY_NAME
from registry.cli.analyse.cox import cox
from registry.cli.analyse.curves import cuminc, km
from registry.cli.analyse.data import Data
from registry.cli.analyse.publication import plan_from
from registry.disclosure.audience import Limits
from registry.disclosure.plan import Plan
from registry.disclosure.together import hold_apart
from registry.disclosure_checker.check import Leak, leaks
from tests.disclosure.cohorts import Cohort, data_of

LIMITS = Limits(5)
TOLD = ("flow", "table1", "table2", "km", "cuminc", "tdm", "outcomes", "missing")
BY = ("sex_female", "perianal", "crp_high")
ALL_TOLD = Cohort(n=160, lost=0.5, unknown=0.0, excluded=(2, 7, 1), without=1, seed=6)
"""Large enough that every analysis is published, with small numbers in each."""


def documents_of(
    data: Data, plan: Plan | None, by: Sequence[str] = BY
) -> tuple[dict[str, Any], list[Any]]:
    """The documents by name, and further curves by these covariates."""
    documents = {name: BY_NAME[name].reported(data, plan) for name in TOLD}
    model = partial(cox, covariates="sex_female,perianal")
    documents["cox"] = replace(BY_NAME["cox"], report=model).reported(data, plan)
    by_sex = partial(cuminc, by="sex_female")
    documents["cuminc by sex"] = replace(BY_NAME["cuminc"], report=by_sex).reported(data, plan)
    curves = []
    for covariate in by:
        for landmark in (None, 12.0):
            run = partial(km, by=covariate, permute_below=0, landmark=landmark)
            curves.append(replace(BY_NAME["km"], report=run).reported(data, plan))
    return documents, curves


def leaks_of(cohort: Cohort) -> list[Leak]:
    """What a reader of all published documents of a cohort can work out."""
    data = data_of(cohort)
    plan = plan_from(data, LIMITS)
    documents, curves = documents_of(data, plan)
    hold_apart(documents, curves, plan)
    return leaks(documents, LIMITS.children, curves)
