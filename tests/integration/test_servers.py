"""Servers that cannot be used: what is wrong is named with its cure, and no password with it."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import URL, Connection, make_url, text

from registry.database import migrate
from registry.database.engine import OLDEST_SERVER, Database, shown
from registry.derivation import run as derivation
from tests.conftest import COHORT, Databases
from tests.integration.backups import on_empty
from tests.programs import Program

SECRET = "correct-horse"
# Every command that reads or writes the registry.
COMMANDS = (
    ("status",),
    ("explain", "P001"),
    ("derive",),
    ("import", str(COHORT)),
    ("definition", "list"),
    ("definition", "show", "paper"),
    ("definition", "add", "mine", "--from", "paper"),
    ("analyse", "flow"),
    ("analyse", "km"),
    ("sql", "select 1"),
    ("export", "status", "--to", "status.csv"),
    ("db", "url"),
    ("db", "status"),
)


def full(url: URL) -> str:
    return url.render_as_string(hide_password=False)


class FakeServer:
    """Speaks just enough of PostgreSQL's protocol to say its version, then fails at anything.

    There is no server at hand that is too old; this one says it is, and knows no newer setting.
    """

    def __init__(self, version: str) -> None:
        self._version = version
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"postgresql://u:{SECRET}@127.0.0.1:{self._socket.getsockname()[1]}/d"
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self._socket.close()

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._socket.accept()
            except OSError:
                return
            with client:
                self._answer(client)

    def _answer(self, client: socket.socket) -> None:
        while True:
            length, code = struct.unpack("!II", client.recv(8))
            client.recv(length - 8)
            if code not in (80877103, 80877104):  # no encryption here
                break
            client.sendall(b"N")
        parameters = {
            "server_version": self._version,
            "client_encoding": "UTF8",
            "server_encoding": "UTF8",
            "standard_conforming_strings": "on",
        }
        said = _message(b"R", struct.pack("!I", 0))
        for name, value in parameters.items():
            said += _message(b"S", f"{name}\0{value}\0".encode())
        client.sendall(said + _message(b"K", struct.pack("!II", 1, 1)) + _message(b"Z", b"I"))
        while client.recv(65536):
            problem = b"SERROR\0VERROR\0C42704\0Munrecognized configuration parameter\0\0"
            client.sendall(_message(b"E", problem) + _message(b"Z", b"I"))


def _message(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("!I", len(body) + 4) + body


@pytest.fixture
def fake() -> Iterator[Callable[[str], FakeServer]]:
    made: list[FakeServer] = []

    def make(version: str) -> FakeServer:
        made.append(FakeServer(version))
        return made[-1]

    yield make
    for server in made:
        server.close()


@pytest.mark.parametrize("version", ["14.13 (Ubuntu 14.13-1.pgdg22.04+1)", "9.6.24", "13.1"])
def test_a_server_that_is_too_old_is_named(
    program: Program, fake: Callable[[str], FakeServer], version: str
) -> None:
    major = version.split(".")[0]
    for arguments in (("db", "upgrade"), ("status",), ("db", "status")):
        error = program(fake(version).url, *arguments).refused(3)
        assert f"PostgreSQL {major}; the registry needs {OLDEST_SERVER} or newer" in error
        assert "Upgrade the server" in error
        assert SECRET not in error


def test_a_server_that_is_new_enough_is_not_called_too_old(
    program: Program, fake: Callable[[str], FakeServer]
) -> None:
    error = program(fake("15.0").url, "status").err
    assert "newer" not in error
    assert SECRET not in error


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql://u:{SECRET}@127.0.0.1:1/d",
        f"postgresql://u@127.0.0.1:1/d?password={SECRET}",
        f"postgresql://u:{SECRET}@no-such-host.invalid/d",
        f"postgresql://u:{SECRET}@127.0.0.1:99999/d",
        f"postgresql://u:{SECRET}@/d?host=/no/such/folder",
        f"postgresql://u:{SECRET}@127.0.0.1/d?nonsense=1",
        f"postgresql://u:{SECRET}@127.0.0.1/d?sslmode=nonsense",
        f"postgres://u:{SECRET}@127.0.0.1:1/d",
    ],
)
def test_a_server_out_of_reach_is_named_without_the_password(program: Program, url: str) -> None:
    for arguments in (("status",), ("db", "upgrade")):
        error = program(url, *arguments).refused(3)
        assert "cannot be reached" in error
        assert "REGISTRY_DATABASE_URL" in error
        assert SECRET not in error


@pytest.mark.parametrize(
    "url",
    [
        f"mysql://u:{SECRET}@127.0.0.1/d",
        f"sqlite:///{SECRET}",
        f"u:{SECRET}@127.0.0.1/d",
        f"postgresql://u:{SECRET}@127.0.0.1:port/d",
        f"http://u:{SECRET}@127.0.0.1",
        " ",
    ],
)
def test_what_is_no_url_of_postgresql_is_refused(program: Program, url: str) -> None:
    error = program(url, "status").refused(3)
    assert "postgresql://USER:PASSWORD@HOST:PORT/DATABASE" in error
    assert SECRET not in error


def test_the_url_may_come_from_the_environment_and_the_option_wins(
    program: Program, monkeypatch: pytest.MonkeyPatch, shared_study: Database
) -> None:
    monkeypatch.setenv("REGISTRY_DATABASE_URL", f"mysql://u:{SECRET}@127.0.0.1/d")
    assert SECRET not in program(None, "status").refused(3)
    assert program(shared_study, "status", "P001").status == 0


def test_a_database_that_is_not_there_is_named(program: Program, server: URL) -> None:
    error = program(full(server.set(database="no_such_database")), "status").refused(3)
    assert 'database "no_such_database" does not exist' in error


def test_a_wrong_password_is_named_and_not_shown(program: Program, server: URL) -> None:
    if server.password is None:
        pytest.skip("the embedded server asks for no password: its socket is its owner's alone")
    error = program(full(server.set(password=SECRET)), "status").refused(3)
    assert "password authentication failed" in error
    assert SECRET not in error


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql+psycopg://u:{SECRET}@h/d",
        f"postgresql+psycopg://u@h/d?password={SECRET}&application_name=x",
        f"postgresql+psycopg://u@h/d?sslpassword={SECRET}",
    ],
)
def test_a_url_is_shown_without_its_password(url: str) -> None:
    assert SECRET not in shown(make_url(url))
    assert shown(make_url(url)).startswith("postgresql://u")


@pytest.fixture
def empty(databases: Databases) -> Iterator[Database]:
    """A database in which nothing has been made."""
    with on_empty(databases) as database:
        yield database


def test_every_command_says_that_an_empty_database_needs_an_upgrade(
    program: Program, empty: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for arguments in COMMANDS:
        error = program(empty, *arguments).refused(3)
        assert "no registry has been made in it" in error
        assert "registry db upgrade" in error
    assert list(tmp_path.iterdir()) == []


def test_the_status_of_a_database_is_shown_whatever_it_is(
    program: Program, empty: Database
) -> None:
    outcome = program(empty, "db", "status", "--format", "json")
    outcome.refused(3)
    assert outcome.document["revision"] is None
    assert outcome.document["at_head"] is False
    assert program(empty, "db", "upgrade").status == 0
    outcome = program(empty, "db", "status", "--format", "json")
    assert (outcome.status, outcome.err) == (0, "")
    assert outcome.document["revision"] == outcome.document["head"] == migrate.head()
    assert {table["rows"] for table in outcome.document["tables"]} == {0}
    assert SECRET not in outcome.out


def test_a_registry_of_an_older_program_needs_an_upgrade(
    program: Program, registry: Database
) -> None:
    migrate.downgrade(registry, "0002")
    error = program(registry, "status").refused(3)
    assert "at revision 0002, this program needs" in error
    assert "registry db upgrade" in error
    assert "from 0002" in program(registry, "db", "upgrade").err
    assert program(registry, "status").status == 0


def test_views_of_another_program_need_an_upgrade_and_are_no_fault(
    program: Program, registry: Database
) -> None:
    """Two programs of one revision may have other views."""
    command = ("analyse", "flow")
    with registry.engine.begin() as connection:
        connection.exec_driver_sql("drop view analytics.cohort_flow cascade")
    error = program(registry, *command).refused(3)
    assert "is not as this program makes it" in error
    assert "Bring it up to date: registry db upgrade" in error
    assert program(registry, "db", "upgrade").status == 0
    assert program(registry, *command).status == 0


def test_a_registry_of_a_newer_program_is_left_alone(program: Program, registry: Database) -> None:
    with registry.engine.begin() as connection:
        connection.execute(text("update alembic_version set version_num = '9999'"))
    for arguments in (("db", "upgrade"), ("status",), ("db", "status"), ("derive",)):
        error = program(registry, *arguments).refused(3)
        assert "at revision 9999, which this program does not know" in error
        assert "install that one" in error
    with registry.engine.connect() as connection:
        connection.execute(text("select * from analytics.status"))


def test_a_server_that_only_reads_is_named(program: Program, study: Database) -> None:
    with study.engine.begin() as connection:
        connection.execute(
            text(f'alter database "{study.url.database}" set default_transaction_read_only = on')
        )
    assert program(study, "status", "P001").status == 0
    for arguments in (("derive", "--full"), ("import", str(COHORT)), ("db", "upgrade")):
        error = program(study, *arguments).refused(3)
        assert "only reads" in error
        assert "primary" in error


@pytest.mark.parametrize(
    ("statement", "status", "words"),
    [
        ("select pg_terminate_backend(pg_backend_pid())", 3, "connection to the database was lost"),
        ("set local statement_timeout = 1; select pg_sleep(9)", 1, "time-out"),
        ("select 1 / 0", 1, "fault of the program"),
    ],
)
def test_a_run_that_the_server_ends_stores_nothing(
    program: Program,
    study: Database,
    monkeypatch: pytest.MonkeyPatch,
    statement: str,
    status: int,
    words: str,
) -> None:
    whole = derivation._derive

    def ended(connection: Connection, *arguments: Any) -> Any:
        whole(connection, *arguments)
        connection.exec_driver_sql(statement)

    monkeypatch.setattr(derivation, "_derive", ended)
    outcome = program(study, "derive", "--full")
    assert (outcome.status, outcome.out) == (status, "")
    assert words in outcome.err
    assert "Traceback" not in outcome.err
    with study.engine.connect() as connection:
        runs = connection.execute(text("select count(*) from derived.derivation_run"))
        assert runs.scalar_one() == 1
