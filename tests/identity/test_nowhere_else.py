"""Names and numbers kept as identities are looked for in all else that the program leaves."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

import pytest
from sqlalchemy import text

from registry.database import cluster
from registry.database.engine import Database
from tests.programs import Program

WHY = ("--reason", "a drill")
SECRETS = ("Zyxwvuta", "Qorbin", "8675309", "0299887766", "IDQ555X", "4040404", "5050505")
BY_NUMBER = ("--id", "hospital-number", "--centre", "BCH")


@pytest.fixture
def hidden(study: Database, program: Program) -> Database:
    """P001 with an identity of which each word is found nowhere else."""
    add = ("identity", "add", "P001", "--number", "008675309", "--name", "Zyxwvuta")
    further = ("--birth-name", "Qorbin", "--contact", "0299887766", "--identity-number", "IDQ555X")
    assert program(study, *add, *further).status == 0
    form = ("--study-id-pattern", "BCH-####-*", *WHY)
    assert program(study, "centre", "amend", "BCH", *form).status == 0
    return study


def columns(database: Database) -> list[tuple[str, str]]:
    """Every table and view of the database but those of the identities."""
    with database.engine.connect() as connection:
        rows = connection.execute(
            text(
                "select format('%I.%I', n.nspname, c.relname) from pg_class c "
                "join pg_namespace n on n.oid = c.relnamespace where c.relkind in ('r', 'p', 'v') "
                "and n.nspname not in ('identity', 'information_schema') "
                "and (n.nspname !~ '^pg_' or c.relname = 'pg_stat_activity')"
            )
        ).scalars()
        return [
            (name, row)
            for name in rows.all()
            if name.partition(".")[0] in ("clinical", "reference", "derived", "audit", "inspection")
            for row in connection.execute(text(f"select t::text from {name} t")).scalars()
        ]


def test_a_walk_through_the_program_leaves_no_identity_behind(
    hidden: Database,
    program: Program,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    inputs = tmp_path / "in"
    inputs.mkdir()
    good, bad, new = (inputs / name / "anthropometry.csv" for name in ("good", "bad", "new"))
    for file in (good, bad, new):
        file.parent.mkdir()
    header = "patient_id,measured_on,weight_kg\n"
    headless = inputs / "headless" / "anthropometry.csv"
    headless.parent.mkdir()
    headless.write_text("8675309,2019-05-03,21.5\n8675309,2019-05-04,22\n", encoding="utf-8")
    good.write_text(f"{header}8675309,2019-05-03,21.5\n", encoding="utf-8")
    bad.write_text(
        f"{header}4040404,2019-05-03,x\n8675309,03/04/2019,1000\n8675309,2019-05-03,20\n"
        "Zyxwvuta 8675309,2019-05-05,22\n8675309,2019-05-06,22,too,many\n",
        encoding="utf-8",
    )
    new.write_text(f"{header}5050505,2019-05-03,30\n", encoding="utf-8")
    (new.parent / "patients.csv").write_text(
        "patient_id,centre,sex,birth_date,diagnosis\n5050505,BCH,male,2011-02-03,CD\n",
        encoding="utf-8",
    )
    mapping = inputs / "map.toml"
    mapping.write_text(
        '[[source]]\npatient = "no"\ncentre = "BCH"\nignore = ["who"]\n[[source.rows]]\n'
        'table = "anthropometry"\ncolumns.measured_on = "day"\ncolumns.weight_kg = "kg"\n'
        'columns.height_cm = "cm"\n',
        encoding="utf-8",
    )
    mapped = inputs / "mapped.csv"
    mapped.write_text(
        "no,who,day,kg,cm\n8675309,Zyxwvuta,2019-06-01,22,120\n8675309,Qorbin,2019-06-01,23,120\n"
        "4040404,Qorbin,2019-06-02,999,1\n",
        encoding="utf-8",
    )
    out = tmp_path / "out"
    out.mkdir()
    backup = str(out / "registry.backup")
    walk = [
        ("import", str(bad), *BY_NUMBER),
        ("import", str(bad), *BY_NUMBER, "--format", "json"),
        ("import", str(headless), *BY_NUMBER),
        ("import", str(headless), *BY_NUMBER, "--format", "json"),
        ("import", str(good), *BY_NUMBER, "--dry-run"),
        ("import", str(good), *BY_NUMBER),
        ("import", str(mapped), "--map", str(mapping)),
        ("import", str(mapped), "--map", str(mapping), "--format", "json"),
        ("import", str(new.parent), *BY_NUMBER, "--register"),
        ("identity", "list"),
        ("identity", "link", "P002", "8675309"),
        ("identity", "find", "--number", "4040404", *WHY),
        ("identity", "twins", *WHY),
        ("identity", "void", "P003", "--number", "4040404", *WHY),
        ("patient", "show", "8675309"),
        ("patient", "show", "P001"),
        ("history", "P001"),
        ("derive",),
        ("explain", "P001"),
        ("worklist", "list"),
        ("query", "list"),
        ("quality", "run"),
        ("freeze", "create", "walk"),
        ("audit", "verify"),
        ("export", "analysis_set", "--to", str(out / "set.csv")),
        ("sql", "select * from identity.person"),
        ("sql", "select identity.kept()"),
        ("db", "backup", backup),
        ("db", "status"),
    ]
    said = {line: program(hidden, *line) for line in walk}
    assert [said[line].status for line in (walk[5], walk[8])] == [0, 0], said
    assert said["sql", "select * from identity.person"].status != 0
    # The walk did see the child.
    assert "import by hospital number" in said["history", "P001"].out
    dump = subprocess.run(
        [cluster.bin_directory() / "pg_restore", "--file=-", backup],
        capture_output=True,
        check=True,
    ).stdout.decode()
    assert "BCH-0001-" in dump
    written = [
        (str(file), file.read_bytes().decode("utf-8", "replace"))
        for folder in (out, temporary)
        for file in folder.rglob("*")
        if file.is_file()
    ]
    log = [(one.name, one.getMessage()) for one in caplog.records]
    spoken = [(" ".join(line), text) for line, done in said.items() for text in done[1:]]
    for where, held in [*spoken, *written, *log, *columns(hidden), ("the dump", dump)]:
        found = [one for one in SECRETS if one in held]
        assert not found or where == "patient show 8675309", (where, found)
