"""Results given out together, held to each other: two of almost the same children tell of the rest.

Each model and curve is of the cohort less those whom it leaves out. Where two differ by fewer than
the limit, in children or in losses, the later one is not told.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from registry.disclosure.cells import hide
from registry.disclosure.models import SIZE
from registry.disclosure.plan import Plan
from registry.words import note

Document = dict[str, Any]

ALMOST_ALL = note(
    "Its children and losses are not told: another result beside it has almost the same."
)
ALMOST_THE_SAME = note(
    "Not published: another result beside it is of almost the same children, so that the others"
    " would be told of."
)


def hold_apart(documents: dict[str, Any], curves: list[Any], plan: Plan) -> None:
    """Suppress, of published documents, what almost another one tells.

    Args:
        documents: by name; a sentence takes the place of what cannot be told beside the others.
        curves: further ones.
        plan: what they are held to.
    """
    told = {(plan.cohort, plan.events)}

    def alone(n: int | None, events: int | None) -> bool:
        if n is None or events is None:
            return True
        near = too_near((n, events), told, plan.limits.children)
        if not near:
            told.add((n, events))
        return not near

    for name, document in documents.items():
        if isinstance(document, str):
            continue
        if name in _CURVES:
            if not alone(*_of_curves(document)):
                documents[name] = ALMOST_THE_SAME
            continue
        for held in _MODELS.get(name, _none)(document):
            if not alone(held["n"], held["events"]):
                hide(held, *SIZE, "without_stratum")
                if ALMOST_ALL not in document["notes"]:
                    document["notes"].append(ALMOST_ALL)
    for place, document in enumerate(curves):
        if not isinstance(document, str) and not alone(*_of_curves(document)):
            curves[place] = ALMOST_THE_SAME


def too_near(one: tuple[int, int], others: Collection[tuple[int, int]], limit: int) -> bool:
    """Whether children, or losses, differ from those of another by some and by too few."""
    return any(
        0 < abs(mine - its) < limit
        for other in others
        for mine, its in zip(one, other, strict=True)
    )


def _of_curves(document: Document) -> tuple[int, int]:
    """Children and losses of all groups together."""
    groups = document["groups"]
    losses = [one["events"] if "events" in one else one["causes"][0]["events"] for one in groups]
    return sum(one["n"] for one in groups), sum(losses)


def _none(_: Document) -> list[Document]:
    return []


_CURVES = ("km", "km_sound", "cuminc")
_MODELS: Mapping[str, Callable[[Document], list[Document]]] = {
    "cox": lambda document: [document],
    "impute": lambda document: [document, document["complete_cases"]],
    "interval-censored": lambda document: [document],
    "compare-published": lambda document: [
        step["model"] for step in document["models"] if step["model"] is not None
    ],
    "sensitivity": lambda document: document["specifications"],
}
"""What of a document has the size of a model."""
