"""What a command does as a process: signals, pipes, its options, its output and nothing beside."""

from __future__ import annotations

import json
import os
import re
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from registry.database.engine import Database
from tests.conftest import COHORT, place
from tests.integration.test_commands import execute, scalar
from tests.programs import Program

INTERRUPTED = 130
FULL = Path("/dev/full")


@contextmanager
def started(database: Database, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """The command as a process of its own; killed if the test leaves it behind."""
    pipe = subprocess.PIPE
    command = [sys.executable, "-m", "registry", *place(database), *arguments]
    with subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()


def wait_until(condition: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    while not condition():
        assert process.poll() is None, process.communicate()
        time.sleep(0.02)


def somebody_waits(connection: Connection) -> bool:
    connection.execute(text("select pg_stat_clear_snapshot()"))
    return bool(
        connection.execute(
            text(
                "select exists (select from pg_stat_activity "
                "where pg_backend_pid() = any(pg_blocking_pids(pid)))"
            )
        ).scalar_one()
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_command_says_so_and_stores_nothing(
    study: Database, number: signal.Signals
) -> None:
    with study.engine.connect() as holder:
        holder.execute(text("lock table derived.derivation_run in exclusive mode"))
        with started(study, "derive", "--full") as process:
            wait_until(lambda: somebody_waits(holder), process)
            process.send_signal(number)
            out, err = process.communicate(timeout=60)
            assert (process.returncode, out) == (INTERRUPTED, "")
            assert err == "Interrupted: what was not finished is not stored.\n"
            # The server was told too: nobody waits for the lock any more.
            assert not somebody_waits(holder)
    assert scalar(study, "select count(*) from derived.derivation_run") == 1


# Ends itself, as a scheduler would, at the nth time that a connection is given back.
ENDED_WHILE_CLOSING = """
import os, signal, sys
from sqlalchemy import event
from sqlalchemy.pool import Pool
from registry.cli import run
times = int(sys.argv[1])
def end(*_):
    global times
    times -= 1
    if times == 0:
        os.kill(os.getpid(), signal.SIGTERM)
event.listen(Pool, "reset", end)
run(sys.argv[2:])
"""


@pytest.mark.parametrize("time", [1, 3])
def test_an_end_that_falls_into_the_closing_of_a_connection(study: Database, time: int) -> None:
    """At the end of a derivation the driver printed where it was."""
    done = subprocess.run(
        [sys.executable, "-c", ENDED_WHILE_CLOSING, str(time), *place(study), "derive", "--full"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == INTERRUPTED
    assert done.stderr.splitlines()[-1] == "Interrupted: what was not finished is not stored."
    assert "Traceback" not in done.stderr


def test_a_reader_that_leaves_early_is_no_error(shared_study: Database) -> None:
    query = "select n, repeat('x', 100) as x from generate_series(1, 20000) as n"
    with started(shared_study, "sql", query, "--format", "csv") as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == "n,x\n"
        process.stdout.close()
        assert process.stderr.read() == ""
        process.wait(60)


def test_a_terminal_that_knows_few_signs_is_no_error(shared_study: Database) -> None:
    command = [sys.executable, "-m", "registry", *place(shared_study), "analyse", "flow"]
    environment = os.environ | {"PYTHONIOENCODING": "ascii"}
    done = subprocess.run(
        command, capture_output=True, text=True, env=environment, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "69" in done.stdout


@pytest.mark.skipif(not FULL.exists(), reason="no device that is always full")
@pytest.mark.parametrize(
    "arguments",
    [
        ("infusion", "list"),
        ("infusion", "list", "--format", "csv"),
        ("status", "--format", "json"),
        ("analyse", "flow"),
        ("import", "--suggest-map", str(COHORT)),
        ("--help",),
    ],
)
def test_output_that_finds_no_room_is_said_so(
    shared_study: Database, arguments: tuple[str, ...]
) -> None:
    command = [sys.executable, "-m", "registry", *place(shared_study), *arguments]
    with FULL.open("w") as full:
        done = subprocess.run(
            command, stdout=full, stderr=subprocess.PIPE, text=True, timeout=60, check=False
        )
    assert done.returncode == 1
    assert done.stderr == (
        "Error: The output cannot be written: No space left on device.\nMake room there.\n"
    )


def test_a_workbook_that_finds_no_room_is_said_so_once(
    shared_study: Database, tmp_path: Path
) -> None:
    """What is closed on the way out fails once more, which is no news."""
    target = tmp_path / "survival.xlsx"
    command = [sys.executable, "-m", "registry", *place(shared_study)]
    command += ["export", "survival", "--to", str(target)]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000)),
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"Error: {target} cannot be written: File too large.\n"
    assert list(tmp_path.iterdir()) == []


# Commands that list or analyse, and what a document of theirs is.
DOCUMENTS: list[tuple[tuple[str, ...], type]] = [
    (("status",), list),
    (("status", "P001"), list),
    (("explain", "P001"), dict),
    (("derive",), dict),
    (("derive", "--full", "--dry-run"), dict),
    (("definition", "list"), list),
    (("definition", "show", "paper"), dict),
    (("sql", "select 1 as one"), list),
    (("db", "status"), dict),
    (("import", str(COHORT)), dict),
    *((("analyse", name), dict) for name in ("flow", "table1", "outcomes")),
]


def test_bytes_that_are_no_text_are_said_to_be_so(program: Program, shared_study: Database) -> None:
    """As Python hands on an argument of another encoding."""
    said = program(shared_study, "patient", "show", "P\udce9").refused(1)
    assert "not in UTF-8" in said


def test_json_is_one_document_and_nothing_else(program: Program, study: Database) -> None:
    for arguments, kind in DOCUMENTS:
        outcome = program(study, *arguments, "--format", "json")
        assert outcome.status == 0
        assert isinstance(json.loads(outcome.out), kind), arguments


def test_a_command_that_fails_writes_nothing_to_standard_output(
    program: Program, shared_study: Database
) -> None:
    for arguments in [
        ("status", "P999"),
        ("explain", "P999"),
        ("derive", "--definition", "nonsense"),
        ("definition", "show", "nonsense"),
        ("sql", "selekt"),
        ("analyse", "flow", "--definition", "nonsense"),
        ("analyse", "cox", "--covariates", "nonsense"),
        ("import", "/no/such/folder"),
    ]:
        outcome = program(shared_study, *arguments, "--format", "json")
        assert outcome.status in (1, 2)
        assert (outcome.refused(outcome.status) != "", outcome.out) == (True, "")


def test_global_options_stand_before_the_command(program: Program, shared_study: Database) -> None:
    [_, url] = place(shared_study)
    assert program(None, "--database-url", url, "status", "P001").status == 0
    for arguments in (("status", "--database-url", url), ("status", "--home", "x")):
        told = program(None, *arguments).refused(2)
        assert re.search(f"It stands before the command: .* {arguments[1]} [A-Z]+ ", told)


def test_a_home_that_is_named_wins_over_a_server_of_the_environment(
    program: Program, shared_study: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    [_, url] = place(shared_study)
    monkeypatch.setenv("REGISTRY_DATABASE_URL", url)
    assert program(None, "status", "P001").status == 0
    taken = tmp_path / "file"
    taken.write_text("")
    assert str(taken) in program(taken, "status", "P001").refused(3)
    assert program(None, "--home", str(taken), "--database-url", url, "status").status == 0


def test_who_works_is_recorded(
    program: Program, study: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The option after the command wins over the one before it, that over the environment."""
    last = "select made_by from derived.derivation_run order by run_id desc limit 1"
    monkeypatch.setenv("REGISTRY_USER", "of-environment")
    [option, url] = place(study)
    program(study, "derive", "--full")
    assert scalar(study, last) == "of-environment"
    program(None, option, url, "--user", "before", "derive", "--full")
    assert scalar(study, last) == "before"
    program(None, option, url, "--user", "before", "derive", "--full", "--user", "after")
    assert scalar(study, last) == "after"


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("nonsense",),
        ("status", "--nonsense"),
        ("status", "a", "b"),
        ("definition",),
        ("definition", "nonsense"),
        ("export", "status", "--nonsense"),
        ("synth", "--patients"),
        ("status", "--format"),
    ],
)
def test_wrong_usage_ends_with_2_and_says_how_it_goes(
    program: Program, arguments: tuple[str, ...]
) -> None:
    outcome = program(None, *arguments)
    assert outcome.status == 2
    assert "Usage: " in outcome.out + outcome.err
    assert "Traceback" not in outcome.err


SECRET_BIRTH = "1999-12-31"


def test_an_error_shows_no_values_of_a_patient(
    program: Program, study: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A refusal of the database repeats the whole row; what is printed does not."""

    def refused(database: Database, _query: str) -> None:
        execute(
            database,
            "update clinical.patient set birth_date = :birth, sex = 'neither'",
            birth=SECRET_BIRTH,
        )

    monkeypatch.setattr("registry.database.query.stream_query", refused)
    outcome = program(study, "sql", "select 1")
    assert (outcome.status, outcome.out) == (1, "")
    assert SECRET_BIRTH not in outcome.err
    assert "neither" not in outcome.err
    assert "REGISTRY_DEBUG=1" in outcome.err
    assert len(outcome.err.splitlines()) <= 3


def test_a_refusal_that_names_a_patient_does_it_by_study_id(
    program: Program, study: Database, tmp_path: Path
) -> None:
    """The triggers' own words: the record that stands in the way of a corrected birth."""
    header = "patient_id,centre,sex,birth_date,diagnosis\n"
    birth = scalar(
        study,
        "select (infused_on + 1)::text from clinical.infusion i join reference.patient_number "
        "using (patient_id) where study_id = 'P001' order by infused_on limit 1",
    )
    (tmp_path / "patients.csv").write_text(f"{header}P001,BCH,male,{birth},CD\n")
    asked = ("import", str(tmp_path / "patients.csv"), "--update", "--reason", "a correction")
    outcome = program(study, *asked)
    assert outcome.status == 1
    assert "birth" in outcome.err
    assert "Traceback" not in outcome.err
    number = scalar(
        study, "select patient_id from reference.patient_number where study_id = 'P001'"
    )
    assert f"patient_id={number}" not in outcome.err


# What a command leaves behind: a thread, words for the end, lines in the pipe, a status.
LEAVES = """
import atexit, sys, threading, time
import registry.cli
from registry.__main__ import main
def slow():
    time.sleep(0.2)
    print("thread")
def run():
    threading.Thread(target=slow).start()
    atexit.register(print, "told")
    print("line\\n" * 20000, end="")
    sys.exit(int(sys.argv[1]))
registry.cli.run = run
main()
"""


@pytest.mark.parametrize("status", [0, 3])
def test_a_process_that_leaves_at_once_leaves_nothing_undone(status: int) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LEAVES, str(status)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (status, "")
    assert done.stdout == "line\n" * 20000 + "thread\ntold\n"
