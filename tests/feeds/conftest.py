"""A registry with two known children, one for a module: each test has days of its own."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from registry.database.engine import Database
from registry.feeds.reading import Reading, read_folder
from registry.identity.store import Link, link
from registry.records.change import declare_change
from tests.conftest import Databases, opened_for_test
from tests.feeds.messages import NUMBERS, Inbox

KEEP = timedelta(days=365 * 200)


@pytest.fixture(scope="module")
def ward(databases: Databases, nameless_study: str) -> Iterator[Database]:
    """The study's registry, in which P001 and P002 are known by numbers of BCH."""
    url = databases.create(nameless_study)
    with opened_for_test(url) as opened:
        number(opened)
        yield opened


def number(database: Database) -> None:
    """Says whose the hospital's numbers are."""
    with database.engine.begin() as connection:
        declare_change(connection, user="tester", command="test", reason="a test")
        link(connection, [Link(one, "BCH", NUMBERS[one]) for one in ("P001", "P002")])


@pytest.fixture
def inbox(tmp_path: Path) -> Inbox:
    return Inbox(tmp_path / "inbox")


class Feed:
    """Reads an inbox into the registry of the ward."""

    def __init__(self, ward: Database, inbox: Inbox) -> None:
        self.database = ward
        self.inbox = inbox

    def read(self, *contents: object, **options: Any) -> Reading:
        """Puts these into the inbox and reads it."""
        for content in contents:
            self.inbox.put(content)  # type: ignore[arg-type]
        return read_folder(
            self.database.engine,
            self.inbox.folder,
            **{"centre": "BCH", "identity_url": None, "user": "tester", "keep": KEEP, **options},
        )

    def fates(self, *contents: object) -> list[tuple[str, str | None]]:
        """The fate and reason of each result, in their order."""
        return [(one.fate, one.reason) for one in self.read(*contents).fates]


@pytest.fixture
def feed(ward: Database, inbox: Inbox) -> Feed:
    return Feed(ward, inbox)
