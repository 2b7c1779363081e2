"""A registry's centres side by side: how many lose response early, are scored, overdue, deficient.

The document is of all centres, each by its code: nobody but who may see them all reads it.
`registry.disclosure.centres` makes of it what one centre is told.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import bdtr
from sqlalchemy import Connection, text

from registry.analysis.dataset import Floats, check_definition, numbers, quartiles, require_columns
from registry.analysis.troughs.roc import ordered
from registry.words import note

METHOD = note(
    "Loss of response within a year: of the cohort, those who lost it within twelve months or were "
    "followed for twelve months; who left earlier without a loss is counted apart. Control limits: "
    "exact binomial limits, interpolated, around the share of all centres together (Spiegelhalter, "
    "Statistics in Medicine 2005): by chance alone 1 centre in 20 lies outside of those of 95 %, 1 "
    "in 500 outside of those of 99.8 %."
)
LEVELS = note(
    "Level at loss: the sample that tells of the loss, as for its mechanism; of a level below a "
    "limit half of that."
)
SHARES = ("lost_in_a_year", "left_in_a_year", "week14_scored", "level_measured", "overdue",
          "silent", "with_deficits")  # fmt: skip
"""Each a number of children with something among those of whom it can be said."""
LIMITS = {"95": (0.025, 0.975), "99.8": (0.001, 0.999)}
QUARTERS = 8
"""The quarters that are shown, up to the last in which anything was recorded."""
_COLUMNS = (
    "patient_id", "centre", "first_year", "week14_scored", "lost", "level_at_loss_ug_ml",
    "level_at_loss_comparator", "seen_for_visits", "deficits",
)  # fmt: skip


@dataclass(frozen=True)
class Centres:
    """Every centre by its code, and the funnel around all of them."""

    definition: str
    centres: dict[str, dict[str, Any]]
    quarters: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """The document of all centres."""
        return {
            "definition": self.definition,
            "method": METHOD,
            "centres": self.centres,
            "quarters": list(self.quarters),
            "notes": [LEVELS],
        }


def read_quarters(connection: Connection) -> pd.DataFrame:
    """The rows of `analytics.centre_quarter`."""
    result = connection.execute(text("select * from analytics.centre_quarter"))
    return pd.DataFrame(result.fetchall(), columns=list(result.keys()), dtype=object)


def compare_centres(children: pd.DataFrame, quarters: pd.DataFrame, definition: str) -> Centres:
    """Count each centre's children.

    Args:
        children: rows of `analytics.centre_child`.
        quarters: rows of `analytics.centre_quarter`.
        definition: the definition that all children must belong to.
    """
    check_definition(children, definition, "centre_child")
    require_columns(children, _COLUMNS, "centre_child")
    last = max(quarters["quarter_on"], default=None)
    shown = [] if last is None else _quarters_to(last)
    by_quarter: dict[tuple[Any, Any], tuple[Any, Any, Any]] = {
        (row.centre, row.quarter_on): (row.children, row.deficits, row.children_with_deficits)
        for row in quarters.itertuples()
    }
    centres = {}
    for code, rows in children.groupby("centre"):
        counted = [by_quarter.get((code, one), (0, 0, 0)) for one in shown]
        centres[str(code)] = _counted(rows) | {
            "quarters": [{"of": int(of), "deficits": int(deficits), "with": int(some)}
                         for of, deficits, some in counted]
        }  # fmt: skip
    return Centres(definition, centres, tuple(map(_name, shown)))


def _counted(rows: pd.DataFrame) -> dict[str, Any]:
    year = Counter(rows["first_year"].dropna())
    cohort, followed = year.total(), year["lost"] + year["kept"]
    visits = Counter(rows["seen_for_visits"].dropna())
    scored = Counter(rows["week14_scored"].dropna())
    lost = rows[rows["lost"].eq(True)]
    measured = lost[lost["level_at_loss_ug_ml"].notna()]
    deficits = numbers(rows, "deficits")
    counts = {
        "lost_in_a_year": (year["lost"], followed),
        "left_in_a_year": (year["left"], cohort),
        "week14_scored": (scored[True], scored.total()),
        "level_measured": (len(measured), len(lost)),
        "overdue": (visits["overdue"], visits.total()),
        "silent": (visits["silent"], visits.total()),
        "with_deficits": (int((deficits > 0).sum()), len(rows)),
    }
    return {
        "shares": {name: {"with": n, "of": of} for name, (n, of) in counts.items()},
        "levels": sorted(
            ordered(
                numbers(measured, "level_at_loss_ug_ml"),
                measured["level_at_loss_comparator"].tolist(),
            ).tolist()
        ),
        "deficits": int(deficits.sum()),
    }


def of_levels(levels: list[float]) -> dict[str, Any]:
    """Median and quartiles of levels in ug/mL, each None without any."""
    q1, median, q3 = quartiles(np.array(levels, dtype=np.float64))
    return {"median": median, "q1": q1, "q3": q3}


def control_limits(n: int, share: float) -> dict[str, tuple[float, float]]:
    """Between which proportions a centre of n children lies by chance, by level in per cent.

    The limit for a probability p is (r - a) / n: r the least count with P(R <= r) >= p, and a the
    part of P(R = r) by which that exceeds p. Held within 0 and 1.
    """
    counts = np.arange(n + 1)
    below = np.asarray(bdtr(counts, n, share), dtype=np.float64)
    return {
        level: (_limit(n, below, low), _limit(n, below, high))
        for level, (low, high) in LIMITS.items()
    }


def _limit(n: int, below: Floats, p: float) -> float:
    r = int(np.searchsorted(below, p))
    before = float(below[r - 1]) if r else 0.0
    exceeds = (float(below[r]) - p) / (float(below[r]) - before)
    return min(max((r - exceeds) / n, 0.0), 1.0)


def _quarters_to(last: date) -> list[date]:
    ordinal = last.year * 4 + (last.month - 1) // 3
    return [
        date(one // 4, one % 4 * 3 + 1, 1) for one in range(ordinal - QUARTERS + 1, ordinal + 1)
    ]


def _name(quarter: date) -> str:
    return f"{quarter.year}-Q{(quarter.month - 1) // 3 + 1}"
