"""A standby reads, says that it is one, and takes over from a primary that is lost."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import psycopg

from tests.conftest import COHORT
from tests.embedded_server.processes import wait_until
from tests.faults.machine import PATIENCE
from tests.oracle.cohort import write_csv
from tests.oracle.patients import random_patients
from tests.programs import Program
from tests.standby.conftest import ANALYST, Pair, follow, wait_for_standbys

READING = (
    ("status",),
    ("explain", "P001"),
    ("patient", "show", "P001"),
    ("history", "P001"),
    ("infusion", "list", "P001"),
    ("worklist", "list"),
    ("worklist", "list", "P001"),
    ("quality", "list"),
    ("query", "list"),
    ("audit", "list"),
    ("audit", "seals"),
    ("analyse", "km"),
    ("analyse", "km", "--freeze", "kept"),
    ("analyse", "cox"),
)
INFUSION = ("--infused-on", "2018-02-16", "--dose-mg", "350", "--weight-kg", "58")
WRITING = (
    ("infusion", "add", "P001", *INFUSION),
    ("import", str(COHORT)),
    ("derive",),
    ("db", "partition", "2"),
    ("audit", "verify"),
    ("status", "--as-of", "2026-01-01"),
)
PROGRAM = (sys.executable, "-m", "registry", "--database-url")
COUNT = "select count(*) as children from patient"


def test_who_reads_reads_on_the_standby(pair: Pair, program: Program, tmp_path: Path) -> None:
    kept = program(pair.url("read-write"), "freeze", "create", "kept", "--reason", "for reading")
    assert kept.status == 0, kept
    there = [program(pair.standby.url(), *command) for command in READING]
    assert [one for one in there if one.status != 0] == []
    assert there == [program(pair.primary.url(), *command) for command in READING]
    page, rows = tmp_path / "report.html", tmp_path / "status.csv"
    assert program(pair.url("prefer-standby"), "report", "--out", str(page)).status == 0
    assert program(pair.url("prefer-standby"), "export", "status", "--to", str(rows)).status == 0
    assert "Kaplan" in page.read_text(encoding="utf-8")
    asked = program(pair.url("prefer-standby", ANALYST), "sql", COUNT, "--format", "json")
    assert asked.document == [{"children": 85}]
    # The owner's rights are none to ask with what is not trusted, and nothing stands before them.
    assert "db analyst" in program(pair.standby.url(), "sql", COUNT).refused(1)
    tried = program(pair.standby.url().replace("postgres@", f"{ANALYST}@"), "sql", "table patient")
    assert tried.status == 0
    hers = pair.url("prefer-standby", ANALYST)
    for query in ("select * from clinical.patient", "select * from identity.person"):
        assert program(hers, "sql", query).status == 1


def test_who_writes_is_told_where(pair: Pair, program: Program) -> None:
    for command in WRITING:
        said = program(pair.standby.url(), *command).refused(3)
        assert "standby" in said
        assert "target_session_attrs=read-write" in said
    # A standby has no last change before the first that it applies.
    changed = program(pair.url("read-write"), "freeze", "create", "told", "--reason", "a change")
    assert changed.status == 0, changed
    status = program(pair.url("prefer-standby"), "db", "status", "--format", "json").document
    assert status["standby"]["connected"] is True
    assert status["standby"]["unapplied_bytes"] >= 0
    assert status["standby"]["last_change_at"]
    assert "standby, connected, " in program(pair.standby.url(), "db", "status").out
    assert program(pair.url("read-write"), "db", "status", "--format", "json").document[
        "standby"
    ] is None  # fmt: skip


def test_what_waits_is_derived_on_the_primary(pair: Pair, program: Program, tmp_path: Path) -> None:
    added = program(
        pair.url("read-write"), "endoscopy", "add", "P002", "--performed-on", "2018-01-09"
    )
    assert added.status == 0, added
    said = program(pair.standby.url(), "analyse", "km").refused(1)
    assert "registry derive on the primary" in said
    # The night's own URL finds the primary.
    night = ("schedule", "once", "--report-dir", str(tmp_path), "--verify-every", "never")
    assert program(pair.url("read-write"), *night).status == 0
    assert program(pair.standby.url(), "analyse", "km").status == 0
    # It has kept the worklist.
    listed = program(pair.primary.url(), "worklist", "list")
    assert program(pair.standby.url(), "worklist", "list") == listed


def test_a_url_of_several_servers_gives_no_password_away(program: Program) -> None:
    for servers in ("127.0.0.1:1,127.0.0.1:2", "127.0.0.1:1,[::1]", "127.0.0.1:1,127.0.0.1:two"):
        said = program(f"postgresql://anna:hidden@{servers}/x", "status").refused(3)
        assert "hidden" not in said


def test_what_is_answered_as_done_the_standby_shows(pair: Pair, program: Program) -> None:
    """While it applies nothing no commit is answered, so none that was is lost with the primary."""
    standby, primary = (
        psycopg.connect(one.url().replace("+psycopg", ""), autocommit=True)
        for one in (pair.standby, pair.primary)
    )
    url, words = (
        pair.url("read-write"),
        ("endoscopy", "add", "P003", "--performed-on", "2018-01-09"),
    )
    with standby, primary:
        standby.execute("select pg_wal_replay_pause()")
        with subprocess.Popen([*PROGRAM, url, *words], stdout=subprocess.DEVNULL) as adding:
            waiting = "select from pg_stat_activity where wait_event = 'SyncRep'"
            wait_until(
                lambda: adding.poll() is not None or primary.execute(waiting).rowcount > 0, PATIENCE
            )
            answered = adding.poll()
            standby.execute("select pg_wal_replay_resume()")
            assert (answered, adding.wait(PATIENCE)) == (None, 0)
    listed = program(pair.standby.url(), "endoscopy", "list", "P003", "--format", "json").document
    assert "2018-01-09" in {one["performed_on"] for one in listed}


def test_a_failover_in_the_middle_of_an_import_loses_nothing(
    pair: Pair, program: Program, tmp_path: Path
) -> None:
    url = pair.url("read-write")
    write_csv(random_patients(7, 12), tmp_path)
    added = program(url, "infusion", "add", "P001", *INFUSION)
    assert added.status == 0, added
    head = program(url, "audit", "seal", "--format", "json").document["head"]
    before = program(url, "audit", "list", "--format", "json").document
    with psycopg.connect(pair.primary.url().replace("+psycopg", "")) as holding:
        holding.execute("lock table clinical.lab_result in share mode")
        with subprocess.Popen(
            [*PROGRAM, url, "import", str(tmp_path)], stderr=subprocess.PIPE, text=True
        ) as importing:
            waiting = "select from pg_locks where relation = 'clinical.lab_result'::regclass "
            waiting += "and not granted"
            wait_until(lambda: holding.execute(waiting).rowcount > 0, PATIENCE)
            pair.primary.kill()
            _, said = importing.communicate(timeout=PATIENCE)
        holding.close()
    assert importing.returncode == 3, said
    assert "The connection to the database was lost." in said

    pair.standby.control("promote")
    assert program(url, "audit", "list", "--format", "json").document == before
    again = program(url, "import", str(tmp_path))
    assert again.status == 0, again
    listed = program(url, "infusion", "list", "P001", "--format", "json").document
    assert "2018-02-16" in {one["infused_on"] for one in listed}
    assert program(url, "derive").status == 0
    assert program(url, "audit", "verify", "--head", head).status == 0

    # What is left of the lost one is thrown away; its place is the new standby's.
    subprocess.run(["rm", "-r", pair.primary.folder / "data"], check=True)
    follow(pair.primary, pair.standby)
    wait_for_standbys(pair.standby)
    pair.primary, pair.standby = pair.standby, pair.primary
    assert program(pair.url("prefer-standby"), "status").status == 0
