"""Every leaf of every document is declared: what nobody declared would be left out unseen."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from registry.cli.analyse.analyses import ANALYSES, BY_NAME, Analysis
from registry.cli.analyse.cox import cox
from registry.cli.analyse.curves import cuminc, km
from registry.cli.analyse.data import Data
from registry.cli.analyse.impute import impute
from registry.database.engine import Database
from registry.disclosure.cells import undeclared
from registry.disclosure.publish import Disclosure

TOLD = [one for one in ANALYSES if isinstance(one.disclosure, Disclosure)]
RICHER: dict[str, Any] = {
    "km": partial(km, by="sex_female", rmst=12.0, interval_censored=True, strata="perianal"),
    "cuminc": partial(cuminc, by="perianal"),
    "cox": partial(
        cox, covariates="sex_female,im_over_6_months", time_dependent="im", strata="perianal",
        landmark=12.0,
    ),
    "impute": partial(impute, covariates="trough,bmi_z_low", imputations=2, iterations=2),
}  # fmt: skip
"""With options that a report does not take."""


def undeclared_of(analysis: Analysis, data: Data) -> set[str]:
    assert isinstance(analysis.disclosure, Disclosure)
    run = analysis.report or analysis.run
    document = analysis.document(run(data.of(analysis.reads)), full=True)
    return undeclared(document, analysis.disclosure.cells) - {"basis"}


@pytest.fixture(scope="module")
def data(shared_study: Database) -> Any:
    with shared_study.engine.connect() as connection:
        yield Data(lambda: (connection, "paper"))


@pytest.mark.parametrize("name", [one.name for one in TOLD])
def test_every_leaf_of_the_study_is_declared(name: str, data: Data) -> None:
    assert undeclared_of(BY_NAME[name], data) == set()


@pytest.mark.parametrize("name", RICHER)
def test_every_leaf_of_other_options_is_declared(name: str, data: Data) -> None:
    analysis = BY_NAME[name]
    if not isinstance(analysis.disclosure, Disclosure):
        return
    assert undeclared_of(replace(analysis, report=RICHER[name]), data) == set()
