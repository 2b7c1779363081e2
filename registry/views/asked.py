"""Views asked of less than all that they hold: of some rules, or of one child.

No condition reaches through what is computed once (`combined`), and the server plans all that it is
asked before it leaves out what no condition lets through. So less is asked for by its own text. An
inspector may read the views of findings and queries and nothing below them: he is given these.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from sqlalchemy import Connection, CursorResult, text

from registry.database.roles import literal
from registry.views.combined import OF_ONE, combined
from registry.views.plausibility import ALL_RULES, union_of_rules
from registry.views.sources import WORKLIST, has, names, select_of

# As `text` knows it, but found by its colon.
_VALUE = re.compile(r":(?<![:\w\\]:)(\w+)(?![:\w])")
_READS_RECORDS = text("select has_table_privilege('clinical.patient', 'select')")


def answered(connection: Connection, query: str, values: Mapping[str, Any]) -> CursorResult[Any]:
    """What a query answers whose text has those of views, with `:name` where a value belongs.

    As with `text`, whose patterns go through the hundred thousand letters of the worklist as slowly
    as these are put together.
    """
    return connection.exec_driver_sql(written(query), dict(values))


def written(query: str) -> str:
    """The query as the driver takes it."""
    return _VALUE.sub(r"%(\1)s", query.replace("%", "%%"))


@cache
def worklist_of_one(*, ended: bool = False) -> str:
    """The rows of `analytics.worklist` of the child with the registry's number :number.

    With `ended` of one whose observation has: few rules speak of those, and the others are not
    planned.
    """
    return _worklist(combined("work", OF_ONE, instead=_after_end() if ended else None))


def _after_end() -> dict[str, str]:
    """What stands in place of the items of all rules, and of who is still observed."""
    said = (name for name in names(WORKLIST) if has(WORKLIST, name, "after_end: "))
    return {
        "worklist_item": items_of(*said, "implausible"),
        "follow_up": "select patient_id, ended_on, false as silent from follow_up_end",
    }


def items_of(*views: str) -> str:
    """The items of these views, which are those of every definition, as a query."""
    every = " union all ".join(f"select * from {view}" for view in views)
    return f"select d.name as definition, i.* from ({every}) i cross join definition d"


def worklist_over(called_for: str) -> str:
    """The rows of `analytics.worklist` of these rows of `called_for`, given by a query."""
    # A stand-in, since the names of what is given are those of their schemas already.
    table = "derived.kept_work"
    work = combined("work", instead={"called_for": f"select * from {table}"})
    return _worklist(work.replace(table, f"({called_for})"))


def _worklist(work: str) -> str:
    of_all = select_of("analytics", "worklist")
    return f"({of_all.replace('from work', f'from ({work}) work')}) worklist"


def findings_of(rules: Iterable[str] | None = None, condition: str = "") -> str:
    """The rows of `present.finding` of these rules, or all, of whom the condition holds."""
    return f"({combined('finding', condition, rules)})"


def counts_of_rules() -> str:
    """Of each rule of plausibility, as far as it is active, the records `tried` and `failed`.

    Each is counted by itself: no row passes through the union of all.
    """
    counts = "count(*) as tried, count(*) filter (where failed) as failed"
    counted = union_of_rules(told=counts)
    return f"({combined(ALL_RULES, instead={ALL_RULES: counted})})"


def asked(
    connection: Connection, view: str, rules: Iterable[str] | None = None, *, of_one: bool = False
) -> str:
    """The rows of `present.finding` or `present.query` to read from: of these rules, or all.

    With `of_one` of the child :number alone.
    """
    condition = OF_ONE if of_one else ""
    if connection.execute(_READS_RECORDS).scalar_one():
        if condition or rules is not None:
            return f"({combined(view, condition, rules)})"
        return f"present.{view}"
    named = "" if rules is None else f"rule in ({', '.join(map(literal, rules))})"
    where = " and ".join(filter(None, (condition, named))) or "true"
    return f"(select * from present.{view} where {where})"
