"""The rows of the nightly runs, and the lock that keeps two of them apart."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from psycopg.errors import LockNotAvailable
from sqlalchemy import Connection, Engine, bindparam, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import DBAPIError, OperationalError

from registry.database.engine import without_time_limits
from registry.database.locks import Lock, is_taken, take
from registry.errors import Refused
from registry.words import tr

GOOD, FAILED, LEFT_OUT = "good", "failed", "left_out"
# The step that makes a backup, and the one that restores it on trial.
BACKUP, VERIFY = "backup", "verify"
# A run of the backup alone is kept beside the nights and is none.
_NIGHT = """coalesce(steps @> '[{"name": "derive"}]', true)"""


@dataclass(frozen=True)
class Step:
    """One step of a run: how it ended, what it said, how long it took."""

    name: str
    state: str
    said: str
    seconds: float

    def to_json(self) -> dict[str, Any]:
        """The step as one JSON object."""
        return asdict(self)


@contextmanager
def only_one_night(engine: Engine) -> Iterator[None]:
    """Keeps other nightly runs of this registry out, as long as this one lives.

    Raises Refused while another is at work.
    """
    with engine.connect() as connection:
        # Held by a transaction that does nothing else all night: it keeps no snapshot.
        without_time_limits(connection)
        try:
            take(connection, Lock.NIGHT, wait=False)
        except OperationalError as error:
            if not isinstance(error.orig, LockNotAvailable):
                raise
            raise Refused(
                tr("Another nightly run is at work in this registry."),
                cure=tr("Let it end; registry schedule status shows it."),
            ) from None
        try:
            yield
        finally:
            # The end of the connection would do, but the server may be late to see it.
            with suppress(DBAPIError):
                connection.rollback()


def lock_nights(connection: Connection) -> None:
    """Lets nobody else make a report until the transaction ends."""
    connection.execute(text("lock table derived.scheduled_run in share row exclusive mode"))


def is_running(connection: Connection) -> bool:
    """Whether a nightly run is at work."""
    return is_taken(connection, Lock.NIGHT)


def good_since(engine: Engine, due: datetime) -> bool:
    """Whether a run that began then or later went well."""
    with engine.connect() as connection:
        return bool(
            connection.execute(
                text(
                    "select exists (select from derived.scheduled_run "
                    f"where good and started_at >= :due and {_NIGHT})"
                ),
                {"due": due},
            ).scalar_one()
        )


def last_verified(connection: Connection) -> datetime | None:
    """When the last run began whose backup was restored on trial and found good."""
    found: datetime | None = connection.execute(
        text(
            "select max(started_at) from derived.scheduled_run where steps @> cast(:step as jsonb)"
        ),
        {"step": f'[{{"name": "{VERIFY}", "state": "{GOOD}"}}]'},
    ).scalar_one()
    return found


def last_backed_up(connection: Connection) -> datetime | None:
    """When the last run began that made a backup; a night that left it to the owner made none."""
    found: datetime | None = connection.execute(
        text(
            "select max(started_at) from derived.scheduled_run "
            "where steps @> cast(:step as jsonb) "
            f"and (not {_NIGHT} or jsonb_typeof(report -> 'backup') = 'object')"
        ),
        {"step": f'[{{"name": "{BACKUP}", "state": "{GOOD}"}}]'},
    ).scalar_one()
    return found


def keep_backup(
    engine: Engine, *, begun: datetime, now: datetime, user: str, steps: list[Step]
) -> int:
    """Keeps a run of the backup alone; its number."""
    statement = text(
        "insert into derived.scheduled_run (started_at, finished_at, made_by, good, steps) "
        "values (:begun, :now, :user, :good, :steps) returning night_id"
    ).bindparams(bindparam("steps", type_=JSONB))
    values = {
        "begun": begun,
        "now": now,
        "user": user,
        "good": all(step.state == GOOD for step in steps),
        "steps": [step.to_json() for step in steps],
    }
    with engine.begin() as connection:
        return int(connection.execute(statement, values).scalar_one())


def begin(engine: Engine, *, due: datetime | None, now: datetime, user: str) -> int:
    """Records that a run has begun; its number."""
    with engine.begin() as connection:
        return int(
            connection.execute(
                text(
                    "insert into derived.scheduled_run (due_at, started_at, made_by) "
                    "values (:due, :now, :user) returning night_id"
                ),
                {"due": due, "now": now, "user": user},
            ).scalar_one()
        )


def finish(
    engine: Engine, night: int, *, now: datetime, good: bool, ending: dict[str, Any]
) -> None:
    """Records how a run ended, in its row and its report, which then waits to be written anew."""
    statement = text(
        "update derived.scheduled_run set finished_at = :now, good = :good, "
        "steps = cast(:ending as jsonb) -> 'steps', report = report || :ending, report_file = null "
        "where night_id = :night"
    ).bindparams(bindparam("ending", type_=JSONB))
    with engine.begin() as connection:
        connection.execute(statement, {"night": night, "now": now, "good": good, "ending": ending})


def unwritten(engine: Engine) -> list[tuple[int, dict[str, Any]]]:
    """The reports that wait to be written, the oldest first."""
    return _reports(engine, "report_file is null")


def untold(engine: Engine, channel: str) -> list[tuple[int, dict[str, Any]]]:
    """The reports with new losses that wait to be told by this way, the oldest first."""
    return _reports(engine, ":channel = any(owed)", channel=channel)


def report_of(engine: Engine, night: int) -> dict[str, Any] | None:
    """The report of a run, if it made one."""
    return dict(_reports(engine, "night_id = :night", night=night)).get(night)


def names_of_reports(engine: Engine, day: date) -> list[str]:
    """The names that the reports of a day have."""
    return [
        report["name"] for _, report in _reports(engine, "report ->> 'day' = :day", day=str(day))
    ]


def _reports(engine: Engine, condition: str, **values: Any) -> list[tuple[int, dict[str, Any]]]:
    with engine.connect() as connection:
        rows = connection.execute(
            text(
                "select night_id, report from derived.scheduled_run "
                f"where report is not null and {condition} order by night_id"
            ),
            values,
        )
        return [(row.night_id, row.report) for row in rows]


def mark_written(engine: Engine, night: int, file: str) -> None:
    """Records where a report was written."""
    with engine.begin() as connection:
        connection.execute(
            text("update derived.scheduled_run set report_file = :file where night_id = :night"),
            {"night": night, "file": file},
        )


def mark_told(engine: Engine, night: int, channel: str) -> None:
    """Records that a report was told by this way."""
    with engine.begin() as connection:
        connection.execute(
            text(
                "update derived.scheduled_run set owed = array_remove(owed, :channel) "
                "where night_id = :night"
            ),
            {"night": night, "channel": channel},
        )


def last_runs(connection: Connection) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
    """The last run that went well, and the last of all."""
    found = []
    for condition in (f"good and {_NIGHT}", _NIGHT):
        row = (
            connection.execute(
                text(
                    "select night_id, due_at, started_at, finished_at, made_by, good, steps, "
                    "report_file, owed, "
                    "(select count(*) from jsonb_array_elements(report -> 'new_losses')) "
                    "as new_losses "
                    f"from derived.scheduled_run where {condition} order by night_id desc limit 1"
                )
            )
            .mappings()
            .one_or_none()
        )
        found.append(None if row is None else dict(row))
    return found[0], found[1]
