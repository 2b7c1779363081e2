"""Sets items of the worklist aside, for a time or for good, and takes them up again.

Each time is a row that stays, with who did it, when and why; the last one of an item counts. What
is not plausible is set aside for good by closing its query, and so comes back with another value.
"""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy import Connection, text

from registry.errors import NotFound, Refused
from registry.records.patient_number import patient_number
from registry.records.queries import close, find_query, reopen
from registry.views.asked import answered, worklist_of_one
from registry.words import tr
from registry.worklist.read import judge_on


def dismiss(connection: Connection, item: str, *, until: date | None, on: date) -> None:
    """Sets an item aside through `until`, for good when None; the caller has said who and why.

    Raises NotFound for an item that the worklist of day `on` does not have under any definition,
    Refused for a day before `on`.
    """
    if until is not None and until < on:
        raise Refused(
            tr("An item cannot be set aside until {until}: that is past.", until=until),
            cure=tr("Give a later day, or none to set it aside for good."),
        )
    if not _aside(connection, item, on):
        raise NotFound(
            tr("The worklist has no item {item}.", item=item),
            cure=tr("The items are in the last line of each in: registry worklist"),
        )
    open_queries = [name for name in _queries(connection, item) if not _settled(connection, name)]
    for query in open_queries if until is None else ():
        close(connection, query, _reason(connection))
    if until is not None or not open_queries:
        _store(connection, item, until)


def resume(connection: Connection, item: str, *, on: date) -> None:
    """Takes an item up again that was set aside; NotFound when it is not aside on day `on`."""
    if True not in _aside(connection, item, on):
        raise NotFound(
            tr("No item {item} is set aside.", item=item),
            cure=tr("What is set aside is shown by: registry worklist --set-aside"),
        )
    settled = [name for name in _queries(connection, item) if _settled(connection, name)]
    for query in settled:
        reopen(connection, query, _reason(connection))
    if not settled or True in _aside(connection, item, on):
        _store(connection, item, on - timedelta(days=1))


def _queries(connection: Connection, item: str) -> list[str]:
    """The queries of the values that an item is about; none where it is no finding."""
    return list(
        answered(
            connection,
            f"select distinct facts ->> 'query' from {worklist_of_one()} "
            "where item = :item and facts ? 'query'",
            _named(connection, item),
        ).scalars()
    )


def _named(connection: Connection, item: str) -> dict[str, object]:
    """The child and the item that a name means; of no child where there is none of that id."""
    number = connection.execute(
        text("select patient_id from reference.patient_number where study_id = :study_id"),
        {"study_id": item.partition(":")[0]},
    ).scalar_one_or_none()
    return {"number": number, "item": item}


def _settled(connection: Connection, query: str) -> bool:
    return find_query(connection, query).settled


def _reason(connection: Connection) -> str:
    """Why the transaction changes the worklist, as the caller has said."""
    return str(connection.execute(text("select current_setting('registry.reason')")).scalar_one())


def _aside(connection: Connection, item: str, on: date) -> set[bool]:
    """Whether the item is set aside on day `on`; empty when the worklist does not have it."""
    judge_on(connection, on)
    return set(
        answered(
            connection,
            f"select distinct set_aside from {worklist_of_one()} where item = :item",
            _named(connection, item),
        ).scalars()
    )


def _store(connection: Connection, item: str, until: date | None) -> None:
    patient, _, name = item.partition(":")
    connection.execute(
        text(
            "insert into reference.worklist_dismissal (patient_id, item, until_on) "
            "values (:number, :name, :until)"
        ),
        {"number": patient_number(connection, patient), "name": name, "until": until},
    )
