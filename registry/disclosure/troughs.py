"""How drug levels are published: by outcome, quartile, time and mechanism, and who was measured.

Those with a trough at week 14 are part of the cohort: how many they are is told only where nobody
without one follows from it, and a part that rests on too few is left out with a sentence.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Any

from registry.disclosure.audience import Withheld
from registry.disclosure.cells import Cell, hide
from registry.disclosure.descriptive import BASIS, among_neighbours, values_of_many
from registry.disclosure.partition import hidden_parts, is_vague
from registry.disclosure.plan import Plan
from registry.words import note

Document = Mapping[str, Any]

SIDES = ("measured", "not_measured")
TEST = {"df": Cell.OPEN, "chi2": Cell.DERIVED, "p": Cell.DERIVED}
TROUGHS = {
    **BASIS,
    "unit": Cell.OPEN,
    **dict.fromkeys(("groups.*.group", "groups.*.label"), Cell.OPEN),
    **dict.fromkeys(("groups.*.n", "groups.*.censored"), Cell.COUNT),
    **dict.fromkeys(("groups.*.mean", "groups.*.sd"), Cell.MEASURE),
    **dict.fromkeys(("t", "df", "p"), Cell.DERIVED),
    **dict.fromkeys(("mann_whitney.exact", "mann_whitney.method"), Cell.OPEN),
    "mann_whitney.p": Cell.DERIVED,
    "mann_whitney.probability_higher": Cell.MEASURE,
    # Pairs of children, counted one by one.
    **dict.fromkeys(("mann_whitney.u", "mann_whitney.undecided_pairs"), Cell.CHILD),
    "quartiles.method": Cell.OPEN,
    "quartiles.values": Cell.CHILD,
    "quartiles.left_before_risk": Cell.COUNT,
    "quartiles.groups.*.quartile": Cell.OPEN,
    **dict.fromkeys(("quartiles.groups.*.above", "quartiles.groups.*.to"), Cell.MEASURE),
    **dict.fromkeys(("quartiles.groups.*.n", "quartiles.groups.*.events"), Cell.COUNT),
    "quartiles.groups.*.estimates.*.at_months": Cell.OPEN,
    "quartiles.groups.*.estimates.*.*": Cell.DERIVED,
    "quartiles.groups.*.curve": Cell.CHILD,
    "quartiles.curves.*.quartile": Cell.OPEN,
    "quartiles.curves.*.days.*": Cell.COUNT,
    "quartiles.curves.*.incidence.*": Cell.DERIVED,
    **{
        f"quartiles.{test}.{key}": kind
        for test in ("logrank", "trend")
        for key, kind in TEST.items()
    },
    **{
        f"quartiles.permutation.{key}": Cell.OPEN
        for key in ("permutations", "seed", "used_below_expected_events")
    },
    "quartiles.permutation.*": Cell.DERIVED,
    "quartiles.hazard_ratio_per_doubling.*": Cell.DERIVED,
    **dict.fromkeys(("quartiles.logrank_reason", "quartiles.hazard_ratio_reason"), Cell.SENTENCE),
    "roc.method": Cell.OPEN,
    **dict.fromkeys(("roc.n_lost", "roc.n_kept"), Cell.COUNT),
    # Each cut is the level of a child.
    **dict.fromkeys(("roc.youden", "roc.points", "roc.band"), Cell.CHILD),
    "roc.*": Cell.MEASURE,
    "over_time.method": Cell.OPEN,
    **dict.fromkeys(("over_time.after_loss", "over_time.not_troughs"), Cell.COUNT),
    **dict.fromkeys(("over_time.windows.*.window", "over_time.windows.*.label"), Cell.OPEN),
    **{f"over_time.windows.*.{key}": Cell.COUNT for key in ("n", "censored", "below_threshold")},
    "over_time.windows.*.censored_share": Cell.DERIVED,
    "over_time.windows.*.values": Cell.CHILD,
    "over_time.windows.*.*": Cell.MEASURE,
    "mechanisms.method": Cell.OPEN,
    **dict.fromkeys(("mechanisms.rows.*.mechanism", "mechanisms.rows.*.action"), Cell.OPEN),
    "mechanisms.rows.*.*": Cell.COUNT,
    "measured.method": Cell.OPEN,
    **{f"measured.{of}_{side}": Cell.COUNT for of in ("n", "events") for side in SIDES},
    **{f"measured.logrank.{key}": kind for key, kind in TEST.items()},
    "measured.logrank_reason": Cell.SENTENCE,
    **{f"measured.rows.*.{key}": Cell.OPEN for key in ("id", "label", "test")},
    **{f"measured.rows.*.{key}": Cell.DERIVED for key in ("standardised_difference", "p")},
    **{
        f"measured.rows.*.{side}.{key}": kind
        for side in SIDES
        for key, kind in {
            **dict.fromkeys(("n", "known", "missing"), Cell.COUNT),
            **dict.fromkeys(("median", "q1", "q3"), Cell.MEASURE),
            "values": Cell.CHILD,
        }.items()
    },
    "levels": Cell.CHILD,
}
LEVELS = note(
    "Levels of single children, the ROC curve and its cut are left out. Children with a trough are"
    " counted only where those without one are none, or at least {limit} with and without a loss."
)
OF_FEW: dict[str, str] = {
    "quartiles": note("By quartile of the trough nothing is published: a quartile has too few."),
    "mechanisms": note("Mechanisms are not published: too few of the losses have another."),
    "measured": note("Who was measured is not published: too few were not."),
}
"""What stands in the place of a part."""


def troughs(document: Document, plan: Plan) -> dict[str, Any]:
    """Every part as far as it can be told, beside Tables 1 and 2 and the outcomes."""
    plan.require_outcome()
    made, limit = deepcopy(dict(document)), plan.limits.children
    lost, kept = (group["n"] for group in document["groups"])
    if min(lost, kept) < limit:
        raise Withheld(
            note(
                "Fewer than {limit} children with a trough at week 14 lost response, or kept it, so"
                " nothing of their levels is published.",
                limit=limit,
            )
        )
    without = (plan.events - lost, plan.cohort - plan.events - kept)
    counted = without == (0, 0) or min(without) >= limit
    _by_outcome(made, limit, counted=counted)
    rules: dict[str, Callable[[dict[str, Any]], bool]] = {
        "quartiles": lambda part: counted and _quartiles(part, lost, kept, limit),
        "mechanisms": lambda part: _mechanisms(part, limit),
        "measured": lambda part: counted and _measured(part, plan),
    }
    for name, rule in rules.items():
        if made[name] is not None and not rule(made[name]):
            made[name] = None
            made["notes"].append(OF_FEW[name])
    if made["over_time"] is not None:
        _over_time(made["over_time"], lost + kept if counted else None, limit)
    return made


def _by_outcome(made: dict[str, Any], limit: int, *, counted: bool) -> None:
    groups = made["groups"]
    outside = [n for one in groups for n in (one["censored"], one["n"] - one["censored"])]
    for group in groups:
        if min(outside) < limit:
            hide(group, "censored")
        if group["sd"] == 0:
            hide(group, "mean", "sd")
        if not counted:
            hide(group, "n", "censored")
    if counted:
        return
    # Means, deviations and the tests made of them give the numbers back.
    hide(made, "t", "df", "p")
    for part, keys in (("mann_whitney", ("p",)), ("roc", ("n_lost", "n_kept", "se"))):
        if made[part] is not None:
            hide(made[part], *keys)


def _quartiles(part: dict[str, Any], lost: int, kept: int, limit: int) -> bool:
    """In steps; False where a quartile, or those who left before, are too few."""
    from registry.analysis.curves.stepped import kaplan_meier_in_steps
    from registry.analysis.troughs.quartiles import drawn

    groups = part["groups"]
    cells = [n for one in groups for n in (one["events"], one["n"] - one["events"])]
    if part["left_before_risk"]:
        before = lost - sum(one["events"] for one in groups)
        cells += [before, part["left_before_risk"] - before]
    if min(cells) < limit:
        return False
    named = [
        {**one, "group": str(one["quartile"]), "label": "", "restricted_mean": None}
        for one in groups
    ]
    stepped = kaplan_meier_in_steps({"groups": named, "landmark_months": None}, limit)["groups"]
    bounds = [among_neighbours(part["values"], share, limit) for share in (0.25, 0.5, 0.75)]
    for group, made in zip(groups, stepped, strict=True):
        group["estimates"] = [
            {key: one for key, one in estimate.items() if key != "at_risk"}
            for estimate in made["estimates"]
        ]
        for key, place in (("above", group["quartile"] - 2), ("to", group["quartile"] - 1)):
            if group[key] is not None:
                group[key] = bounds[place]
    part["curves"] = [
        drawn(group["quartile"], made["curve"]) for group, made in zip(groups, stepped, strict=True)
    ]
    return True


def _over_time(part: dict[str, Any], at_week14: int | None, limit: int) -> None:
    """Windows of enough children; that of week 14 counted only where it is of those by outcome."""
    for key in ("after_loss", "not_troughs"):
        if 0 < part[key] < limit:
            hide(part, key)
    for window in part["windows"]:
        n = window["n"]
        values_of_many(window, n, limit)
        if min(window["censored"], n - window["censored"]) < limit:
            hide(window, "censored", "censored_share")
        if min(window["below_threshold"], n - window["below_threshold"]) < limit:
            hide(window, "below_threshold")
        others = window["window"] == "week_14" and n != at_week14
        if n < limit or (others and (at_week14 is None or abs(n - at_week14) < limit)):
            hide(window, "n", "censored", "censored_share", "below_threshold")


def _mechanisms(part: dict[str, Any], limit: int) -> bool:
    """How many by mechanism, and what came of it where that is told of all."""
    rows = part["rows"]
    sizes = {str(place): row["n"] for place, row in enumerate(rows)}
    # A mechanism is listed because somebody has it.
    hidden = hidden_parts(sizes, limit, least=1)
    if not is_vague(sizes, hidden, limit, least=1):
        return False
    after = ("stopped", "optimised", "neither", "regained", "not_regained", "regained_unknown")
    few = min(row[key] for row in rows for key in after) < limit
    for place, row in enumerate(rows):
        level, unknown = row["with_a_level"], row["n"] - row["with_a_level"]
        if few:
            hide(row, *after)
        if str(place) in hidden:
            hide(row, "n", "with_a_level")
        elif level < limit or 0 < unknown < limit:
            hide(row, "with_a_level")
    return True


def _measured(part: dict[str, Any], plan: Plan) -> bool:
    """A characteristic is counted on both sides, or on neither."""
    limit = plan.limits.children
    for row in part["rows"]:
        sides = {side: row[side] for side in SIDES}
        missing = [told["missing"] for told in sides.values()]
        known = [part[f"n_{side}"] - told["missing"] for side, told in sides.items()]
        told = all(not n or n >= limit for n in missing) and min(known) >= limit
        if "values" not in row["measured"]:
            yes = [one["n"] for one in sides.values()]
            no = [of - n for of, n in zip(known, yes, strict=True)]
            apart = plan.sizes.get(row["id"], frozenset())
            told = told and "missing" not in apart
            if not told or min(*yes, *no) < limit or apart:
                hide(row, "standardised_difference", "p")
                for one in sides.values():
                    hide(one, "n", *(() if told else ("known", "missing")))
            continue
        if min(known) < limit:
            hide(row, "standardised_difference", "p")
        for one in sides.values():
            values_of_many(one, len(one["values"]), limit)
            if not told or not plan.tells_missing(row["id"], sum(missing)):
                hide(one, "missing")
    return True
