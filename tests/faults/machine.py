"""A registry on a server of its own, set back in a moment, and commands of real processes on it.

The processes come from a fork server that has loaded the program already: what is struck at a
random moment is then the command at work, not Python that loads it.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from registry.__main__ import main
from registry.database import embedded
from registry.database.engine import Database, connect_to
from tests.embedded_server.processes import postmaster_of, processes, wait_until
from tests.faults.clock import Clock

PATIENCE = 120.0
# What the embedded server itself consists of; all else that names the home is a command's.
OF_THE_SERVER = re.compile(r"keeper\.py|bin/postgres |^postgres:")
LOADED = (
    *("tests.faults.machine", "registry.cli.files", "registry.cli.records", "registry.cli.db"),
    *("registry.importing.run", "registry.derivation.run", "registry.freezes.store"),
    *("registry.database.restore", "registry.audit.erasure", "registry.audit.verify"),
)
_BACKENDS = (
    "select pid from pg_stat_activity where datname = 'registry' "
    "and backend_type = 'client backend' and pid <> pg_backend_pid()"
)

_forks = multiprocessing.get_context("forkserver")
_forks.set_forkserver_preload(list(LOADED))


@dataclass(frozen=True)
class Ended:
    """How a command ended and what it said; a killed one has the signal's number, negative."""

    status: int
    out: str
    err: str
    seconds: float


class Running:
    """A command at work."""

    def __init__(self, arguments: list[str], folder: Path) -> None:
        self._said = (folder / f"{time.monotonic_ns()}.out", folder / f"{time.monotonic_ns()}.err")
        self._process = _forks.Process(
            target=_work, args=(arguments, str(self._said[0]), str(self._said[1]))
        )
        self._process.start()
        # From here on its time is the command's own.
        wait_until(self._said[0].exists, PATIENCE)
        self._begun = time.monotonic()

    @property
    def alive(self) -> bool:
        """Whether it has not ended yet."""
        return self._process.is_alive()

    def wait(self, seconds: float) -> bool:
        """Waits so long for its end; whether it still works then."""
        self._process.join(seconds)
        return self.alive

    def signal(self, number: int) -> None:
        """Sends it a signal, if it is still there."""
        assert self._process.pid is not None
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._process.pid, number)

    def end(self) -> Ended:
        """Waits for its end."""
        assert not self.wait(PATIENCE), "a command hangs"
        out, err = (path.read_text() if path.exists() else "" for path in self._said)
        for path in self._said:
            path.unlink(missing_ok=True)
        status = self._process.exitcode
        assert status is not None
        return Ended(status, out, err, time.monotonic() - self._begun)


def _work(arguments: list[str], out: str, err: str) -> None:
    """The command, by the program's own door."""
    for number, name in ((1, out), (2, err)):
        os.dup2(os.open(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), number)
    sys.argv = ["registry", *arguments]
    main()


class Machine:
    """A home with its server, kept running, and copies of the registry to set it back to."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.home, self.work = folder / "home", folder / "work"
        # Elsewhere, for the folder may be on a disk that is filled.
        self._said = tempfile.TemporaryDirectory()
        self.clock: Clock | None = None
        self._server = embedded.start(self.home)

    def close(self) -> None:
        """Lets go of the server; nothing of it, nor of any command, may be left."""
        self._server.close()
        wait_until(lambda: not processes(self.home))
        self._said.cleanup()

    def url(self, database: str = "registry", user: str = "registry") -> sa.URL:
        """Where a database of the server is reached."""
        return sa.make_url(self._server.url(user=user, database=database))

    @contextmanager
    def opened(self) -> Iterator[Database]:
        """The registry, for whoever looks."""
        engine = connect_to(self.url())
        yield Database(engine, self.url(), embedded=True, programs=embedded.bin_directory())
        engine.dispose()

    def ask(self, query: str) -> list[Any]:
        """The one column of a query to the registry."""
        with self.opened() as database, database.engine.connect() as connection:
            return list(connection.exec_driver_sql(query).scalars())

    def keep(self, name: str) -> None:
        """Keeps the registry as it is now under a name."""
        self._as_superuser(f'create database "{name}" template registry strategy file_copy')

    def set_back(self, name: str) -> None:
        """Makes the registry what was kept, with an empty folder to work in."""
        self._as_superuser(
            "drop database if exists registry with (force)",
            f'create database registry owner registry template "{name}" strategy file_copy',
            "revoke temporary on database registry from public",
        )
        shutil.rmtree(self.work, ignore_errors=True)
        self.work.mkdir()

    def _as_superuser(self, *statements: str) -> None:
        engine = connect_to(self.url("postgres", "postgres"))
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            for statement in statements:
                connection.exec_driver_sql(statement)
        engine.dispose()

    def begin(self, *arguments: str) -> Running:
        """Starts a command as a process of its own."""
        return Running(
            ["--home", str(self.home), "--user", "tester", *arguments], Path(self._said.name)
        )

    def do(self, *arguments: str) -> Ended:
        """Runs a command to its end, which must be a good one."""
        ended = self.begin(*arguments).end()
        assert ended.status == 0, ended
        return ended

    def strike_server(self, number: int) -> None:
        """Sends the server's first process a signal."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(postmaster_of(self.home), number)

    def strike_backend(self, number: int) -> None:
        """Sends the process of the server that works for a command a signal."""
        for pid in self.ask(_BACKENDS):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    def restart(self) -> None:
        """Starts the server again after it has ended, as the next command would."""
        self._server.close()
        self._server = embedded.start(self.home)

    def settle(self) -> None:
        """Waits until nothing of a command is left, neither at the server nor as a process."""
        wait_until(lambda: not self._at_work() and not self._left(), PATIENCE)

    def _at_work(self) -> bool:
        try:
            return bool(self.ask(_BACKENDS))
        except OperationalError:  # it recovers
            return True

    def _left(self) -> list[str]:
        words = processes(self.home).values()
        return [line for line in words if line and not OF_THE_SERVER.search(line)]
