"""Commands that are killed, interrupted, cut off from the server, or run at once.

Real processes on an embedded server. A lock on a table holds a command at a known step, so that
no test depends on how fast the computer is; kills after a random time reach the steps between.
`scripts/faults.py` does that often, with every fault of `tests/faults`.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
import sqlalchemy as sa

from registry.database import migrate
from registry.derivation.run import derive
from registry.importing.run import import_files
from tests.conftest import COHORT
from tests.embedded_server.processes import copy, temporary_folder, wait_until
from tests.faults.at_once import at_once
from tests.faults.catalogue import FAULTS
from tests.faults.commands import COMMANDS, EARLIER, LIVED
from tests.faults.machine import PATIENCE, Ended, Machine, Running
from tests.faults.play import alarms, befall
from tests.faults.state import is_whole, state_of, wrong_with
from tests.oracle.cohort import write_csv
from tests.oracle.patients import random_patient, random_patients

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


def document(ended: Ended) -> dict[str, Any]:
    """The JSON document of a command that must have ended well."""
    assert ended.status == 0, ended
    found: dict[str, Any] = json.loads(ended.out)
    return found


@contextlib.contextmanager
def held_at(machine: Machine, table: str, *arguments: str) -> Iterator[Running]:
    """Begins a command and keeps it before its first write to the table.

    The lock stands before the command begins, so that no command is quick enough to pass it.
    """
    engine = sa.create_engine(machine.url(), poolclass=sa.NullPool)
    waiting = f"select 1 from pg_locks where relation = '{table}'::regclass and not granted"
    with engine.begin() as connection:
        connection.execute(sa.text(f"lock table {table} in share mode"))
        running = machine.begin(*arguments)
        wait_until(lambda: bool(machine.ask(waiting)) or not running.alive, PATIENCE)
        assert running.alive, running.end()
        yield running


@pytest.fixture(scope="module")
def files() -> Iterator[Path]:
    """Some 3,000 rows that the registry does not have."""
    with temporary_folder() as folder:
        write_csv(random_patients(7, 50), folder)
        yield folder


@pytest.fixture(scope="module")
def made(files: Path) -> Iterator[Machine]:
    """The study, derived, a backup of it, and patients that wait for a derivation."""
    with temporary_folder() as folder:
        machine = Machine(folder)
        given = folder / "given"
        copy(files, given / "new")
        rng = Random(8)
        write_csv([random_patient(rng, 5000 + place) for place in range(30)], given / "waiting")
        write_csv([random_patient(rng, 7000 + place) for place in range(20)], given / "more")
        with machine.opened() as database:
            migrate.upgrade(database)
            with database.engine.begin() as connection:
                assert import_files(connection, [COHORT]).errors == []
            derive(database.engine, user="tester")
            machine.do("db", "backup", str(given / EARLIER))
            with database.engine.begin() as connection:
                assert import_files(connection, [given / "waiting"]).errors == []
        machine.keep(LIVED)
        yield machine
        machine.close()


@pytest.fixture
def machine(made: Machine) -> Machine:
    """It as it was made, whatever a test before has done."""
    made.set_back(LIVED)
    return made


IMPORT = ("import", "--format", "json")
DERIVE = ("derive", "--format", "json")

# Where each command is stopped: before the first row, between tables, before the last statement.
IMPORT_STEPS = ("clinical.patient", "clinical.lab_result", "reference.change_set")
DERIVE_STEPS = ("derived.derivation_run", "derived.lor_status", "derived.changed_patient")


@pytest.mark.parametrize(
    ("command", "steps"), [(IMPORT, IMPORT_STEPS), (DERIVE, DERIVE_STEPS)], ids=["import", "derive"]
)
def test_killed_at_a_known_step(
    machine: Machine, files: Path, command: tuple[str, ...], steps: tuple[str, ...]
) -> None:
    arguments = (*command, str(files)) if command is IMPORT else command
    before = state_of(machine)
    for step in steps:
        with held_at(machine, step, *arguments) as running:
            running.signal(signal.SIGKILL)
            running.end()
        machine.settle()
        assert state_of(machine) == before, step
    # Again, after the server has been stopped and started.
    machine.restart()
    assert state_of(machine) == before


def test_interrupted_from_the_keyboard(machine: Machine, files: Path) -> None:
    before = state_of(machine)
    for step, arguments in (
        ("clinical.infusion", (*IMPORT, str(files))),
        ("derived.lor_status", DERIVE),
    ):
        with held_at(machine, step, *arguments) as running:
            running.signal(signal.SIGINT)
            ended = running.end()
        assert (ended.status, ended.out) == (130, "")
        assert len(ended.err.splitlines()) <= 2
        assert not alarms(ended)
        assert state_of(machine) == before, step


def test_the_server_is_killed_below_an_import(machine: Machine, files: Path) -> None:
    before = state_of(machine)
    with (
        contextlib.suppress(sa.exc.OperationalError),
        held_at(machine, "clinical.tdm_level", *IMPORT, str(files)) as running,
    ):
        machine.strike_server(signal.SIGKILL)
        ended = running.end()
    assert (ended.status, ended.out) == (3, "")
    assert ended.err.startswith("Error: ")
    assert "connection" in ended.err
    assert not alarms(ended)
    machine.restart()
    assert state_of(machine) == before


# Whatever a file, or a statement, says of a child.
SAID = ("Ada", "Lovelace", "King Street", "151.25", "2003-02-01")


def test_no_value_reaches_a_log(machine: Machine, tmp_path: Path) -> None:
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
    log = machine.home / "postgres.log"
    before = log.stat().st_size
    held = held_at(machine, "clinical.surgery", *IMPORT, str(tmp_path))
    with contextlib.suppress(sa.exc.OperationalError), held as running:
        crash_below(machine, "select pg_sleep(60), 'Ada Lovelace of King Street'")
    cut_off = running.end()
    assert cut_off.status == 3
    machine.settle()
    patients = tmp_path / "patients.csv"
    patients.write_text(patients.read_text().replace("female", "f"))
    complaint = machine.begin(*IMPORT, str(tmp_path)).end()
    assert complaint.status == 1
    logged = log.read_bytes()[before:].decode()
    # The crash is in it, so that it was worth looking.
    assert "was terminated by signal 9" in logged
    told = "\n".join([logged, cut_off.out, cut_off.err, complaint.err])
    assert [value for value in SAID if value in told] == []


def crash_below(machine: Machine, statement: str) -> None:
    """Kills the process of the server that runs the statement."""
    engine = sa.create_engine(machine.url(), poolclass=sa.NullPool)
    with contextlib.suppress(sa.exc.DBAPIError), engine.connect() as connection:
        pid = connection.execute(sa.text("select pg_backend_pid()")).scalar_one()
        running = f"select 1 from pg_stat_activity where pid = {pid} and wait_event = 'PgSleep'"

        def kill() -> None:
            wait_until(lambda: bool(machine.ask(running)), PATIENCE)
            os.kill(pid, signal.SIGKILL)

        killer = threading.Thread(target=kill)
        killer.start()
        with contextlib.suppress(sa.exc.DBAPIError):
            connection.execute(sa.text(statement))
        killer.join()


KILLS = [fault for fault in FAULTS if fault.name in ("program killed", "server killed")]


@pytest.mark.parametrize("part", [0, 1])
def test_killed_at_random_moments_then_done(machine: Machine, part: int) -> None:
    """Each command in turn, and what follows finds what was done before.

    In short what `scripts/faults.py` does often, and with many more faults.
    """
    rng = Random(11)
    for command in COMMANDS[part * 4 : part * 4 + 4]:
        command.bring(machine)
        for fault in KILLS:
            before = state_of(machine)
            hit, ended = befall(machine, fault, command, rng.random() * 0.4, rng)
            assert ended.status in (*fault.statuses, 0)
            assert not alarms(ended)
            assert is_whole(machine.work)
            if ended.status:
                assert hit
            after = state_of(machine)
            if (after.tables, after.files) != (before.tables, before.files):
                break
        else:
            machine.do(*command.arguments(machine))
    with machine.opened() as database:
        assert wrong_with(database) == []


def share_of(done: dict[str, Any], name: str) -> int:
    return sum(counted[name] for counted in done["tables"].values())


def test_two_imports_of_the_same_files_at_once(machine: Machine, files: Path) -> None:
    programs = [machine.begin(*IMPORT, str(files)) for _ in range(2)]
    outcomes = sorted(
        (document(program.end()) for program in programs),
        key=lambda done: share_of(done, "inserted"),
    )
    rows = share_of(outcomes[0], "read")
    assert share_of(outcomes[0], "unchanged") == rows
    assert share_of(outcomes[1], "inserted") == rows
    known = "select count(*) from reference.patient_number where starts_with(study_id, 'R000')"
    assert machine.ask(known) == [outcomes[1]["tables"]["patients"]["inserted"]]


def test_all_at_once(machine: Machine) -> None:
    for outcome in at_once(machine, Random(3)):
        assert not outcome.status, outcome
    with machine.opened() as database:
        assert wrong_with(database) == []
