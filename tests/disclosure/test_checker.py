"""Over random cohorts the checker finds nothing that all tables together give back, and it finds
the leaks that are planted."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

from hypothesis import given, settings

from registry.cli.analyse.analyses import BY_NAME
from registry.cli.analyse.curves import km
from registry.cli.analyse.data import Data
from registry.cli.analyse.publication import plan_from
from registry.disclosure.level import Limits
from registry.disclosure.plan import Plan
from registry.disclosure_checker.check import leaks
from tests.disclosure.cohorts import COHORTS, Cohort, data_of

LIMITS = Limits(5, 5)
TOLD = ("flow", "table1", "table2", "km")
BY = ("sex_female", "perianal", "crp_high")
LIKELY = Cohort(n=80, lost=0.4, unknown=0.03, excluded=(2, 0, 1), without=1, seed=11)


def documents_of(data: Data, plan: Plan | None) -> tuple[dict[str, Any], list[Any]]:
    """Every document of one report, as it is published, or as it stays within the centre."""
    documents = {name: BY_NAME[name].reported(data, plan) for name in TOLD}
    curves = []
    for covariate in BY:
        for landmark in (None, 12.0):
            run = partial(km, by=covariate, permute_below=0, landmark=landmark)
            curves.append(replace(BY_NAME["km"], report=run).reported(data, plan))
    return documents, curves


@settings(max_examples=10)
@given(COHORTS)
def test_nothing_is_given_back_by_all_tables_together(cohort: Cohort) -> None:
    data = data_of(cohort)
    documents, curves = documents_of(data, plan_from(data, LIMITS))
    assert leaks(documents, LIMITS.children, curves) == []
