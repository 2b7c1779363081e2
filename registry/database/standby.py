"""A server that follows another: what it has of it, and what to say to who writes there."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from registry.errors import DatabaseUnavailable
from registry.words import tr

if TYPE_CHECKING:
    import psycopg
    from sqlalchemy import Connection

_FOLLOWS = """
select exists (select from pg_stat_wal_receiver where pid is not null) as connected,
    pg_wal_lsn_diff(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn())::bigint as unapplied_bytes,
    pg_last_xact_replay_timestamp() as last_change_at
where pg_is_in_recovery()
"""


class Standby(NamedTuple):
    """How far a standby is behind: whether its primary sends, what came and is not applied yet, and
    the moment of the last change that it has (None before the first)."""

    connected: bool
    unapplied_bytes: int | None
    last_change_at: datetime | None

    def to_json(self) -> dict[str, Any]:
        """As a document has it."""
        return self._asdict()

    def told(self) -> str:
        """In a line."""
        last = self.last_change_at
        moment = tr("none") if last is None else last.isoformat(sep=" ", timespec="seconds")
        if not self.connected:
            return tr(
                "standby, cut off from its primary; the last change it has is of {moment}",
                moment=moment,
            )
        return tr(
            "standby, connected, {number:,|byte|bytes} behind; the last change it has is of "
            "{moment}",
            number=self.unapplied_bytes or 0,
            moment=moment,
        )


def standby(connection: Connection) -> Standby | None:
    """What the server has of its primary; None where it is itself one."""
    found = connection.exec_driver_sql(_FOLLOWS).one_or_none()
    return None if found is None else Standby(*found)


def is_standby(driver: psycopg.Connection[Any]) -> bool:
    """Whether a connection is to a server that only reads, as that said when it began or since."""
    return driver.info.parameter_status("in_hot_standby") == "on"


def on_standby(connection: Connection) -> bool:
    """The same of an engine's connection."""
    driver: Any = connection.connection.driver_connection
    return is_standby(driver)


def only_reads() -> DatabaseUnavailable:
    """What to say to who writes there."""
    return DatabaseUnavailable(
        tr("This server is a standby: the registry is only read here."),
        cure=tr(
            "Write on the primary: a URL that names both servers finds it, "
            "postgresql://USER@A,B/DATABASE?target_session_attrs=read-write"
        ),
    )
