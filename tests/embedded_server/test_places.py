"""Where an embedded server lies, who may go there, and what its callers notice."""

from __future__ import annotations

import os
import pwd
import signal
import sys
import time
from pathlib import Path

import pytest
import sqlalchemy as sa

from registry.database import cluster, embedded
from registry.errors import DatabaseUnavailable
from tests.embedded_server.processes import (
    HOLD,
    PROJECT,
    as_root,
    as_user,
    ask,
    copy,
    end,
    keeper_of,
    mode,
    only_linux,
    postmaster_of,
    processes,
    spawn,
    spawn_command,
    url_of,
    wait_until,
)

pytestmark = only_linux


def test_everything_is_private_and_no_port_is_open(home: Path) -> None:
    with embedded.start(home):
        layout = cluster.Layout(home)
        assert mode(home) == 0o700
        assert (mode(layout.data), mode(layout.run)) == (0o700, 0o700)
        assert mode(layout.run / ".s.PGSQL.5432") == 0o700
        for file in ("clients.lock", "keeper.lock", "server.lock", "postgres.log"):
            assert mode(home / file) == 0o600, file
        opened = {os.readlink(entry) for entry in Path(f"/proc/{postmaster_of(home)}/fd").iterdir()}
        sockets = {name for name in opened if name.startswith("socket:")}
        assert sockets, "the socket of the server itself"
        tables = "".join(Path(f"/proc/net/{kind}").read_text() for kind in ("tcp", "tcp6", "udp"))
        inodes = {line.split()[9] for line in tables.splitlines() if ":" in line.split()[1]}
        assert not sockets & {f"socket:[{inode}]" for inode in inodes}


def test_a_home_that_is_there_keeps_its_mode(folder: Path, made_home: Path) -> None:
    home = copy(made_home, folder / "home")
    home.chmod(0o750)
    embedded.start(home).close()
    assert mode(home) == 0o750


@as_root
def test_root_below_folders_closed_to_others(folder: Path, made_home: Path) -> None:
    home = copy(made_home, folder / "closed" / "home")
    home.parent.chmod(0o700)
    places = {*home.parents, *Path(sys.executable).resolve().parents, PROJECT}
    before = {path: (mode(path), path.stat().st_uid) for path in places}
    assert before[home.parent] == before[folder] == (0o700, 0)
    with embedded.start(home) as server:
        status = Path(f"/proc/{postmaster_of(home)}/status").read_text()
        uids = {int(uid) for uid in status.split("Uid:")[1].splitlines()[0].split()}
        assert uids == {(home / "postgres").stat().st_uid}
        assert 0 not in uids
        granted = [line.split()[1] for line in status.splitlines() if line.startswith("CapEff")]
        assert int(granted[0], 16) == 1 << 1, "the one capability that goes through folders"
        assert ask(server.url(), "select 1") == [(1,)]
    assert {path: (mode(path), path.stat().st_uid) for path in places} == before


@as_root
def test_ordinary_user(folder: Path, ordinary_user: pwd.struct_passwd) -> None:
    os.chown(folder, ordinary_user.pw_uid, ordinary_user.pw_gid)
    home = folder / "home"
    client = spawn_command(as_user(ordinary_user, [sys.executable, "-c", HOLD, str(home)]))
    url = url_of(client)
    assert ask(url, "select current_user::text") == [("registry",)]
    everything = [home, *home.rglob("*")]
    assert {path.lstat().st_uid for path in everything} == {ordinary_user.pw_uid}
    running = processes(home)
    assert running
    for pid in running:
        status = Path(f"/proc/{pid}/status").read_text()
        assert f"Uid:\t{ordinary_user.pw_uid}\t" in status
        assert "CapEff:\t0000000000000000" in status
    end(client)
    assert not processes(home)

    # Root in the same home serves as its owner, without root's reach, and leaves nothing of root's.
    with embedded.start(home) as server:
        status = Path(f"/proc/{postmaster_of(home)}/status").read_text()
        assert f"Uid:\t{ordinary_user.pw_uid}\t" in status
        assert "CapEff:\t0000000000000000" in status
        assert ask(server.url(), "select 1") == [(1,)]
    assert {path.lstat().st_uid for path in home.rglob("*")} == {ordinary_user.pw_uid}


@pytest.mark.parametrize("name", ["x" * 120, "one, two"])
def test_a_path_that_cannot_hold_a_socket(folder: Path, made_home: Path, name: str) -> None:
    home = copy(made_home, folder / name / "home")
    with embedded.start(home) as server:
        elsewhere = Path(os.readlink(home / "run"))
        assert (mode(elsewhere), elsewhere.stat().st_uid) == (
            0o700,
            (home / "postgres").stat().st_uid,
        )
        assert f"host={elsewhere}&" in server.url()
        client = spawn(home)
        assert ask(url_of(client), "select 1") == [(1,)]
        end(client)
    assert not elsewhere.exists()

    server = embedded.start(home)
    left = Path(os.readlink(home / "run"))
    postmaster = postmaster_of(home)
    # Stopped first: it would tidy up when its keeper is gone.
    os.kill(postmaster, signal.SIGSTOP)
    os.kill(keeper_of(home), signal.SIGKILL)
    os.kill(postmaster, signal.SIGKILL)
    wait_until(lambda: not embedded.is_running(home))
    assert (left / ".s.PGSQL.5432").exists()
    with embedded.start(home):
        assert not left.exists()
    server.close()


def test_a_path_with_blanks_and_signs(folder: Path, made_home: Path) -> None:
    home = copy(made_home, folder / "Zoë's 100% & data?")
    with embedded.start(home) as server:
        assert not (home / "run").is_symlink()
        assert ask(server.url(), "select 1") == [(1,)]


def test_a_copied_home_does_not_disturb_the_one_it_was_copied_from(
    folder: Path, made_home: Path
) -> None:
    long = copy(made_home, folder / ("x" * 120) / "home")
    other = folder / "copy"
    with embedded.start(long) as server:
        copy(made_home, other)
        (other / "run").rmdir()
        (other / "run").symlink_to(os.readlink(long / "run"))
        embedded.start(other).close()
        assert ask(server.url(), "select 1") == [(1,)]


# What the caller notices


def test_the_server_does_not_hold_the_pipes_of_the_command_that_started_it(home: Path) -> None:
    code = """
import os, signal, sys
from pathlib import Path
from registry.database import embedded
embedded.start(Path(sys.argv[1]))
print("started", flush=True)
sys.stdin.readline()
os.kill(os.getpid(), signal.SIGKILL)
"""
    client = spawn(home, code)
    assert client.stdout
    assert client.stdout.readline() == "started\n"
    with embedded.start(home):
        begun = time.monotonic()
        client.communicate("end\n", timeout=10)
        assert time.monotonic() - begun < 2
        assert embedded.is_running(home)


def test_variables_of_the_environment_do_not_reach_the_server(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"PGPORT": "7", "PGDATA": "/nowhere", "LC_ALL": "xx", "TZ": "+5"}.items():
        monkeypatch.setenv(name, value)
    with embedded.start(home) as server:
        assert ask(server.url(), "select 1") == [(1,)]
        given = Path(f"/proc/{keeper_of(home)}/environ").read_text().strip("\0").split("\0")
        assert "LC_ALL=C" in given
        assert not [word for word in given if word.startswith(("PG", "TZ", "REGISTRY"))]
    monkeypatch.setenv("PGSERVICE", "nowhere")
    with pytest.raises(DatabaseUnavailable, match="PGSERVICE"):
        embedded.start(home)
    wait_until(lambda: not processes(home))


def test_the_log_holds_nothing_that_a_statement_said(home: Path) -> None:
    with embedded.start(home) as server:
        for secret in ("select 'Ada Lovelace'::date", "do $$begin raise 'Ada Lovelace'; end$$"):
            with pytest.raises(sa.exc.DBAPIError):
                ask(server.url(), secret)
        engine = sa.create_engine(server.url(), poolclass=sa.NullPool)
        with pytest.raises(sa.exc.DBAPIError), engine.begin() as connection:
            connection.execute(sa.text("select cast(:name as int)"), {"name": "Ada Lovelace"})
    log = (home / "postgres.log").read_text()
    assert "ready to accept connections" in log
    assert "Ada" not in log


def test_a_large_log_is_set_aside(home: Path) -> None:
    (home / "postgres.log").write_text("x" * 1_100_000)
    embedded.start(home).close()
    assert (home / "postgres.log").stat().st_size < 10_000
    assert (home / "postgres.log.old").stat().st_size == 1_100_000
