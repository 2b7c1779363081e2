"""What changed since the last report, and the row that keeps the report with how far it reached.

The losses are those of `derived.status_transition` after the last derivation that was reported,
whoever ran the derivations since: one that a person ran by day hides nothing. Of several
transitions of one patient what counts is where he stood at the last report and where he stands now.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Engine, bindparam, text
from sqlalchemy.dialects.postgresql import JSONB

from registry.records.registry_setting import default_definition
from registry.schedule.left_out import left_out
from registry.schedule.store import lock_nights

# More lines than these help nobody; the counts are of all of them. Losses are never left out.
LISTED = 100
LOSS = "loss_of_response"

_NET = f"""
with net as (
    select
        patient_id, definition,
        (array_agg(from_state order by run_id))[1] as from_state,
        (array_agg(to_state order by run_id desc))[1] as to_state
    from derived.status_transition
    where run_id > :seen_run
    group by patient_id, definition
),
changed as (
    select
        net.*, n.study_id,
        from_state is distinct from '{LOSS}' and to_state = '{LOSS}' as lost
    from net join reference.patient_number n using (patient_id)
    where from_state is distinct from to_state
)
"""

# `cause`: what was done to the patient's records since the last report, where the audit knows.
_LOSSES = f"""
{_NET}
select
    c.study_id as patient_id, c.definition, c.from_state as "from", s.event_on as "on",
    s.event_pcdai as pcdai, d.lor_above as above, d.lor_requires_rise as above_week14,
    d.lor_confirmations as confirmations, s.week14_on, s.week14_pcdai, s.last_negative_on, r.cause
from changed c
join derived.lor_status s using (patient_id, definition)
join reference.definition d on d.name = c.definition
cross join reference.registry_setting o
left join lateral (
    select case when bool_or(operation <> 'insert') then 'corrected'
        when count(*) > 0 then 'new_data' end as cause
    from audit.record_change
    where not :first and patient_id = c.patient_id
        and (change_id > :seen_change or change_id = any(:open_changes))
) r on true
where c.lost
order by
    bool_or(d.name = o.default_definition) over (partition by c.patient_id) desc,
    c.study_id, d.name <> o.default_definition, d.name
"""

_WITHDRAWN = f"""
{_NET}
select study_id as patient_id, definition, from_state as "from", to_state as "to"
from changed where from_state = '{LOSS}' order by study_id, definition
"""

_OTHERS = f"""
{_NET}
select study_id as patient_id, definition, from_state as "from", to_state as "to"
from changed
where not lost and from_state is not null and from_state <> '{LOSS}'
order by study_id, definition limit {LISTED}
"""

_COUNTS = f"""
{_NET}
select definition, from_state as "from", to_state as "to", count(*) as patients
from changed group by 1, 2, 3 order by 1, 4 desc, 2, 3
"""

_DATA = """
select made_at, made_by, command, summary, count(*) over () as every
from reference.change_set
where change_id > :seen_change or change_id = any(:open_changes)
order by change_id desc limit :listed
"""


@dataclass(frozen=True)
class Item:
    """One item of the worklist: its kind, and a key that is the same as long as it is there."""

    kind: str
    key: str


@dataclass(frozen=True)
class Derived:
    """What a night's derivation came to; `failed` says by name what went wrong with a definition.

    The other definitions are derived all the same.
    """

    said: str
    failed: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Mark:
    """How far the last report reached. `keys` is None where no worklist was ever looked at."""

    seen_run: int = 0
    seen_change: int = 0
    open_changes: tuple[int, ...] = ()
    keys: frozenset[str] | None = None
    made_at: datetime | None = None

    @property
    def parameters(self) -> dict[str, Any]:
        """For the statements above."""
        return {
            "seen_run": self.seen_run,
            "seen_change": self.seen_change,
            "open_changes": list(self.open_changes),
            "first": self.made_at is None,
        }


def store_report(
    engine: Engine,
    night: int,
    *,
    heading: dict[str, Any],
    derived: Derived | None,
    items: Sequence[Item] | None,
    channels: list[str],
) -> dict[str, Any]:
    """Makes the report of a night and keeps it with how far it reached, in one transaction.

    Unless `derived`, the transitions are left for the next report. `items` is None where the
    worklist could not be looked at.
    """
    with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
        # The lock comes before the first query, which takes the snapshot.
        lock_nights(connection)
        mark = _last_mark(connection)
        report = heading | {"since": _plain(mark.made_at), "derived": derived is not None}
        report |= {"default_definition": default_definition(connection)}
        if derived is None:
            report |= _no_transitions() | {"left_out": None, "data": None}
        else:
            report |= _transitions(connection, mark)
            report |= {"left_out": left_out(connection, derived.failed)}
            report |= {"data": _data(connection, mark)}
        report |= {"worklist": None if items is None else _worklist(items, mark)}
        _keep(connection, night, report, mark, items, channels)
        connection.commit()
    return report


def _last_mark(connection: Connection) -> Mark:
    row = connection.execute(
        text(
            "select seen_run, seen_change, open_changes, started_at, (select worklist_keys "
            "from derived.scheduled_run where worklist_keys is not null "
            "order by night_id desc limit 1) as keys from derived.scheduled_run "
            "where seen_run is not null order by night_id desc limit 1"
        )
    ).one_or_none()
    if row is None:
        return Mark()
    return Mark(
        row.seen_run,
        row.seen_change,
        tuple(row.open_changes),
        None if row.keys is None else frozenset(row.keys),
        row.started_at,
    )


def _transitions(connection: Connection, mark: Mark) -> dict[str, Any]:
    return {
        "new_losses": _rows(connection, _LOSSES, mark),
        "withdrawn_losses": _rows(connection, _WITHDRAWN, mark),
        "other_changes": _rows(connection, _OTHERS, mark),
        "transitions": _rows(connection, _COUNTS, mark),
    }


def _no_transitions() -> dict[str, Any]:
    return {
        "new_losses": [],
        "withdrawn_losses": [],
        "other_changes": [],
        "transitions": [],
    }


def _data(connection: Connection, mark: Mark) -> dict[str, Any]:
    rows = _rows(connection, _DATA, mark, listed=LISTED)
    number = rows[0]["every"] if rows else 0
    return {
        "changes": number,
        "listed": [{key: row[key] for key in row if key != "every"} for row in reversed(rows)],
    }


def _worklist(items: Sequence[Item], mark: Mark) -> dict[str, Any]:
    known = mark.keys
    every = Counter(item.kind for item in items)
    new = Counter(item.kind for item in items if known is None or item.key not in known)
    return {
        "items": every.total(),
        "new": new.total(),
        "kinds": [
            {"kind": kind, "items": number, "new": new[kind]} for kind, number in every.items()
        ],
    }


def _keep(
    connection: Connection,
    night: int,
    report: dict[str, Any],
    mark: Mark,
    items: Sequence[Item] | None,
    channels: list[str],
) -> None:
    values: dict[str, Any] = {
        "report": report,
        "owed": channels if report["new_losses"] else [],
        "seen_run": None,
        "seen_change": None,
        "open_changes": [],
        "keys": None if items is None else [item.key for item in items],
    }
    if report["derived"]:
        values |= _reached(connection, mark)
    connection.execute(
        text(
            "update derived.scheduled_run set report = :report, report_file = null, owed = :owed, "
            "seen_run = :seen_run, seen_change = :seen_change, open_changes = :open_changes, "
            "worklist_keys = :keys where night_id = :night"
        ).bindparams(bindparam("report", type_=JSONB)),
        {"night": night, **values},
    )
    if items is not None:
        connection.execute(
            text(
                "update derived.scheduled_run set worklist_keys = null "
                "where night_id <> :night and worklist_keys is not null"
            ),
            {"night": night},
        )


def _reached(connection: Connection, mark: Mark) -> dict[str, Any]:
    """How far this snapshot sees.

    Runs are committed in the order of their numbers; changes are not, and those that are begun and
    not yet committed are for the next report.
    """
    run, change, open_changes = connection.execute(
        text(
            "with last as (select coalesce(max(change_id), :seen_change) as change_id "
            "from reference.change_set) "
            "select (select coalesce(max(run_id), :seen_run) from derived.derivation_run), "
            "last.change_id, array(select number from generate_series(:seen_change + 1, "
            "last.change_id) as g (number) where not exists "
            "(select from reference.change_set c where c.change_id = g.number)) from last"
        ),
        {"seen_run": mark.seen_run, "seen_change": mark.seen_change},
    ).one()
    return {"seen_run": run, "seen_change": change, "open_changes": open_changes}


def _rows(connection: Connection, query: str, mark: Mark, **values: Any) -> list[dict[str, Any]]:
    rows = connection.execute(text(query), mark.parameters | values).mappings()
    return [{name: _plain(value) for name, value in row.items()} for row in rows]


def _plain(value: Any) -> Any:
    """The value as JSON has it."""
    match value:
        case Decimal():
            return int(value) if value == value.to_integral_value() else float(value)
        case date():
            return value.isoformat()
        case _:
            return value
