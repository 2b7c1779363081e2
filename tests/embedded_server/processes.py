"""Commands that hold an embedded server, and what /proc says of the server's processes."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from registry.database import cluster

only_linux = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
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
