"""A server from nothing to an analyst's query, as the README has it; what roles cannot do."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import make_url

from registry.database import cluster
from registry.database.engine import Database, connect_to
from registry.database.roles import ANALYST_ROLE, OWNER_ROLE, ROLES
from registry.errors import Refused
from registry.signing import password as passwords
from tests.conftest import TEST_URL_VARIABLE

PROJECT = Path(__file__).parents[2]
PASSWORD = "correct-horse"
DEBIAN = max(Path("/usr/lib/postgresql").glob("*/bin"), default=None)
# PostgreSQL does not run as root.
AS_SERVER = (
    ["setpriv", "--reuid", "nobody", "--regid", "nogroup", "--clear-groups"]
    if os.geteuid() == 0
    else []
)


@dataclass
class SetUp:
    """A server on which the README's block was run, and what it printed."""

    host: str
    port: int
    printed: str

    def connect(self, user: str, database: str = "registry") -> psycopg.Connection[tuple[object]]:
        """A session of that login, each statement by itself."""
        return psycopg.connect(
            host=self.host, port=self.port, user=user, dbname=database, autocommit=True
        )


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


def run_block(host: str, port: int) -> str:
    """Runs the README's block for a server of one's own, with that server in its place."""
    text = (PROJECT / "README.md").read_text()
    [block] = re.findall(r"```sh\n(# The administrator makes.*?)```", text, re.DOTALL)
    block = block.replace("...", PASSWORD).replace("127.0.0.1:5432", f"127.0.0.1:{port}")
    script = f'registry() {{ "{sys.executable}" -m registry "$@"; }}\n{block}'
    path = f"{os.environ['PATH']}:{cluster.bin_directory()}"
    done = subprocess.run(
        ["bash", "-eu", "-o", "pipefail", "-c", script],
        cwd=PROJECT,
        env=os.environ | {"PGHOST": host, "PGPORT": str(port), "PATH": path},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def running(programs: Path, folder: Path, port: int) -> Iterator[None]:
    """A server of those programs with a password for whoever comes by its port."""
    if AS_SERVER:
        shutil.chown(folder, "nobody")
    data = folder / "data"
    make = ["-U", "postgres", "--auth-local=trust", "--auth-host=scram-sha-256", "--no-sync"]
    options = f"-k {folder} -p {port} -c listen_addresses=127.0.0.1 -c fsync=off"
    control = [*AS_SERVER, programs / "pg_ctl", "-D", data, "-w", "-l", folder / "log"]
    run(*AS_SERVER, programs / "initdb", "-D", data, *make)
    run(*control, "-o", options, "start")
    try:
        yield
    finally:
        run(*control, "-m", "immediate", "stop")


def run(*command: str | Path) -> None:
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd="/")


# Each kind in the run that is on its kind of server.
KIND = "debian" if TEST_URL_VARIABLE in os.environ else "embedded"


@pytest.fixture(scope="module", params=[KIND])
def server(request: pytest.FixtureRequest) -> Iterator[SetUp]:
    programs = cluster.bin_directory() if request.param == "embedded" else DEBIAN
    if programs is None:
        pytest.skip("Debian's PostgreSQL is not installed")
    folder = Path(tempfile.mkdtemp(prefix="registry-setup-", dir="/tmp"))
    folder.chmod(0o755)
    port = free_port()
    try:
        for _ in running(programs, folder, port):
            yield SetUp(str(folder), port, run_block(str(folder), port))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def test_the_analyst_reads_the_views_and_the_owner_asks_as_she_does(server: SetUp) -> None:
    assert re.search(r"reason +\| +n", server.printed)
    with server.connect("anna") as anna:
        settings = anna.execute(
            "select current_setting('search_path'), current_setting('statement_timeout'), "
            "current_setting('temp_file_limit'), current_setting('transaction_read_only')"
        )
        assert settings.fetchone() == ("analytics", "10min", "4GB", "on")
        assert anna.execute("select count(*) from status").fetchone() == (0,)
        for table in ("clinical.patient", "reference.patient_number", "locking.night"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                anna.execute(f"select * from {table}")
    for login in ("registry", "anna"):
        url = f"postgresql://{login}:{PASSWORD}@127.0.0.1:{server.port}/registry"
        query = "select current_user::text as me, count(*) as n from status"
        command = [sys.executable, "-m", "registry", "--database-url", url, "sql", query]
        done = subprocess.run(command, capture_output=True, text=True, cwd=PROJECT, check=False)
        assert (done.stderr, done.returncode) == ("", 0)
        assert "registry_analyst" in done.stdout


def test_whoever_signs_enters_the_password_of_the_login_again(server: SetUp) -> None:
    url = make_url(f"postgresql+psycopg://registry:{PASSWORD}@127.0.0.1:{server.port}/registry")
    engine = connect_to(url)
    where = Database(engine, url, embedded=False, programs=None)
    with engine.connect() as connection:
        who = passwords.asked_for(connection, where, "somebody else")
    assert (who.person, who.by) == ("registry", "database_password")
    assert passwords.require(where, who, PASSWORD) is None
    with pytest.raises(Refused, match="password is wrong"):
        passwords.require(where, who, "not it")
    engine.dispose()


# By one of these the role would become the server's operating-system user, or its superuser.
ESCAPES = (
    "grant pg_execute_server_program to registry",
    "grant pg_write_server_files to registry",
    "grant pg_read_server_files to registry with admin option",
    "grant postgres to registry",
    "create role helper superuser",
    "create role helper in role pg_execute_server_program",
    "create role helper",
    "alter role registry createrole",
    "alter role registry superuser",
    "alter role registry_analyst superuser",
    "alter role postgres password 'x'",
    "set role postgres",
    "set session authorization postgres",
    "copy (select 1) to program 'id'",
    "copy (select 1) to '/tmp/registry-escape'",
    "create temporary table read (line text); copy read from '/etc/passwd'",
    "select pg_read_file('/etc/passwd')",
    "select lo_export(lo_from_bytea(0, ''), '/tmp/registry-escape')",
    "alter system set archive_command = 'id'",
    "create function escape() returns integer language c as 'libc', 'getpid'",
    "create extension file_fdw",
    "create language plpython3u",
    "create database another",
    "set session_replication_role = replica",
)


@pytest.mark.parametrize("login", ["registry", "anna"])
def test_no_role_becomes_more_than_it_is(server: SetUp, login: str) -> None:
    with server.connect(login) as connection:
        connection.execute("set default_transaction_read_only = off")
        for escape in ESCAPES:
            with pytest.raises(psycopg.Error) as refused:
                connection.execute(escape)
            # Refused for want of a right, or since there is no such thing on any server.
            assert refused.value.sqlstate in ("42501", "0A000", "42704"), (escape, refused.value)
        roles = connection.execute(
            "select array_agg(r.rolname::text order by r.rolname) from pg_roles r "
            "where pg_has_role(current_user, r.oid, 'member') and rolname <> 'pg_database_owner'"
        ).fetchone()
        granted = [role.name for role in ROLES if role.name != OWNER_ROLE]
        assert roles == (sorted([login, *(granted if login == "registry" else [ANALYST_ROLE])]),)


# What would fill what all share: the table of locks, large objects, the log of changes.
FILLING = (
    "select pg_advisory_lock(7202344001)",
    "select pg_try_advisory_xact_lock_shared(1, n) from generate_series(1, 1000000) as n",
    "select lo_create(0)",
    "select lo_from_bytea(0, 'x')",
    "select pg_logical_emit_message(false, 'x', 'y')",
)


def test_an_analyst_stops_nobody(server: SetUp, tmp_path: Path) -> None:
    url = f"postgresql://registry:{PASSWORD}@127.0.0.1:{server.port}/registry"
    folders = ("--report-dir", tmp_path / "r", "--backup-dir", tmp_path / "b")
    with server.connect("anna") as anna:
        anna.execute("set default_transaction_read_only = off")
        for filling in FILLING:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                anna.execute(filling)
        for command in (
            ("db", "upgrade"),
            ("import", str(PROJECT / "registry" / "demo" / "cohort" / "patients.csv")),
            ("derive",),
            ("schedule", "once", *folders, "--verify-every", "never"),
        ):
            program = [sys.executable, "-m", "registry", "--database-url", url, *command]
            done = subprocess.run(program, capture_output=True, text=True, cwd=PROJECT, check=False)
            assert done.returncode == 0, done.stderr
        for lock in ("upgrade", "writing", "night"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege), anna.transaction():
                anna.execute(f"lock table locking.{lock} in access share mode")
