"""The one way in which a document is published."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from registry.disclosure.audience import Audience, Withheld
from registry.disclosure.cells import Cells, published, tells_no_number
from registry.disclosure.plan import Plan
from registry.errors import CannotEstimate
from registry.words import declared, note

Document = Mapping[str, Any]

SUPPRESSION = note(
    "Published: numbers of children below {limit}, and what would give them back, are suppressed"
    " ([c]); means, percentages and estimates are rounded."
)
KEY = "disclosure"
"""Of what a published document says of its publication."""


@dataclass(frozen=True)
class Disclosure:
    """How the documents of one analysis are published.

    Args:
        cells: what each cell of the document holds.
        rule: suppresses counts and what would give them back; raises Withheld where it cannot.
        changes: sentences on what else was changed, with `{limit}`.
        undrawn: endings of the figures that show single children.
        refused: options of the command that ask for single children.
    """

    cells: Cells
    rule: Callable[[Document, Plan], dict[str, Any]]
    changes: Sequence[str] = ()
    undrawn: Sequence[str] = ()
    refused: Sequence[str] = ()

    def require_open(self, options: Mapping[str, Any]) -> None:
        """Raises Withheld where an option asks for single children."""
        for name in self.refused:
            if options.get(name) is not None:
                raise Withheld(
                    note("{option} tells of single children, so it is not published.", option=name)
                )

    def __call__(self, document: Document, plan: Plan) -> dict[str, Any]:
        """The document as it is published; with what was changed, in its notes too.

        Raises:
            Withheld: there are too few children to tell it of.
        """
        made = published(self.rule(document, plan), self.cells)
        limit = plan.limits.children
        said = [declared(one, limit=limit) for one in (SUPPRESSION, *self.changes)]
        made["notes"] = [*filter(tells_no_number, made["notes"]), *said]
        made[KEY] = {"level": Audience.PUBLISH.value, "limit": limit, "changes": said}
        return made


@dataclass(frozen=True)
class OnlyWithin:
    """An analysis that is never published, for a reason that is told in its place."""

    reason: str
    undrawn: Sequence[str] = ()

    def require_open(self, options: Mapping[str, Any]) -> None:
        """Raises Withheld, whatever was asked for."""
        raise Withheld(self.reason)

    def __call__(self, document: Document, plan: Plan) -> dict[str, Any]:
        """Raises Withheld."""
        raise Withheld(self.reason)


def publishable(error: CannotEstimate) -> CannotEstimate:
    """Why there is no result, as it may be told: without numbers of children."""
    if isinstance(error, Withheld) or tells_no_number(error.problem):
        return error
    return Withheld(note("There is no result, for a reason that tells numbers of children."))


def like(published: Any, shown: Any) -> Any:
    """A published document without what its shorter form `shown` has not either."""
    if isinstance(published, Mapping) and isinstance(shown, Mapping):
        return {
            key: like(held, shown[key]) if key in shown else held
            for key, held in published.items()
            if key in shown or key in (KEY, "suppressed")
        }
    if isinstance(published, list) and isinstance(shown, list) and len(published) == len(shown):
        return [like(one, other) for one, other in zip(published, shown, strict=True)]
    return published
