"""Which definitions of a registry are published beside each other."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from registry.disclosure.audience import Limits, Withheld
from registry.words import note, tr

if TYPE_CHECKING:
    from registry.analysis.cox.sensitivity import Children


def require_definition(
    definition: str, names: Iterable[str], children_of: Callable[[str], Children], limits: Limits
) -> None:
    """Raises Withheld for one that differs by few children from one before it that is published.

    Asked for one after the other, all are held to the same order.

    Args:
        definition: whose results are asked for.
        names: of all, the first of which is always published.
        children_of: gives the cohort of one.
        limits: the registry's.
    """
    from registry.analysis.cox.sensitivity import differing

    told: dict[str, Children] = {}
    for name in names:
        children = children_of(name)
        near = next(
            (one for one, its in told.items() if 0 < differing(children, its) < limits.children),
            None,
        )
        if near is None:
            told[name] = children
        if name == definition:
            if near is not None:
                raise Withheld(
                    note(
                        "Definitions '{definition}' and '{other}' differ in fewer than {limit} "
                        "children, whom the results of both would tell of, so only the latter's are"
                        " published.",
                        definition=definition,
                        other=near,
                        limit=limits.children,
                    ),
                    cure=tr(
                        "Publish by --definition {other}, or keep it within the centre: "
                        "--disclosure none",
                        other=near,
                    ),
                )
            return
