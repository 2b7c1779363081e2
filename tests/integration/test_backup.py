"""Backups: there and back, and what is refused; on real servers, with real files."""

from __future__ import annotations

import hashlib
import os
import stat
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pandas as pd
import pytest
from sqlalchemy import text

from registry.analysis.cohort.flow import cohort_flow
from registry.analysis.cohort.outcome import outcomes_after_loss
from registry.analysis.cohort.table1 import baseline_table
from registry.analysis.cohort.table2 import univariate_table
from registry.analysis.cox.fit import Cox, cox_regression
from registry.analysis.curves.kaplan_meier import kaplan_meier
from registry.analysis.reading import read_view
from registry.analysis.troughs.at_week import week14_troughs
from registry.database import archive, backup, cluster, migrate, programs
from registry.database.analyst import analyst_connection
from registry.database.engine import Database, open_database
from registry.errors import NotFound, Refused, RegistryError
from registry.settings import Settings
from tests.conftest import Command, Databases
from tests.integration.backups import (
    NEW_PATIENT,
    ask,
    catalogue,
    contents,
    on_empty,
    refill,
    refusal,
    same,
)
from tests.programs import run_here


def cox(frame: pd.DataFrame, definition: str) -> Cox:
    """With covariates named, since choosing them makes all of Table 2 once more."""
    return cox_regression(frame, definition, covariates=["im_over_6_months", "growth_delay"])


def analyses(database: Database) -> dict[str, Any]:
    found: dict[str, Any] = {}
    with database.engine.connect() as connection:
        for view, analyse in (
            ("cohort_flow", cohort_flow),
            ("baseline", baseline_table),
            ("analysis_set", univariate_table),
            ("analysis_set", kaplan_meier),
            ("analysis_set", cox),
            ("tdm_week14", week14_troughs),
            ("lor_outcome", outcomes_after_loss),
        ):
            result = analyse(read_view(connection, view, "paper"), "paper")
            found[analyse.__name__] = result.to_json()
    return found


# There and back


def test_a_restored_registry_gives_the_same(
    databases: Databases,
    shared_study: Database,
    tmp_path: Path,
    command: Command,
    capsys: pytest.CaptureFixture[str],
) -> None:
    home, saved = tmp_path / "home", tmp_path / "study.backup"
    # Of this moment: who only looked since another was made may have used up numbers.
    backup.back_up(shared_study, saved)
    done = command(home, "--user", "Ada", "db", "restore", str(saved), "--reason", "moved")
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr.startswith("Restored 85 patients, ")
    with open_database(Settings(home, None, "tester")) as moved:
        same(shared_study, moved)
        assert analyses(moved) == analyses(shared_study)
        with analyst_connection(moved) as connection:
            assert connection.execute(text("select count(*) from analysis_set")).scalar_one() == 207
        [(made_by, reason, summary)] = ask(
            moved,
            "select made_by, reason, summary from reference.change_set "
            "where command = 'db restore'",
        )
        assert (made_by, reason) == ("Ada", "moved")
        assert "85 patients" in summary
        # What is entered now gets a new number and is marked.
        ask(moved, NEW_PATIENT.format("NEW"))
        assert len(ask(moved, "select from derived.changed_patient")) == 1
    with on_empty(databases) as elsewhere:
        refill(elsewhere, saved)
        same(shared_study, elsewhere)
        for analysis in ("flow", "table2", "km"):
            asked = ("analyse", analysis, "--format", "json")
            given = run_here(capsys, elsewhere, *asked)
            assert given[0] == 0
            assert given == run_here(capsys, shared_study, *asked)


def test_what_is_in_the_file(shared_study: Database, saved: Path) -> None:
    assert stat.S_IMODE(saved.stat().st_mode) == 0o600
    assert list(saved.parent.iterdir()) == [saved]
    listed = subprocess.run(
        [cluster.bin_directory() / "pg_restore", "--list", saved],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    schemas = {
        line.split(" SCHEMA - ")[1].split()[0]
        for line in listed.splitlines()
        if " SCHEMA - " in line
    }
    assert schemas - {"public"} == set(archive.SCHEMAS)
    data = {tuple(line.split()[5:7]) for line in listed.splitlines() if " TABLE DATA " in line}
    held = ask(
        shared_study,
        "select n.nspname, c.relname from pg_class c join pg_namespace n on n.oid = relnamespace "
        "where relkind in ('r', 'p') and nspname not like 'pg\\_%' "
        "and nspname not in ('information_schema', 'locking', 'identity')",
    )
    assert data == set(held), "a new schema belongs into archive.SCHEMAS"


def test_it_is_as_of_one_moment_while_others_work(
    registry: Database, databases: Databases, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(registry, NEW_PATIENT.format("BEFORE"))
    running = programs.running

    @contextmanager
    def meanwhile(program: programs.Program, *arguments: Any, **options: Any) -> Iterator[object]:
        ask(registry, NEW_PATIENT.format("MEANWHILE"))
        with running(program, *arguments, **options) as process:
            yield process

    monkeypatch.setattr(backup, "running", meanwhile)
    made = backup.back_up(registry, tmp_path / "file")
    assert made.patients == 1
    assert len(ask(registry, "select from clinical.patient")) == 2
    with on_empty(databases) as other:
        refill(other, tmp_path / "file")
        assert ask(other, "select study_id from reference.patient_number") == [("BEFORE",)]


def test_an_older_backup_is_brought_up_to_date(databases: Databases, tmp_path: Path) -> None:
    file = tmp_path / "old.backup"
    with on_empty(databases) as old:
        migrate.upgrade(old, "0002")
        ask(old, NEW_PATIENT.format("P1"))
        assert backup.back_up(old, file).revision == "0002"
    with on_empty(databases) as new:
        migrate.upgrade(new, "0001")
        refill(new, file)
        with new.engine.connect() as connection:
            migrate.require_head(connection)
        assert ask(new, "select patient_id from analytics.patient") == [("P1",)]
        assert len(ask(new, "select from reference.definition")) == 3


# Files that are refused


def broken(file: Path, how: str, whole: bytes) -> Path:
    end = whole.rindex(b"\nregistry backup ")
    changed = {
        "empty": b"",
        "garbage": os.urandom(20_000),
        "text": b"patient_id,sex\nP1,female\n",
        "first bytes": whole[:5],
        "half": whole[: len(whole) // 2],
        "last byte": whole[:-1],
        "no description": whole[:end],
        "one bit": whole[:5000] + bytes([whole[5000] ^ 1]) + whole[5001:],
    }
    file.write_bytes(changed[how])
    return file


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ("empty", "no backup"),
        ("garbage", "no backup"),
        ("text", "no backup"),
        ("first bytes", "cut short"),
        ("half", "cut short"),
        ("last byte", "cut short"),
        ("no description", "cut short"),
        ("one bit", "damaged"),
    ],
)
def test_a_file_that_is_not_whole(saved: Path, tmp_path: Path, how: str, words: str) -> None:
    file = broken(tmp_path / "file", how, saved.read_bytes())
    with pytest.raises(Refused, match=words), archive.open_archive(file):
        pass


def test_a_dump_that_was_cut_before_it_was_described(saved: Path, tmp_path: Path) -> None:
    with archive.open_archive(saved) as opened:
        description = opened.description
    file = tmp_path / "file"
    file.write_bytes(saved.read_bytes()[:100_000])
    with file.open("r+b") as written:
        archive.finish(written, description)
    with pytest.raises(Refused, match="cannot be read"), archive.open_archive(file):
        pass


def test_nothing_is_touched_by_a_file_that_is_refused(
    saved: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], registry: Database
) -> None:
    home = tmp_path / "home"
    file = broken(tmp_path / "file", "half", saved.read_bytes())
    status, output, complaint = run_here(capsys, home, "db", "restore", str(file))
    assert (status, output) == (1, "")
    assert complaint.startswith(f"Error: {file} is cut short")
    assert not home.exists()
    other = tmp_path / "other.dump"
    environment, conninfo = programs.connection_settings(registry)
    subprocess.run(
        [cluster.bin_directory() / "pg_dump", "-Fc", "-f", other, f"--dbname={conninfo}"],
        env=os.environ | environment,
        check=True,
    )
    for path, kind in ((other, Refused), (tmp_path / "none", NotFound), (tmp_path, Refused)):
        with pytest.raises(kind), archive.open_archive(path):
            pass


def closed_anew(file: Path, damaged: bytes) -> Path:
    """The damaged bytes with a checksum made for them."""
    body = damaged[: damaged.rindex(b"\nsha256 ")]
    file.write_bytes(body + f"\nsha256 {hashlib.sha256(body).hexdigest()}\n".encode())
    return file


def test_damage_is_found_even_where_the_checksum_was_made_anew(
    study: Database, saved: Path, tmp_path: Path
) -> None:
    """What can be read all the same holds what the backup held."""
    whole = saved.read_bytes()
    before = contents(study)
    random = Random(20261129)
    refused = 0
    # The rows stand compressed between two descriptions of the dump.
    first, last = whole.index(b"\x78\x9c"), whole.rindex(b"\x78\x9c")
    for number in range(16):
        place = random.randrange(first, last) if number % 4 else random.randrange(first)
        damaged = bytearray(whole)
        damaged[place] ^= 1 << random.randrange(8)
        file = closed_anew(tmp_path / "file", bytes(damaged))
        try:
            refill(study, file, replace=True, reason="damaged")
        except RegistryError:
            refused += 1
        else:
            assert contents(study) == before, place
    assert 10 <= refused < 16
    assert contents(study) == before


def test_a_dump_brings_rows_and_nothing_else(
    databases: Databases, study: Database, tmp_path: Path
) -> None:
    """Whoever can write a dump cannot have a statement run by it."""
    file = tmp_path / "file"
    with on_empty(databases) as clean:
        migrate.upgrade(clean)
        defined = catalogue(clean)
    for statement in (
        "create or replace function audit.record_rows() returns trigger language plpgsql as "
        "'begin return null; end'",
        "create rule nothing as on update to clinical.infusion do instead nothing",
        "alter table clinical.infusion disable trigger user",
        "alter table clinical.infusion drop constraint ck_infusion_dose_mg",
        "create function clinical.harm() returns integer language sql as 'select 1'",
    ):
        ask(study, statement)
    backup.back_up(study, file)
    with on_empty(databases) as elsewhere:
        refill(elsewhere, file)
        assert catalogue(elsewhere) == defined
        assert len(ask(elsewhere, "select from clinical.infusion")) > 1000
    ask(study, "create table clinical.more as select 1 as n")
    backup.back_up(study, file, force=True)
    with on_empty(databases) as elsewhere:
        assert "clinical.more" in str(refusal(refill, elsewhere, file))


def test_a_backup_of_a_newer_program(saved: Path, tmp_path: Path, registry: Database) -> None:
    file = tmp_path / "file"
    whole = saved.read_bytes()

    def described(**changes: Any) -> None:
        file.write_bytes(whole[: whole.rindex(b"\nregistry backup ")])
        with file.open("r+b") as written:
            archive.finish(written, replace(description, **changes))

    with archive.open_archive(saved) as opened:
        description = opened.description
    before = contents(registry)
    described(revision="9999")
    assert "newer program" in str(refusal(refill, registry, file))
    described(schemas=("clinical", "unheard_of"))
    assert "newer program" in str(refusal(refill, registry, file))
    described(pg_dump=99)
    assert "PostgreSQL 99" in str(refusal(refill, registry, file))
    # Rows that are promised and are not there.
    described(rows=description.rows | {"clinical.patient": 86})
    assert "clinical.patient" in str(refusal(refill, registry, file))
    assert contents(registry) == before
