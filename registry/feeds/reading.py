"""A folder is read: what its messages hold, in the order in which it was sent, and where files go.

Each result is stored with its fate in one transaction. A file is moved after that, so that whoever
is killed in between finds everything known when the file is read again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Engine

from registry.feeds import folder as place
from registry.feeds.apply import Applying
from registry.feeds.children import children_of
from registry.feeds.codes import Codes
from registry.feeds.fhir import is_json, read_fhir
from registry.feeds.folder import Found
from registry.feeds.hl7_v2 import is_hl7, read_hl7
from registry.feeds.message import Message, Status, digest
from registry.feeds.reasons import DUPLICATE, REFUSED, SET_ASIDE, Said
from registry.feeds.store import Fate, Known
from registry.feeds.writing import Writing

REASON = "results sent by laboratories"
# What was sent at one moment: first what is final, then what corrects it, then what takes it back.
_RANK = {None: 0, Status.PENDING: 0, Status.FINAL: 1, Status.CORRECTED: 2, Status.TAKEN_BACK: 3}
_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass
class Reading:
    """What a reading did: files, messages, its fates in their order, and what it left or removed.

    A message that came another time counts as one duplicate and has no fate of its own.
    """

    files: int = 0
    messages: int = 0
    fates: list[Fate] = field(default_factory=list)
    again: int = 0
    unsettled: int = 0
    removed: int = 0
    findings: list[str] = field(default_factory=list)

    @property
    def counts(self) -> dict[str, int]:
        """How many results met each fate."""
        found = Counter(fate.fate for fate in self.fates)
        found[DUPLICATE] += self.again
        return {name: number for name, number in found.items() if number}


def read_folder(
    engine: Engine,
    folder: Path,
    *,
    centre: str | None,
    identity_url: str | None,
    user: str,
    keep: timedelta,
    dry_run: bool = False,
    stop: Callable[[str], None] = lambda _where: None,
) -> Reading:
    """Reads every message of a folder once.

    `centre` gave the hospital's numbers, None where there is one only. Files that were read longer
    ago than `keep` are removed. `stop` hears where the reading is, for tests that kill it there.
    Raises NotFound without the folder, Refused where another reads it, WrongUsage where the centre
    is not said.
    """
    with place.alone_in(folder):
        found, unsettled = place.files(folder)
        read = [(file, _messages(file)) for file in found]
        messages = [message for _, several in read for message in several]
        results = [result for message in messages for result in message.results]
        who = {"user": user, "command": "feed read", "reason": REASON}
        children = children_of(
            engine,
            [result.subject for result in results],
            centre=centre,
            url=identity_url,
            who=who,
        )
        done = Reading(files=len(found), messages=len(messages), unsettled=unsettled)
        with engine.connect() as connection:
            known = Known(
                connection, [one.sha256 for one in messages], [one.key for one in results]
            )
            writing = Writing(connection, known, who=who, dry_run=dry_run)
            applying = Applying(connection, known, children, Codes(connection), writing)
            ordered = sorted(
                ((file, message) for file, several in read for message in several),
                key=lambda one: (one[1].sent_at or _NEVER, _rank(one[1])),
            )
            for file, message in ordered:
                applying.take(file, message)
                stop(f"read {message.control_id}")
            writing.flush()
            if dry_run:
                connection.rollback()
        turn = {message.sha256: number for number, (_, message) in enumerate(ordered)}
        done.fates = sorted(writing.fates, key=lambda one: (turn[one.message_sha256], one.place))
        done.again = applying.again
        stop("stored")
        if not dry_run:
            for file, several in read:
                where = _where(several, known)
                if where is not None:
                    place.move(folder, file, where)
                    stop(f"moved {file.path.name}")
            done.removed = place.forget(folder, keep)
    return done


def _messages(file: Found) -> list[Message]:
    if file.content is None:
        facts = {"limit": str(place.LARGEST_MB)}
        return [Message(digest(file.name), "", trouble=Said("too_large", facts))]
    if is_json(file.content):
        return read_fhir(file.content)
    if is_hl7(file.content):
        return read_hl7(file.content)
    return [Message(digest(file.content.hex()), "", trouble=Said("no_message"))]


def _rank(message: Message) -> int:
    return max((_RANK[result.status] for result in message.results), default=0)


def _where(messages: list[Message], known: Known) -> str | None:
    """The folder that a file belongs in now; None where the rest of it is waited for."""
    fates = [
        fate
        for message in messages
        for number in (0, *(result.place for result in message.results))
        if (fate := known.get(message.sha256, number)) is not None
    ]
    if any(fate.reason == "half" for fate in fates):
        return None
    if any(fate.fate == SET_ASIDE for fate in fates):
        return place.ASIDE
    return place.AWAY if any(fate.fate == REFUSED for fate in fates) else place.DONE
