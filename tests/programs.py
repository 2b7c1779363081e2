"""Commands run in this process, by the same door as the program's: quicker than one of its own."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch

import pytest
from sqlalchemy import URL, Engine
from typer import main
from typer._completion_classes import BashComplete
from typer.main import get_command

from registry.cli import app, run
from registry.database import engine
from registry.database.engine import Database
from tests.identifiers import SEARCH


class Outcome(NamedTuple):
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

# A command looks at what stands before it once; tests run the program by the thousand.
PARAMETERS = cache(main.get_params_from_function)


def place(where: Database | Path) -> list[str]:
    """The global options that point a command at a database or at a home folder."""
    if isinstance(where, Path):
        return ["--home", str(where)]
    return ["--database-url", where.url.render_as_string(hide_password=False)]


def run_here(
    capsys: pytest.CaptureFixture[str], where: Database | Path | str | None, *arguments: str
) -> Outcome:
    """Runs a command; a place is a Database, a home, a URL or, with None, what the settings say."""
    match where:
        case None:
            options = []
        case str():
            options = ["--database-url", where]
        case _:
            options = place(where)
    capsys.readouterr()
    before = signal.getsignal(signal.SIGTERM)
    try:
        with (
            patch.object(main, "get_params_from_function", PARAMETERS),
            pytest.raises(SystemExit) as end,
        ):
            run([*options, *arguments])
    finally:
        signal.signal(signal.SIGTERM, before)
    shown = capsys.readouterr()
    SEARCH.printed(arguments, shown.out, shown.err)
    return Outcome(int(end.value.code or 0), shown.out, shown.err)


def offered(*words: str) -> list[str]:
    """What the shell is offered for the last of the words, as far as no database is asked."""
    found = BashComplete(get_command(app), {}, "registry", "_REGISTRY_COMPLETE")
    return [one.value for one in found.get_completions(list(words[:-1]), words[-1])]


class KeptConnection:
    """The connection of the last registry that a command was run on, until it is another's."""

    def __init__(self) -> None:
        self._make = engine.kept_engine
        self._url: URL | None = None
        self._close: Callable[[], None] = lambda: None

    @contextmanager
    def used(self) -> Iterator[None]:
        """Whoever opens a registry in here gets it."""
        with patch.object(engine, "kept_engine", self._engine):
            yield

    def leave(self, database: str) -> None:
        """Lets go of a database that is to be dropped."""
        if self._url is not None and self._url.database == database:
            self._close()
            self._url = None

    def _engine(self, url: URL) -> Engine:
        if url != self._url:
            self._close()
            self._kept = self._make(url)
            self._url, self._close = url, self._kept.dispose
            # The command closes it at its end.
            patch.object(self._kept, "dispose").start()
        return self._kept


KEPT = KeptConnection()
