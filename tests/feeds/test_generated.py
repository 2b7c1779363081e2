"""Messages at random: each is stored, refused or set aside, none twice; and killed in between."""

from __future__ import annotations

from datetime import date

from registry.feeds.reading import Reading
from tests.feeds.conftest import Feed
from tests.feeds.generated import Laboratory
from tests.feeds.held import hold, records


def test_sixty_messages_at_random(feed: Feed) -> None:
    laboratory = Laboratory(seed=20, first=date(2022, 1, 1))
    laboratory.send(60)
    fates = hold(feed.database.engine, feed.inbox, laboratory, feed.read)
    assert {"stored", "set_aside", "refused", "superseded"} <= set(fates)
    assert records(feed.database.engine, laboratory)


class Killed(BaseException):
    """The end of a process, as far as the program sees it."""


def killed_after(steps: int) -> object:
    """What ends a reading after so many of its steps."""
    left = iter(range(steps))

    def stop(_where: str) -> None:
        if next(left, None) is None:
            raise Killed

    return stop


def test_killed_anywhere_it_loses_nothing_and_stores_nothing_twice(feed: Feed) -> None:
    laboratory = Laboratory(seed=7, first=date(2023, 1, 1))
    laboratory.send(12)

    def read() -> Reading:
        for steps in (0, 2, 5, 9, 14):
            try:
                return feed.read(stop=killed_after(steps))
            except Killed:
                continue
        return feed.read()

    hold(feed.database.engine, feed.inbox, laboratory, read)
