"""Commands run in this process, by the same door as the program's: quicker than one of its own."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from registry.cli import run
from registry.database.engine import Database
from tests.conftest import place


@dataclass(frozen=True)
class Outcome:
    """How a command ended and what it said."""

    status: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """Standard output, which must be one JSON document and nothing else."""
        return json.loads(self.out)

    def refused(self, status: int) -> str:
        """Standard error of a command that must have ended so, with nothing that alarms."""
        assert self.status == status, self
        assert any(line.startswith("Error: ") for line in self.err.splitlines()), self
        assert "Traceback" not in self.err
        assert "Unexpected" not in self.err
        return self.err


Program = Callable[..., Outcome]


@pytest.fixture
def program(capsys: pytest.CaptureFixture[str]) -> Iterator[Program]:
    """`program(database, "status", "P001")`; a database is a Database, a home, a URL or None."""
    before = signal.getsignal(signal.SIGTERM)

    def call(where: Database | Path | str | None, *arguments: str) -> Outcome:
        match where:
            case None:
                options = []
            case str():
                options = ["--database-url", where]
            case _:
                options = place(where)
        capsys.readouterr()
        with pytest.raises(SystemExit) as end:
            run([*options, *arguments])
        shown = capsys.readouterr()
        return Outcome(int(end.value.code or 0), shown.out, shown.err)

    yield call
    signal.signal(signal.SIGTERM, before)
