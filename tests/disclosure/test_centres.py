"""What a centre is told of the others: nobody who knows the centre's own children learns of few."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from registry.analysis.centres import SHARES
from registry.disclosure.audience import Limits
from registry.disclosure.cells import undeclared
from registry.disclosure.centres import FUNNEL, PART, told_to

LIMIT = 5


def centre(lost: int, kept: int, few: int = 7) -> dict[str, Any]:
    shares = {name: {"with": few, "of": 20} for name in SHARES}
    shares[FUNNEL] = {"with": lost, "of": lost + kept}
    quarter = {"of": 20, "with": few, "deficits": 2 * few}
    levels = [float(one) for one in range(few)]
    return {"shares": shares, "levels": levels, "deficits": 2 * few, "quarters": [quarter]}


def told(centres: dict[str, dict[str, Any]], *, own: bool = False) -> dict[str, Any]:
    document = {
        "definition": "paper", "method": "", "notes": [], "quarters": ["2023-Q4"],
        "centres": centres,
    }  # fmt: skip
    return told_to(document, "A", Limits(LIMIT), own=own)


def hidden_sum(made: dict[str, Any], centres: dict[str, dict[str, Any]]) -> tuple[int, int, int]:
    """How many centres are no dots, and their lost and kept together."""
    shown = [(dot["with"], dot["of"] - dot["with"]) for dot in made["funnel"]["centres"]]
    cells = [
        (one["shares"][FUNNEL]["with"], one["shares"][FUNNEL]["of"]) for one in centres.values()
    ]
    lost = sum(n for n, _ in cells) - sum(n for n, _ in shown)
    kept = sum(of - n for n, of in cells) - sum(rest for _, rest in shown)
    return len(cells) - len(shown), lost, kept


@pytest.mark.parametrize("own", [False, True])
def test_of_random_centres_none_of_few_children_can_be_worked_out(own: bool) -> None:
    """The line tells the sum of all; what it leaves beside the dots is of several centres."""
    rng, drawn = Random(3), 0
    for _ in range(150):
        centres = {
            code: centre(rng.choice((0, 2, 4, 5, 6, 9, 14)), rng.choice((1, 4, 5, 12, 30)))
            for code in "ABCDEFG"[: rng.randint(2, 7)]
        }
        made = told(centres, own=own)
        others = made["of_others"]["shares"][FUNNEL]
        if made["funnel"] is None:
            assert others["with"] is others["percent"] is None
            continue
        drawn += 1
        for dot in made["funnel"]["centres"]:
            if own or not dot["own"]:
                assert min(dot["with"], dot["of"] - dot["with"]) >= LIMIT
        number, lost, kept = hidden_sum(made, centres)
        assert number == 0 or (number > 1 and min(lost, kept) >= LIMIT)
        is_dot = any(dot["own"] for dot in made["funnel"]["centres"])
        if not is_dot:
            # All less the others would be the centre's own.
            assert others["with"] is others["percent"] is None
            assert made["own"]["shares"][FUNNEL]["with"] is None
    assert drawn > 20


def test_of_others_counts_are_those_of_the_funnel_alone() -> None:
    made = told({"A": centre(6, 30), "B": centre(8, 30), "C": centre(9, 40)})
    for name, share in made["of_others"]["shares"].items():
        assert (share["with"] is None) == (name != FUNNEL)
        assert share["percent"] is not None
    assert made["of_others"]["quarters"] == [
        {"of": None, "with": None, "deficits": None, "per_child": 0.7, "suppressed": True}
    ]
    assert made["own"]["shares"]["overdue"]["with"] == 7


def test_small_shares_and_levels_of_others_are_suppressed() -> None:
    made = told({"A": centre(6, 30), "B": centre(6, 30, few=1), "C": centre(9, 40, few=3)})
    of_others = made["of_others"]
    assert {share["percent"] for name, share in of_others["shares"].items() if name != FUNNEL} == {
        None
    }
    assert of_others["levels"]["median"] is of_others["deficits_per_child"] is None
    assert of_others["quarters"][0]["per_child"] is None


def test_every_leaf_that_is_told_of_others_is_declared() -> None:
    made = told({"A": centre(6, 30), "B": centre(8, 30), "C": centre(9, 40)})
    leaves = undeclared(made["of_others"], PART)
    assert {leaf for leaf in leaves if not leaf.endswith(".suppressed")} == set()
