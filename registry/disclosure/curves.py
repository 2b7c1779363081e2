"""How curves are published: in steps of several children, and only where each group has enough."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from copy import deepcopy
from typing import Any

from registry.disclosure.audience import Withheld
from registry.disclosure.cells import Cell, hide
from registry.disclosure.descriptive import BASIS
from registry.disclosure.plan import Plan, too_few
from registry.words import listed_apart, note

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

CUMINC = {
    **BASIS,
    "by": Cell.OPEN,
    "by_label": Cell.OPEN,
    "never_at_risk": Cell.COUNT,
    "missing": Cell.COUNT,
    "at_months.*": Cell.OPEN,
    "groups.*.group": Cell.OPEN,
    "groups.*.label": Cell.OPEN,
    "groups.*.n": Cell.COUNT,
    "groups.*.censored": Cell.COUNT,
    "groups.*.at_risk.*": Cell.COUNT,
    "groups.*.one_minus_kaplan_meier.*": Cell.DERIVED,
    "groups.*.causes.*.cause": Cell.OPEN,
    "groups.*.causes.*.label": Cell.OPEN,
    "groups.*.causes.*.events": Cell.COUNT,
    "groups.*.causes.*.estimates.*.at_months": Cell.OPEN,
    "groups.*.causes.*.estimates.*.*": Cell.DERIVED,
    **{f"groups.*.causes.*.{key}.*": Cell.DERIVED for key in ("incidence", "lower", "upper")},
    "groups.*.curve.causes.*.*": Cell.COUNT,
    "groups.*.curve.*.*": Cell.COUNT,
    "gray.*.cause": Cell.OPEN,
    "gray.*.label": Cell.OPEN,
    "gray.*.df": Cell.OPEN,
    "gray.*.*": Cell.DERIVED,
    "fine_gray.reference": Cell.OPEN,
    "fine_gray.terms.*.label": Cell.OPEN,
    "fine_gray.terms.*.*": Cell.DERIVED,
    "days_per_month": Cell.OPEN,
}

STEPS = note(
    "Curves are in steps of at least {limit} losses, or children who left, each at the end of the "
    "month of their mean time, so that a curve of few losses has a step or two; estimates, limits "
    "and numbers at risk are read off these."
)

EACH_CAUSE = note(
    "Each event, and the end of observation, is in steps of its own of at least {limit} children, "
    "so numbers at risk may differ from those of Kaplan-Meier; events of fewer are told together."
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


def cuminc(document: Document, plan: Plan) -> dict[str, Any]:
    """Every event in steps; the rarest are told as one until that has enough in every group."""
    from registry.analysis.curves.stepped import competing_in_steps

    plan.require_outcome()
    label = document["by_label"] or note("All patients")
    if document["by"] is not None:
        plan.require_group(document["by"], label)
    if document["missing"] or document["never_at_risk"]:
        raise Withheld(
            note(
                "Competing events are published only of all children, from the start, and where the"
                " covariate is known of all: else who is left out would follow by event."
            )
        )
    groups, limit = document["groups"], plan.limits.children
    joined = _rare(groups, limit)
    losses_and_ends = [n for one in groups for n in (one["causes"][0]["events"], one["censored"])]
    if min(*losses_and_ends, _fewest(groups, joined) if joined else limit) < limit:
        raise Withheld(
            note(
                "{covariate}: fewer than {limit} children lost response, had what competes with it,"
                " or were observed to the end, so competing events are not published.",
                covariate=label,
                limit=limit,
            )
        )
    words = [one["label"] for one in groups[0]["causes"] if one["cause"] in joined]
    together = dict.fromkeys(joined, "other")
    made = deepcopy(dict(document))
    made["groups"] = competing_in_steps(document, limit, together, listed_apart(words))
    made["gray"] = [one for one in made["gray"] if one["cause"] not in joined]
    return made


def _rare(groups: Sequence[Document], limit: int) -> list[str]:
    """What competes and is told as one: the rarest, until together there are enough."""
    names = [one["cause"] for one in groups[0]["causes"][1:]]
    names.sort(key=lambda name: _fewest(groups, [name]))
    rare: list[str] = []
    # With nobody told together yet the rarest alone decides.
    while (
        names and min(_fewest(groups, names[:1]), _fewest(groups, rare) if rare else limit) < limit
    ):
        rare.append(names.pop(0))
    return rare


def _fewest(groups: Sequence[Document], names: Collection[str]) -> int:
    """The fewest in a group of whom one of these events is the first."""
    return min(
        sum(int(one["events"]) for one in group["causes"] if one["cause"] in names)
        for group in groups
    )


def _hide_all(holder: dict[str, Any], key: str) -> None:
    hide(holder, key)
    holder[key] = [None, None, None]
