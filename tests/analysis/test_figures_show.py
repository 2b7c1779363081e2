"""Each mark of a figure is at the number that it stands for, not at another of the document's."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pytest

from registry.drawing.scene import WIDE
from tests.analysis.test_painted_twice import Draw, figures

__all__ = ["figures"]

X, Y = 0, 1


def known(values: Iterable[float | None]) -> list[float]:
    return sorted({float(one) for one in values if one is not None})


def of_curves(*names: str) -> Callable[[Any], list[float | None]]:
    """In per cent, of every group; where causes compete of every cause of all."""

    def found(document: Any) -> list[float | None]:
        curves = [
            one
            for group in document["groups"]
            for one in (group["causes"] if "causes" in group else [group["curve"]])
        ]
        shares = [share for one in curves for name in names for share in one[name]]
        return [None if share is None else 100 * share for share in shares]

    return found


def ratios(*names: str) -> Callable[[Any], list[float | None]]:
    return lambda document: [
        term[name] for one in document["specifications"] for term in one["terms"].values()
        if term for name in names
    ]  # fmt: skip


def by_month(name: str) -> Callable[[Any], list[float | None]]:
    return lambda document: [one[name] for one in document["validation"]["curves"]]


def of_groups(name: str) -> Callable[[Any], list[float | None]]:
    return lambda document: [
        100 * one[name] for one in document["validation"]["groups"]
        if one["at_months"] == 12 and one["observed"] is not None
    ]  # fmt: skip


# Figure, name of the marks, their axis, and what they must stand at, all of it and nothing else.
CASES: tuple[tuple[str, str, int, Callable[[Any], Iterable[float | None]]], ...] = (
    ("km", "curve", Y, lambda d: [0, *of_curves("incidence")(d)]),
    ("km", "band", Y, of_curves("lower", "upper")),
    ("cuminc", "curve", Y, lambda d: [0, *of_curves("incidence")(d)]),
    ("cuminc", "band", Y, of_curves("lower", "upper")),
    ("cox", "point", X, lambda d: [one["hr"] for one in d["terms"]]),
    ("cox", "limit", X, lambda d: [one[k] for one in d["terms"] for k in ("hr_lower", "hr_upper")]),
    ("compared", "point s0", X, lambda d: [one["published"]["hr"] for one in d["covariates"]
                                           if one["published"]]),
    ("compared", "point s1", X, lambda d: [one["sound"]["hr"] for one in d["covariates"]
                                           if one["sound"]]),
    ("sensitivity", "point", Y, ratios("hr")),
    ("sensitivity", "limit", Y, ratios("hr_lower", "hr_upper")),
    ("course", "point", Y, lambda d: [one["median"] for one in d["over_time"]["windows"]]),
    ("course", "limit", Y, lambda d: [one[k] for one in d["over_time"]["windows"]
                                      for k in ("q1", "q3")]),
    ("roc", "curve", X, lambda d: [100 - 100 * one["specificity"] for one in d["roc"]["points"]]),
    ("roc", "curve", Y, lambda d: [100 * one["sensitivity"] for one in d["roc"]["points"]]),
    ("roc", "point", Y, lambda d: [100 * d["roc"]["youden"]["sensitivity"]]),
    ("calibration", "point", X, of_groups("predicted")),
    ("calibration", "point", Y, of_groups("observed")),
    ("brier", "curve c0", Y, by_month("brier")),
    ("brier", "curve c1", Y, by_month("null_brier")),
    ("auc", "curve", Y, by_month("auc")),
    ("auc", "point", Y, lambda d: [one["auc"]["corrected"] for one in d["validation"]["by_time"]]),
    ("hazards", "faint", Y, lambda d: d["schoenfeld"]["scaled"][d["terms"][0]["covariate"]]),
    ("hazards", "threshold", Y, lambda d: [d["terms"][0]["coef"]]),
    ("funnel", "point", Y, lambda d: [one["percent"] for one in d["funnel"]["centres"]
                                      if one["own"]]),
    ("funnel", "dot", Y, lambda d: [one["percent"] for one in d["funnel"]["centres"]
                                    if not one["own"]]),
    ("funnel", "threshold", Y, lambda d: [d["funnel"]["percent"]]),
)  # fmt: skip


@pytest.mark.parametrize(
    ("name", "mark", "axis", "expected"), CASES, ids=[" ".join(map(str, one[:3])) for one in CASES]
)
def test_marks_stand_at_their_own_numbers(
    figures: dict[str, tuple[Any, Draw]],
    name: str,
    mark: str,
    axis: int,
    expected: Callable[[Any], Iterable[float | None]],
) -> None:
    document, draw = figures[name]
    marks = [one for one in draw(WIDE).marks if one.name.startswith(mark)]
    placed = [one for one in marks if (one.x, one.y)[axis] is not None]
    found = known(place[axis] for one in placed for place in one.at)
    assert found == pytest.approx(known(expected(document)))
