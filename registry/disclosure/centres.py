"""What one centre is told: itself beside the others, none of whom is named or can be worked out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from registry.analysis.centres import SHARES, control_limits, of_levels
from registry.disclosure.audience import Limits
from registry.disclosure.cells import Cell, hide, published
from registry.disclosure.descriptive import values_of_many
from registry.disclosure.partition import is_vague
from registry.errors import CannotEstimate, NotFound, there_are
from registry.words import declared, note, tr

Document = Mapping[str, Any]
FUNNEL = "lost_in_a_year"

PART = {
    f"shares.{FUNNEL}.with": Cell.COUNT,
    f"shares.{FUNNEL}.of": Cell.COUNT,
    "shares.*.percent": Cell.PERCENT,
    "levels.*": Cell.MEASURE,
    "deficits_per_child": Cell.MEASURE,
    "quarters.*.per_child": Cell.MEASURE,
}
"""What is told of others. Counts are of the funnel alone: of two wholes of nearly the same children
the difference would tell of few."""
OTHERS = note(
    "Of the other centres no number of children below {limit} is told, nor what would give one "
    "back ([c]); counts are told of the loss within a year alone, medians are means of the {limit} "
    "values around their place."
)
UNDRAWN = note("{number:centre|centres} with too few children on either side cannot be drawn.")
NO_FUNNEL = note(
    "The other centres have too few children with or without a loss within a year, so there is no "
    "funnel."
)
_LEAST, _POINTS = 5, 60


def told_to(document: Document, centre: str, limits: Limits, *, own: bool) -> dict[str, Any]:
    """The document of `centre` beside the others together.

    Args:
        document: `Centres.to_json()`.
        centre: its code.
        limits: the registry's; always those of the other centres.
        own: whether the centre's own numbers are held to them too, since they are to leave it.

    Raises:
        NotFound: there is no child of such a centre.
        CannotEstimate: there is no other centre.
    """
    centres, limit = document["centres"], limits.children
    if centre not in centres:
        raise NotFound(
            tr("There is no child of a centre {code}.", code=centre),
            cure=there_are(sorted(centres)),
        )
    others = [counted for code, counted in centres.items() if code != centre]
    if not others:
        raise CannotEstimate(
            tr("This registry has one centre, {code}: there is none to compare it with.",
               code=centre),
            cure=tr("What it does by itself: registry report, registry quality trend."),
        )  # fmt: skip
    hidden = _hidden(centres, limit, None if own else centre)
    told = hidden is not None and centre not in hidden
    mine, together = _part([centres[centre]]), _part(others)
    for part in (mine, together) if own else (together,):
        _hold(part, limit, counted=told)
    notes = [*document["notes"], declared(OTHERS, limit=limit)]
    if hidden is None:
        notes.append(NO_FUNNEL)
    elif hidden:
        notes.append(declared(UNDRAWN, number=len(hidden)))
    return {
        "definition": document["definition"],
        "method": document["method"],
        "centre": centre,
        "others": len(others),
        "limit": limit,
        "quarters": document["quarters"],
        "own": published(mine, PART) if own else _without_values(mine),
        "of_others": published(together, PART),
        "funnel": None if hidden is None else _funnel(centres, centre, hidden),
        "notes": notes,
    }


def _part(centres: Sequence[Document]) -> dict[str, Any]:
    """What is told of some centres together, before anything is held to a limit."""
    shares = {}
    for name in SHARES:
        n, of = (sum(one["shares"][name][key] for one in centres) for key in ("with", "of"))
        shares[name] = {"with": n, "of": of, "percent": 100 * n / of if of else None}
    levels = sorted(level for one in centres for level in one["levels"])
    quarters = [
        {key: sum(one[key] for one in each) for key in ("of", "with", "deficits")}
        for each in zip(*(one["quarters"] for one in centres), strict=True)
    ]
    children = shares["with_deficits"]["of"]
    return {
        "shares": shares,
        "levels": {**of_levels(levels), "values": levels},
        "deficits_per_child": sum(one["deficits"] for one in centres) / children,
        "quarters": [
            one | {"per_child": one["deficits"] / one["of"] if one["of"] else None}
            for one in quarters
        ],
    }


def _without_values(part: dict[str, Any]) -> dict[str, Any]:
    levels = {key: value for key, value in part["levels"].items() if key != "values"}
    return part | {"levels": levels}


def _hold(part: dict[str, Any], limit: int, *, counted: bool) -> None:
    """Hide what tells of few children, in place; `counted` where the funnel's counts are told."""
    for name, share in part["shares"].items():
        few = min(share["with"], share["of"] - share["with"]) < limit
        if few or (name == FUNNEL and not counted):
            hide(share, "with", "of", "percent")
        elif name != FUNNEL:
            hide(share, "with", "of")
        if name == "with_deficits" and few:
            hide(part, "deficits_per_child")
    levels = part["levels"]
    values_of_many(levels, len(levels.pop("values")), limit)
    for quarter in part["quarters"]:
        if quarter["with"] < limit:
            hide(quarter, "per_child")
        hide(quarter, "of", "with", "deficits")


def _cells(centre: Document) -> tuple[int, int]:
    share = centre["shares"][FUNNEL]
    return share["with"], share["of"] - share["with"]


def _hidden(
    centres: Mapping[str, Document], limit: int, exact: str | None
) -> frozenset[str] | None:
    """The centres that are no dot of the funnel; None where not even their sum may be known.

    All together are known by the funnel's line, so the hidden are several, with enough children
    lost and enough kept. `exact` knows its own numbers.
    """
    lost = {code: _cells(one)[0] for code, one in centres.items()}
    kept = {code: _cells(one)[1] for code, one in centres.items()}
    hidden = {code for code in centres if code != exact and min(lost[code], kept[code]) < limit}
    rest = sorted(
        centres.keys() - hidden - {exact}, key=lambda code: (lost[code] + kept[code], code)
    )
    while not (is_vague(lost, hidden, limit) and is_vague(kept, hidden, limit)):
        if not rest:
            return None
        hidden.add(rest.pop(0))
    return frozenset(hidden)


def _funnel(
    centres: Mapping[str, Document], centre: str, hidden: frozenset[str]
) -> dict[str, Any] | None:
    """The centres as dots, none but the own with a name, and the limits around all together."""
    lost, kept = (sum(cells) for cells in zip(*map(_cells, centres.values()), strict=True))
    if not lost + kept:
        return None
    share = lost / (lost + kept)
    dots: list[dict[str, Any]] = []
    for code in sorted(centres.keys() - hidden):
        n, rest = _cells(centres[code])
        if n + rest:
            mine = code == centre
            dots.append({
                "of": n + rest, "with": n, "percent": 100 * n / (n + rest), "own": mine,
                "lies": _lies(n, n + rest, share) if mine else None,
            })  # fmt: skip
    largest = max((dot["of"] for dot in dots), default=lost + kept)
    step = max(1, largest // _POINTS)
    sizes = [*range(min(_LEAST, largest), largest, step), largest]
    return {
        "percent": 100 * share,
        # By size, so that their order does not tell which they are.
        "centres": sorted(dots, key=lambda dot: (dot["of"], dot["with"])),
        "limits": [
            {"of": n}
            | {
                f"{end}_{level}": 100 * limit
                for level, both in control_limits(n, share).items()
                for end, limit in zip(("lower", "upper"), both, strict=True)
            }
            for n in sizes
        ],
    }


def _lies(n: int, of: int, share: float) -> str:
    """How a centre lies to the control limits: `within`, or `above_99.8` and so on."""
    for level, (low, high) in reversed(control_limits(of, share).items()):
        if n / of > high:
            return f"above_{level}"
        if n / of < low:
            return f"below_{level}"
    return "within"
