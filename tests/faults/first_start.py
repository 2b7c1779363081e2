"""The first command of all, which makes home, server and registry, killed on the way."""

from __future__ import annotations

import shutil
import signal
from pathlib import Path
from random import Random

from registry.database import embedded
from tests.embedded_server.processes import processes, wait_until
from tests.faults.machine import PATIENCE, Running

# What a home consists of when no command is at work.
KEPT = {"clients.lock", "keeper.lock", "server.lock", "postgres", "postgres.log", "run"}


def upgrade(home: Path, said: Path) -> Running:
    """Begins the first command of a home."""
    return Running(["--home", str(home), "--user", "tester", "db", "upgrade"], said)


def killed_first_start(folder: Path, seconds: float, rng: Random) -> bool:
    """Kills it at a random moment; whether it still worked. The next start must be a good one."""
    home = folder / "first"
    shutil.rmtree(home, ignore_errors=True)
    running = upgrade(home, folder)
    hit = running.wait(rng.random() * seconds)
    running.signal(signal.SIGKILL)
    running.end()
    ended = upgrade(home, folder).end()
    assert ended.status == 0, ended
    checked = Running(["--home", str(home), "audit", "verify"], folder).end()
    assert checked.status == 0, checked
    wait_until(lambda: not processes(home) and not embedded.is_running(home), PATIENCE)
    left = {path.name for path in home.iterdir()}
    assert left == KEPT, left
    return hit
