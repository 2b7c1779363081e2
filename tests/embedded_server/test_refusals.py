"""What keeps an embedded server from starting is refused with the cure."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import pwd
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from registry.database import account, cluster, embedded
from registry.errors import DatabaseUnavailable
from tests.embedded_server.processes import PROJECT, as_root, as_user, ask, copy, only_linux

pytestmark = only_linux


def refusal(home: Path) -> DatabaseUnavailable:
    with pytest.raises(DatabaseUnavailable) as raised:
        embedded.start(home).close()
    assert raised.value.cure
    assert "Traceback" not in str(raised.value)
    return raised.value


def test_data_of_another_version(home: Path) -> None:
    version = home / "postgres" / "PG_VERSION"
    version.write_text("17\n")
    try:
        error = refusal(home)
    finally:
        version.write_text("18\n")
    assert "PostgreSQL 17" in error.problem
    assert error.cure
    assert "Back them up" in error.cure


@pytest.mark.parametrize("make", [lambda p: p.mkdir(), lambda p: p.symlink_to("/unplugged/disk")])
def test_a_data_folder_that_is_none_is_left_alone(
    folder: Path, make: Callable[[Path], None]
) -> None:
    make(folder / "postgres")
    with contextlib.suppress(OSError):
        (folder / "postgres" / "diary.txt").write_text("mine")
    before = sorted(folder.rglob("*"))
    assert str(folder / "postgres") in refusal(folder).problem
    assert set(before) <= set(folder.rglob("*"))


def test_a_server_that_cannot_start_says_why(home: Path) -> None:
    settings = home / "postgres" / "postgresql.auto.conf"
    text = settings.read_text()
    settings.write_text("no_such_setting = 1\n")
    try:
        begun = time.monotonic()
        error = refusal(home)
        assert time.monotonic() - begun < 5
    finally:
        settings.write_text(text)
    assert "no_such_setting" in error.problem


def test_a_home_that_cannot_be(folder: Path) -> None:
    (folder / "file").write_text("")
    assert "file" in refusal(folder / "file").problem
    assert "file" in refusal(folder / "file" / "home").problem
    (folder / "open").mkdir()
    (folder / "open").chmod(0o777)
    assert "Anybody" in refusal(folder / "open").problem
    assert not list((folder / "open").iterdir())


@as_root
def test_a_home_of_another_user(folder: Path, home: Path, ordinary_user: pwd.struct_passwd) -> None:
    code = """
import sys
from pathlib import Path
from registry.database import embedded
from registry.errors import DatabaseUnavailable
for ask in (embedded.start, embedded.is_running):
    try:
        ask(Path(sys.argv[1]))
    except DatabaseUnavailable as error:
        print(error)
"""
    os.chmod(home.parent, 0o755)
    command = as_user(ordinary_user, [sys.executable, "-c", code, str(home)])
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("Permission denied") == 2
    assert done.stdout.count("--home") == 2


def test_a_file_system_without_locks(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(descriptor: int, kind: int) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", refuse)
    assert "locked" in refusal(folder / "home").problem


@contextlib.contextmanager
def small_disk(place: Path, megabytes: int) -> Iterator[Path]:
    place.mkdir()
    options = f"size={megabytes}m"
    mount = ["mount", "-t", "tmpfs", "-o", options, "none", str(place)]
    if subprocess.run(mount, check=False).returncode != 0:
        pytest.skip("cannot mount a small disk here")
    try:
        yield place
    finally:
        subprocess.run(["umount", str(place)], check=False)


@as_root
@pytest.mark.parametrize("megabytes", [8, 30])
def test_a_disk_too_small_for_the_data(folder: Path, megabytes: int) -> None:
    with small_disk(folder / "small", megabytes) as place:
        error = refusal(place / "home")
        assert error.cure
        assert "Make room" in error.cure
        assert not list((place / "home").glob("postgres*"))


@as_root
def test_a_disk_that_has_become_full(folder: Path, made_home: Path) -> None:
    with small_disk(folder / "small", 64) as place:
        home = copy(made_home, place / "home")
        with contextlib.suppress(OSError), (place / "other").open("wb") as other:
            while True:
                other.write(bytes(4096))
                other.flush()
        error = refusal(home)
        assert error.cure
        assert "Make room" in error.cure
        (place / "other").unlink()
        with embedded.start(home) as server:
            assert ask(server.url(), "select 1") == [(1,)]


def test_missing_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    assert (embedded.bin_directory() / "initdb").exists()
    monkeypatch.setattr(cluster, "MAJOR_VERSION", "99")
    with pytest.raises(DatabaseUnavailable, match="not installed"):
        embedded.bin_directory()


def test_a_user_without_a_name(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whom initdb refuses: a container may be run with any number."""
    monkeypatch.setattr(os, "geteuid", lambda: 2_000_000_011)
    with pytest.raises(DatabaseUnavailable, match="2000000011"):
        account.server_account(folder, folder / "postgres")


@as_root
def test_without_an_account_of_its_own_it_runs_as_nobody(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(account, "SYSTEM_ACCOUNT", "no such account")
    monkeypatch.setenv("PATH", "/nowhere")
    who = account.server_account(folder, folder / "postgres")
    assert who
    assert who.uid == pwd.getpwnam("nobody").pw_uid
