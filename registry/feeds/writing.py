"""What a reading writes: records by the way of what a person enters, each with its fate.

New laboratory values are gathered and stored together; whatever changes a record is a change of its
own, with its reason.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from registry.database.engine import refused_by_database
from registry.database.record_lock import LOCKED
from registry.entry.save import Draft, Rejected, add, amend, void
from registry.entry.stored import Stored
from registry.errors import Refused
from registry.feeds.reasons import REASONS, Said
from registry.feeds.store import APPLIED, Fate, Known, came_again, grown, keep
from registry.records.change import declare_change
from registry.words import in_english

# So many new values are stored together.
TOGETHER = 200


@dataclass(frozen=True)
class New:
    """A record that waits to be stored, with the fate that it will have."""

    fate: Fate
    draft: Draft


class Writing:
    """The writes of one reading on one connection; `who` says who works, by which command and why.

    `fates` are those that were kept, in their order. In a dry run nothing is committed.
    """

    def __init__(
        self, connection: Connection, known: Known, *, who: dict[str, str], dry_run: bool
    ) -> None:
        self._connection = connection
        self._known = known
        self._who = who
        self._dry_run = dry_run
        self._told: list[Fate] = []
        self._again: list[str] = []
        self.waiting: dict[tuple[str, date, str], New] = {}
        self.fates: list[Fate] = []

    def tell(self, fate: Fate) -> None:
        """Keeps a fate with the next change."""
        self._told.append(fate)

    def came_again(self, sha256: str) -> None:
        """Counts with the next change that a message came another time."""
        self._again.append(sha256)

    def flush(self, *, at_least: int = 0) -> None:
        """Stores the values that wait, if there are enough of them, with all fates so far."""
        if len(self.waiting) < at_least or not (self.waiting or self._told or self._again):
            return
        declare_change(self._connection, **self._who)
        self._told += self._stored(list(self.waiting.values()))
        self.waiting = {}
        self._commit()

    def add(self, new: New) -> None:
        """Stores one record."""
        self.flush()
        declare_change(self._connection, **self._who)
        self._told += self._stored([new])
        self._commit()

    def amend(self, fate: Fate, record: Stored, cells: dict[str, str], reason: str) -> Said | None:
        """Changes a record as a change of its own; gives why not, where the registry refuses it."""

        def change() -> Fate:
            now = amend(self._connection, record, cells)
            return replace(fate, record_id=now.record, row_version=now.version)

        return self._changed(fate, reason, change)

    def void(self, fate: Fate, record: Stored, reason: str) -> Said | None:
        """Takes a record out in the same way."""

        def change() -> Fate:
            void(self._connection, record)
            return fate

        return self._changed(fate, reason, change)

    def _changed(self, fate: Fate, reason: str, change: Callable[[], Fate]) -> Said | None:
        self.flush()
        source = ", ".join(filter(None, (fate.sender, fate.control_id)))
        declare_change(self._connection, **{**self._who, "reason": f"{reason} ({source})"})
        attempt = self._connection.begin_nested()
        said = None
        try:
            with in_english():
                self._told.append(change())
            attempt.commit()
        except (Refused, DBAPIError) as error:
            attempt.rollback()
            said = _refusal(error)
        self._commit()
        return said

    def _commit(self) -> None:
        """Keeps what was told with what was written."""
        grown(self._connection, {fate.file for fate in self._told if fate.reason != "half"})
        keep(self._connection, self._told)
        came_again(self._connection, self._again)
        if not self._dry_run:
            self._connection.commit()
        for fate in self._told:
            self._known.add(fate)
            if fate.fate in APPLIED:
                self._known.moved_on(fate)
        self.fates += self._told
        self._told, self._again = [], []

    def _stored(self, new: list[New]) -> list[Fate]:
        """Stores drafts, each for itself where together they cannot be; their fates."""
        if not new:
            return []
        attempt = self._connection.begin_nested()
        try:
            with in_english():
                stored = add(self._connection, [one.draft for one in new])
            attempt.commit()
        except Rejected as error:
            attempt.rollback()
            wrong = {c.draft: str(c._replace(value=None)) for c in error.complaints}
            bad = [
                _refused(new[number].fate, Said("against_rule", {"problem": problem}))
                for number, problem in wrong.items()
            ]
            return bad + self._stored([one for n, one in enumerate(new) if n not in wrong])
        except (Refused, DBAPIError) as error:
            attempt.rollback()
            if len(new) > 1:
                return [fate for one in new for fate in self._stored([one])]
            return [_refused(new[0].fate, _refusal(error))]
        return [
            replace(one.fate, record_id=record.record, row_version=record.version)
            for one, record in zip(new, stored, strict=True)
        ]


def _refused(fate: Fate, said: Said) -> Fate:
    return replace(
        fate,
        fate=REASONS[said.reason].fate,
        reason=said.reason,
        facts=said.facts,
        table_name=None,
    )


def _refusal(error: Refused | DBAPIError) -> Said:
    """Why the registry did not take it. Raises what is no refusal of a record."""
    if isinstance(error, Refused):
        return Said("against_rule", {"problem": error.problem})
    with in_english():
        known = refused_by_database(error)
    if known is None or getattr(error.orig, "sqlstate", "") != LOCKED:
        raise error
    return Said("locked", {"problem": known.problem})
