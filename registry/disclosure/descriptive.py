"""How the flow, Tables 1 and 2 and the outcomes after a loss are published."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any

from registry.disclosure.cells import SUPPRESSED, Cell, hide
from registry.disclosure.partition import hidden_parts, is_vague
from registry.disclosure.plan import MISSING, VARIABLES, Plan
from registry.words import note

Document = Mapping[str, Any]

BASIS = {
    "definition": Cell.OPEN,
    "definition_hash": Cell.OPEN,
    "definition_is_default": Cell.OPEN,
    "basis.**": Cell.OPEN,
    "clock": Cell.OPEN,
    "entry": Cell.OPEN,
    "censoring": Cell.OPEN,
    "method": Cell.OPEN,
    "notes.*": Cell.OPEN,
}
"""What documents say of themselves."""

FLOW = {
    **BASIS,
    "registered": Cell.COUNT,
    "no_infliximab": Cell.COUNT,
    "started": Cell.COUNT,
    "excluded.*.n": Cell.COUNT,
    "excluded.*.*": Cell.OPEN,
    "eligible": Cell.COUNT,
    "events": Cell.COUNT,
    "responders": Cell.COUNT,
}
TABLE1 = {
    **BASIS,
    "n": Cell.COUNT,
    "rows.*.id": Cell.OPEN,
    "rows.*.label": Cell.OPEN,
    "rows.*.n": Cell.COUNT,
    "rows.*.known": Cell.COUNT,
    "rows.*.missing": Cell.COUNT,
    "rows.*.percent": Cell.PERCENT,
    "rows.*.values": Cell.CHILD,
    "rows.*.*": Cell.MEASURE,
}
TABLE2 = {
    **BASIS,
    "n": Cell.COUNT,
    "events": Cell.COUNT,
    "tests": Cell.OPEN,
    "permutations": Cell.OPEN,
    "permutation_seed": Cell.OPEN,
    "permuted_below_expected_events": Cell.OPEN,
    "show_holm": Cell.OPEN,
    "rows.*.n_true": Cell.COUNT,
    "rows.*.n_false": Cell.COUNT,
    "rows.*.events_true": Cell.COUNT,
    "rows.*.events_false": Cell.COUNT,
    "rows.*.missing": Cell.COUNT,
    "rows.*.chi2": Cell.DERIVED,
    "rows.*.p": Cell.DERIVED,
    "rows.*.p_holm": Cell.DERIVED,
    "rows.*.p_permutation": Cell.DERIVED,
    "rows.*.*": Cell.OPEN,
}
OUTCOMES = {
    **BASIS,
    "lor": Cell.COUNT,
    "stopped": Cell.COUNT,
    "optimised": Cell.COUNT,
    "neither": Cell.COUNT,
    "regained": Cell.COUNT,
    "not_regained": Cell.COUNT,
    "regained_unknown": Cell.COUNT,
}

MISSING_VALUES = {
    **BASIS,
    "n": Cell.COUNT,
    "rows.*.known": Cell.COUNT,
    "rows.*.missing": Cell.COUNT,
    "rows.*.percent": Cell.PERCENT,
    "rows.*.*": Cell.OPEN,
}


def flow(document: Document, plan: Plan) -> dict[str, Any]:
    """From the outcome upwards: what cannot be hidden among its neighbours hides the whole above.

    Reasons for which nobody was excluded are not listed, so each that is has at least one child.
    """
    made, limit = deepcopy(dict(document)), plan.limits.children
    eligible, excluded = document["eligible"], document["excluded"]
    if min(document["events"], document["responders"]) < limit:
        hide(made, "events", "responders")
    reasons = {str(number): one["n"] for number, one in enumerate(excluded)}
    hidden = hidden_parts(reasons, limit, least=1)
    # Started less the cohort is the excluded together.
    started_tells = not is_vague(reasons, hidden, limit, least=1)
    if eligible < limit:
        hide(made, "eligible", "events", "responders")
        hidden, started_tells = frozenset(reasons), True
    for number in hidden:
        hide(made["excluded"][int(number)], "n")
    without = document["no_infliximab"]
    if started_tells:
        hide(made, "started", "registered", "no_infliximab")
    elif 0 < without < limit:
        hide(made, "registered", "no_infliximab")
    return made


def table1(document: Document, plan: Plan) -> dict[str, Any]:
    """Levels as the plan has them; means and quartiles only of enough children."""
    plan.require_cohort()
    made, limit = deepcopy(dict(document)), plan.limits.children
    hidden = {row: plan.levels[one.rows[0]] for one in VARIABLES for row in one.rows}
    for row in made["rows"]:
        parts = hidden.get(row["id"], frozenset())
        if row["id"] in parts:
            hide(row, "n", "percent")
        if "n" in row:
            if MISSING in parts:
                hide(row, "percent", "known", "missing")
            continue
        known = document["n"] - row["missing"]
        values_of_many(row, known, limit)
        if not plan.tells_missing(row["id"], row["missing"]):
            hide(row, "missing")
    return made


def values_of_many(row: dict[str, Any], known: int, limit: int) -> None:
    """Means and quartiles of a row, in place; hidden where they are of too few children.

    Args:
        row: some of `mean`, `sd`, `q1`, `median`, `q3`, and the `values` behind them, in order.
        known: how many values there are.
        limit: the least count that is shown.
    """
    alike = row.get("q1") == row.get("q3")
    values = row.get("values") or []
    for name, share in (("q1", 0.25), ("median", 0.5), ("q3", 0.75)):
        if len(values) >= limit and name in row:
            row[name] = among_neighbours(values, share, limit)
    # A single value that all have is everybody's.
    if known < limit or row.get("sd") == 0:
        hide(row, "mean", "sd")
    if known < 2 * limit:
        hide(row, "median")
    if known < 4 * limit or alike:
        hide(row, "q1", "q3")


def among_neighbours(values: Sequence[float], share: float, limit: int) -> float:
    """The mean of so many values around a quantile's place, since it may be one child's.

    Args:
        values: ascending, at least `limit`.
        share: of the quantile.
        limit: how many.
    """
    first = round((len(values) + 1) * share - (limit + 1) / 2)
    first = min(max(first, 0), len(values) - limit)
    return sum(values[first : first + limit]) / limit


def table2(document: Document, plan: Plan) -> dict[str, Any]:
    """A covariate is told with all its losses and its test, or with none of them."""
    plan.require_outcome()
    made = deepcopy(dict(document))
    for row in made["rows"]:
        if row["covariate"] in plan.groups:
            hide(row, *plan.sizes[row["covariate"]])
            hide(row, "events_true", "events_false", "chi2", "df", "p", "p_holm", "p_permutation")
            row["note"] = None
    if any(row.get(SUPPRESSED) for row in made["rows"]):
        hide(made, "tests")
    return made


def outcomes(document: Document, plan: Plan) -> dict[str, Any]:
    """What followed the losses: a whole with two steps of parts below it."""
    plan.require_outcome()
    made, limit = deepcopy(dict(document)), plan.limits.children
    after = ("regained", "not_regained", "regained_unknown")
    steps = {name: document[name] for name in ("stopped", "optimised", "neither")}
    hidden = hidden_parts(steps, limit)
    hide(made, *hidden)
    if "optimised" in hidden:
        hide(made, *after)
    else:
        hide(made, *hidden_parts({name: document[name] for name in after}, limit))
    return made


def missing(document: Document, plan: Plan) -> dict[str, Any]:
    """How often a value is missing, where neither it nor what Tables 1 and 2 hide follows."""
    plan.require_cohort()
    made = deepcopy(dict(document))
    for row in made["rows"]:
        if not plan.tells_missing(row["variable"], row["missing"]):
            hide(row, "known", "missing", "percent")
    return made


QUARTILES = note(
    "A median or quartile is the mean of the {limit} values around its place; it stands only where "
    "at least {limit} children lie on either side of a median, or beyond a quartile."
)
COVARIATES_WHOLE = note(
    "Of a covariate all losses and the test are told, or none: a group, its losses or its children "
    "without had fewer than {limit}."
)
