"""How the results of one definition are published: the plan for all of them, made once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from registry.disclosure.audience import Audience, Limits, Withheld
from registry.errors import CannotEstimate
from registry.words import note

if TYPE_CHECKING:
    from registry.cli.analyse.data import Data
    from registry.disclosure.plan import Plan


def plan_for(data: Data, audience: Audience | None) -> Plan | None:
    """The plan that results are held to; None where they stay within the centre."""
    from registry.cli.frame.disclosure import audience_of

    if audience_of(data.connection, audience) is Audience.NONE:
        return None
    from registry.records.registry_setting import disclosure_setting

    limits = Limits(disclosure_setting(data.connection)["limit"])
    _require_definition(data, limits)
    return plan_from(data, limits)


def _require_definition(data: Data, limits: Limits) -> None:
    from registry.records.registry_setting import definition_or_default

    first = definition_or_default(data.connection, None)
    if data.definition == first:
        return
    from registry.analysis.cox.sensitivity import children_of
    from registry.analysis.reading import read_view
    from registry.definitions.store import list_definitions
    from registry.disclosure.definitions import require_definition

    others = [one["name"] for one in list_definitions(data.connection) if not one["waiting"]]
    names = sorted({*others, data.definition}, key=lambda name: (name != first, name))
    require_definition(
        data.definition,
        names,
        lambda name: children_of(read_view(data.connection, "analysis_set", name)),
        limits,
    )


BESIDE = ("flow", "table1", "table2", "outcomes")
"""What is published with every other result, or may be at any time."""
SECONDS = 60.0
"""The longest that a proof may take; what is not proved is not published."""
PROVED = note(
    "Its counts are proved by integer programming, over flow, Tables 1 and 2 and the outcomes "
    "together with this: none of fewer than {limit} children follows."
)


def published_beside(data: Data, plan: Plan) -> dict[str, Any]:
    """What a reader may hold beside any result of the definition."""
    from registry.cli.analyse.analyses import BY_NAME

    return {name: BY_NAME[name].reported(data, plan) for name in BESIDE}


def prove(
    documents: dict[str, Any],
    plan: Plan,
    curves: list[Any] | None = None,
    seconds: float = SECONDS,
) -> None:
    """Hold what is about to be given out to each other and to the checker, and say so under each.

    Raises Withheld where a number follows from them together, or where it is not proved in time.
    """
    from registry.disclosure.publish import KEY
    from registry.disclosure.together import hold_apart
    from registry.disclosure_checker.check import leaks
    from registry.disclosure_checker.system import NotProved
    from registry.words import declared

    limit, curves = plan.limits.children, [] if curves is None else curves
    hold_apart(documents, curves, plan)
    try:
        found = leaks(documents, limit, curves, seconds)
    except (NotProved, ValueError):
        # Too slow, or at odds with itself: either way nobody knows, so it stays within.
        raise Withheld(
            note("It could not be proved that this tells of nobody, so it is not published.")
        ) from None
    if found:
        raise Withheld(
            note(
                "Together with what is published beside it, it would tell of fewer than {limit} "
                "children, so it is not published.",
                limit=limit,
            )
        )
    said = declared(PROVED.message, limit=limit)
    for document in (*documents.values(), *curves):
        if not isinstance(document, str) and said not in document["notes"]:
            document["notes"].append(said)
            document[KEY]["proved"] = True


def told_of(document: Any) -> dict[str, Any]:
    """A document that was not replaced by a sentence; raises Withheld where it was."""
    if isinstance(document, str):
        raise Withheld(document)
    made: dict[str, Any] = document
    return made


def plan_from(data: Data, limits: Limits) -> Plan:
    """The plan of the definition whose rows these are."""
    from registry.cli.analyse.analyses import BY_NAME
    from registry.disclosure.plan import plan_of

    def document(name: str) -> dict[str, Any] | None:
        analysis = BY_NAME[name]
        try:
            return analysis.document(analysis.result(data))
        except CannotEstimate:
            return None

    flow = document("flow")
    assert flow is not None
    return plan_of(limits, flow, document("table1"), document("table2"))


def basis_published(told: Mapping[str, Any]) -> dict[str, Any]:
    """What a result over a freeze says of it, without the hash of its rows."""
    return {key: {**basis, "sha256": None} for key, basis in told.items()}
