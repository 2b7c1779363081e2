"""The program itself: killed in a night, asked to end, waiting overnight without a server."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from threading import Event, main_thread

import pytest

from registry.database import embedded, migrate
from registry.database.engine import Database, open_database
from registry.schedule import loop
from registry.schedule.plan import Plan
from registry.schedule.store import is_running
from registry.settings import Settings
from tests.conftest import place

from .conftest import ENTER_LOSS, Nights, execute, sustained

WAIT_SECONDS = 120.0


def start(where: Database | Path, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "registry", *place(where), "schedule", *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.05)


def test_killed_while_it_tells(nights: Nights, tmp_path: Path) -> None:
    """The report stands and is not made again; who was to be told is told by the next run."""
    [patient] = sustained(nights.database, 1)
    execute(nights.database, ENTER_LOSS, patient=patient)
    pid, got = tmp_path / "pid", tmp_path / "got"
    (tmp_path / "slow").write_text(f"#!/bin/sh\necho $$ >{pid}.new; mv {pid}.new {pid}; sleep 60\n")
    (tmp_path / "quick").write_text(f"#!/bin/sh\ncat >>{got}; echo >>{got}\n")
    for name in ("slow", "quick"):
        (tmp_path / name).chmod(0o755)
    folders = ["--report-dir", str(nights.plan.report_dir), "--backup-dir", str(tmp_path / "b")]
    folders += ["--verify-every", "never"]
    program = start(nights.database, "once", *folders, "--on-loss", str(tmp_path / "slow"))
    wait_until(pid.exists)
    program.kill()
    os.killpg(int(pid.read_text()), signal.SIGKILL)
    program.communicate()
    wait_until(lambda: not running(nights.database))
    [(good, finished)] = execute(
        nights.database,
        "select good, finished_at from derived.scheduled_run order by night_id desc limit 1",
    )
    assert (good, finished) == (False, None)
    told = nights.plan.report_dir / f"{nights.reports()[-1]['name']}.md"
    assert "ended before its end" in told.read_text()
    nights.plan = replace(nights.plan, on_loss=(str(tmp_path / "quick"),))
    assert nights.report()["new_losses"] == []
    assert nights.report()["new_losses"] == []
    [line] = got.read_text().splitlines()
    assert {loss["patient_id"] for loss in json.loads(line)["new_losses"]} == {patient}
    assert [
        loss["definition"]
        for report in nights.reports()
        for loss in report["new_losses"]
        if loss["patient_id"] == patient
    ] == ["paper", "current", "recommended"]


def running(database: Database) -> bool:
    with database.engine.connect() as connection:
        return is_running(connection)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_it_waits_without_a_server_and_ends_when_asked(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with open_database(Settings(home, None, "tester")) as database:
        migrate.upgrade(database)
    program = start(home, "run", "--at", "02:00", "--verify-every", "never")
    try:
        # The run that was missed is caught up, and then no server runs until the next.
        wait_until(lambda: any((home / "reports").glob("*.md")))
        wait_until(lambda: any((home / "backups").glob("registry-*.backup")))
        wait_until(lambda: not embedded.is_running(home))
        assert program.poll() is None
    finally:
        program.send_signal(signal.SIGTERM)
        printed, said = program.communicate(timeout=WAIT_SECONDS)
    assert (program.returncode, printed) == (0, "")
    assert "Run 1: 0 patients have lost response. Every step went well." in said
    assert said.startswith("The next run is at ")
    assert "Traceback" not in said


@pytest.mark.parametrize("to_the_main_thread", [True, False])
def test_the_loop_calls_at_once_and_ends_after_the_step(
    plan: Plan, to_the_main_thread: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever the signal is delivered, and even while the scheduler starts a job."""
    monkeypatch.setattr(loop, "_LOOK_SECONDS", 0.1)
    ended, calls = Event(), []

    def night() -> None:
        calls.append("begun")
        if to_the_main_thread:
            signal.pthread_kill(main_thread().ident or 0, signal.SIGTERM)
        else:
            signal.raise_signal(signal.SIGTERM)
        assert ended.wait(WAIT_SECONDS)
        calls.append("ended")

    before = signal.getsignal(signal.SIGTERM)
    loop.run_daily(plan.trigger, night, ended)
    assert calls == ["begun", "ended"]
    assert signal.getsignal(signal.SIGTERM) == before
