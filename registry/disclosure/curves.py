"""How curves are published: in steps of several children, and only where each group has enough."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from registry.disclosure.cells import Cell, hide
from registry.disclosure.descriptive import BASIS
from registry.disclosure.plan import Plan, too_few
from registry.words import note

Document = Mapping[str, Any]

KM = {
    **BASIS,
    "by": Cell.OPEN,
    "by_label": Cell.OPEN,
    "landmark_months": Cell.OPEN,
    "never_at_risk": Cell.COUNT,
    "missing": Cell.COUNT,
    "groups.*.group": Cell.OPEN,
    "groups.*.label": Cell.OPEN,
    "groups.*.n": Cell.COUNT,
    "groups.*.events": Cell.COUNT,
    "groups.*.estimates.*.at_months": Cell.OPEN,
    "groups.*.estimates.*.at_risk": Cell.COUNT,
    "groups.*.estimates.*.*": Cell.DERIVED,
    "groups.*.curve.days.*": Cell.COUNT,
    "groups.*.curve.at_risk.*": Cell.COUNT,
    "groups.*.curve.events.*": Cell.COUNT,
    "groups.*.curve.censored.*": Cell.COUNT,
    **{f"groups.*.curve.{key}.*": Cell.DERIVED for key in ("incidence", "lower", "upper")},
    "groups.*.restricted_mean.*": Cell.DERIVED,
    # Between which visits each loss lies.
    "groups.*.interval_censored": Cell.CHILD,
    **{f"groups.*.median_{limit}months": Cell.DERIVED for limit in ("", "lower_", "upper_")},
    "logrank.df": Cell.OPEN,
    "logrank.*": Cell.DERIVED,
    "strata": Cell.OPEN,
    "strata_label": Cell.OPEN,
    "permutation.permutations": Cell.OPEN,
    "permutation.seed": Cell.OPEN,
    "permutation.used_below_expected_events": Cell.OPEN,
    "permutation.*": Cell.DERIVED,
    "restricted_mean_difference.*": Cell.DERIVED,
    "time_to_lor_quartiles_months.*": Cell.MEASURE,
    "analysis_time_quartiles_months.*": Cell.MEASURE,
    "kaplan_meier_quartiles_months.*": Cell.MEASURE,
    "days_per_month": Cell.OPEN,
}

STEPS = note(
    "Curves are in steps of at least {limit} losses, or children who left, each at the end of the "
    "month of their mean time; estimates, limits and numbers at risk are read off these."
)


def require_groups(document: Document, plan: Plan) -> None:
    """Raises Withheld where a group, its losses or its others, or who is in none, are too few."""
    plan.require_outcome()
    plan.require_landmark(document.get("landmark_months"))
    label = document["by_label"] or note("All patients")
    for covariate in (document["by"], document.get("strata")):
        if covariate is not None:
            plan.require_group(covariate, label)
    limit = plan.limits.children
    groups, never, missing = document["groups"], document["never_at_risk"], document["missing"]
    events = [group["events"] for group in groups]
    cells = [*events, *(group["n"] - group["events"] for group in groups)]
    apart = plan.events - sum(events)
    # All losses less those of the groups are those of who is in none.
    if missing and never:
        raise too_few(label, plan.limits)
    if never or missing:
        cells += [apart, never + missing - apart]
    if min(cells) < limit:
        raise too_few(label, plan.limits)


def km(document: Document, plan: Plan) -> dict[str, Any]:
    """The curves anew from steps; quartiles of times only with enough children beyond them."""
    from registry.analysis.curves.stepped import kaplan_meier_in_steps

    require_groups(document, plan)
    made = deepcopy(dict(document)) | kaplan_meier_in_steps(document, plan.limits.children)
    by = document["by"] is not None
    if by or plan.events < 4 * plan.limits.children:
        _hide_all(made, "time_to_lor_quartiles_months")
    if by or plan.cohort < 4 * plan.limits.children:
        _hide_all(made, "analysis_time_quartiles_months")
    if by:
        _hide_all(made, "kaplan_meier_quartiles_months")
    return made


def _hide_all(holder: dict[str, Any], key: str) -> None:
    hide(holder, key)
    holder[key] = [None, None, None]
