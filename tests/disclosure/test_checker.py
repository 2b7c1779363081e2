"""Over random cohorts the checker finds nothing that all tables together give back, and it finds
the leaks that are planted."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings

from registry.cli.analyse.publication import prove
from registry.disclosure.audience import Limits, Withheld
from registry.disclosure.plan import Plan
from registry.disclosure_checker.check import leaks
from registry.disclosure_checker.system import NotProved, System
from tests.disclosure.cohorts import COHORTS, Cohort
from tests.disclosure.reports import leaks_of

LIMITS = Limits(5)


# The long series is scripts/disclosure_series.py; one of which all is told is in test_planted.
@settings(max_examples=3)
@given(COHORTS)
def test_nothing_is_given_back_by_all_tables_together(cohort: Cohort) -> None:
    assert leaks_of(cohort) == []


FLOW: dict[str, Any] = {
    "registered": 60, "no_infliximab": 0, "started": 60, "eligible": 50, "events": 20,
    "responders": 30,
}  # fmt: skip


def flow(**excluded: int | None) -> dict[str, Any]:
    rows = [{"reason": reason, "n": n} for reason, n in excluded.items()]
    return {"flow": FLOW | {"excluded": rows}}


def told(documents: dict[str, Any]) -> set[str]:
    return {one.cell for one in leaks(documents, LIMITS.children)}


def test_a_cell_suppressed_alone_is_the_total_less_the_others() -> None:
    assert told(flow(late=None, early=7)) == {"excluded late"}
    assert told(flow(late=None, early=None)) == set()
    # Each reason that is listed has a child, so three of five can each be 1 to 3 only.
    assert told(flow(late=None, early=None, other=None, biologic=5)) == {
        "excluded late", "excluded early", "excluded other",
    }  # fmt: skip


def test_a_small_number_that_stands_is_found() -> None:
    assert "excluded late" in told(flow(late=3, early=7))


def test_a_percentage_gives_its_number_back() -> None:
    def table1(percent: float | None) -> dict[str, Any]:
        row = {"id": "p", "n": None, "percent": percent, "known": 50, "missing": 0}
        return {"table1": {"n": 50, "rows": [row]}}

    assert told(table1(6.0)) == {"p"}
    assert told(table1(None)) == set()


def test_table_1_gives_back_what_another_table_tells() -> None:
    row = {"covariate": "perianal", "n_true": 3, "n_false": 47, "missing": 0, "chi2": 1.5}
    row |= dict.fromkeys(("events_true", "events_false", "p", "p_holm"))
    documents = {"table2": {"n": 50, "events": 20, "rows": [row]}}
    found = told(documents)
    assert {"perianal n_true", "perianal chi2"} <= found


def test_numbers_at_risk_tell_who_left() -> None:
    curve = {"group": "all", "n": 50, "events": 20, "estimates": [{"at_risk": 48}]}
    curves = {"by": None, "landmark_months": None, "never_at_risk": 0, "missing": 0}
    assert "all all left by reading 0" in told({"km": curves | {"groups": [curve]}})


def model(**numbers: int | float | None) -> dict[str, Any]:
    told: dict[str, Any] = {
        "n": 50, "dropped": 0, "never_at_risk": 0, "events": 20, "events_per_term": 20,
        "terms": [{"covariate": "perianal"}],
    }  # fmt: skip
    row = {"covariate": "perianal", "n_true": 12, "n_false": 28, "missing": 10, "chi2": 1.5}
    row |= {"events_true": 7, "events_false": 8, "p": 0.2, "p_holm": None}
    table2 = {"n": 50, "events": 20, "rows": [row]}
    return {**flow(early=10), "table2": table2, "cox": told | numbers}


def test_a_model_tells_who_is_not_in_it() -> None:
    assert "cox lost apart" in told(model(n=38, dropped=12, events=17, events_per_term=17))
    # Ten of the twelve are known from Table 2, so of two only another covariate is not known.
    assert "cox but perianal" in told(model(n=38, dropped=12, events=15, events_per_term=15))
    assert told(model(n=40, dropped=10, events=15, events_per_term=15)) == set()


def test_a_model_s_losses_for_each_term_give_its_losses_back() -> None:
    hidden = dict.fromkeys(("n", "dropped", "events"))
    assert "cox lost apart" in told(model(**hidden, events_per_term=17))
    assert told(model(**hidden, events_per_term=None)) == set()


def test_what_is_not_proved_in_time_is_withheld(monkeypatch: pytest.MonkeyPatch) -> None:
    def late(*_: Any) -> None:
        raise NotProved

    monkeypatch.setattr("registry.disclosure_checker.check.leaks", late)
    with pytest.raises(Withheld, match="could not be proved"):
        prove({}, Plan(LIMITS, 80, 30, {}, frozenset(), {}, {}))


def test_bounds_are_those_worked_out_by_hand() -> None:
    system = System()
    for name, value in (("whole", 12), ("one", None), ("two", None), ("three", 4)):
        system.number(name, value)
    system.whole("whole", "one", "two", "three")
    assert system.bounds()["one"] == (0, 8)
