"""Servers that replicate: three hospitals' and a hub's, each a copy of one migrated folder."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field

import pytest
from sqlalchemy import make_url

from registry.database import migrate
from registry.database.engine import Database
from registry.importing.run import import_files
from registry.synth import write_registry
from tests.conftest import opened_for_test
from tests.identifiers import identify
from tests.servers import AS_SERVER, Server, folder_in, free_port, room_for_servers

HOSPITALS = ("NORTH", "EAST", "SOUTH")
HUB = "HUB"
CHILDREN = 12
# Whoever lost a hospital's server looks for it again at once.
REPLICATING = {"wal_level": "logical", "wal_retrieve_retry_interval": "200ms"}


@dataclass
class Network:
    """The servers and the open registries on them by the hospital's code, and who is not sent."""

    servers: dict[str, Server]
    registries: dict[str, Database]
    withheld: set[str] = field(default_factory=set)


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    children = tmp_path_factory.mktemp("children")
    with ExitStack() as stack:
        room = stack.enter_context(room_for_servers())
        template = Server(folder_in(room, "template"), free_port(), REPLICATING)
        template.make()
        template.start()
        with opened_for_test(make_url(template.url())) as database:
            migrate.upgrade(database)
        template.stop("fast")
        servers, registries = {}, {}
        for seed, name in enumerate((HUB, *HOSPITALS)):
            server = Server(folder_in(room, name.lower()), free_port(), REPLICATING)
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
