"""Documents as flat rows for a CSV file: one list of mappings with the same keys, unrounded."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from registry.report.tables import Document

Rows = list[dict[str, Any]]


def flow(document: Document) -> Rows:
    """A row per step; `reason` only where patients were excluded."""
    before = ("registered", "no_infliximab", "started")
    after = ("eligible", "events", "responders")
    return [
        *({"step": step, "reason": None, "n": document[step]} for step in before),
        *(
            {"step": "excluded", "reason": one["reason"], "n": one["n"]}
            for one in document["excluded"]
        ),
        *({"step": step, "reason": None, "n": document[step]} for step in after),
    ]


def table1(document: Document) -> Rows:
    """A row per characteristic; statistics that do not apply are empty."""
    keys = ("id", "label", "n", "percent", "known", "mean", "sd", "median", "q1", "q3", "missing")
    return [{key: row.get(key) for key in keys} for row in document["rows"]]


def table2(document: Document) -> Rows:
    """A row per covariate."""
    return [dict(row) for row in document["rows"]]


def kaplan_meier(document: Document) -> Rows:
    """A row per group and month, the group's median, limits and the log-rank test repeated."""
    test = document["logrank"] or {"chi2": None, "df": None, "p": None}
    group_keys = (
        "group",
        "label",
        "n",
        "events",
        "median_months",
        "median_lower_months",
        "median_upper_months",
    )
    return [
        {
            "by": document["by"],
            **{key: group[key] for key in group_keys},
            **estimate,
            **{f"logrank_{key}": value for key, value in test.items()},
        }
        for group in document["groups"]
        for estimate in group["estimates"]
    ]


def cox(document: Document) -> Rows:
    """A row per term, the size of the model and its ties repeated."""
    shared = {key: document[key] for key in ("n", "dropped", "events", "ties")}
    return [{**term, **shared} for term in document["terms"]]


def tdm(document: Document) -> Rows:
    """A row per group, Welch's test repeated."""
    test = {key: document[key] for key in ("t", "df", "p")}
    return [{**group, **test} for group in document["groups"]]


def outcomes(document: Document) -> Rows:
    """One row of counts."""
    keys = (
        "lor",
        "stopped",
        "optimised",
        "neither",
        "regained",
        "not_regained",
        "regained_unknown",
    )
    return [{key: document[key] for key in keys}]


FLATTEN: dict[str, Callable[[Document], Rows]] = {
    "flow": flow,
    "table1": table1,
    "table2": table2,
    "km": kaplan_meier,
    "cox": cox,
    "tdm": tdm,
    "outcomes": outcomes,
}
"""The rows of the document of each `registry analyse` command."""
