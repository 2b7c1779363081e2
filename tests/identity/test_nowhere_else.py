"""Names and numbers kept as identities are looked for in all else that the program leaves.

`program` reads along what each command prints and `study` looks through every table.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from registry.database.engine import Database
from tests.identifiers import DIGITS, NAME, SEARCH, Search, held_by
from tests.programs import Program
from tests.unpacked import unpacked

WHY = ("--reason", "a drill")
BY_NUMBER = ("--id", "hospital-number", "--centre", "BCH")


@pytest.fixture
def hidden(study: Database, program: Program) -> Database:
    """P001 with an identity of which each word is found nowhere else."""
    add = ("identity", "add", "P001", "--number", f"00{DIGITS}", "--name", NAME)
    further = ("--birth-name", f"{NAME}a", "--contact", DIGITS, "--identity-number", f"{DIGITS}X")
    assert program(study, *add, *further).status == 0
    form = ("--study-id-pattern", "BCH-####-*", *WHY)
    assert program(study, "centre", "amend", "BCH", *form).status == 0
    return study


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
    SEARCH.allow(inputs)
    for file in (good, bad, new):
        file.parent.mkdir()
    header = "patient_id,measured_on,weight_kg\n"
    headless = inputs / "headless" / "anthropometry.csv"
    headless.parent.mkdir()
    headless.write_text(f"{DIGITS},2019-05-03,21.5\n{DIGITS},2019-05-04,22\n", encoding="utf-8")
    good.write_text(f"{header}{DIGITS},2019-05-03,21.5\n", encoding="utf-8")
    bad.write_text(
        f"{header}{DIGITS}404,2019-05-03,x\n{DIGITS},03/04/2019,1000\n{DIGITS},2019-05-03,20\n"
        f"{NAME} {DIGITS},2019-05-05,22\n{DIGITS},2019-05-06,22,too,many\n",
        encoding="utf-8",
    )
    new.write_text(f"{header}{DIGITS}505,2019-05-03,30\n", encoding="utf-8")
    (new.parent / "patients.csv").write_text(
        f"patient_id,centre,sex,birth_date,diagnosis\n{DIGITS}505,BCH,male,2011-02-03,CD\n",
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
        f"no,who,day,kg,cm\n{DIGITS},{NAME},2019-06-01,22,120\n{DIGITS},{NAME},2019-06-01,23,120\n"
        f"{DIGITS}404,{NAME},2019-06-02,999,1\n",
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
        ("identity", "link", "P002", DIGITS),
        ("identity", "find", "--number", f"{DIGITS}404", *WHY),
        ("identity", "twins", *WHY),
        ("identity", "void", "P003", "--number", f"{DIGITS}404", *WHY),
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
    # And so do the files that it wrote, of which the backup has the new child's study id.
    written = Search()
    written.allow(inputs)
    written.folder(tmp_path)
    written.ends()
    backed_up = b"".join(unpacked(Path(backup).read_bytes()))
    assert b"BCH-0001-" in backed_up
    for one in caplog.records:
        assert held_by(one.getMessage().encode()) is None, one.name
