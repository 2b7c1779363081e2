"""Servers that replicate: three hospitals' and a hub's, each a copy of one migrated folder."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlalchemy import make_url

from registry.database import cluster, migrate
from registry.database.engine import Database
from registry.importing.run import import_files
from registry.synth import write_registry
from tests.conftest import MEMORY_VARIABLE, TEST_URL_VARIABLE, opened_for_test
from tests.identifiers import identify

HOSPITALS = ("NORTH", "EAST", "SOUTH")
HUB = "HUB"
CHILDREN = 12
DEBIAN = max(Path("/usr/lib/postgresql").glob("*/bin"), default=None)
# The kind of server that the run is on.
PROGRAMS = DEBIAN if TEST_URL_VARIABLE in os.environ else None
ACCOUNT = "nobody" if os.geteuid() == 0 else None
AS_SERVER = (
    ["setpriv", "--reuid", "nobody", "--regid", "nogroup", "--clear-groups"] if ACCOUNT else []
)


@dataclass
class Server:
    """A server in a folder of its own, which is stopped and started."""

    programs: Path
    folder: Path
    port: int

    def control(self, *command: str) -> None:
        control = [*AS_SERVER, self.programs / "pg_ctl", "-D", self.folder / "data", "-w"]
        log = ["-l", self.folder / "log"] if command[0] == "start" else []
        subprocess.run(
            [*control, *log, *command], check=True, stdout=subprocess.DEVNULL, cwd="/", timeout=60
        )

    def start(self) -> None:
        # Whoever lost a hospital's server looks for it again at once.
        settings = {
            "listen_addresses": "127.0.0.1",
            "fsync": "off",
            "autovacuum": "off",
            "wal_level": "logical",
            "wal_retrieve_retry_interval": "200ms",
        }
        given = " ".join(f"-c {name}={value}" for name, value in settings.items())
        self.control("-o", f"-k {self.folder} -p {self.port} {given}", "start")

    def stop(self) -> None:
        self.control("-m", "immediate", "stop")

    def url(self) -> str:
        return f"postgresql+psycopg://postgres@127.0.0.1:{self.port}/postgres"


@dataclass
class Network:
    """The servers and the open registries on them by the hospital's code, and who is not sent."""

    servers: dict[str, Server]
    registries: dict[str, Database]
    withheld: set[str] = field(default_factory=set)


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    programs = PROGRAMS or cluster.bin_directory()
    room = Path(tempfile.mkdtemp(prefix="hub-", dir=os.environ.get(MEMORY_VARIABLE, "/tmp")))
    for folder in (room, *room.parents[:1]):
        if folder.name.startswith(("hub-", "registry-tests-")):
            folder.chmod(0o711)
    children = tmp_path_factory.mktemp("children")
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, room, ignore_errors=True)
        template = Server(programs, _folder(room, "template"), free_port())
        make = ["-U", "postgres", "--auth=trust", "--no-sync", "-E", "UTF8", "--locale=C.UTF-8"]
        subprocess.run(
            [*AS_SERVER, programs / "initdb", "-D", template.folder / "data", *make],
            check=True, stdout=subprocess.DEVNULL, cwd="/",
        )  # fmt: skip
        template.start()
        with opened_for_test(make_url(template.url())) as database:
            migrate.upgrade(database)
        template.control("-m", "fast", "stop")
        servers, registries = {}, {}
        for seed, name in enumerate((HUB, *HOSPITALS)):
            server = Server(programs, _folder(room, name), free_port())
            subprocess.run(
                [*AS_SERVER, "cp", "-r", template.folder / "data", server.folder / "data"],
                check=True, cwd="/",
            )  # fmt: skip
            server.start()
            stack.callback(server.stop)
            servers[name] = server
            database = stack.enter_context(opened_for_test(make_url(server.url())))
            registries[name] = database
            if name != HUB:
                folder = children / name
                write_registry(CHILDREN, seed, folder)
                with database.engine.begin() as connection:
                    assert import_files(connection, [folder]).errors == []
                    identify(connection, [f"S{one:06}" for one in range(1, CHILDREN + 1)])
        yield Network(servers, registries)
        for database in registries.values():
            database.engine.dispose()


def _folder(room: Path, name: str) -> Path:
    folder = room / name.lower()
    folder.mkdir(mode=0o700)
    if ACCOUNT:
        shutil.chown(folder, ACCOUNT)
    return folder
