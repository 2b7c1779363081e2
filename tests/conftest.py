"""A real PostgreSQL for the tests: one server a run, one database a worker, rolled back or cloned.

With REGISTRY_TEST_DATABASE_URL the tests run on that server, whose role must be allowed to create
databases and roles; without it on the embedded one.
"""

from __future__ import annotations

import gc
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from sqlalchemy import URL, Connection, create_engine, event, make_url, text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.pool import NullPool

from registry.__main__ import NEW_OBJECTS
from registry.database import embedded, migrate
from registry.database.engine import Database, open_database
from registry.definitions.store import set_default_definition
from registry.derivation.run import derive
from registry.importing.run import import_files
from registry.settings import Settings
from tests.identifiers import SEARCH, identify
from tests.programs import KEPT, Outcome, Program, place, run_here
from tests.sweep import sweep

PROJECT = Path(__file__).parents[1]
COHORT = PROJECT / "registry" / "demo" / "cohort"
TEST_URL_VARIABLE = "REGISTRY_TEST_DATABASE_URL"
# In how many partitions the registries of the tests lie; whole without it.
PARTITIONS_VARIABLE = "REGISTRY_TEST_PARTITIONS"
WORKER_VARIABLE = "PYTEST_XDIST_WORKER"
# Where the server of all workers keeps its data, if there is room in memory.
MEMORY_VARIABLE = "REGISTRY_TEST_MEMORY"
ROOM = 6_000_000_000

# What a single test of takes long: begun first, so that no worker is left with it at the end.
LONG = (
    "tests/docs/test_examples.py",
    "tests/integration/test_crash.py",
    "tests/audit/test_verify.py",
    "tests/audit/test_erasure.py",
    "tests/audit/test_erased_files.py",
    "tests/docs/test_data_manager.py",
    "tests/visit/test_four_ways.py",
    "tests/importing/test_bounds.py",
    "tests/integration/test_command_files.py",
    "tests/integration/test_backup.py",
    "tests/property",
    "tests/schedule/test_exactly_once.py",
    "tests/schedule/test_week.py",
    "tests/importing/test_missing_reasons.py",
    "tests/words/test_analyses.py",
)

# No example is held to a time: a busy machine is no error.
hypothesis.settings.register_profile(
    "without a clock",
    deadline=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("without a clock")

# The person's language does not choose the words, from the first fixture on, and a terminal is as
# large as a test makes it: pytest imports readline, which sets the other two in its workers.
_OF_THE_PERSON = ("LANGUAGE", "LINES", "COLUMNS")
for _name in [name for name in os.environ if name in _OF_THE_PERSON or name.startswith("LC_")]:
    del os.environ[_name]
os.environ["LANG"] = "C.UTF-8"

# A suite started in the background ignores Ctrl-C and a closed terminal, and what it starts would
# inherit that.
for _sign, _usual in ((signal.SIGINT, signal.default_int_handler), (signal.SIGHUP, signal.SIG_DFL)):
    if signal.getsignal(_sign) is signal.SIG_IGN:
        signal.signal(_sign, _usual)


def pytest_configure() -> None:
    """Databases are made by the hundred: in memory, where there is room for them."""
    gc.set_threshold(NEW_OBJECTS)
    memory = Path("/dev/shm")
    if WORKER_VARIABLE in os.environ or not os.access(memory, os.W_OK):
        return
    if shutil.disk_usage(memory).free > ROOM:
        os.environ[MEMORY_VARIABLE] = tempfile.mkdtemp(prefix="registry-tests-", dir=memory)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The long ones first, each file's tests still together."""
    items.sort(key=lambda item: not item.nodeid.startswith(LONG))
    # What was collected stays: it need not be looked through again and again for what may go.
    gc.freeze()


def pytest_unconfigure() -> None:
    """Leaves nothing of them."""
    if WORKER_VARIABLE not in os.environ and MEMORY_VARIABLE in os.environ:
        shutil.rmtree(os.environ.pop(MEMORY_VARIABLE), ignore_errors=True)


@pytest.fixture(autouse=True)
def _no_settings_of_the_person(monkeypatch: pytest.MonkeyPatch) -> None:
    """The person's own registry is never touched by a test."""
    for name in ("REGISTRY_HOME", "REGISTRY_DATABASE_URL", "REGISTRY_USER"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="session", autouse=True)
def _identities_are_nowhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What this worker leaves holds nothing of who the children of its registries are."""
    with SEARCH.of_processes():
        yield
    SEARCH.folder(tmp_path_factory.getbasetemp())
    SEARCH.temporary_files()
    SEARCH.ends()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[URL]:
    """URL of a server on which this worker may create databases."""
    given = os.environ.get(TEST_URL_VARIABLE)
    if given:
        yield make_url(given).set(drivername="postgresql+psycopg")
        return
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if WORKER_VARIABLE in os.environ else base
    home = Path(os.environ.get(MEMORY_VARIABLE, shared)) / "server"
    with embedded.start(home) as running:
        _keep_in_memory(make_url(running.url(user="postgres")))
        yield make_url(running.url())
        SEARCH.file(home / "postgres.log")


def _keep_in_memory(superuser: URL) -> None:
    """Waits for no disk: what a test's server holds need not outlive the machine's power.

    Nor does it look after tables beside the tests: no database lives long enough to need it.
    """
    engine = create_engine(superuser, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with engine.connect() as connection:
        for setting in ("fsync", "full_page_writes", "autovacuum"):
            connection.execute(text(f"alter system set {setting} = off"))
        connection.execute(text("select pg_reload_conf()"))


class Databases:
    """Creates databases on the server and removes them at the end."""

    def __init__(self, server: URL) -> None:
        self._server = server
        self._admin = create_engine(server, isolation_level="AUTOCOMMIT")
        self._made: list[str] = []

    def create(self, template: str | None = None) -> URL:
        """A new database, empty or a copy of `template`."""
        name = f"test_{uuid.uuid4().hex[:16]}"
        copied = f' template "{template}" strategy file_copy' if template else ""
        with self._admin.connect() as connection:
            connection.execute(text(f'create database "{name}"{copied}'))
        self._made.append(name)
        return self._server.set(database=name)

    def drop(self, name: str) -> None:
        """Removes one database, whoever is still connected to it."""
        KEPT.leave(name)
        with self._admin.connect() as connection:
            try:
                connection.execute(text(f'drop database if exists "{name}" with (force)'))
            except ProgrammingError:
                # An ordinary role may not end the server's own vacuum there; this waits for it.
                connection.execute(text(f'drop database if exists "{name}"'))
        self._made.remove(name)

    def close(self) -> None:
        """Removes what is left."""
        for name in list(self._made):
            SEARCH.database(self._server.set(database=name))
            self.drop(name)
        self._admin.dispose()


def settings_for(url: URL) -> Settings:
    """Settings of a run on that database."""
    return Settings(
        home=Path("/nonexistent"),
        database_url=url.render_as_string(hide_password=False),
        user="tester",
    )


@contextmanager
def opened_for_test(url: URL) -> Iterator[Database]:
    """The registry in that database; what a test itself changes there has a reason."""
    with open_database(settings_for(url)) as opened:

        @event.listens_for(opened.engine, "connect")
        def _give_reason(connection: Any, _record: object) -> None:
            connection.execute("select set_config('registry.reason', 'a test', false)")
            connection.commit()

        opened.engine.dispose()
        yield opened


@pytest.fixture(scope="session")
def databases(server: URL) -> Iterator[Databases]:
    made = Databases(server)
    yield made
    made.close()


@pytest.fixture(scope="session")
def migrated_template(databases: Databases) -> str:
    """Name of a migrated database without patients."""
    url = databases.create()
    with opened_for_test(url) as database:
        migrate.upgrade(database, partitions=int(os.environ.get(PARTITIONS_VARIABLE, "1")))
    assert url.database is not None
    return url.database


@pytest.fixture(scope="session")
def nameless_study(databases: Databases, migrated_template: str) -> str:
    """Name of a database with the study cohort, derived, and no word of who the children are."""
    url = databases.create(migrated_template)
    with opened_for_test(url) as database:
        with database.engine.begin() as connection:
            assert import_files(connection, [COHORT]).errors == []
            set_default_definition(connection, "paper", user="tester", reason="as the demo's")
        derive(database.engine, user="tester")
    assert url.database is not None
    return url.database


@pytest.fixture(scope="session")
def study_template(databases: Databases, nameless_study: str) -> str:
    """The same with an identity of every child, as all tests copy it but those of identities."""
    url = databases.create(nameless_study)
    with opened_for_test(url) as database, database.engine.begin() as connection:
        ids = connection.execute(text("select study_id from reference.patient_number order by 1"))
        identify(connection, ids.scalars())
    assert url.database is not None
    return url.database


@pytest.fixture(scope="session")
def _shared_registry(databases: Databases, migrated_template: str) -> Iterator[Database]:
    with opened_for_test(databases.create(migrated_template)) as opened:
        yield opened


@pytest.fixture(scope="module")
def _swept_registry(_shared_registry: Database) -> Iterator[Database]:
    yield _shared_registry
    with _shared_registry.engine.connect() as connection:
        sweep(connection)


@pytest.fixture
def database(_swept_registry: Database) -> Iterator[Connection]:
    """A connection to a migrated, empty registry; whatever the test writes is rolled back."""
    with _swept_registry.engine.connect() as connection:
        transaction = connection.begin()
        yield connection
        transaction.rollback()


@pytest.fixture
def registry(databases: Databases, migrated_template: str) -> Iterator[Database]:
    """A migrated, empty registry of the test's own, for real commits."""
    url = databases.create(migrated_template)
    with opened_for_test(url) as opened:
        yield opened
    assert url.database is not None
    databases.drop(url.database)


@pytest.fixture
def study(databases: Databases, study_template: str) -> Iterator[Database]:
    """The study cohort, derived, in a registry of the test's own."""
    url = databases.create(study_template)
    with opened_for_test(url) as opened:
        yield opened
    assert url.database is not None
    databases.drop(url.database)


@pytest.fixture
def nameless(databases: Databases, nameless_study: str) -> Iterator[Database]:
    """The same without identities, for tests that keep some themselves."""
    url = databases.create(nameless_study)
    with opened_for_test(url) as opened:
        yield opened
    SEARCH.database(url)
    assert url.database is not None
    databases.drop(url.database)


@pytest.fixture(scope="session")
def shared_study(databases: Databases, study_template: str) -> Iterator[Database]:
    """The study cohort, derived; for tests that only read."""
    with opened_for_test(databases.create(study_template)) as opened:
        yield opened


Command = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def process() -> Command:
    """Runs `registry` as a process of its own, for what is the process's: its environment, its end.

    `process(database, "status", "P001", input=..., env=...)`, with the options of `subprocess.run`.
    `database` is a Database or a home folder; the outcome has returncode, stdout and stderr.
    """

    def run(
        where: Database | Path, *arguments: str, **options: object
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "registry", *place(where), *arguments],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            **options,  # type: ignore[call-overload]
        )

    return run


@pytest.fixture
def command(program: Program) -> Command:
    """Runs `registry` in this process, with the outcome that a process of its own would have."""

    def run(where: Database | Path, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess(arguments, *program(where, *arguments))

    return run


@pytest.fixture
def program(capsys: pytest.CaptureFixture[str]) -> Program:
    """Runs `registry` in this process: `program(database, "status", "P001")`.

    Several commands on one registry find its connection open: another one reads the definitions of
    the views again, and that costs as much as most commands.
    """

    def run(where: Database | Path | str | None, *arguments: str) -> Outcome:
        with KEPT.used():
            return run_here(capsys, where, *arguments)

    return run


@pytest.fixture
def cohort(tmp_path: Path) -> Path:
    """A copy of the study's files that a test may change."""
    return Path(shutil.copytree(COHORT, tmp_path / "cohort"))
