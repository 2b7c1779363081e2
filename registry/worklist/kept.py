"""The worklist of all children as the night found it, kept for its day.

What is asked of a child follows from the child's own records, from tables of `reference` and from
the day. The audit says, in the order of commits, which of them have changed since: a child whose
records have is looked at anew, and after a change of those tables nothing that is kept counts. What
people set aside is read as it is; so is what hangs on other children or on the steps of a query.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import Connection, Engine, text

from registry.database.frozen import frozen_of
from registry.database.roles import literal
from registry.records.registry_setting import definition_or_default
from registry.views.asked import items_of, worklist_over
from registry.views.combined import OF_ONE, combined
from registry.views.plausibility import of_others

# Up to such a share of the children it is quicker to look at one after the other than at all.
SHARE_LOOKED_AT_ANEW = 0.05
# The rule of what people asked does not go by the child's records alone, nor do rules of
# plausibility whose header says `@others`. Each speaks of every child, so that it does not matter
# who is still followed up.
OF_PEOPLE = "query_raised"
LIVE = {
    "worklist_item": items_of(OF_PEOPLE, "implausible"),
    "follow_up": "select patient_id, null::date as ended_on, false as silent from patient",
}
COLUMNS = (
    *("patient_id", "study_id", "centre", "place", "kind", "rule", "item", "action", "why"),
    *("source", "due_on", "days_overdue", "record_on", "from_table", "facts"),
)
LISTED = ", ".join(COLUMNS)

_MAY_READ = """
select has_table_privilege('derived.kept_work', 'select')
    and has_column_privilege('audit.reference_change', 'table_name', 'select')
"""
# Where nobody keeps a list nothing more is asked, nor which tables it reads.
_OF_TODAY = "derived.kept_worklist k where k.day = rules.today() and k.definition = :definition"
_IS_KEPT = f"select exists (select from {_OF_TODAY})"
_SINCE = "(select change_id from audit.committed_change where commit_number > k.seen_commit)"
# What this transaction has changed itself has no number yet.
_STATE = f"""
select k.seen_commit, (select max(commit_number) from audit.committed_change) as newest,
    (select count(*) from clinical.patient) as children,
    array(
        select distinct r.patient_id from audit.record_change r
        where r.change_id = any(array{_SINCE}) order by 1
    ) as stale
from {_OF_TODAY}
    and pg_current_xact_id_if_assigned() is null
    and not exists (
        select from audit.reference_change r
        where r.table_name = any(:tables) and r.change_id in {_SINCE}
    )
"""


class Kept(NamedTuple):
    """Up to which commit something is kept for today, the last commit, whom to look at anew."""

    seen_commit: int
    newest: int
    stale: list[int]


def keep(engine: Engine) -> None:
    """Keeps the work of all children for today, under the default definition."""
    with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
        # The lock comes before the first query, which takes the snapshot.
        connection.execute(text("lock table derived.kept_worklist in exclusive mode"))
        connection.execute(text("reset registry.today"))
        values = {"definition": definition_or_default(connection, None)}
        connection.execute(text("delete from derived.kept_worklist"))
        connection.execute(text("delete from derived.kept_work"))
        connection.execute(
            text(
                f"insert into derived.kept_work ({LISTED}) select {LISTED} "
                f"from ({combined('called_for')}) c where {_of_the_child_alone()}"
            ),
            values,
        )
        connection.execute(
            text(
                "insert into derived.kept_worklist (day, definition, seen_commit) "
                "select rules.today(), :definition, coalesce(max(commit_number), 0) "
                "from audit.committed_change"
            ),
            values,
        )
        connection.commit()
    # All of yesterday's rows are gone, and a server that stops after a command clears them never.
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("vacuum (analyze) derived.kept_work"))


def what_is_kept(connection: Connection, definition: str) -> Kept | None:
    """What can be read in place of the records; None where that is nothing.

    It holds for as long as it stays the same: whoever reads several times asks again behind it.
    """
    values: dict[str, Any] = {"definition": definition}
    if (
        frozen_of(connection) is not None
        or not connection.execute(text(_MAY_READ)).scalar_one()
        or not connection.execute(text(_IS_KEPT), values).scalar_one()
    ):
        return None
    values["tables"] = tables_read()
    found = connection.execute(text(_STATE), values).one_or_none()
    if found is None or len(found.stale) > SHARE_LOOKED_AT_ANEW * found.children:
        return None
    return Kept(found.seen_commit, found.newest, found.stale)


def kept_worklist(kept: Kept, number: int | None = None) -> tuple[str, dict[str, Any]]:
    """The rows of `analytics.worklist` of :definition to read from, and the values beside it.

    With `number` of one child alone, who is none of those to look at anew.
    """
    condition = "" if number is None else OF_ONE
    unchanged = (
        f"select cast(:definition as text) as definition, {LISTED} from derived.kept_work "
        f"where {condition or 'patient_id <> all(cast(:stale as bigint[]))'}"
    )
    of_more = combined("called_for", condition, of_others(), LIVE)
    parts = [unchanged, f"select * from ({of_more}) o where definition = :definition"]
    if kept.stale and number is None:
        of_one = combined("called_for", "patient_id = s.patient_id")
        parts.append(
            "select c.* from unnest(cast(:stale as bigint[])) s (patient_id) cross join lateral "
            f"(select * from ({of_one}) c where {_of_the_child_alone()} offset 0) c"
        )
    return worklist_over(" union all ".join(parts)), {"stale": kept.stale, "number": number}


@cache
def tables_read() -> list[str]:
    """The tables of `reference` of which a change lets nothing count that is kept."""
    read = re.findall(r"\breference\.(\w+)", combined("called_for"))
    return sorted({*read, "definition"})


def _of_the_child_alone() -> str:
    others = ", ".join(map(literal, (*of_others(), OF_PEOPLE)))
    return f"c.definition = :definition and c.rule not in ({others})"
