"""`registry schedule`: what each command prints and ends with, in this process."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from registry.cli import run
from registry.cli.schedule.group import carry_out
from registry.database.engine import Database
from registry.errors import DatabaseUnavailable
from registry.schedule import store
from registry.schedule.loop import reached
from registry.schedule.plan import Plan, read_plan
from registry.settings import Settings
from tests.conftest import Databases, settings_for
from tests.integration.backups import on_empty
from tests.programs import run_here

from .conftest import execute

Capture = pytest.CaptureFixture[str]


def options(folder: Path) -> list[str]:
    folders = ["--report-dir", str(folder / "reports"), "--backup-dir", str(folder / "backups")]
    return [*folders, "--verify-every", "never"]


def test_status_before_and_after_a_run(registry: Database, tmp_path: Path, capsys: Capture) -> None:
    status, printed, complaint = run_here(
        capsys, registry, "schedule", "status", "--format", "json", "--at", "02:00"
    )
    document = json.loads(printed)
    assert (status, document["overdue"], document["last_good"]) == (1, True, None)
    assert "No run has gone well within the last 1d2h" in complaint
    assert datetime.fromisoformat(document["next_due"]).strftime("%H:%M") == "02:00"

    once = ("schedule", "once", *options(tmp_path))
    status, printed, complaint = run_here(capsys, registry, *once, "--format", "json")
    report = json.loads(printed)
    assert (status, complaint, report["good"]) == (0, "", True)
    assert Path(report["backup"]["file"]).parent == tmp_path / "backups"
    written = (tmp_path / "reports" / f"{report['name']}.md").read_text()
    assert f"{report['seal']['head']} (seal 1)" in written

    status, printed, _ = run_here(capsys, registry, "schedule", "status", "--format", "json")
    document = json.loads(printed)
    assert (status, document["overdue"], document["running"]) == (0, False, False)
    assert document["last_good"] == document["last"]
    assert [step["state"] for step in document["last"]["steps"]] == ["good"] * 7

    # A run that failed since does not count.
    bad = ("schedule", "once", *options(tmp_path), "--backup-dir", "/dev/null/x")
    status, printed, complaint = run_here(capsys, registry, *bad)
    assert status == 1
    assert complaint.startswith("backup: /dev/null/x cannot be written")
    assert "# Nightly run of " in printed
    assert run_here(capsys, registry, "schedule", "status")[0] == 0
    execute(registry, "update derived.scheduled_run set started_at = started_at - interval '27h'")
    assert run_here(capsys, registry, "schedule", "status")[0] == 1
    status, printed, _ = run_here(capsys, registry, "schedule", "status", "--max-age", "2d")
    assert status == 0
    assert "/dev/null/x" in printed


def test_while_another_is_at_work(registry: Database, capsys: Capture, tmp_path: Path) -> None:
    with store.only_one_night(registry.engine):
        status, printed, complaint = run_here(
            capsys, registry, "schedule", "once", *options(tmp_path)
        )
        assert (status, printed) == (1, "")
        assert complaint.startswith("Error: Another nightly run is at work")
        assert "at work" in run_here(capsys, registry, "schedule", "status")[1]
    assert not list(tmp_path.iterdir())


def test_show_prints_what_starts_it(capsys: Capture, tmp_path: Path) -> None:
    url = "postgresql://registry:secret@db.hospital.example/registry"
    for where, home in (["--database-url", url], False), (["--home", str(tmp_path)], True):
        for kind in ("--systemd", "--cron"):
            capsys.readouterr()
            with pytest.raises(SystemExit) as ended:
                run([*where, "schedule", "show", kind, "--keep", "30", "--mail-dir", "m",
                     "--mail-to", "a@b.example"])  # fmt: skip
            printed = capsys.readouterr().out
            assert not ended.value.code
            assert "secret" not in printed
            assert (f"--home {tmp_path} schedule once" in printed) == home
            assert ("registry@db.hospital.example/registry" in printed) != home
            assert f"--keep 30 --mail-to a@b.example --mail-dir {Path.cwd() / 'm'}" in printed
            assert "/bin/registry" in printed


def test_options_that_do_not_fit(capsys: Capture, tmp_path: Path) -> None:
    for given in (
        ("run", "--at", "25:00"),
        ("once", "--mail-to", "a@b.example"),
        ("status", "--max-age", "long"),
        ("show", "--systemd", "--cron"),
        ("once", "--on-loss", "'"),
    ):
        status, printed, complaint = run_here(capsys, tmp_path / "none", "schedule", *given)
        assert (status, printed) == (2, ""), given
        assert complaint.startswith("Error: ")
    assert not (tmp_path / "none").exists()


class Waiting:
    """Waits as long as it is told without waiting, and does something at one of the waits."""

    def __init__(self, at: int = -1, then: Callable[[], object] = lambda: None) -> None:
        self.waits: list[float] = []
        self._at, self._then = at, then

    def __call__(self, seconds: float) -> bool:
        self.waits.append(seconds)
        return len(self.waits) == self._at and bool(self._then())


def test_a_database_that_is_away_is_tried_again(databases: Databases) -> None:
    said: list[str] = []
    with on_empty(databases) as away:
        name = away.url.database
        settings = settings_for(away.url)

        def rename(old: str, new: str) -> None:
            with databases._admin.connect() as connection:
                connection.execute(text(f'alter database "{old}" rename to "{new}"'))

        assert name is not None
        rename(name, f"{name}_away")
        back = Waiting(3, lambda: rename(f"{name}_away", name))
        with reached(settings, timedelta(hours=1), say=said.append, pause=back) as database:
            assert database.url.database == name
    assert back.waits == [10, 20, 40]
    assert [words.rpartition(" in ")[2] for words in said] == ["10 s.", "20 s.", "40 s."]

    nowhere = Settings(Path("/nonexistent"), "postgresql://registry@127.0.0.1:1/x", "tester")
    gives_up = Waiting()
    with (
        pytest.raises(DatabaseUnavailable),
        reached(nowhere, timedelta(minutes=30), say=said.append, pause=gives_up),
    ):
        pass
    assert gives_up.waits == [10, 20, 40, 80, 160, 320, 600, 570]
    told_to_end = Waiting(1, lambda: True)
    with (
        pytest.raises(DatabaseUnavailable),
        reached(nowhere, timedelta(minutes=30), say=said.append, pause=told_to_end),
    ):
        pass
    assert told_to_end.waits == [10]


def test_whatever_happens_the_loop_goes_on(databases: Databases, tmp_path: Path) -> None:
    """An empty database has no registry; the night says so and does not raise."""
    said: list[str] = []
    plan: Plan = read_plan({}, config=None, home=tmp_path)
    with on_empty(databases) as empty:
        carry_out(settings_for(empty.url), plan, threading.Event(), said.append)
    assert "no registry has been made in it" in said[0]
    assert said[1].startswith("The next run is at ")
