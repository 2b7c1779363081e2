"""Every leaf of every document is declared: what nobody declared would be left out unseen."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from registry.cli.analyse.analyses import ANALYSES, BY_NAME, Analysis
from registry.cli.analyse.cox import cox
from registry.cli.analyse.curves import cuminc, km
from registry.cli.analyse.data import Data
from registry.cli.analyse.impute import impute
from registry.disclosure.cells import undeclared
from registry.disclosure.publish import Disclosure, OnlyWithin
from tests.conftest import PROJECT

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
    document = analysis.document(analysis.result(data), full=True)
    return undeclared(document, analysis.disclosure.cells) - {"basis"}


@pytest.mark.parametrize("name", [one.name for one in TOLD])
def test_every_leaf_of_the_study_is_declared(name: str, study_data: Data) -> None:
    assert undeclared_of(BY_NAME[name], study_data) == set()


@pytest.mark.parametrize("name", RICHER)
def test_every_leaf_of_other_options_is_declared(name: str, study_data: Data) -> None:
    assert undeclared_of(replace(BY_NAME[name], report=RICHER[name]), study_data) == set()


@pytest.mark.parametrize("name", [one.name for one in ANALYSES])
def test_the_page_on_disclosure_says_what_publishing_does_to_each(name: str) -> None:
    """In a row of the table of docs/disclosure.md: what is done, or the declared reason."""
    page = (PROJECT / "docs" / "disclosure.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `([^`]+)` \| (.+) \|$", page, re.MULTILINE))
    assert set(rows) == {one.name for one in ANALYSES}
    disclosure = BY_NAME[name].disclosure
    if isinstance(disclosure, OnlyWithin):
        assert rows[name] == f"never leaves: {disclosure.reason}"
        return
    assert not rows[name].startswith("never leaves")
    # Options that are refused and figures that are not drawn are named.
    for word in (*disclosure.refused, *disclosure.undrawn):
        assert f"`{word}`" in rows[name]
