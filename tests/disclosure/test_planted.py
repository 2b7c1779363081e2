"""In every kind of table a leak is found: one table without suppression among the published, and
by hand what follows from several."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from registry.cli.analyse.publication import plan_from
from registry.disclosure.audience import Limits, Withheld
from registry.disclosure.definitions import require_definition
from registry.disclosure.models import ANOTHER_READING, specifications
from registry.disclosure.plan import Plan
from registry.disclosure.together import ALMOST_ALL, ALMOST_THE_SAME, hold_apart
from registry.disclosure_checker.check import leaks
from tests.disclosure.cohorts import data_of
from tests.disclosure.reports import ALL_TOLD, LIMITS, documents_of

PLAN = Plan(LIMITS, 50, 20, {}, frozenset(), {}, {})
FLOW: dict[str, Any] = {
    "registered": 60, "no_infliximab": 0, "started": 60, "eligible": 50, "events": 20,
    "responders": 30, "excluded": [{"reason": "early", "n": 10}],
}  # fmt: skip


def told(**documents: Any) -> set[str]:
    names = {name.replace("_", "-"): one for name, one in documents.items()}
    return {one.cell for one in leaks({"flow": FLOW, **names}, LIMITS.children)}


@pytest.fixture(scope="module")
def report() -> tuple[dict[str, Any], dict[str, Any]]:
    """Documents of one report: published, none of them withheld, and without suppression."""
    data = data_of(ALL_TOLD)
    published, curves = documents_of(data, plan_from(data, LIMITS))
    assert not any(isinstance(one, str) for one in (*published.values(), *curves))
    assert leaks(published, LIMITS.children, curves) == []
    return published, documents_of(data, None, by=())[0]


KINDS = ("flow", "table1", "table2", "km", "cuminc", "cuminc by sex", "tdm", "outcomes")


@pytest.mark.parametrize("kind", KINDS)
def test_a_table_without_suppression_among_the_published_leaks(
    kind: str, report: tuple[dict[str, Any], dict[str, Any]]
) -> None:
    published, within = report
    assert leaks({**published, kind: within[kind]}, LIMITS.children)


def test_competing_events_are_the_kaplan_meier_curve_s_losses_and_others(
    report: tuple[dict[str, Any], dict[str, Any]],
) -> None:
    """Of a curve without its causes the rest follows from the losses that another curve tells."""
    published = deepcopy(report[0])
    [group] = published["cuminc"]["groups"]
    group["causes"][-1]["events"] = None
    found = {one.cell for one in leaks(published, LIMITS.children)}
    assert any(cell.startswith("all all ") for cell in found)


def missing(value: int | None) -> dict[str, Any]:
    known = None if value is None else 50 - value
    row = {"variable": "crp", "known": known, "missing": value, "percent": None}
    return {"n": 50, "rows": [row]}


def test_how_often_a_value_is_missing() -> None:
    assert told(missing=missing(3)) == {"crp missing"}
    assert (
        told(missing=missing(0)) == told(missing=missing(9)) == told(missing=missing(None)) == set()
    )
    assert told(missing={"n": 50, "rows": [missing(None)["rows"][0] | {"percent": 6.0}]})


def test_who_has_a_value_and_no_side_of_its_covariate() -> None:
    row = dict.fromkeys(("events_true", "events_false", "chi2", "p", "p_holm"))
    row |= {"covariate": "crp_high", "n_true": 20, "n_false": 19, "missing": 11}
    table2 = {"n": 50, "events": 20, "rows": [row]}
    assert "crp known but not crp_high" in told(table2=table2, missing=missing(9))
    assert not told(table2=table2, missing=missing(11))


def test_who_has_no_trough_follows_from_the_cohort() -> None:
    levels: dict[str, Any] = {
        "groups": [{"n": 18, "censored": None}, {"n": 25, "censored": None}], "t": 2.0, "df": 30.0,
        "p": 0.05, **dict.fromkeys(
            ("mann_whitney", "quartiles", "roc", "over_time", "mechanisms", "measured")
        ),
    }  # fmt: skip
    assert told(tdm=levels) >= {"not measured lost"}
    hidden = levels | {"groups": [{"n": None, "censored": None}] * 2}
    # The test's t and df, with the means beside them, give the numbers back.
    assert told(tdm=hidden) == {"tdm t", "tdm df", "tdm p"}
    assert not told(tdm=hidden | dict.fromkeys(("t", "df", "p")))


def model(n: int | None, events: int | None) -> dict[str, Any]:
    return {
        "n": n, "events": events, "dropped": None, "never_at_risk": None, "events_per_term": None,
        "terms": [], "notes": [],
    }  # fmt: skip


def curves(n: int, events: int) -> dict[str, Any]:
    group = {"group": "x", "n": n, "events": events, "estimates": []}
    return {
        "by": "perianal", "landmark_months": None, "never_at_risk": 0, "missing": 50 - n,
        "groups": [group], "notes": [],
    }  # fmt: skip


def test_two_models_of_almost_the_same_children_tell_of_the_others() -> None:
    beside = {"cox": model(40, 15), "interval_censored": model(38, 15)}
    assert told(**beside) == {"children of cox or of between visits alone"}
    readings = [
        {"model": "sound", "reference": first, "n": n, "events": 12}
        for first, n in ((True, 40), (False, 37))
    ]
    assert any("reading" in cell for cell in told(sensitivity={"specifications": readings}))


def test_the_later_of_two_loses_its_numbers_and_says_so() -> None:
    documents = {"cox": model(40, 15), "interval-censored": model(38, 15), "km": curves(40, 17)}
    further = [curves(40, 15), curves(50, 20), curves(49, 20)]
    hold_apart(documents, further, PLAN)
    assert documents["cox"] == model(40, 15)
    assert documents["interval-censored"] == model(None, None) | {
        "notes": [ALMOST_ALL], "suppressed": True,
    }  # fmt: skip
    assert documents["km"] == ALMOST_THE_SAME
    assert further == [curves(40, 15), curves(50, 20), ALMOST_THE_SAME]
    assert not told(cox=documents["cox"], interval_censored=documents["interval-censored"])


def test_a_reading_that_differs_by_few_children_is_left_out() -> None:
    """Even where both count the same children and losses: one has another time."""

    def reading(*differing: int) -> dict[str, Any]:
        return {
            "n": 50, "events": 20, "model": "sound", "reference": not differing,
            "terms": {"perianal": {"hr": 1.5}}, "reason": None, "differing": list(differing),
            "sizes": {"terms": {}, "strata": []},
        }  # fmt: skip

    made = specifications(
        {
            "covariates": [{"covariate": "perianal", "label": "Perianal disease"}],
            "specifications": [reading(), reading(0), reading(1, 1), reading(9, 9, 8)],
            "summary": [], "notes": [],
        },
        PLAN,
    )  # fmt: skip
    reasons = [one["reason"] for one in made["specifications"]]
    assert reasons == [None, None, ANOTHER_READING, None]
    assert made["specifications"][2]["terms"] == {"perianal": None}
    assert made["notes"]


def test_a_definition_that_differs_by_few_children_from_one_before_it_is_not_published() -> None:
    def cohort(*losses: int) -> frozenset[tuple[str, ...]]:
        return frozenset((f"P{child}", str(child in losses)) for child in range(30))

    cohorts = {
        "paper": cohort(1, 2, 3), "alike": cohort(1, 2, 3), "near": cohort(1, 2, 4),
        "far": cohort(*range(10, 20)),
    }  # fmt: skip
    for name in ("paper", "alike", "far"):
        require_definition(name, cohorts, cohorts.__getitem__, Limits(5))
    with pytest.raises(Withheld, match="'near' and 'paper' differ in fewer than 5"):
        require_definition("near", cohorts, cohorts.__getitem__, Limits(5))
    # Whoever is compared with it alone may be published.
    cohorts["nearer"] = cohort(1, 2, 4, 5, 6, 7, 8, 9)
    require_definition("nearer", cohorts, cohorts.__getitem__, Limits(5))
