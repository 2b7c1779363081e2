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


def km(document: Document) -> Rows:
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
    permuted = document.get("permutation") or {}
    return [
        {
            "by": document["by"],
            **{key: group[key] for key in group_keys},
            **estimate,
            **_intervals(group, i),
            **_restricted_mean(group),
            **{f"logrank_{key}": value for key, value in test.items()},
            "permutation_p": permuted.get("p"),
        }
        for group in document["groups"]
        for i, estimate in enumerate(group["estimates"])
    ]


def _intervals(group: dict[str, Any], i: int) -> dict[str, Any]:
    """The interval-censored incidence beside the i-th estimate; empty without one."""
    found = group.get("interval_censored")
    estimate = found["estimates"][i] if found else {}
    return {f"interval_censored_{key}": estimate.get(key) for key in ("least", "greatest")}


def _restricted_mean(group: dict[str, Any]) -> dict[str, Any]:
    keys = ("horizon_months", "months", "se", "lower", "upper")
    mean = group.get("restricted_mean") or {}
    return {f"restricted_mean_{key}": mean.get(key) for key in keys}


def cuminc(document: Document) -> Rows:
    """A row per group, month and cause, Gray's test of the cause repeated."""
    tests = {test["cause"]: test for test in document["gray"]}
    return [
        {
            "by": document["by"],
            "group": group["group"],
            "label": group["label"],
            "n": group["n"],
            "cause": cause["cause"],
            "events": cause["events"],
            **cause["estimates"][i],
            "at_risk": group["at_risk"][i],
            **{
                f"gray_{key}": tests.get(cause["cause"], {}).get(key) for key in ("chi2", "df", "p")
            },
        }
        for group in document["groups"]
        for i in range(len(document["at_months"]))
        for cause in group["causes"]
    ]


def cox(document: Document) -> Rows:
    """A row per term, the size of the model and its ties repeated."""
    keys = (
        "n", "dropped", "never_at_risk", "events", "events_per_term", "covariates_from", "ties",
        "penalty", "concordance",
    )  # fmt: skip
    shared = {key: document[key] for key in keys}
    tests = document["proportional_hazards"]
    p = {one["covariate"]: one["p"] for one in tests[0]["terms"]} if tests else {}
    return [
        {**term, **shared, "proportional_hazards_p": p.get(term["covariate"])}
        for term in document["terms"]
    ]


def compare_published(document: Document) -> Rows:
    """A row per covariate and model, from the published to the sound one."""
    found = []
    for one in document["covariates"]:
        for model in document["models"]:
            numbers = one[model["id"]] or {}
            keys = ("coef", "se", "hr", "hr_lower", "hr_upper", "p", "limits")
            found.append(
                {
                    "covariate": one["covariate"],
                    "label": one["label"],
                    "model": model["id"],
                    **{key: numbers.get(key) for key in keys},
                    "reason": model["reason"],
                }
            )
    return found


def sensitivity(document: Document) -> Rows:
    """A row per reading and model, the ratios of each covariate beside each other."""
    keys = ("definition", "definition_hash", "model", "reference", "clock", "censoring")
    numbers = ("hr", "hr_lower", "hr_upper", "p")
    ids = [one["covariate"] for one in document["covariates"]]
    return [
        {
            **{key: one[key] for key in keys},
            **{key: one["choices"].get(key) for key in document["varied"]},
            "n": one["n"],
            "events": one["events"],
            **{
                f"{number}_{covariate}": (one["terms"][covariate] or {}).get(number)
                for covariate in ids
                for number in numbers
            },
            "reason": one["reason"],
        }
        for one in document["specifications"]
    ]


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


def _troughs(document: Document) -> Rows:
    """A row per group, Welch's test repeated."""
    test = {key: document[key] for key in ("t", "df", "p")}
    return [{**group, **test} for group in document["groups"]]


def _quartiles(document: Document) -> Rows:
    """A row per quartile and month."""
    keys = ("quartile", "above", "to", "n", "events")
    return [
        {**{key: group[key] for key in keys}, **estimate}
        for group in (document["quartiles"] or {"groups": []})["groups"]
        for estimate in group["estimates"]
    ]


def _measured(document: Document) -> Rows:
    """A row per characteristic of those with and without a level."""
    keys = ("n", "known", "median", "q1", "q3", "missing")
    return [
        {
            "id": row["id"],
            "label": row["label"],
            **{
                f"{group}_{key}": row[group].get(key)
                for group in ("measured", "not_measured")
                for key in keys
            },
            **{key: row[key] for key in ("standardised_difference", "p", "test")},
        }
        for row in (document["measured"] or {"rows": []})["rows"]
    ]


def _listed(part: str, key: str) -> Callable[[Document], Rows]:
    """The rows as they stand in a part; none where the document has no such part."""
    return lambda document: [dict(row) for row in ((document[part] or {}).get(key) or [])]


TDM: dict[str, Callable[[Document], Rows]] = {
    "groups": _troughs,
    "quartiles": _quartiles,
    "roc": _listed("roc", "points"),
    "over_time": _listed("over_time", "windows"),
    "mechanisms": _listed("mechanisms", "rows"),
    "measured": _measured,
}
"""The rows of each part of the document on drug levels."""
