"""Runs commands inside the test's own process, which is quicker than a program for each."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import text

from registry.cli import run
from registry.database.engine import Database
from tests.conftest import place


@dataclass(frozen=True)
class Ended:
    """How a command ended and what it said."""

    status: int
    out: str
    err: str

    def json(self) -> Any:
        """The document on standard output."""
        return json.loads(self.out)


Inside = Callable[..., Ended]

CHILD = (
    "patient", "add", "T1", "--centre", "BCH", "--sex", "male", "--birth-date", "2010-02-03",
    "--diagnosis", "CD",
)  # fmt: skip


def rows(database: Database, table: str, columns: str) -> list[tuple[object, ...]]:
    """The table's rows."""
    with database.engine.connect() as connection:
        found = connection.execute(text(f"select {columns} from clinical.{table} order by 1"))
        return [tuple(row) for row in found]


@pytest.fixture
def inside(capsys: pytest.CaptureFixture[str]) -> Iterator[Inside]:
    """Runs `registry` here: `inside(database, "infusion", "list")`."""
    before = signal.getsignal(signal.SIGTERM)

    def command(database: Database, *arguments: str) -> Ended:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            run([*place(database), *arguments])
        said = capsys.readouterr()
        return Ended(int(ended.value.code or 0), said.out, said.err)

    yield command
    signal.signal(signal.SIGTERM, before)
