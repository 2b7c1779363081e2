"""Backups that are killed or fail midway, and PostgreSQL's own programs."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, text

from registry.database import backup, cluster, programs, restore
from registry.database.content import Content
from registry.database.engine import Database, open_database
from registry.errors import DatabaseUnavailable, NotFound, Refused
from tests.conftest import place, settings_for
from tests.faults.state import PART
from tests.integration.backups import (
    NEW_PATIENT,
    SEQUENCES,
    ask,
    catalogue,
    contents,
    refill,
    refusal,
)
from tests.programs import run_here

WAIT_SECONDS = 20.0
# Runs a command of the registry with PostgreSQL's programs of the folder given first.
WITH_PROGRAMS = """
import sys
from pathlib import Path
from registry.cli import run
from registry.database import programs
programs._candidates = lambda name: [Path(sys.argv[1]) / name]
run(sys.argv[2:])
"""


@pytest.fixture(scope="module")
def saved(shared_study: Database, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A backup of the study."""
    file = tmp_path_factory.mktemp("saved") / "study.backup"
    backup.back_up(shared_study, file)
    return file


# Kills


def fake(folder: Path, name: str, script: str) -> None:
    """A program of that name which is the real one, but for what the script does before."""
    real = cluster.bin_directory() / name
    path = folder / name
    path.write_text(
        f'#!/bin/sh\ncase "$*" in\n{script.format(real=real)}\nesac\nexec {real} "$@"\n'
    )
    path.chmod(0o755)


@pytest.fixture
def bin_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("pg_dump", "pg_restore"):
        (folder / name).symlink_to(cluster.bin_directory() / name)
    return folder


def start(folder: Path, where: Database | Path, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", WITH_PROGRAMS, str(folder), *place(where), *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.02)


def others(database: Database) -> list[Any]:
    return ask(
        database,
        "select state, query from pg_stat_activity where datname = current_database() "
        "and pid <> pg_backend_pid() and backend_type = 'client backend'",
    )


def test_a_restore_that_is_killed_changes_nothing(
    study: Database, saved: Path, bin_folder: Path
) -> None:
    mark = bin_folder / "mark"
    (bin_folder / "pg_restore").unlink()
    stop = f'*--section=data*) "{{real}}" "$@"; touch {mark}; exec sleep 60;;'
    fake(bin_folder, "pg_restore", stop)
    ask(study, NEW_PATIENT.format("MINE"))
    before, defined, numbers = contents(study), catalogue(study), ask(study, SEQUENCES)
    client = start(bin_folder, study, "db", "restore", str(saved), "--replace", "--reason", "x")
    wait_until(mark.exists)
    assert len(others(study)) == 1, "rows have been replaced and wait for the rest"
    client.kill()
    client.communicate()
    wait_until(lambda: not others(study))
    assert (contents(study), catalogue(study)) == (before, defined)
    assert ask(study, SEQUENCES) == numbers


def test_what_is_kept_of_a_replaced_registry_gets_its_name_last(
    study: Database, saved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever is killed before leaves no file that speaks of a restore which never was."""
    file = Path(shutil.copy(saved, tmp_path / "study.backup"))
    seen: list[str] = []
    analyze = restore._analyze

    def look(connection: Connection) -> None:
        seen.extend(path.name for path in tmp_path.iterdir())
        analyze(connection)

    monkeypatch.setattr(restore, "_analyze", look)
    ask(study, NEW_PATIENT.format("MINE"))
    refill(study, file, replace=True, reason="x")
    assert len(seen) == 2
    assert {name for name in seen if not PART.match(name)} == {file.name}
    [kept] = [path for path in tmp_path.iterdir() if path != file]
    assert kept.name.startswith("study.backup.replaced-")


def test_a_restore_whose_program_fails_changes_nothing(
    registry: Database, saved: Path, bin_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(programs, "_candidates", lambda name: [bin_folder / name])
    before, defined = contents(registry), catalogue(registry)
    for length in (30_000, 0, 100_000_000):
        (bin_folder / "pg_restore").unlink()
        part = f'"{{real}}" "$@" | head -c {length}; echo "pg_restore: error: no" >&2; exit 1'
        fake(bin_folder, "pg_restore", f"*--section=data*) {part};;")
        error = refusal(refill, registry, saved)
        assert isinstance(error, Refused)
        assert error.cure
        assert "Nothing was changed" in error.cure
    assert (contents(registry), catalogue(registry)) == (before, defined)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_backup_that_is_killed_leaves_no_file(
    registry: Database, bin_folder: Path, tmp_path: Path, number: signal.Signals
) -> None:
    mark, target = bin_folder / "mark", tmp_path / "to" / "file"
    target.parent.mkdir()
    (bin_folder / "pg_dump").unlink()
    fake(bin_folder, "pg_dump", f"*--schema*) echo PGDMP; echo $$ >{mark}; exec sleep 60;;")
    client = start(bin_folder, registry, "db", "backup", str(target))
    wait_until(lambda: mark.exists() and bool(mark.read_text()))
    child = Path(f"/proc/{mark.read_text().strip()}")
    client.send_signal(number)
    _, complaint = client.communicate(timeout=WAIT_SECONDS)
    assert "Traceback" not in complaint
    left = list(target.parent.iterdir())
    if number == signal.SIGKILL:
        assert all(".part" in path.suffixes for path in left)
    else:
        assert (client.returncode, left) == (130, [])
    if sys.platform == "linux":
        wait_until(lambda: not child.exists() or "sleep" not in (child / "cmdline").read_text())
    wait_until(lambda: not others(registry))


def test_a_dump_that_fails_leaves_what_was_there(
    registry: Database, bin_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(programs, "_candidates", lambda name: [bin_folder / name])
    file = tmp_path / "file"
    file.write_text("mine")
    for script, words in (
        ("*--schema*) echo PGDMP; echo 'pg_dump: error: no room' >&2; exit 1;;", "no room"),
        (
            "*--schema*) echo PGDMP; "
            "echo 'pg_dump: error: could not write: No space left on device' >&2; exit 1;;",
            "cannot be written: No space left on device.\nMake room there.",
        ),
        ("*--schema*) echo PGDMP; exit 0;;", "cannot be read"),
    ):
        (bin_folder / "pg_dump").unlink()
        fake(bin_folder, "pg_dump", script)
        assert words in str(refusal(backup.back_up, registry, file, force=True))
        assert file.read_text() == "mine"
    assert sorted(tmp_path.iterdir()) == [bin_folder, file]


# PostgreSQL's programs


def test_no_password_where_others_can_read_it(
    registry: Database,
    bin_folder: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(programs, "_candidates", lambda name: [bin_folder / name])
    seen = bin_folder / "seen"
    (bin_folder / "pg_dump").unlink()
    fake(bin_folder, "pg_dump", f'*--schema*) echo "$PGPASSWORD" "$@" >{seen};;')
    url = registry.url.set(password="top secret").update_query_dict({"keepalives_idle": "77"})
    with open_database(settings_for(url)) as database:
        status, output, messages = run_here(
            capsys, database, "db", "backup", str(tmp_path / "file")
        )
    assert (status, output) == (0, "")
    assert "secret" not in messages
    password, _, arguments = seen.read_text().partition("secret ")
    assert password == "top "
    assert "secret" not in arguments
    assert "keepalives_idle=77" in arguments
    with_key = registry.url.update_query_dict({"sslpassword": "top secret"})
    with open_database(settings_for(with_key)) as database:
        error = refusal(programs.connection_settings, database)
        assert "sslpassword" in str(error)
        assert "top secret" not in str(error)


def test_without_programs_on_the_path_those_of_the_package_serve(
    registry: Database,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PATH", "")
    file = tmp_path / "file"
    status, output, messages = run_here(capsys, registry, "db", "backup", str(file))
    assert (status, output) == (0, "")
    assert messages.startswith("Saved 0 patients")
    document = json.loads(file.read_bytes().rpartition(b"registry backup ")[2].splitlines()[0])
    assert document["rows"]["reference.definition"] == 3


def test_programs_that_are_missing_or_too_old(
    registry: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nowhere() -> Path:
        raise DatabaseUnavailable("not installed")

    monkeypatch.setattr(cluster, "bin_directory", nowhere)
    monkeypatch.setenv("PATH", str(tmp_path))
    error = refusal(backup.back_up, registry, tmp_path / "file")
    assert "nor on the path" in error.problem
    assert error.cure
    assert "Install PostgreSQL's client programs, version" in error.cure
    old = tmp_path / "pg_dump"
    old.write_text("#!/bin/sh\necho 'pg_dump (PostgreSQL) 14.9 (Debian)'\n")
    old.chmod(0o755)
    error = refusal(backup.back_up, registry, tmp_path / "file")
    assert f"{old} is of 14 and refuses" in error.problem
    assert error.cure
    assert "on the path" in error.cure
    old.write_text("#!/bin/sh\necho 'something else 99'\n")
    assert isinstance(refusal(backup.back_up, registry, tmp_path / "file"), NotFound)
    assert list(tmp_path.iterdir()) == [old]


def test_the_server_is_gone(
    shared_study: Database,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = backup.content_of

    def ended(connection: Connection, schemas: tuple[str, ...]) -> Content:
        content = found(connection, schemas)
        connection.execute(text("select pg_terminate_backend(pg_backend_pid())"))
        return content

    monkeypatch.setattr(backup, "content_of", ended)
    status, _, complaint = run_here(capsys, shared_study, "db", "backup", str(tmp_path / "file"))
    assert status == 3
    assert "connection" in complaint
    assert not list(tmp_path.iterdir())
