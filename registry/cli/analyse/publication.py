"""How the results of one definition are published: the plan for all of them, made once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from registry.disclosure.level import Level, Limits
from registry.errors import CannotEstimate

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from registry.cli.analyse.data import Data
    from registry.disclosure.plan import Plan


def plan_for(connection: Connection, definition: str, level: Level | None) -> Plan | None:
    """The plan that results are held to; None where they stay within the centre."""
    from registry.cli.frame.disclosure import level_of

    if level_of(connection, level) is Level.NONE:
        return None
    from registry.cli.analyse.data import Data
    from registry.records.disclosure_setting import disclosure_setting

    setting = disclosure_setting(connection)
    limits = Limits(setting["limit"])
    return plan_from(Data(lambda: (connection, definition)), limits)


def plan_from(data: Data, limits: Limits) -> Plan:
    """The plan of the definition whose rows these are."""
    from registry.cli.analyse.analyses import BY_NAME
    from registry.disclosure.plan import plan_of

    def document(name: str) -> dict[str, Any] | None:
        analysis = BY_NAME[name]
        try:
            return analysis.document((analysis.report or analysis.run)(data.of(analysis.reads)))
        except CannotEstimate:
            return None

    flow = document("flow")
    assert flow is not None
    return plan_of(limits, flow, document("table1"), document("table2"))
