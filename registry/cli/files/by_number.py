"""`registry import --id hospital-number`: files that name the child as the hospital does."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from registry.words import tr

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from registry.database.identities import Place
    from registry.identity.numbers import KnownNumbers
    from registry.records.numbered import Numbered
    from registry.settings import Settings

REASON = "import by hospital number"


class NamedBy(StrEnum):
    """What names the child in the files of an import."""

    STUDY_ID = "study-id"
    HOSPITAL_NUMBER = "hospital-number"


@dataclass(frozen=True)
class ByNumber:
    """The hospital numbers of an import; without them it does nothing."""

    numbered: Numbered | None = None
    _numbers: KnownNumbers | None = None
    _place: Place | None = None
    _who: dict[str, str] | None = None

    def commit(self) -> None:
        """Before the registry's own transaction, where the identities lie elsewhere."""
        if self._place is not None:
            self._place.commit()

    def note_read(self) -> None:
        """Writes down what was read also where nothing else was kept."""
        if self._numbers is None or self._place is None or self._who is None:
            return
        from sqlalchemy import text

        from registry.records.change import declare_change

        connection = self._place.connection
        connection.rollback()
        declare_change(connection, **self._who)
        connection.execute(
            text("select identity.seen(cast(:ids as text[]))"),
            {"ids": sorted(self._numbers.asked)},
        )
        connection.commit()

    def told(self) -> str | None:
        """Which study ids were given, if any."""
        given = [] if self.numbered is None else self.numbered.given
        if not given:
            return None
        return tr("New study ids, {number}: {first} to {last}", number=len(given), first=given[0],
                  last=given[-1])  # fmt: skip


@contextmanager
def numbers_of(
    connection: Connection,
    settings: Settings,
    *,
    asked: bool,
    centre: str | None,
    reason: str | None,
    register: bool,
) -> Iterator[ByNumber]:
    """What translates the numbers of an import, if it has any."""
    if not asked:
        yield ByNumber()
        return
    from registry.database.identities import identities
    from registry.identity.numbers import KnownNumbers
    from registry.records.change import declare_change
    from registry.records.numbered import Numbered, Numbers

    who = {"user": settings.user, "command": "import", "reason": reason or REASON}
    with identities(connection, settings.identity_url) as place:
        if place.apart:
            declare_change(place.connection, **who)
        known = KnownNumbers(place.connection)
        numbered = Numbered(Numbers(known.study_ids, known.give), centre=centre, register=register)
        yield ByNumber(numbered, known, place, who)
