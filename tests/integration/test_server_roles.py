"""Roles on a server: an ordinary owner of a database, the analysts' role, and who is neither."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import URL, Connection, create_engine, event, make_url, text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.pool import NullPool

from registry.database import embedded, migrate
from registry.database.analyst import ANALYST_ROLE, analyst_connection
from registry.database.engine import open_database
from registry.database.roles import ROLES
from tests.conftest import Databases, settings_for
from tests.programs import Program

PASSWORD = "correct-horse"


@dataclass
class Server:
    """A server and a connection to it that may make roles."""

    url: URL
    admin: Connection

    def run(self, statement: str) -> None:
        """A statement of the administrator's."""
        self.admin.execute(text(statement))

    def login(self, rights: str = "nocreaterole") -> URL:
        """A new role that can log in, and the URL by which it does."""
        name = f"clerk_{uuid.uuid4().hex[:12]}"
        try:
            self.run(f"create role {name} login {rights} password '{PASSWORD}'")
        except ProgrammingError:
            pytest.skip("the role of the test server may not create roles")
        self.run(f"grant {name} to current_user")
        return self.url.set(username=name, password=PASSWORD)

    def database(self, owner: URL) -> URL:
        """A new database of that login."""
        name = f"test_{uuid.uuid4().hex[:16]}"
        self.run(f"create database {name} owner {owner.username}")
        return owner.set(database=name)

    def remove(self, *urls: URL) -> None:
        """Databases and their logins."""
        for url in urls:
            self.run(f"drop database if exists {url.database} with (force)")
        for url in urls:
            self.run(f"drop role if exists {url.username}")


def full(url: URL) -> str:
    return url.render_as_string(hide_password=False)


@pytest.fixture
def shared(server: URL) -> Iterator[Server]:
    """The server of the tests, where the analysts' role may be there already."""
    engine = create_engine(server, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with engine.connect() as admin:
        yield Server(server, admin)


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server on which nobody has made the analysts' role."""
    with embedded.start(tmp_path_factory.mktemp("fresh")) as running:
        url = make_url(running.url(user="postgres"))
        engine = create_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
        with engine.connect() as admin:
            yield Server(url, admin)


@pytest.fixture
def without_role(fresh: Server) -> Iterator[Server]:
    """The same, whatever the test before has made."""
    yield fresh
    databases = fresh.admin.execute(
        text("select datname from pg_database where datname like 'test\\_%'")
    ).scalars()
    for name in databases.all():
        fresh.run(f'drop database "{name}" with (force)')
    fresh.run(f"drop role if exists {ANALYST_ROLE}")


def test_an_owner_who_may_make_no_role_gets_a_registry_without_analysts(
    program: Program, without_role: Server
) -> None:
    clerk = without_role.login()
    url = full(without_role.database(clerk))
    outcome = program(url, "db", "upgrade")
    assert outcome.status == 0
    [cure] = [line for line in outcome.err.splitlines() if f"create role {ANALYST_ROLE}" in line]
    cure = cure.partition(" runs: ")[2].partition(" Then: ")[0]
    assert program(url, "status").status == 0
    assert program(url, "analyse", "flow", "--format", "json").document["started"] == 0
    error = program(url, "sql", "select * from status").refused(3)
    assert cure in error

    for statement in cure.split("; "):
        without_role.run(statement)
    assert "role" not in program(url, "db", "upgrade").err
    assert program(url, "sql", "select * from status", "--format", "json").document == []


def test_an_owner_who_may_make_roles_makes_the_analysts(
    program: Program, without_role: Server
) -> None:
    clerk = without_role.login("createrole")
    url = full(without_role.database(clerk))
    assert "role" not in program(url, "db", "upgrade").err
    login = without_role.admin.execute(
        text(f"select rolcanlogin or rolsuper from pg_roles where rolname = '{ANALYST_ROLE}'")
    ).scalar_one()
    assert login is False
    assert program(url, "sql", "select current_user as me", "--format", "json").document == [
        {"me": ANALYST_ROLE}
    ]


def test_an_owner_who_may_not_take_on_the_role_of_others(program: Program, shared: Server) -> None:
    """A second registry on a server, whose owner was not made a member of the role."""
    there = set(shared.admin.execute(text("select rolname::text from pg_roles")).scalars())
    for role in {one.name for one in ROLES} - there:
        shared.run(f"create role {role}")
    clerk = shared.login()
    url = shared.database(clerk)
    try:
        outcome = program(full(url), "db", "upgrade")
        assert outcome.status == 0
        grant = f'grant {ANALYST_ROLE} to "{clerk.username}" with admin option;'
        assert grant in outcome.err
        error = program(full(url), "sql", "select 1").refused(3)
        assert grant in error
        assert PASSWORD not in outcome.err + error
        shared.run(f"grant {ANALYST_ROLE} to {clerk.username}")
        assert "role" not in program(full(url), "db", "upgrade").err
        assert program(full(url), "sql", "select * from status").status == 0
    finally:
        shared.remove(url)


def test_a_role_without_temporary_objects_is_told_what_it_needs(
    program: Program, shared: Server
) -> None:
    clerk = shared.login()
    url = shared.database(clerk)
    try:
        program(full(url), "db", "upgrade")
        shared.run(f"grant {ANALYST_ROLE} to {clerk.username}")
        own = create_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
        with own.connect() as owner:
            everybody = f"public, {ANALYST_ROLE}"
            owner.execute(text(f"revoke temporary on database {url.database} from {everybody}"))
            error = program(full(url), "sql", "select 1").refused(3)
            [cure] = [line for line in error.splitlines() if "grant connect, temporary" in line]
            owner.execute(text(cure.split(": ")[1]))
        assert program(full(url), "sql", "select 1").status == 0
    finally:
        shared.remove(url)


def test_a_login_that_owns_nothing_is_told_which_right_is_missing(
    program: Program, shared: Server, databases: Databases, migrated_template: str
) -> None:
    stranger = shared.login()
    empty, theirs = databases.create(), databases.create(migrated_template)
    try:
        error = program(full(stranger.set(database=empty.database)), "db", "upgrade").refused(1)
        assert "no right on database" in error
        assert "Roles that may: registry_owner" in error
        for arguments in (("status",), ("derive",), ("db", "upgrade"), ("sql", "select 1")):
            url = full(stranger.set(database=theirs.database))
            error = program(url, *arguments).refused(1)
            assert "no role of the registry" in error or "no right on" in error
            assert "permission denied" not in error
            assert PASSWORD not in error
    finally:
        for url in (empty, theirs):
            assert url.database is not None
            databases.drop(url.database)
        shared.run(f"drop role {stranger.username}")


def test_two_upgrades_at_once_make_one_registry(databases: Databases) -> None:
    url = databases.create()
    command = [sys.executable, "-m", "registry", "--database-url", full(url), "db", "upgrade"]
    pipe = subprocess.PIPE
    running = [subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True) for _ in range(2)]
    said = [one.communicate(timeout=120)[1] for one in running]
    assert [one.returncode for one in running] == [0, 0], said
    with open_database(settings_for(url)) as database, database.engine.connect() as connection:
        migrate.require_head(connection)
        names = connection.execute(text("select name from analytics.definition order by 1"))
        assert names.scalars().all() == ["current", "paper", "recommended"]
    assert url.database is not None
    databases.drop(url.database)


def test_two_registries_of_one_server_may_make_the_role_at_once(without_role: Server) -> None:
    clerk = without_role.login("createrole")
    url = without_role.database(clerk)
    # Another registry's upgrade, which has made the role and is not done yet.
    other = create_engine(without_role.url.set(username=clerk.username), poolclass=NullPool)
    problems: list[BaseException] = []

    def upgrade() -> None:
        try:
            with open_database(settings_for(url)) as database:
                migrate.upgrade(database)
        except BaseException as problem:
            problems.append(problem)

    with other.begin() as connection:
        connection.execute(text(f"create role {ANALYST_ROLE} nologin"))
        connection.execute(text(f"grant {ANALYST_ROLE} to current_user"))
        thread = threading.Thread(target=upgrade)
        thread.start()
        while thread.is_alive() and not waiting(without_role.admin):
            time.sleep(0.02)
        assert thread.is_alive()
    thread.join()
    assert problems == []
    with open_database(settings_for(url)) as database, analyst_connection(database) as analyst:
        assert analyst.execute(text("select current_user")).scalar_one() == ANALYST_ROLE


def test_the_role_may_be_made_between_the_look_and_the_making(without_role: Server) -> None:
    clerk = without_role.login("createrole")
    url = without_role.database(clerk)
    with open_database(settings_for(url)) as database:

        @event.listens_for(database.engine, "before_cursor_execute")
        def _overtake(*context: Any) -> None:
            if context[2].startswith(f"create role {ANALYST_ROLE}"):
                without_role.run(f"create role {ANALYST_ROLE}")
                without_role.run(f"grant {ANALYST_ROLE} to {clerk.username}")

        migrate.upgrade(database)
        with analyst_connection(database) as analyst:
            assert analyst.execute(text("select current_user")).scalar_one() == ANALYST_ROLE


def waiting(connection: Connection) -> bool:
    """Whether any session waits for another."""
    return bool(
        connection.execute(
            text("select exists (select from pg_locks where not granted)")
        ).scalar_one()
    )
