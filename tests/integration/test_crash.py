"""Imports and derivations that are killed, interrupted, cut off from the server, or run at once.

Real processes on an embedded server. A lock on a table holds a command at a known step, so that
no test depends on how fast the computer is; kills after a random time reach the steps between.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
import sqlalchemy as sa

from registry.database import embedded, migrate
from registry.database.engine import open_database
from registry.derivation.run import derive
from registry.importing.run import import_files
from registry.settings import Settings
from tests.conftest import COHORT
from tests.embedded_server.processes import (
    PROJECT,
    ask,
    copy,
    postmaster_of,
    processes,
    temporary_folder,
    wait_until,
)
from tests.oracle.patients import random_patient, random_patients, write_csv

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")

State = dict[str, tuple[Any, ...]]
LONG = 120.0

CHECKSUMS = """
select table_schema || '.' || table_name from information_schema.tables
where table_schema in ('clinical', 'derived', 'reference') and table_type = 'BASE TABLE' order by 1
"""


def settings(home: Path) -> Settings:
    return Settings(home=home, database_url=None, user="tester")


def state_at(url: str) -> State:
    """Number of rows and a checksum of every table."""
    return {
        str(table): ask(
            url, f"select count(*), md5(string_agg(t::text, '|' order by t::text)) from {table} t"
        )[0]
        for (table,) in ask(url, CHECKSUMS)
    }


def state(home: Path) -> State:
    with embedded.start(home) as server:
        return state_at(server.url())


def start(home: Path, *arguments: str) -> subprocess.Popen[str]:
    pipe = subprocess.PIPE
    command = [sys.executable, "-m", "registry", "--home", str(home), *arguments]
    return subprocess.Popen(command, cwd=PROJECT, stdout=pipe, stderr=pipe, text=True)


def document(program: subprocess.Popen[str]) -> dict[str, Any]:
    """The JSON document of a program that must end well."""
    output, complaint = program.communicate(timeout=LONG)
    assert program.returncode == 0, complaint
    found: dict[str, Any] = json.loads(output)
    return found


@contextlib.contextmanager
def held_at(url: str, table: str, program: subprocess.Popen[str]) -> Iterator[None]:
    """Waits until the program stands before its first write to the table, and keeps it there."""
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    waiting = f"select 1 from pg_locks where relation = '{table}'::regclass and not granted"
    with engine.begin() as connection:
        connection.execute(sa.text(f"lock table {table} in share mode"))
        wait_until(lambda: bool(ask(url, waiting)) or program.poll() is not None, LONG)
        assert program.poll() is None, program.communicate()[1]
        yield


@pytest.fixture(scope="module")
def files() -> Iterator[Path]:
    """Some 3,000 rows that the registry does not have."""
    with temporary_folder() as folder:
        write_csv(random_patients(7, 50), folder)
        yield folder


@pytest.fixture(scope="module")
def home(files: Path) -> Iterator[Path]:
    """The study, derived, and patients that wait for a derivation; no test changes it for good."""
    with temporary_folder() as folder:
        made = folder / "home"
        rng = Random(8)
        write_csv([random_patient(rng, 5000 + place) for place in range(30)], folder / "waiting")
        with open_database(settings(made)) as database:
            migrate.upgrade(database)
            with database.engine.begin() as connection:
                assert import_files(connection, [COHORT]).errors == []
            derive(database.engine, user="tester")
            with database.engine.begin() as connection:
                assert import_files(connection, [folder / "waiting"]).errors == []
        yield made
        wait_until(lambda: not processes(made))


@pytest.fixture
def spare_home(home: Path) -> Iterator[Path]:
    """A copy of the home, to be changed."""
    with temporary_folder() as folder:
        yield copy(home, folder / "home")


IMPORT = ("import", "--format", "json")
DERIVE = ("derive", "--format", "json")

# Where each command is stopped: before the first row, between tables, before the last statement.
IMPORT_STEPS = ("clinical.patient", "clinical.lab_result", "reference.change_set")
DERIVE_STEPS = ("derived.derivation_run", "derived.lor_status", "derived.changed_patient")


@pytest.mark.parametrize(
    ("command", "steps"), [(IMPORT, IMPORT_STEPS), (DERIVE, DERIVE_STEPS)], ids=["import", "derive"]
)
def test_killed_at_a_known_step(
    home: Path, files: Path, command: tuple[str, ...], steps: tuple[str, ...]
) -> None:
    arguments = (*command, str(files)) if command is IMPORT else command
    with embedded.start(home) as server:
        before = state_at(server.url())
        for step in steps:
            program = start(home, *arguments)
            with held_at(server.url(), step, program):
                program.kill()
                program.communicate()
            assert state_at(server.url()) == before, step
    # Again, after the server has been stopped and started.
    assert state(home) == before


def test_interrupted_from_the_keyboard(home: Path, files: Path) -> None:
    with embedded.start(home) as server:
        before = state_at(server.url())
        for step, arguments in (
            ("clinical.infusion", (*IMPORT, str(files))),
            ("derived.lor_status", DERIVE),
        ):
            program = start(home, *arguments)
            with held_at(server.url(), step, program):
                program.send_signal(signal.SIGINT)
                output, complaint = program.communicate(timeout=LONG)
            assert (program.returncode, output) == (130, "")
            assert len(complaint.splitlines()) <= 2
            assert "Traceback" not in complaint
            assert state_at(server.url()) == before, step


@pytest.mark.parametrize("step", ["clinical.patient", "clinical.tdm_level"])
def test_the_server_is_killed_below_an_import(home: Path, files: Path, step: str) -> None:
    before = state(home)
    with embedded.start(home) as server:
        program = start(home, *IMPORT, str(files))
        with contextlib.suppress(sa.exc.OperationalError), held_at(server.url(), step, program):
            os.kill(postmaster_of(home), signal.SIGKILL)
            output, complaint = program.communicate(timeout=LONG)
    assert (program.returncode, output) == (3, "")
    assert complaint.startswith("Error: ")
    assert "connection" in complaint
    assert "Traceback" not in complaint
    assert state(home) == before


# Whatever a file, or a statement, says of a child.
SAID = ("Ada", "Lovelace", "King Street", "151.25", "2003-02-01")


def test_no_value_reaches_a_log(home: Path, tmp_path: Path) -> None:
    """Neither by a complaint about another cell, nor by a crash below a statement that says it."""
    cells = {"patient_id": "P1", "sex": "female", "birth_date": "2003-02-01", "diagnosis": "CD"}
    infusion = {"patient_id": "P1", "infused_on": "2012-01-01", "dose_mg": "151.25"}
    surgery = {"patient_id": "P1", "performed_on": "2011-05-05"}
    tables = {
        "patients": cells | {"centre": "King Street"},
        "infusions": infusion | {"weight_kg": "25", "product": "Ada Lovelace"},
        "surgeries": surgery | {"procedure": "Ada Lovelace"},
    }
    for name, row in tables.items():
        text = ",".join(row) + "\n" + ",".join(row.values()) + "\n"
        (tmp_path / f"{name}.csv").write_text(text)
    log = home / "postgres.log"
    with embedded.start(home) as server:
        before = log.stat().st_size
        program = start(home, *IMPORT, str(tmp_path))
        held = held_at(server.url(), "clinical.surgery", program)
        with contextlib.suppress(sa.exc.OperationalError), held:
            crash_below(server.url(), "select pg_sleep(60), 'Ada Lovelace of King Street'")
        cut_off = program.communicate(timeout=LONG)
        assert program.returncode == 3
        patients = tmp_path / "patients.csv"
        patients.write_text(patients.read_text().replace("female", "f"))
        program = start(home, *IMPORT, str(tmp_path))
        complaint = program.communicate(timeout=LONG)[1]
        assert program.returncode == 1
    logged = log.read_bytes()[before:].decode()
    # The crash is in it, so that it was worth looking.
    assert "was terminated by signal 9" in logged
    told = "\n".join([logged, *cut_off, complaint])
    assert [value for value in SAID if value in told] == []


def crash_below(url: str, statement: str) -> None:
    """Kills the process of the server that runs the statement."""
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with contextlib.suppress(sa.exc.DBAPIError), engine.connect() as connection:
        pid = connection.execute(sa.text("select pg_backend_pid()")).scalar_one()
        running = f"select 1 from pg_stat_activity where pid = {pid} and wait_event = 'PgSleep'"

        def kill() -> None:
            wait_until(lambda: bool(ask(url, running)), LONG)
            os.kill(pid, signal.SIGKILL)

        killer = threading.Thread(target=kill)
        killer.start()
        with contextlib.suppress(sa.exc.DBAPIError):
            connection.execute(sa.text(statement))
        killer.join()


def test_killed_at_random_moments_then_done(spare_home: Path, files: Path) -> None:
    """Each kill is of the last command, so that the server has to stop and to start again."""
    rng = Random(11)
    begun = time.monotonic()
    looked = document(start(spare_home, *IMPORT, "--dry-run", str(files)))
    duration = time.monotonic() - begun
    before = state(spare_home)
    for share in (0.2, 0.5, 0.65, 0.8):
        killed_after(start(spare_home, *IMPORT, str(files)), duration * (share + rng.random() / 10))
        if state(spare_home) != before:
            # It was quicker than the dry run: then all of it is there.
            break
    done = document(start(spare_home, *IMPORT, str(files)))
    rows = {table: counted["read"] for table, counted in looked["tables"].items()}
    assert {table: counted["read"] for table, counted in done["tables"].items()} == rows
    if share_of(done, "inserted") == 0:
        assert {table: counted["unchanged"] for table, counted in done["tables"].items()} == rows
    else:
        assert done["tables"] == looked["tables"]
    assert done["committed"]
    before = state(spare_home)
    for share in (0.5, 0.7):
        killed_after(start(spare_home, *DERIVE), duration * (share + rng.random() / 10))
        if state(spare_home) != before:
            break
    document(start(spare_home, *DERIVE))
    is_fully_derived(spare_home)


def killed_after(program: subprocess.Popen[str], seconds: float) -> None:
    with contextlib.suppress(subprocess.TimeoutExpired):
        program.wait(seconds)
    program.kill()
    program.communicate()


def share_of(done: dict[str, Any], name: str) -> int:
    return sum(counted[name] for counted in done["tables"].values())


def is_fully_derived(home: Path) -> None:
    """Whether nothing waits, and a derivation of everybody from scratch finds nothing different."""
    with embedded.start(home) as server:
        assert ask(server.url(), "select count(*) from derived.changed_patient") == [(0,)]
        patients = ask(server.url(), "select count(*) from clinical.patient")
        statuses = state_at(server.url())["derived.lor_status"]
        anew = document(start(home, *DERIVE, "--full"))
        assert [(anew["examined"],)] == patients
        assert (anew["changed"], anew["transitions"]) == (0, [])
        assert state_at(server.url())["derived.lor_status"] == statuses


def test_two_derivations_and_an_import_at_once(spare_home: Path, files: Path) -> None:
    programs = [
        start(spare_home, *DERIVE),
        start(spare_home, *IMPORT, str(files)),
        start(spare_home, *DERIVE),
    ]
    first, imported, second = (document(program) for program in programs)
    assert imported["committed"]
    assert share_of(imported, "inserted") == share_of(imported, "read") > 0
    assert first["run_id"] != second["run_id"]
    document(start(spare_home, *DERIVE))
    is_fully_derived(spare_home)


def test_two_imports_of_the_same_files_at_once(spare_home: Path, files: Path) -> None:
    programs = [start(spare_home, *IMPORT, str(files)) for _ in range(2)]
    outcomes = sorted(
        (document(program) for program in programs), key=lambda done: share_of(done, "inserted")
    )
    rows = share_of(outcomes[0], "read")
    assert share_of(outcomes[0], "unchanged") == rows
    assert share_of(outcomes[1], "inserted") == rows
    with embedded.start(spare_home) as server:
        known = "select count(*) from reference.patient_number where study_id like 'R000%'"
        assert ask(server.url(), known) == [(outcomes[1]["tables"]["patients"]["inserted"],)]
