"""The embedded server with real kills: start, join, stop, and what a crash leaves."""

from __future__ import annotations

import fcntl
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
import sqlalchemy as sa

from registry.database import account, cluster, embedded
from registry.errors import DatabaseUnavailable
from tests.embedded_server.processes import (
    HOLD,
    ask,
    end,
    is_alive,
    keeper_of,
    kill,
    only_linux,
    postmaster_of,
    processes,
    spawn,
    url_of,
    wait_until,
)

pytestmark = only_linux


def test_first_start_makes_the_database_and_the_last_close_stops_it(folder: Path) -> None:
    home = folder / "deeper" / "home"
    assert not embedded.is_running(home)
    with embedded.start(home) as server:
        assert embedded.is_running(home)
        [made] = ask(
            server.url(),
            "select current_user::text, pg_encoding_to_char(encoding)::text, datlocprovider::text,"
            " datlocale, datdba::regrole::text, rolcreaterole, rolcreatedb, rolsuper,"
            " current_setting('TimeZone'), current_setting('data_checksums'),"
            " current_setting('fsync')"
            " from pg_database, pg_roles where datname = 'registry' and rolname = 'registry'",
        )
        assert made == (
            *("registry", "UTF8", "b", "C.UTF-8", "registry"),
            *(True, True, False, "UTC", "on", "on"),
        )
        order = ask(
            server.url(), "select string_agg(x, '' order by x) from unnest('{b,a,B}'::text[]) x"
        )
        assert order == [("Bab",)]
        superuser = server.url(user="postgres", database="postgres")
        assert ask(superuser, "select rolsuper from pg_roles where rolname = current_user") == [
            (True,)
        ]
        assert (server.bin_directory / "psql").exists()
    assert not embedded.is_running(home)
    assert not processes(home)


def test_a_second_command_joins_and_the_first_may_leave_before_it(home: Path) -> None:
    first = embedded.start(home)
    pid = postmaster_of(home)
    begun = time.monotonic()
    second = embedded.start(home)
    assert time.monotonic() - begun < 0.5
    begun = time.monotonic()
    first.close()
    assert time.monotonic() - begun < 0.5, "must not wait for the other command"
    first.close()  # twice does no harm
    time.sleep(0.2)
    assert ask(second.url(), "select 1") == [(1,)]
    assert postmaster_of(home) == pid
    second.close()
    assert not processes(home)


def test_a_start_joins_the_server_that_has_begun_to_start(home: Path) -> None:
    with embedded.begin(home), embedded.start(home) as server:
        assert ask(server.url(), "select 1") == [(1,)]
        server.close()
        assert embedded.is_running(home)
    assert not embedded.is_running(home)
    assert not processes(home)


def test_what_ends_a_command_before_its_server_is_there_leaves_nothing(home: Path) -> None:
    with pytest.raises(KeyboardInterrupt), embedded.begin(home):
        raise KeyboardInterrupt
    assert not embedded.is_running(home)
    assert not processes(home)


def test_data_outlive_the_server(home: Path) -> None:
    with embedded.start(home) as server:
        ask(server.url(), "create table kept as select 42 as answer")
    with embedded.start(home) as server:
        assert ask(server.url(), "select answer from kept") == [(42,)]
        ask(server.url(), "drop table kept")


def test_starting_again_and_again_beside_others(home: Path) -> None:
    code = """
import sys
from pathlib import Path
import psycopg
from registry.database import embedded
for _ in range(12):
    with embedded.start(Path(sys.argv[1])) as server:
        psycopg.connect(server.url().replace("+psycopg", "")).close()
"""
    for client in [spawn(home, code) for _ in range(3)]:
        end(client)
    assert not processes(home)


def test_two_commands_at_the_same_moment_on_a_new_home(folder: Path) -> None:
    home = folder / "home"
    clients = [spawn(home), spawn(home)]
    started = [
        ask(
            url_of(client),
            "select pg_postmaster_start_time()::text, oid::text from pg_database"
            " where datname = 'registry'",
        )
        for client in clients
    ]
    assert started[0] == started[1]
    for client in clients:
        end(client)
    assert not processes(home)


# Kills


def test_server_goes_when_the_only_command_is_killed(home: Path) -> None:
    client = spawn(home)
    url_of(client)
    assert processes(home)
    kill(client)
    wait_until(lambda: not processes(home) and not embedded.is_running(home), 5)


def test_server_stays_for_the_others_when_one_command_is_killed(home: Path) -> None:
    client = spawn(home)
    url_of(client)
    with embedded.start(home) as server:
        kill(client)
        time.sleep(0.3)
        assert ask(server.url(), "select 1") == [(1,)]


def test_a_program_that_a_killed_command_started_does_not_hold_the_server(home: Path) -> None:
    code = HOLD.replace("import sys", "import subprocess, sys").replace(
        "    sys.stdin.read()",
        "    print(subprocess.Popen(['sleep', '60']).pid, flush=True)\n    sys.stdin.read()",
    )
    client = spawn(home, code)
    url_of(client)
    assert client.stdout
    child = int(client.stdout.readline())
    client.kill()
    client.wait()
    try:
        wait_until(lambda: not embedded.is_running(home), 5)
        assert is_alive(child)
    finally:
        os.kill(child, signal.SIGKILL)
        client.communicate()


def test_server_goes_when_its_keeper_is_killed_and_the_next_start_works(home: Path) -> None:
    server = embedded.start(home)
    ask(server.url(), "create table committed as select 1 as n")
    postmaster = postmaster_of(home)
    os.kill(keeper_of(home), signal.SIGKILL)
    wait_until(lambda: not is_alive(postmaster), 5)
    with embedded.start(home) as again:
        assert postmaster_of(home) != postmaster
        assert ask(again.url(), "select n from committed") == [(1,)]
        ask(again.url(), "drop table committed")
        server.close()


def test_a_start_right_after_the_keeper_was_killed(home: Path) -> None:
    """The server of the dead keeper may still be stopping."""
    server = embedded.start(home)
    keeper = keeper_of(home)
    os.kill(keeper, signal.SIGKILL)
    wait_until(lambda: not is_alive(keeper))
    with embedded.start(home) as again:
        assert ask(again.url(), "select 1") == [(1,)]
        server.close()


def test_a_start_waits_for_a_server_that_is_still_stopping(home: Path) -> None:
    server = embedded.start(home)
    postmaster = postmaster_of(home)
    os.kill(postmaster, signal.SIGSTOP)
    os.kill(keeper_of(home), signal.SIGKILL)
    client = spawn(home)
    time.sleep(1)
    assert client.poll() is None
    assert is_alive(postmaster)
    os.kill(postmaster, signal.SIGCONT)
    assert ask(url_of(client), "select 1") == [(1,)]
    assert not is_alive(postmaster)
    server.close()
    end(client)


def test_an_orphan_that_does_not_stop_by_itself_is_stopped(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on systems where a parent's death gives no signal."""
    monkeypatch.setattr(embedded, "_ORPHAN_GRACE_SECONDS", 0.2)
    layout = cluster.Layout(home)
    held = os.open(layout.server_lock, os.O_RDWR)
    fcntl.flock(held, fcntl.LOCK_EX)
    orphan = subprocess.Popen(["sleep", "60"], pass_fds=[held])
    os.close(held)
    (layout.data / "postmaster.pid").write_text(f"{orphan.pid}\n")
    with embedded.start(home) as server:
        assert ask(server.url(), "select 1") == [(1,)]
    assert orphan.wait(5) == -signal.SIGINT


def test_the_next_start_works_after_the_server_itself_is_killed(home: Path) -> None:
    first = embedded.start(home)
    ask(first.url(), "create table committed as select 1 as n")
    os.kill(postmaster_of(home), signal.SIGKILL)
    with embedded.start(home) as again:
        assert ask(again.url(), "select n from committed") == [(1,)]
        ask(again.url(), "drop table committed")
        first.close()
        assert ask(again.url(), "select 1") == [(1,)]


def test_a_server_that_recovers_is_ended_at_once_and_the_next_command_works(home: Path) -> None:
    """What killed a process of it, such as a computer without memory, ended the command too."""
    first = embedded.start(home)
    ask(first.url(), "drop table if exists committed")
    ask(first.url(), "create table committed as select 1 as n")
    engine = sa.create_engine(first.url())
    with engine.connect() as connection:
        backend = connection.execute(sa.text("select pg_backend_pid()")).scalar_one()
        os.kill(backend, signal.SIGKILL)
        with pytest.raises(sa.exc.OperationalError):
            connection.execute(sa.text("select 1"))
    log = (home / "postgres.log").read_text()
    first.close()
    assert not processes(home)
    # A fast shutdown is not taken in a recovery, and was waited for to its end.
    said = (home / "postgres.log").read_text().removeprefix(log)
    ready = said.partition("received fast shutdown request")[0].count("ready to accept connections")
    assert "received immediate shutdown request" in said or ready
    with embedded.start(home) as again:
        assert ask(again.url(), "select n from committed") == [(1,)]
        ask(again.url(), "drop table committed")


def test_a_keeper_that_is_asked_to_end_stops_the_server(home: Path) -> None:
    server = embedded.start(home)
    os.kill(keeper_of(home), signal.SIGTERM)
    wait_until(lambda: not processes(home))
    assert "database system is shut down" in (home / "postgres.log").read_text()[-200:]
    server.close()


@pytest.mark.parametrize("delay", [0.0, 0.03, 0.06, 0.1])
def test_a_command_killed_while_it_starts_the_server(home: Path, delay: float) -> None:
    client = spawn(home)
    wait_until(lambda: bool(processes(home)))
    time.sleep(delay)
    kill(client)
    with embedded.start(home) as server:
        assert ask(server.url(), "select 1") == [(1,)]
    assert not processes(home)


def test_a_command_killed_while_it_makes_the_data_folder(folder: Path) -> None:
    home = folder / "home"
    client = spawn(home)
    wait_until(lambda: any(home.glob("postgres.new-*/base/1")))
    kill(client)
    assert not (home / "postgres").exists()
    with embedded.start(home) as server:
        assert ask(server.url(), "select 1") == [(1,)]
    wait_until(lambda: not processes(home))
    names = {path.name for path in home.iterdir()}
    assert names == {
        *("clients.lock", "keeper.lock", "server.lock", "postgres", "postgres.log", "run")
    }


# What a crash leaves


def test_files_of_a_dead_server_whose_process_id_lives_on_in_another_program(home: Path) -> None:
    layout = cluster.Layout(home)
    with embedded.start(home):
        left = {
            path: path.read_text()
            for path in (layout.data / "postmaster.pid", layout.run / ".s.PGSQL.5432.lock")
        }
    owner = layout.data.stat()
    # Of the server's own account, else PostgreSQL itself takes no notice of it.
    foreign = subprocess.Popen(["sleep", "60"], user=None if os.geteuid() else owner.st_uid)
    try:
        for path, text in left.items():
            path.write_text(re.sub(r"^\d+", str(foreign.pid), text))
            os.chown(path, owner.st_uid, owner.st_gid)
        dead = socket.socket(socket.AF_UNIX)
        dead.bind(str(layout.run / ".s.PGSQL.5432"))
        dead.close()
        with embedded.start(home) as server:
            assert ask(server.url(), "select 1") == [(1,)]
        assert foreign.poll() is None, "another's program must not be ended"
    finally:
        foreign.kill()
        foreign.wait()


def test_a_second_server_on_the_same_data_is_refused(home: Path) -> None:
    """One that somebody started by hand, and that holds none of our locks."""
    layout = cluster.Layout(home)
    launch, *who = account.launcher(account.server_account(home, layout.data))
    command = [sys.executable, "-I", "-S", launch, str(os.getpid()), *who]
    by_hand = subprocess.Popen(
        [*command, *cluster.postgres_command(layout)],
        env=cluster.environment(),
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_until(lambda: embedded._answers(layout.run))
        with pytest.raises(DatabaseUnavailable, match="shared memory"):
            embedded.start(home)
        assert by_hand.poll() is None
    finally:
        by_hand.send_signal(signal.SIGINT)
        by_hand.wait()
