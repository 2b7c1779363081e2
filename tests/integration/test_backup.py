"""Backups: real servers, real files, real kills."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, text

from registry.analysis.cox import cox_regression
from registry.analysis.dataset import read_view
from registry.analysis.flow import cohort_flow
from registry.analysis.kaplan_meier import kaplan_meier
from registry.analysis.outcome import outcomes_after_loss
from registry.analysis.table1 import baseline_table
from registry.analysis.table2 import univariate_table
from registry.analysis.trough import week14_troughs
from registry.cli import run
from registry.database import archive, backup, cluster, migrate, programs, restore
from registry.database.engine import Database, open_database
from registry.errors import DatabaseUnavailable, NotFound, Refused, RegistryError
from registry.settings import Settings
from tests.conftest import Command, Databases, place, settings_for

WAIT_SECONDS = 20.0
# Runs a command of the registry with PostgreSQL's programs of the folder given first.
WITH_PROGRAMS = """
import sys
from pathlib import Path
from registry.cli import run
from registry.database import programs
programs._candidates = lambda name: [Path(sys.argv[1]) / name]
run(sys.argv[2:])
"""

TABLES = """
select format('%I.%I', table_schema, table_name) from information_schema.tables
where table_schema in ('clinical', 'derived', 'reference') order by 1
"""
# One text for each thing that a dump could lose; none of them names a number of the catalogue.
CATALOGUE = """
with ours as (
    select oid, nspname from pg_namespace
    where nspname in ('clinical', 'derived', 'reference', 'rules', 'analytics')
)
select format('%s %s %s', conrelid::regclass, conname, pg_get_constraintdef(c.oid))
from pg_constraint c join ours on ours.oid = connamespace
union all
select pg_get_triggerdef(t.oid) from pg_trigger t join pg_class c on c.oid = tgrelid
join ours on ours.oid = relnamespace where not tgisinternal
union all
select indexdef from pg_indexes join ours on nspname = schemaname
union all
select pg_get_functiondef(p.oid) from pg_proc p join ours on ours.oid = pronamespace
where prolang <> (select oid from pg_language where lanname = 'internal')
union all
select format('%s.%s %s %s %s %s %s %s', c.oid::regclass, attname,
    format_type(atttypid, atttypmod), attnotnull, attidentity, attgenerated,
    pg_get_expr(adbin, adrelid), col_description(c.oid, attnum))
from pg_attribute a join pg_class c on c.oid = attrelid join ours on ours.oid = relnamespace
left join pg_attrdef on adrelid = attrelid and adnum = attnum where attnum > 0
union all
select format('%s %s %s %s', c.oid::regclass, obj_description(c.oid, 'pg_class'), relacl,
    case relkind when 'v' then pg_get_viewdef(c.oid) end)
from pg_class c join ours on ours.oid = relnamespace
union all
select format('%s %s', nspname, obj_description(oid, 'pg_namespace')) from ours
"""
SEQUENCES = """
select format('%s.%s', schemaname, sequencename), last_value from pg_sequences
where sequencename <> 'change_set_change_id_seq' order by 1
"""
NEW_PATIENT = """
with number as (
    insert into reference.patient_number (study_id) values ('{}') returning patient_id
)
insert into clinical.patient (patient_id, centre, sex, birth_date, diagnosis)
select patient_id, 'A', 'female', '2010-01-01', 'CD' from number
"""


def ask(database: Database, query: str) -> list[Any]:
    with database.engine.begin() as connection:
        result = connection.execute(text(query))
        return [tuple(row) for row in result] if result.returns_rows else []


def contents(database: Database) -> dict[str, Any]:
    """What every table holds, but for the record of the restore itself."""
    found = {}
    for (table,) in ask(database, TABLES):
        where = "where command <> 'db restore'" if table == "reference.change_set" else ""
        [found[table]] = ask(
            database,
            "select count(*), md5(string_agg(t::text, '|' order by t::text)) "
            f"from {table} t {where}",
        )
    return found


def analyses(database: Database) -> dict[str, Any]:
    found: dict[str, Any] = {}
    with database.engine.connect() as connection:
        for definition in ("paper", "recommended"):
            for view, analyse in (
                ("cohort_flow", cohort_flow),
                ("baseline", baseline_table),
                ("analysis_set", univariate_table),
                ("analysis_set", kaplan_meier),
                ("analysis_set", cox_regression),
                ("tdm_week14", week14_troughs),
                ("lor_outcome", outcomes_after_loss),
            ):
                result = analyse(read_view(connection, view, definition), definition)
                found[f"{analyse.__name__} {definition}"] = result.to_json()
    return found


def catalogue(database: Database) -> list[str]:
    """Without brackets, of which the server writes other ones when it has read its own."""
    return sorted(line.translate({40: None, 41: None}) for (line,) in ask(database, CATALOGUE))


def same(one: Database, other: Database) -> None:
    assert contents(one) == contents(other)
    assert catalogue(one) == catalogue(other)
    assert ask(one, SEQUENCES) == ask(other, SEQUENCES)
    for view in ("analysis_set", "status", "status_transition", "freshness"):
        query = f"select * from analytics.{view} t order by t::text"
        assert ask(one, query) == ask(other, query), view


def refill(database: Database, file: Path, **options: Any) -> None:
    with archive.open_archive(file) as opened:
        restore.restore(database, opened, user="tester", **{"reason": None} | options)


def refusal(call: Callable[..., object], *arguments: Any, **options: Any) -> RegistryError:
    with pytest.raises(RegistryError) as raised:
        call(*arguments, **options)
    return raised.value


Here = Callable[..., tuple[object, str, str]]


@pytest.fixture
def here(capsys: pytest.CaptureFixture[str]) -> Iterator[Here]:
    """Runs a command in this process; gives its exit status and what it printed."""

    def command(where: Database | Path, *arguments: str) -> tuple[object, str, str]:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            run([*place(where), *arguments])
        return ended.value.code, *capsys.readouterr()

    before = signal.getsignal(signal.SIGTERM)
    yield command
    signal.signal(signal.SIGTERM, before)


@contextmanager
def on_empty(databases: Databases) -> Iterator[Database]:
    url = databases.create()
    with open_database(settings_for(url)) as opened:
        yield opened
    assert url.database is not None
    databases.drop(url.database)


@pytest.fixture(scope="module")
def saved(shared_study: Database, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A backup of the study."""
    file = tmp_path_factory.mktemp("saved") / "study.backup"
    backup.back_up(shared_study, file)
    return file


# There and back


def test_a_restored_registry_gives_the_same(
    databases: Databases, shared_study: Database, saved: Path, tmp_path: Path, command: Command
) -> None:
    home = tmp_path / "home"
    done = command(home, "--user", "Ada", "db", "restore", str(saved), "--reason", "moved")
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr.startswith("Restored 85 patients, ")
    with open_database(Settings(home, None, "tester")) as moved:
        same(shared_study, moved)
        assert analyses(moved) == analyses(shared_study)
        with moved.analyst_connection() as connection:
            assert connection.execute(text("select count(*) from analysis_set")).scalar_one() == 138
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
        "and nspname <> 'information_schema'",
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
        refill(new, file)
        with new.engine.connect() as connection:
            migrate.require_head(connection)
        assert ask(new, "select patient_id from analytics.patient") == [("P1",)]
        assert len(ask(new, "select from reference.definition")) == 2


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
    saved: Path, tmp_path: Path, here: Here, registry: Database
) -> None:
    home = tmp_path / "home"
    file = broken(tmp_path / "file", "half", saved.read_bytes())
    status, output, complaint = here(home, "db", "restore", str(file))
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


# Places that are refused


def test_a_registry_with_patients_is_replaced_only_when_told(
    registry: Database, shared_study: Database, saved: Path, here: Here
) -> None:
    ask(registry, NEW_PATIENT.format("MINE"))
    before = contents(registry)
    status, _, complaint = here(registry, "db", "restore", str(saved))
    assert status == 1
    assert "holds 1 patients" in complaint
    assert "--replace --reason" in complaint
    assert here(registry, "db", "restore", str(saved), "--replace")[0] == 2
    assert here(registry, "db", "restore", str(saved), "--replace", "--reason", " ")[0] == 2
    assert contents(registry) == before
    told = here(registry, "db", "restore", str(saved), "--replace", "--reason", "disk failed")
    assert told[:2] == (0, "")
    same(shared_study, registry)


def test_a_registry_with_changes_but_no_patients(registry: Database, saved: Path) -> None:
    ask(
        registry,
        "insert into reference.change_set (made_by, command, summary) values ('a', 'b', 'c')",
    )
    assert "changes" in str(refusal(refill, registry, saved))


def test_a_database_of_something_else(databases: Databases, saved: Path, tmp_path: Path) -> None:
    with on_empty(databases) as other:
        assert isinstance(refusal(backup.back_up, other, tmp_path / "file"), DatabaseUnavailable)
        ask(other, "create schema clinical")
        assert "no registry: clinical" in str(refusal(refill, other, saved))
        ask(other, "create table alembic_version as select 'other' as version_num")
        assert "does not know" in str(refusal(refill, other, saved))
        assert "does not know" in str(refusal(backup.back_up, other, tmp_path / "file"))
    assert not list(tmp_path.iterdir())


def test_while_another_writes(
    registry: Database, saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(restore, "LOCK_TIMEOUT", "100ms")
    with registry.engine.begin() as connection:
        connection.execute(text(NEW_PATIENT.format("P1")))
        assert "Someone else" in str(refusal(refill, registry, saved))
    # What the other has committed is seen.
    assert "holds 1 patients" in str(refusal(refill, registry, saved))


def test_the_target_of_a_backup(shared_study: Database, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("mine")
    assert "--force" in str(refusal(backup.back_up, shared_study, file))
    assert file.read_text() == "mine"
    assert "no file" in str(refusal(backup.back_up, shared_study, tmp_path, force=True))
    assert "no file" in str(refusal(backup.back_up, shared_study, Path("/dev/null"), force=True))
    missing = refusal(backup.back_up, shared_study, tmp_path / "none" / "file")
    assert "cannot be written" in str(missing)
    backup.back_up(shared_study, file, force=True)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with archive.open_archive(file) as opened:
        assert opened.description.patients == 85
    assert list(tmp_path.iterdir()) == [file]


# Kills


def fake(folder: Path, name: str, script: str) -> None:
    """A program of that name which is the real one, but for what the script does before."""
    real = cluster.bin_directory() / name
    path = folder / name
    path.write_text(
        f'#!/bin/sh\ncase "$*" in\n{script.format(real=real)}\nesac\nexec {real} "$@"\n'
    )
    path.chmod(0o755)


@pytest.fixture
def bin_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("pg_dump", "pg_restore"):
        (folder / name).symlink_to(cluster.bin_directory() / name)
    return folder


def start(folder: Path, where: Database | Path, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", WITH_PROGRAMS, str(folder), *place(where), *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.02)


def others(database: Database) -> list[Any]:
    return ask(
        database,
        "select state, query from pg_stat_activity where datname = current_database() "
        "and pid <> pg_backend_pid() and backend_type = 'client backend'",
    )


def test_a_restore_that_is_killed_changes_nothing(
    study: Database, saved: Path, bin_folder: Path
) -> None:
    mark = bin_folder / "mark"
    (bin_folder / "pg_restore").unlink()
    stop = f'*--section=post-data*) "{{real}}" "$@" | head -c 5000; touch {mark}; exec sleep 60;;'
    fake(bin_folder, "pg_restore", stop)
    ask(study, NEW_PATIENT.format("MINE"))
    before, defined, numbers = contents(study), catalogue(study), ask(study, SEQUENCES)
    client = start(bin_folder, study, "db", "restore", str(saved), "--replace", "--reason", "x")
    wait_until(mark.exists)
    [(state, _query)] = others(study)
    assert state == "idle in transaction", "all rows have been replaced and wait for the rest"
    client.kill()
    client.communicate()
    wait_until(lambda: not others(study))
    assert (contents(study), catalogue(study)) == (before, defined)
    assert ask(study, SEQUENCES) == numbers


def test_a_restore_whose_program_fails_changes_nothing(
    registry: Database, saved: Path, bin_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(programs, "_candidates", lambda name: [bin_folder / name])
    before, defined = contents(registry), catalogue(registry)
    for section, length in (("data", 30_000), ("data", 0), ("post-data", 20_000)):
        (bin_folder / "pg_restore").unlink()
        part = f'"{{real}}" "$@" | head -c {length}; echo "pg_restore: error: no" >&2; exit 1'
        fake(bin_folder, "pg_restore", f"*--section={section}*) {part};;")
        error = refusal(refill, registry, saved)
        assert isinstance(error, Refused)
        assert error.cure
        assert "Nothing was changed" in error.cure
    assert (contents(registry), catalogue(registry)) == (before, defined)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_backup_that_is_killed_leaves_no_file(
    registry: Database, bin_folder: Path, tmp_path: Path, number: signal.Signals
) -> None:
    mark, target = bin_folder / "mark", tmp_path / "to" / "file"
    target.parent.mkdir()
    (bin_folder / "pg_dump").unlink()
    fake(bin_folder, "pg_dump", f"*--schema*) echo PGDMP; echo $$ >{mark}; exec sleep 60;;")
    client = start(bin_folder, registry, "db", "backup", str(target))
    wait_until(lambda: mark.exists() and bool(mark.read_text()))
    child = Path(f"/proc/{mark.read_text().strip()}")
    client.send_signal(number)
    _, complaint = client.communicate(timeout=WAIT_SECONDS)
    assert "Traceback" not in complaint
    left = list(target.parent.iterdir())
    if number == signal.SIGKILL:
        assert all(path.suffix == ".part" for path in left)
    else:
        assert (client.returncode, left) == (130, [])
    if sys.platform == "linux":
        wait_until(lambda: not child.exists() or "sleep" not in (child / "cmdline").read_text())
    wait_until(lambda: not others(registry))


def test_a_dump_that_fails_leaves_what_was_there(
    registry: Database, bin_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(programs, "_candidates", lambda name: [bin_folder / name])
    file = tmp_path / "file"
    file.write_text("mine")
    for script, words in (
        ("*--schema*) echo PGDMP; echo 'pg_dump: error: no room' >&2; exit 1;;", "no room"),
        ("*--schema*) echo PGDMP; exit 0;;", "cannot be read"),
    ):
        (bin_folder / "pg_dump").unlink()
        fake(bin_folder, "pg_dump", script)
        assert words in str(refusal(backup.back_up, registry, file, force=True))
        assert file.read_text() == "mine"
    assert sorted(tmp_path.iterdir()) == [bin_folder, file]


# PostgreSQL's programs


def test_no_password_where_others_can_read_it(
    registry: Database,
    bin_folder: Path,
    tmp_path: Path,
    here: Here,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(programs, "_candidates", lambda name: [bin_folder / name])
    seen = bin_folder / "seen"
    (bin_folder / "pg_dump").unlink()
    fake(bin_folder, "pg_dump", f'*--schema*) echo "$PGPASSWORD" "$@" >{seen};;')
    url = registry.url.set(password="top secret").update_query_dict({"keepalives_idle": "77"})
    with open_database(settings_for(url)) as database:
        status, output, messages = here(database, "db", "backup", str(tmp_path / "file"))
    assert (status, output) == (0, "")
    assert "secret" not in messages
    password, _, arguments = seen.read_text().partition("secret ")
    assert password == "top "
    assert "secret" not in arguments
    assert "keepalives_idle=77" in arguments
    with_key = registry.url.update_query_dict({"sslpassword": "top secret"})
    with open_database(settings_for(with_key)) as database:
        error = refusal(programs.connection_settings, database)
        assert "sslpassword" in str(error)
        assert "top secret" not in str(error)


def test_without_programs_on_the_path_those_of_the_package_serve(
    registry: Database, tmp_path: Path, here: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    file = tmp_path / "file"
    status, output, messages = here(registry, "db", "backup", str(file))
    assert (status, output) == (0, "")
    assert messages.startswith("Saved 0 patients")
    document = json.loads(file.read_bytes().rpartition(b"registry backup ")[2].splitlines()[0])
    assert document["rows"]["reference.definition"] == 2


def test_programs_that_are_missing_or_too_old(
    registry: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nowhere() -> Path:
        raise DatabaseUnavailable("not installed")

    monkeypatch.setattr(cluster, "bin_directory", nowhere)
    monkeypatch.setenv("PATH", str(tmp_path))
    error = refusal(backup.back_up, registry, tmp_path / "file")
    assert "nor on the path" in error.problem
    assert error.cure
    assert "Install PostgreSQL's client programs, version" in error.cure
    old = tmp_path / "pg_dump"
    old.write_text("#!/bin/sh\necho 'pg_dump (PostgreSQL) 14.9 (Debian)'\n")
    old.chmod(0o755)
    error = refusal(backup.back_up, registry, tmp_path / "file")
    assert f"{old} is of 14 and refuses" in error.problem
    assert error.cure
    assert "on the path" in error.cure
    old.write_text("#!/bin/sh\necho 'something else 99'\n")
    assert isinstance(refusal(backup.back_up, registry, tmp_path / "file"), NotFound)
    assert list(tmp_path.iterdir()) == [old]


def test_the_server_is_gone(
    shared_study: Database, tmp_path: Path, here: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    count = backup.count_rows

    def ended(connection: Connection) -> dict[str, int]:
        rows = count(connection)
        connection.execute(text("select pg_terminate_backend(pg_backend_pid())"))
        return rows

    monkeypatch.setattr(backup, "count_rows", ended)
    status, _, complaint = here(shared_study, "db", "backup", str(tmp_path / "file"))
    assert status == 3
    assert "connection" in complaint
    assert not list(tmp_path.iterdir())
