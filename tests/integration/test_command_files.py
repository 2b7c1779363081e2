"""`export`, `synth`, `db` and `demo`: what they write, and where they cannot."""

from __future__ import annotations

import csv
import io
import json
import re
import signal
import sys
from datetime import date
from pathlib import Path
from subprocess import PIPE, CompletedProcess, Popen, run
from typing import Any

import pandas as pd
import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy import text

from registry.database import embedded
from registry.database.engine import Database, open_database
from registry.settings import Settings
from tests.conftest import Command
from tests.integration.test_commands import lose_response, rows_of, scalar
from tests.programs import Program

READERS = {".csv": pd.read_csv, ".parquet": pd.read_parquet, ".xlsx": pd.read_excel}


def analysis_set(database: Database) -> list[dict[str, Any]]:
    with database.engine.connect() as connection:
        rows = connection.execute(text("select * from analytics.analysis_set order by 1, 2"))
        return [dict(row) for row in rows.mappings()]


def plain(value: Any) -> Any:
    """A value of any reader as the database has it."""
    if value is None or value is pd.NaT or value is pd.NA or value != value:
        return None
    if isinstance(value, pd.Timestamp):
        return value.date()
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", value):
        return date.fromisoformat(value)
    if hasattr(value, "item"):
        value = value.item()
    return bool(value) if value in (0.0, 1.0) and not isinstance(value, int) else value


@pytest.mark.parametrize("ending", READERS)
def test_an_exported_view_reads_back_as_it_is(
    program: Program, shared_study: Database, tmp_path: Path, ending: str
) -> None:
    file = tmp_path / f"analysis_set{ending}"
    outcome = program(shared_study, "export", "analysis_set", "--to", str(file))
    assert (outcome.status, outcome.out) == (0, "")
    assert f"207 rows written to {file}" in outcome.err
    frame = READERS[ending](file)
    found = [
        {name: plain(value) for name, value in row.items()} for row in frame.to_dict("records")
    ]
    assert found == analysis_set(shared_study)
    assert [path.name for path in tmp_path.iterdir()] == [file.name]


def test_every_kind_of_column_can_be_exported_to_every_format(
    program: Program, shared_study: Database, tmp_path: Path
) -> None:
    views = ("freshness", "definition", "tdm_level")
    for view in views:
        for ending, reader in READERS.items():
            file = tmp_path / f"{view}{ending}"
            assert program(shared_study, "export", view, "--to", str(file)).status == 0, file
            assert len(reader(file)) == scalar(
                shared_study, f"select count(*) from analytics.{view}"
            )


def test_an_export_brings_the_changed_up_to_date_first(
    program: Program, study: Database, tmp_path: Path
) -> None:
    lose_response(study)
    file = tmp_path / "analysis_set.csv"
    assert program(study, "export", "analysis_set", "--to", str(file)).status == 0
    frame = pd.read_csv(file)
    assert frame[frame.definition == "paper"].event.sum() == 19


def test_an_export_that_cannot_be_made_leaves_nothing(
    program: Program, shared_study: Database, tmp_path: Path
) -> None:
    folder = tmp_path / "folder.csv"
    folder.mkdir()
    kept = tmp_path / "kept.xlsx"
    kept.write_text("what was there")
    missing = tmp_path / "missing"
    for view, file, status, words in [
        ("zebra", tmp_path / "x.csv", 1, "There is no view zebra"),
        ("zebra", kept, 1, "analysis_set"),
        ("status; select 1", kept, 1, "There is no view"),
        ("lor_status", kept, 1, "There is no view"),
        ("status", tmp_path / "x.por", 2, ".parquet, .xlsx"),
        ("status", tmp_path / "x", 2, ".parquet, .xlsx"),
        ("status", folder, 1, "Is a directory"),
        *(("status", missing / f"x{ending}", 1, "non-existent directory") for ending in READERS),
    ]:
        asked = ("export", view, "--to", str(file), "--force")
        error = program(shared_study, *asked).refused(status)
        assert words in error, file
        assert "None" not in error
    assert kept.read_text() == "what was there"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folder.csv", "kept.xlsx"]


def test_a_synthetic_registry_is_written_counted_and_can_be_imported(
    program: Program, registry: Database, tmp_path: Path
) -> None:
    asked = ("synth", "--patients", "12", "--seed", "3", "--out")
    outcome = program(None, *asked, str(tmp_path / "a"), "--format", "json")
    assert outcome.status == 0
    for entry in outcome.document:
        with (tmp_path / "a" / entry["file"]).open(encoding="utf-8", newline="") as file:
            assert len(list(csv.DictReader(file))) == entry["rows"]
    cells = rows_of_synth(program(None, *asked, str(tmp_path / "b"), "--format", "csv").out)
    assert cells == {entry["file"]: entry["rows"] for entry in outcome.document}
    for name in cells:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    done = program(registry, "import", str(tmp_path / "a"), "--format", "json")
    assert (done.status, done.document["committed"]) == (0, True)
    assert done.document["tables"]["patients"]["inserted"] == 12
    assert len(program(registry, "status", "--format", "json").document) == 0
    assert program(registry, "derive", "--format", "json").document["examined"] == 12


def rows_of_synth(written: str) -> dict[str, int]:
    return {row["file"]: int(row["rows"]) for row in csv.DictReader(written.splitlines())}


def test_a_synthetic_registry_that_cannot_be_written_is_refused(
    program: Program, tmp_path: Path
) -> None:
    file = tmp_path / "file"
    file.write_text("")
    program(None, "synth", "--patients", "0", "--seed", "1", "--out", str(tmp_path)).refused(2)
    program(None, "synth", "--patients", "1", "--seed", "x", "--out", str(tmp_path)).refused(2)
    for day, why in (
        ("soon", "is not a day"),
        ("9999-12-31", "lies in the future"),
        ("0023-12-31", "lies before 1900"),
        ("0001-01-01", "lies before 1900"),
    ):
        asked = ("synth", "--patients", "1", "--seed", "1", "--out", str(tmp_path))
        said = program(None, *asked, "--ending", day).refused(2)
        assert f"--ending {day} {why}" in said
    for folder in (file, file / "below"):
        asked = ("synth", "--patients", "1", "--seed", "1", "--out", str(folder))
        program(None, *asked).refused(1)


def test_the_status_of_a_database_in_every_format(program: Program, shared_study: Database) -> None:
    document = program(shared_study, "db", "status", "--format", "json").document
    assert document["embedded"] is False
    assert {table["table"]: table["rows"] for table in document["tables"]}["patient"] == 85
    assert "password" not in conninfo_to_dict(document["url"])
    cells = rows_of(program(shared_study, "db", "status", "--format", "csv"))
    assert {row["table"]: int(row["rows"]) for row in cells}["patient"] == 85
    words = program(shared_study, "db", "status").out
    assert "this program needs" in words
    assert re.search(r"patient +85", words)


def test_the_url_is_one_that_other_programs_take(program: Program, shared_study: Database) -> None:
    outcome = program(shared_study, "db", "url")
    assert (outcome.status, outcome.err) == (0, "")
    with psycopg.connect(outcome.out.strip()) as connection:
        row = connection.execute("select count(*) from analytics.patient").fetchone()
    assert row == (85,)
    outcome = program(shared_study, "db", "url", "--analyst")
    assert outcome.out.startswith("postgresql://registry_analyst@")
    assert "no password" in outcome.err


def test_the_url_of_the_analyst_holds_no_password_of_the_owner(
    program: Program, shared_study: Database
) -> None:
    password = shared_study.url.password or "correct-horse"
    url = shared_study.url.set(password=password).render_as_string(hide_password=False)
    assert conninfo_to_dict(program(url, "db", "url").out.strip())["password"] == password
    analyst = conninfo_to_dict(program(url, "db", "url", "--analyst").out.strip())
    assert (analyst["user"], analyst.get("password")) == ("registry_analyst", None)


def test_only_an_embedded_server_can_be_served(program: Program, shared_study: Database) -> None:
    assert "registry db url" in program(shared_study, "db", "serve").refused(2)


def test_psql_gets_the_arguments_and_never_the_password_on_its_command_line(
    program: Program,
    shared_study: Database,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen = tmp_path / "seen.json"
    fake = tmp_path / "psql"
    fake.write_text(
        f"#!{sys.executable}\nimport json, os, sys\n"
        f"with open({str(seen)!r}, 'w') as file:\n"
        "    json.dump([*sys.argv[1:], os.environ.get('PGPASSWORD')], file)\n"
        "sys.exit(7)\n"
    )
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("PGPASSWORD", raising=False)
    url = shared_study.url
    password = url.password or "correct-horse"
    for where in (
        url.set(password=password),
        url.set(password=None).update_query_dict({"password": password}),
    ):
        given = where.render_as_string(hide_password=False)
        assert program(given, "db", "psql", "-c", "select 1", "--csv").status == 7
        address, *arguments = json.loads(seen.read_text())
        assert arguments == ["-c", "select 1", "--csv", password]
        parts = conninfo_to_dict(address)
        assert "password" not in parts
        assert (parts["dbname"], parts["user"]) == (url.database, url.username)


def test_a_missing_psql_is_named(
    program: Program, shared_study: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "client programs" in program(shared_study, "db", "psql").refused(1)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, CompletedProcess[str]]:
    """The demo, from nothing, as a new user runs it; and the folder where she did."""
    folder = tmp_path_factory.mktemp("demo")
    environment = {
        "PATH": "/usr/bin:/bin",
        "HOME": str(folder),
        "LANG": "C.UTF-8",
        # A server that she works with otherwise is not the demo's to fill.
        "REGISTRY_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
    }
    command = [sys.executable, "-m", "registry", "demo", "--out", "out"]
    done = run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    return folder, done


def test_the_demo_prints_the_study_and_writes_its_figures(
    demo: tuple[Path, CompletedProcess[str]],
) -> None:
    folder, done = demo
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    numbers = set(re.findall(r"[\d.]+", done.stdout))
    assert {"85", "69", "18", "51", "15.7", "27.3", "30.9", "3.724"} <= numbers
    titles = [one for one in done.stdout.splitlines() if one.endswith(" (definition: paper)")]
    assert [one.split()[:2] for one in titles] == [
        ["Patient", "flow"],
        ["Table", "1."],
        ["Table", "2."],
        ["Cumulative", "incidence"],
        ["Table", "3."],
        ["Infliximab", "trough"],
        ["After", "the"],
    ]
    written = {path.name for path in (folder / "out").iterdir()}
    assert {"report.html", "cumulative_incidence.png", "cumulative_incidence.svg"} <= written
    assert (folder / "out" / "cumulative_incidence.png").read_bytes()[:4] == b"\x89PNG"
    assert "Synthetic data" in (folder / "out" / "report.html").read_text(encoding="utf-8")
    assert not embedded.is_running(folder / "out" / "registry")
    assert not list(folder.glob("**/crohn-registry"))


def test_the_registry_of_the_demo_can_be_used_on(
    process: Command, demo: tuple[Path, CompletedProcess[str]]
) -> None:
    """The embedded server: psql, and the query of an analyst who has a login there."""
    home = demo[0] / "out" / "registry"
    done = process(home, "db", "psql", "-Atc", "select count(*) from clinical.patient")
    assert (done.returncode, done.stdout, done.stderr) == (0, "85\n", "synthetic demo data\n")
    done = process(home, "sql", "select count(*) as n from analysis_set", "--format", "csv")
    assert (done.returncode, done.stdout, done.stderr) == (0, "n\n207\n", "synthetic demo data\n")
    done = process(home, "db", "psql", "-c", "selekt")
    assert done.returncode == 1
    # What is changed there is kept as done by whom the line names, also with a space or an accent.
    for named in (("--user", "Zoë of W\\ard 3", "db", "psql"), ("db", "psql", "--user", "Ada")):
        name = named[1 + named.index("--user")]
        changed = (
            "-qAtc",
            "set registry.reason = 'typed wrong'; "
            "update clinical.patient set centre = centre || 'x'; "
            "select made_by, command from reference.change_set order by change_id desc limit 1",
        )
        done = process(home, *named, *changed)
        assert (done.returncode, done.stdout) == (0, f"{name}|sql\n")


def test_an_analyst_reads_the_registry_that_is_served(
    demo: tuple[Path, CompletedProcess[str]],
) -> None:
    home = demo[0] / "out" / "registry"
    program = Popen(
        [sys.executable, "-m", "registry", "--home", str(home), "db", "serve"],
        stdout=PIPE,
        stderr=PIPE,
        text=True,
    )
    try:
        assert program.stdout is not None
        with psycopg.connect(program.stdout.readline().strip()) as analyst:
            row = analyst.execute("select count(*) from analytics.analysis_set").fetchone()
            assert row == (207,)
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                analyst.execute("select * from clinical.patient")
    finally:
        program.send_signal(signal.SIGINT)
        _, complaint = program.communicate(timeout=60)
    assert (program.returncode, "Stopped." in complaint) == (0, True)


def test_a_role_on_the_embedded_server_has_its_rights_and_no_more(
    demo: tuple[Path, CompletedProcess[str]],
    program: Program,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    home = demo[0] / "out" / "registry"
    with open_database(Settings(home, None, "ada")) as database:
        with database.engine.begin() as connection:
            connection.execute(text("select set_config('registry.reason', 'a test', true)"))
            moved = "update clinical.patient set centre = 'ELSE' where patient_id % 2 = 0"
            connection.execute(text(moved))
            centre, own = connection.execute(
                text(
                    "select centre, array_agg(study_id order by study_id) from clinical.patient "
                    "join reference.patient_number using (patient_id) where centre <> 'ELSE' "
                    "group by 1"
                )
            ).one()
            theirs = connection.execute(
                text(
                    "select min(study_id) from clinical.patient "
                    "join reference.patient_number using (patient_id) where centre = 'ELSE'"
                )
            ).scalar_one()
        entry = ("--role", "registry_entry", "--centre", centre, "--user", "Zoë")
        listed = program(home, *entry, "patient", "list", "--format", "json").document
        assert [one["patient_id"] for one in listed] == own
        assert f"no patient {theirs}" in program(home, *entry, "patient", "show", theirs).refused(1)
        weigh = ("--measured-on", "2019-09-09", "--weight-kg", "40", "--into-demo")
        assert program(home, *entry, "anthropometry", "add", own[0], *weigh).status == 0
        assert program(home, *entry, "anthropometry", "add", theirs, *weigh).refused(1)
        me = "select session_user::text as me, count(*) as n from patient"
        assert program(home, *entry, "sql", me, "--format", "json").document == [
            {"me": f"registry_entry@{centre}", "n": len(own)}
        ]
        for command, roles in (
            (("db", "backup", str(tmp_path / "x")), "registry_owner"),
            (("freeze", "create", "mine"), "registry_owner"),
            (("patient", "erase", own[0], "--reason", "x"), "registry_owner"),
            (("derive",), "registry_manager, registry_derivation, registry_owner"),
        ):
            said = program(home, *entry, *command).refused(1)
            assert f"This login may not run: registry {command[0]}" in said
            assert f"Roles that may: {roles}." in said
        # Signed with a password of the name that is given, which the owner's account may give.
        for command in (("password",), ("patient", own[0], "--meaning", "reviewed")):
            monkeypatch.setattr("sys.stdin", io.StringIO("a long one\na long one\n"))
            assert program(home, *entry, "sign", *command).status == 0
        [signed] = program(home, *entry, "sign", "list", "--format", "json").document
        assert (signed["signed_by"], signed["login"]) == ("Zoë", f"registry_entry@{centre}")
        with database.engine.connect() as connection:
            made = connection.execute(
                text(
                    "select made_by, database_role from reference.change_set "
                    "where command = 'anthropometry add' order by change_id desc limit 1"
                )
            ).one()
        assert tuple(made) == ("Zoë", f"registry_entry@{centre}")
        manager = ("--role", "registry_manager")
        every = program(home, *manager, "patient", "list", "--format", "json").document
        assert {theirs, *own} < {one["patient_id"] for one in every}
        night = ("schedule", "once", "--report-dir", str(tmp_path / "r"), "--format", "json")
        steps = program(home, "--role", "registry_derivation", *night).document["steps"]
        assert [one["name"] for one in steps if one["state"] != "good"] == ["backup"]
        for wrong in (entry[:2], ("--role", "nobody"), (*manager, "--centre", centre)):
            assert program(home, *wrong, "patient", "list").refused(2)
        alone = program(home, "--centre", centre, "patient", "list").refused(2)
        assert "Give --centre with registry_entry" in alone
