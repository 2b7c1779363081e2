"""Two servers: a primary with the study, and a standby that follows it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import psycopg
import pytest
from sqlalchemy import make_url

from registry.database import migrate
from registry.definitions.store import set_default_definition
from registry.derivation.run import derive
from registry.importing.run import import_files
from tests.conftest import COHORT, opened_for_test
from tests.servers import Server, folder_in, free_port, room_for_servers

ANALYST = "anna"


@dataclass
class Pair:
    """The two, each by the part that it begins with."""

    primary: Server
    standby: Server

    def url(self, wanted: str, user: str = "postgres") -> str:
        """Of both servers: libpq finds the one that is wanted."""
        both = f"127.0.0.1:{self.standby.port},127.0.0.1:{self.primary.port}"
        return f"postgresql://{user}@{both}/postgres?target_session_attrs={wanted}"


def follow(new: Server, primary: Server) -> None:
    """Makes a standby of a server that has nothing yet, at a port that nobody has come to hold."""
    new.port = free_port()
    where = ["-h", "127.0.0.1", "-p", primary.port, "-U", "postgres"]
    new.run("pg_basebackup", "-D", new.folder / "data", *where, "-R", "-c", "fast", "--no-sync")
    new.start()


def wait_for_standbys(server: Server) -> None:
    """From here on a commit is answered when a standby has it and shows it."""
    with psycopg.connect(server.url().replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute("alter system set synchronous_standby_names = '*'")
        connection.execute("alter system set synchronous_commit = remote_apply")
        connection.execute("select pg_reload_conf()")


@pytest.fixture(scope="module")
def pair() -> Iterator[Pair]:
    with ExitStack() as stack:
        room = stack.enter_context(room_for_servers())
        primary = Server(folder_in(room, "first"), free_port())
        standby = Server(folder_in(room, "second"), free_port())
        primary.make()
        primary.start()
        stack.callback(primary.stop)
        with opened_for_test(make_url(primary.url())) as database:
            migrate.upgrade(database)
            with database.engine.begin() as connection:
                assert import_files(connection, [COHORT]).errors == []
                set_default_definition(connection, "paper", user="tester", reason="as the demo's")
                connection.exec_driver_sql(f"create role {ANALYST} login in role registry_analyst")
            derive(database.engine, user="tester")
        follow(standby, primary)
        stack.callback(standby.stop)
        wait_for_standbys(primary)
        yield Pair(primary, standby)
