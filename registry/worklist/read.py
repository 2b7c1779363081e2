"""Reads the worklist as of a day: the records as they are now, without what is dated later."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import Connection, text

from registry.database.login import require_centres
from registry.errors import WrongUsage, there_are
from registry.records.patient_number import patient_number
from registry.records.registry_setting import definition_or_default
from registry.steps import step
from registry.views.asked import answered, worklist_of_one
from registry.words import SOURCE_LANGUAGE, in_language, language, spoken, tr
from registry.worklist.kept import kept_worklist, what_is_kept

# The fields of an item that its rule says in words.
WORDED = ("action", "why", "source")
_ENDED = text("select exists (select from present.follow_up_end where patient_id = :number)")


class Filters(NamedTuple):
    """What of the worklist is asked for; `on` None is today, `definition` None the default.

    `set_aside` also asks for the items that someone has set aside.
    """

    definition: str | None = None
    patient: str | None = None
    kinds: Sequence[str] = ()
    centre: str | None = None
    on: date | None = None
    set_aside: bool = False


class Item(NamedTuple):
    """One piece of work; the fields are columns of the view `analytics.worklist`."""

    rank: int
    patient_id: str
    centre: str
    kind: str
    action: str
    why: str
    due_on: date | None
    days_overdue: int | None
    rule: str
    source: str
    item: str
    set_aside: bool
    set_aside_until: date | None
    from_table: str | None
    record_on: date | None
    facts: dict[str, Any]

    def to_json(self) -> dict[str, Any]:
        """The item with its fields as keys."""
        return self._asdict()


def read_worklist(connection: Connection, filters: Filters) -> list[Item]:
    """The items that the filters let through, the most urgent first.

    Ranks are those of the whole list, or of one child's where it is asked for: the work of the
    others is not looked for then. Raises NotFound for a definition, patient or centre that is not
    there, WrongUsage for a kind that no rule has.
    """
    definition = definition_or_default(connection, filters.definition)
    number = _required(connection, filters)
    judge_on(connection, filters.on)
    kept = what_is_kept(connection, definition)
    if kept is not None and number not in kept.stale:
        source, values = kept_worklist(kept, number)
        found = _read(connection, source, definition, filters, values)
        # What is committed between two looks is in one of them and not in the other.
        if what_is_kept(connection, definition) == kept:
            return found
    if number is not None:
        ended = connection.execute(_ENDED, {"number": number}).scalar_one()
        source = worklist_of_one(ended=ended)
        return _read(connection, source, definition, filters, {"number": number})
    step(tr("Looking for the work of all children"))
    return _read(connection, "analytics.worklist", definition, filters, {})


def _read(
    connection: Connection,
    source: str,
    definition: str,
    filters: Filters,
    values: dict[str, Any],
) -> list[Item]:
    """The items that the filters let through, of a source with the columns of the worklist."""
    conditions = ["definition = :definition"]
    if filters.kinds:
        conditions.append("kind = any(:kinds)")
    if filters.centre is not None:
        conditions.append("centre = :centre")
    if not filters.set_aside:
        conditions.append("not set_aside")
    rows = answered(
        connection,
        f"select {', '.join(Item._fields)} from {source} "
        f"where {' and '.join(conditions)} order by rank",
        {
            "definition": definition,
            "kinds": list(filters.kinds),
            "centre": filters.centre,
            **values,
        },
    )
    words = _words(connection)
    return [_said(Item._make(row), words.get(row.rule, {})) for row in rows]


def _words(connection: Connection) -> dict[str, dict[str, str]]:
    """Rule -> field of an item -> the rule's words for it, with `{fact}` for each fact.

    Those that are other words in the person's language: many items have few rules. The database's
    own language asks for none.
    """
    if language() == SOURCE_LANGUAGE:
        return {}
    rows = connection.execute(
        text("select rule, action, why, source from reference.worklist_rule")
    ).mappings()
    return {
        row["rule"]: {name: row[name] for name in WORDED if spoken(row[name]) != row[name]}
        for row in rows
    }


def _said(item: Item, words: dict[str, str]) -> Item:
    """The item in the person's language; the view gives it in English."""
    said: dict[str, Any] = {
        name: in_language(message, getattr(item, name), item.facts)
        for name, message in words.items()
    }
    return item._replace(**said) if said else item


def judge_on(connection: Connection, day: date | None) -> None:
    """Makes `day` today for this transaction; None is what the database takes for today."""
    if day is None:
        connection.execute(text("reset registry.today"))
    else:
        connection.execute(
            text("select set_config('registry.today', :day, true)"), {"day": day.isoformat()}
        )


def kinds_of_work(connection: Connection) -> list[str]:
    """Every kind, the most urgent first."""
    return list(
        connection.execute(
            text("select kind from reference.worklist_rule group by kind order by min(place)")
        ).scalars()
    )


def _required(connection: Connection, filters: Filters) -> int | None:
    """The registry's number of the one child, if one is asked for."""
    number = None
    if filters.patient is not None:
        number = patient_number(connection, filters.patient)
    kinds = kinds_of_work(connection) if filters.kinds else []
    for kind in filters.kinds:
        if kind not in kinds:
            raise WrongUsage(
                tr("There is no kind of work {kind}.", kind=kind), cure=there_are(kinds)
            )
    if filters.centre is not None:
        require_centres(connection, [filters.centre])
    return number
