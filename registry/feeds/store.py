"""The fates of results, as they are kept: hashes, ids and reasons, and no value of a child."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from registry.feeds.message import Message
from registry.feeds.reasons import AMENDED, REASONS, STORED, VOIDED, Said, shown

COLUMNS = (
    *("message_sha256", "place", "patient_id", "form", "sender", "control_id", "sent_at"),
    *("result_key", "what", "fate", "reason", "facts", "table_name", "record_id", "row_version"),
    "file",
)
# What a later version of the same result is held against.
APPLIED = (STORED, AMENDED, VOIDED)


@dataclass(frozen=True)
class Fate:
    """What became of one result, or at place 0 of a message."""

    message_sha256: str
    place: int
    form: str
    sender: str
    control_id: str
    sent_at: datetime | None
    file: str
    fate: str
    reason: str | None = None
    facts: Mapping[str, str] = field(default_factory=dict)
    patient_id: int | None = None
    result_key: str | None = None
    what: str | None = None
    table_name: str | None = None
    record_id: int | None = None
    row_version: int | None = None


def fate_of(message: Message, file: str, said: Said, *, place: int = 0) -> Fate:
    """The fate that a reason brings; what the message itself says is masked where it must be."""
    return Fate(
        message_sha256=message.sha256,
        place=place,
        form=message.form,
        sender=shown(message.sender, message.private),
        control_id=shown(message.control_id, message.private),
        sent_at=message.sent_at,
        file=file,
        fate=REASONS[said.reason].fate,
        reason=said.reason,
        facts={name: shown(value, message.private) if name in ("code", "system", "unit") else value
               for name, value in said.facts.items()},
    )  # fmt: skip


class Known:
    """What is kept already of the messages and results of one reading, and what it adds."""

    def __init__(
        self, connection: Connection, messages: Iterable[str], keys: Iterable[str]
    ) -> None:
        rows = connection.execute(
            text(
                f"select {', '.join(f'f.{name}' for name in COLUMNS if name != 'patient_id')}, "
                # Whose study id became another's has his records there now.
                "coalesce(m.patient_id, f.patient_id) as patient_id from derived.feed_result f "
                "left join reference.patient_number n on n.patient_id = f.patient_id "
                "left join reference.patient_number m on m.study_id = n.merged_into "
                "where f.message_sha256 = any(:messages) or f.result_key = any(:keys) "
                "order by f.result_id"
            ),
            {"messages": sorted(set(messages)), "keys": sorted(set(keys))},
        ).mappings()
        self._of_messages: dict[tuple[str, int], Fate] = {}
        self._applied: dict[str, Fate] = {}
        for row in rows:
            self.add(Fate(**row))

    def add(self, fate: Fate) -> None:
        """Takes note of a fate."""
        self._of_messages[fate.message_sha256, fate.place] = fate
        if fate.result_key is not None and fate.fate in APPLIED:
            self._applied[fate.result_key] = fate

    def get(self, sha256: str, place: int) -> Fate | None:
        """What became of it when it came before."""
        return self._of_messages.get((sha256, place))

    def applied(self, key: str) -> Fate | None:
        """The last version of a result that changed anything."""
        return self._applied.get(key)

    def moved_on(self, fate: Fate) -> None:
        """That the record of a fate has another version now, by another result of its sample."""
        for key, one in self._applied.items():
            same = (one.table_name, one.record_id) == (fate.table_name, fate.record_id)
            if same and one.record_id is not None:
                self._applied[key] = replace(one, row_version=fate.row_version)


def keep(connection: Connection, fates: Iterable[Fate]) -> None:
    """Keeps fates; that of a result that was read before is told anew."""
    rows = [{**vars(fate), "facts": json.dumps(dict(fate.facts))} for fate in fates]
    if not rows:
        return
    changed = [name for name in COLUMNS if name not in ("message_sha256", "place", "file")]
    connection.execute(
        text(
            f"insert into derived.feed_result ({', '.join(COLUMNS)}) values "
            f"({', '.join(_value(name) for name in COLUMNS)}) on conflict (message_sha256, place) "
            f"do update set {', '.join(f'{name} = excluded.{name}' for name in changed)}, "
            "last_read_at = now()"
        ),
        rows,
    )
    for fate in fates:
        if fate.fate in APPLIED and fate.result_key:
            # What waited for this, and what this took the place of.
            connection.execute(
                text(
                    "update derived.feed_result set fate = 'superseded', reason = 'older', "
                    "facts = '{}' where result_key = :result_key "
                    "and (message_sha256, place) <> (:message_sha256, :place) "
                    "and (fate in ('stored', 'amended', 'voided') "
                    "or fate = 'set_aside' and reason = 'preliminary')"
                ),
                {name: getattr(fate, name) for name in ("result_key", "message_sha256", "place")},
            )
    for fate in fates:
        if fate.fate in APPLIED and fate.record_id is not None:
            connection.execute(
                text(
                    "update derived.feed_result set row_version = :row_version where "
                    "patient_id = :patient_id and table_name = :table_name "
                    "and record_id = :record_id"
                ),
                {name: getattr(fate, name)
                 for name in ("row_version", "patient_id", "table_name", "record_id")},
            )  # fmt: skip


def _value(column: str) -> str:
    return "cast(:facts as jsonb)" if column == "facts" else f":{column}"


def came_again(connection: Connection, messages: Iterable[str]) -> None:
    """Counts that messages came another time."""
    connection.execute(
        text(
            "update derived.feed_result set times = times + 1, last_read_at = now() "
            "where message_sha256 = any(:messages)"
        ),
        {"messages": sorted(set(messages))},
    )


def grown(connection: Connection, files: Iterable[str]) -> None:
    """Forgets the beginnings of files that were read in half."""
    connection.execute(
        text(
            "delete from derived.feed_result where reason = 'half' and fate = 'set_aside' "
            "and file = any(:files)"
        ),
        {"files": sorted(set(files))},
    )


def listed(
    connection: Connection, *, patient: int | None, fate: str | None, limit: int | None
) -> list[dict[str, Any]]:
    """The fates, the last ones read first, with study ids."""
    rows = connection.execute(
        text(
            "select f.last_read_at as read_at, f.sender, f.control_id, f.place, f.form, f.what, "
            "n.study_id as patient_id, f.fate, f.reason, f.facts, f.times, f.message_sha256, "
            "f.file from derived.feed_result f left join reference.patient_number n "
            "using (patient_id) where (cast(:patient as bigint) is null or "
            "f.patient_id = :patient) and (cast(:fate as text) is null or f.fate = :fate) "
            "order by f.last_read_at desc, f.result_id desc limit :limit"
        ),
        {"patient": patient, "fate": fate, "limit": limit},
    ).mappings()
    return [dict(row) for row in rows]
