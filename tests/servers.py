"""Servers of a test's own, each in a folder: started, stopped, killed, copied, promoted.

Of the kind that the run is on: Debian's programs on Debian's server, else the embedded ones.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from registry.database import cluster
from tests.conftest import MEMORY_VARIABLE, TEST_URL_VARIABLE

DEBIAN = max(Path("/usr/lib/postgresql").glob("*/bin"), default=None)
ACCOUNT = "nobody" if os.geteuid() == 0 else None
AS_SERVER = (
    ["setpriv", "--reuid", "nobody", "--regid", "nogroup", "--clear-groups"] if ACCOUNT else []
)
SETTINGS = {"listen_addresses": "127.0.0.1", "fsync": "off", "autovacuum": "off"}


def programs() -> Path:
    """The folder of the kind of server that the run is on."""
    of_debian = DEBIAN if TEST_URL_VARIABLE in os.environ else None
    return of_debian or cluster.bin_directory()


@dataclass
class Server:
    """A server in a folder of its own."""

    folder: Path
    port: int
    settings: dict[str, str] = field(default_factory=dict)

    def run(self, name: str, *arguments: object) -> None:
        """One of the server's programs, as the account that the server has."""
        subprocess.run(
            [*AS_SERVER, programs() / name, *map(str, arguments)],
            check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/", timeout=60,
        )  # fmt: skip

    def control(self, *command: str) -> None:
        """pg_ctl, which waits for what it is told to do."""
        log = ["-l", self.folder / "log"] if command[-1] == "start" else []
        try:
            self.run("pg_ctl", "-D", self.folder / "data", "-w", *log, *command)
        except subprocess.CalledProcessError as error:
            for one in log[1:]:
                error.add_note(Path(one).read_text(encoding="utf-8")[-2000:])
            raise

    def make(self) -> None:
        """An empty one."""
        given = ["--auth=trust", "--no-sync", "-E", "UTF8", "--locale=C.UTF-8"]
        self.run("initdb", "-D", self.folder / "data", "-U", "postgres", *given)

    def start(self) -> None:
        given = " ".join(f"-c {name}={value}" for name, value in (SETTINGS | self.settings).items())
        self.control("-o", f"-k {self.folder} -p {self.port} {given}", "start")

    def stop(self, how: str = "immediate") -> None:
        self.control("-m", how, "stop")

    def kill(self) -> None:
        """As when its machine is lost: nothing is ended, nothing is written."""
        pid = (self.folder / "data" / "postmaster.pid").read_text(encoding="utf-8").split()[0]
        os.kill(int(pid), signal.SIGKILL)

    def url(self) -> str:
        return f"postgresql+psycopg://postgres@127.0.0.1:{self.port}/postgres"


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


@contextmanager
def room_for_servers() -> Iterator[Path]:
    """A folder that the servers' account can enter, in memory where there is some."""
    room = Path(tempfile.mkdtemp(prefix="servers-", dir=os.environ.get(MEMORY_VARIABLE, "/tmp")))
    for folder in (room, *room.parents[:1]):
        if folder.name.startswith(("servers-", "registry-tests-")):
            folder.chmod(0o711)
    try:
        yield room
    finally:
        shutil.rmtree(room, ignore_errors=True)


def folder_in(room: Path, name: str) -> Path:
    """A folder that the servers' account has to itself."""
    folder = room / name
    folder.mkdir(mode=0o700)
    if ACCOUNT:
        shutil.chown(folder, ACCOUNT)
    return folder
