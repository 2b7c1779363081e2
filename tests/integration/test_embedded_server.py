"""The embedded server with real processes and real kills; what is read of them is in /proc."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import pwd
import re
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from registry.database import account, cluster, embedded
from registry.errors import DatabaseUnavailable

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")

PROJECT = Path(__file__).parents[2]
# Says where the server is, then holds it until its standard input ends or it is killed.
HOLD = """
import sys
from pathlib import Path
from registry.database import embedded
with embedded.start(Path(sys.argv[1])) as server:
    print(server.url(), flush=True)
    sys.stdin.read()
"""
GONE_SECONDS = 10.0

spawned: list[subprocess.Popen[str]] = []


def spawn(home: Path, code: str = HOLD) -> subprocess.Popen[str]:
    return spawn_command([sys.executable, "-c", code, str(home)])


def spawn_command(command: list[str]) -> subprocess.Popen[str]:
    pipe = subprocess.PIPE
    client = subprocess.Popen(command, cwd=PROJECT, stdin=pipe, stdout=pipe, stderr=pipe, text=True)
    spawned.append(client)
    return client


def kill_spawned() -> None:
    """So that one failed test does not fail the others."""
    while spawned:
        spawned.pop().kill()


def url_of(client: subprocess.Popen[str]) -> str:
    assert client.stdout
    line = client.stdout.readline().strip()
    assert line.startswith("postgresql+psycopg://"), client.communicate()[1]
    return line


def end(client: subprocess.Popen[str]) -> None:
    _, complaint = client.communicate("", timeout=30)
    assert (client.returncode, complaint) == (0, "")


def kill(client: subprocess.Popen[str]) -> None:
    client.kill()
    client.communicate()


def processes(home: Path) -> dict[int, str]:
    """Every process with the home on its command line, but this one and the commands of tests."""
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                words = (entry / "cmdline").read_bytes().decode(errors="replace").split("\0")
                if any(str(home) in word for word in words) and HOLD not in words:
                    found[int(entry.name)] = " ".join(words)
    return found


def keeper_of(home: Path) -> int:
    [pid] = [pid for pid, words in processes(home).items() if "keeper.py" in words]
    return pid


def postmaster_of(home: Path) -> int:
    pid = cluster.postmaster_pid(cluster.Layout(home))
    assert pid is not None
    return pid


def wait_until(condition: Callable[[], bool], seconds: float = GONE_SECONDS) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.02)


def is_alive(pid: int) -> bool:
    """Whether it runs: one that has ended and was not yet collected does not."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    return False


def ask(url: str, query: str) -> list[tuple[object, ...]]:
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.begin() as connection:
        result = connection.execute(sa.text(query))
        return [tuple(row) for row in result] if result.returns_rows else []


def copy(home: Path, to: Path) -> Path:
    """A stopped home at another place, whose owners and modes stay; the folder above is made."""
    to.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(["cp", "-a", str(home), str(to)], check=True)
    return to


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@contextlib.contextmanager
def temporary_folder() -> Iterator[Path]:
    # In memory where there is enough: the speed of the disk is not what is tested.
    memory = Path("/dev/shm")
    roomy = memory.is_dir() and shutil.disk_usage(memory).free > 1_000_000_000
    folder = Path(tempfile.mkdtemp(prefix="emb-", dir=memory if roomy else "/tmp"))
    try:
        yield folder
        wait_until(lambda: not processes(folder))
    finally:
        for pid in processes(folder):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def folder() -> Iterator[Path]:
    """An empty folder, 0700; nothing that runs in it may outlive the test."""
    with temporary_folder() as made:
        yield made
        kill_spawned()


@pytest.fixture(scope="module")
def made_home() -> Iterator[Path]:
    with temporary_folder() as made:
        embedded.start(made / "home").close()
        yield made / "home"


@pytest.fixture
def home(made_home: Path) -> Iterator[Path]:
    """A home that has its data; the server is stopped before and must be after the test."""
    assert not embedded.is_running(made_home)
    yield made_home
    kill_spawned()
    wait_until(lambda: not processes(made_home) and not embedded.is_running(made_home))


# Start, join, stop


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


# Where it lies and who may go there


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


@pytest.fixture
def ordinary_user() -> Iterator[pwd.struct_passwd]:
    name = f"registry-test-{os.getpid()}"
    subprocess.run(["useradd", "--system", "--no-create-home", name], check=True)
    try:
        yield pwd.getpwnam(name)
    finally:
        subprocess.run(["userdel", name], check=False)


def as_user(user: pwd.struct_passwd, command: list[str]) -> list[str]:
    """The command line that runs `command` as the user.

    Where Python lies in a folder closed to the user (root's own), that folder is opened in a copy
    which only this command sees.
    """
    needed = [PROJECT, Path(sys.prefix), Path(sys.base_prefix), Path(sys.executable).resolve()]
    closed = {
        folder
        for path in needed
        for folder in (path, *path.parents)
        if folder.is_dir() and not folder.stat().st_mode & stat.S_IXOTH
    }
    tops = sorted(folder for folder in closed if not closed & set(folder.parents))
    become = ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]
    if not tops:
        return [*become, *command]
    script = "set -e\nmount -t tmpfs none /mnt\n"
    for number, top in enumerate(tops):
        upper, work = f"/mnt/{number}u", f"/mnt/{number}w"
        script += f"mkdir {upper} {work}\n"
        options = f"lowerdir={top},upperdir={upper},workdir={work}"
        script += f"mount -t overlay -o '{options}' none '{top}'\n"
    script += "".join(f"chmod o+x '{path}'\n" for path in sorted(closed)) + 'exec "$@"\n'
    private = ["unshare", "--mount", "sh", "-c", script, "sh"]
    tried = subprocess.run([*private, "true"], capture_output=True, text=True, check=False)
    if tried.returncode != 0:
        pytest.skip(f"Python is in a folder closed to other users: {tried.stderr}")
    return [*private, *become, *command]


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


# What is refused, with the cure


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
