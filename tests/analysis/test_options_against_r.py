"""Two hundred random combinations of options of `cox`, `km` and `cuminc`, against R's numbers.

`golden/options_data.py` draws children and options, `golden/options.R` computed the numbers with
survival and cmprsk. Firth's penalty is not among them: coxphf is not there (see `golden/cox.R`).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from registry.analysis.cox.design import Design
from registry.analysis.cox.fit import cox_regression
from registry.analysis.curves.competing import cumulative_incidence
from registry.analysis.curves.kaplan_meier import kaplan_meier
from tests.analysis.golden.options_data import COMBINATIONS, children, combinations

ASKED = combinations()
EXPECTED: list[dict[str, Any]] = json.loads(
    (Path(__file__).parent / "golden" / "options.json").read_text(encoding="utf-8")
)
BLOCK = 20
# What is read off curves at months, where R goes on behind the follow-up and we say nothing.
READ_OFF = {"estimate", "lower", "upper", "incidence"}


def cox(asked: dict[str, Any]) -> dict[str, Any]:
    frame, exposure = children(asked["set"])
    design = Design(
        time_dependent=tuple(asked["daily"]),
        landmark_months=asked["landmark"] or None,
        late_entry=asked["entry"],
        strata=tuple(asked["strata"]),
        robust=asked["robust"] or None,
        penalty="none",
    )
    found = cox_regression(
        frame, "paper", covariates=asked["terms"], ties=asked["ties"], design=design,
        exposure=exposure,
    ).to_json()  # fmt: skip
    of = {key: [term[key] for term in found["terms"]] for key in ("coef", "se", "p", "hr_lower")}
    return {
        "n": found["n"],
        "events": found["events"],
        "coef": of["coef"],
        "se": of["se"],
        "p": of["p"],
        "lower": of["hr_lower"],
        "loglik": found["loglik"],
        "concordance": found["concordance"],
        "zph": [
            [*(one["chi2"] for one in test["terms"]), test["chi2"]]
            for test in found["proportional_hazards"]
        ],
    }


def km(asked: dict[str, Any]) -> dict[str, Any]:
    frame, exposure = children(asked["set"])
    found = kaplan_meier(
        frame, "paper", by=asked["by"] or None, at_months=asked["months"],
        late_entry=asked["entry"], landmark_months=asked["landmark"] or None, exposure=exposure,
        strata=asked["strata"][0] if asked["strata"] else None, rmst_months=asked["rmst"] or None,
    ).to_json()  # fmt: skip
    groups = {}
    for group in found["groups"]:
        mean = group["restricted_mean"]
        groups[group["group"]] = {
            "estimate": [one["cumulative_incidence"] for one in group["estimates"]],
            "lower": [one["lower"] for one in group["estimates"]],
            "upper": [one["upper"] for one in group["estimates"]],
            "n": group["n"],
            "events": group["events"],
            "rmean": [mean["months"], mean["se"]] if mean else None,
            "median": group["median_months"],
        }
    return {"groups": groups, "logrank": found["logrank"] and found["logrank"]["chi2"]}


def cuminc(asked: dict[str, Any]) -> dict[str, Any]:
    frame, _ = children(asked["set"])
    found = cumulative_incidence(
        frame, "paper", by=asked["by"] or None, at_months=asked["months"], late_entry=asked["entry"]
    ).to_json()
    groups = {
        group["group"]: {
            "n": group["n"],
            "incidence": [
                [one["cumulative_incidence"] for one in cause["estimates"]]
                for cause in group["causes"]
            ],
        }
        for group in found["groups"]
    }
    terms = (found["fine_gray"] or {"terms": []})["terms"]
    return {
        "groups": groups,
        "gray": [test["chi2"] for test in found["gray"]] or None,
        "fine_gray": [one[key] for key in ("coef", "se") for one in terms] or None,
    }


RUN = {"cox": cox, "km": km, "cuminc": cuminc}


def differences(found: Any, expected: Any, where: str) -> list[str]:
    """Every number that is not R's; what we leave out beyond the follow-up R may still give."""
    if isinstance(found, list) and not isinstance(expected, list):
        expected = [expected]
    match expected:
        case dict():
            return [
                one
                for key, value in expected.items()
                for one in differences(found.get(key), value, f"{where} {key}")
            ]
        case list() if isinstance(found, list):
            if len(found) != len(expected):
                return [f"{where}: {found} {expected}"]
            pairs = enumerate(zip(found, expected, strict=True))
            return [one for i, (a, b) in pairs for one in differences(a, b, f"{where} {i}")]
        case _:
            beyond = found is None and not READ_OFF.isdisjoint(where.split())
            same = (
                beyond or found == expected or found == pytest.approx(expected, rel=1e-6, abs=1e-9)
            )
            return [] if same else [f"{where}: {found}, R {expected}"]


@pytest.mark.parametrize("block", range(COMBINATIONS // BLOCK))
def test_every_combination_is_rs(block: int) -> None:
    places = range(block * BLOCK, (block + 1) * BLOCK)
    wrong = [
        one
        for place in places
        for one in differences(
            RUN[ASKED[place]["kind"]](ASKED[place]), EXPECTED[place], f"{place} {ASKED[place]}"
        )
    ]
    assert wrong == []
