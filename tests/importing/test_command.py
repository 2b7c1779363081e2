"""`registry import` as a program: output, exit status, what is committed, what an error shows."""

from __future__ import annotations

import json
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest
from sqlalchemy import text

from registry.database.engine import Database
from tests.conftest import Command, Databases, settings_for

from .tables import VALID, number_rows, row, write, write_all

TABLES = {table: [cells] for table, cells in VALID.items()}
COUNTS = ("read", "inserted", "updated", "unchanged", "rejected")


def document(done: CompletedProcess[str]) -> dict[str, Any]:
    """Standard output, which must be one JSON document with the contract's keys."""
    found: dict[str, Any] = json.loads(done.stdout)
    assert set(found) >= {"committed", "tables", "errors", "changes", "status_changes"}
    for counted in found["tables"].values():
        assert set(counted) == set(COUNTS)
        assert counted["read"] == sum(counted[name] for name in COUNTS[1:])
    for error in found["errors"]:
        assert set(error) == {"file", "line", "column", "value", "problem"}
    assert "Traceback" not in done.stderr
    return found


def only(counted: dict[str, int], **expected: int) -> bool:
    return counted == dict.fromkeys(COUNTS, 0) | expected


def rows_of(registry: Database) -> dict[str, int]:
    with registry.engine.connect() as connection:
        return number_rows(connection)


def ask(registry: Database, query: str) -> list[tuple[Any, ...]]:
    with registry.engine.connect() as connection:
        return [tuple(found) for found in connection.execute(text(query))]


def test_import_again_change_and_update(
    registry: Database, command: Command, tmp_path: Path
) -> None:
    folder = write_all(tmp_path, TABLES)
    # A dry run counts as the import would, and writes nothing.
    dry = command(registry, "import", str(folder), "--dry-run", "--format", "json")
    assert dry.returncode == 0
    looked = document(dry)
    assert looked["committed"] is False
    assert set(rows_of(registry).values()) == {0}
    assert ask(registry, "select count(*) from reference.patient_number") == [(0,)]
    # The import.
    done = command(registry, "--user", "ada", "import", str(folder), "--format", "json")
    assert done.returncode == 0
    assert done.stderr == "Patients waiting for a derivation: 1. Run: registry derive\n"
    found = document(done)
    # One infusion is too few for either definition, and a patient who was not there had no state.
    assert looked["changes"] == []
    assert looked["status_changes"] == [
        {
            "definition": definition,
            "patient_id": "P1",
            "from": None,
            "to": "fewer_than_4_infusions",
            "on": "2018-07-01",
        }
        for definition in ("current", "paper", "recommended")
    ]
    # An import looks at no states.
    assert found == looked | {"committed": True, "status_changes": None}
    assert list(found["tables"]) == list(VALID)
    assert all(only(counted, read=1, inserted=1) for counted in found["tables"].values())
    assert set(rows_of(registry).values()) == {1}
    # Again.
    again = command(registry, "import", str(folder), "--format", "json")
    assert again.returncode == 0
    assert all(only(counted, read=1, unchanged=1) for counted in document(again)["tables"].values())
    # Another value, first without and then with --update.
    write(folder, "infusions", [row("infusions", dose_mg="200")])
    refused = command(registry, "import", str(folder), "--format", "json")
    assert refused.returncode == 1
    found = document(refused)
    assert found["committed"] is False
    [error] = found["errors"]
    assert (error["file"], error["line"]) == ("infusions.csv", 2)
    assert (error["column"], error["value"]) == ("dose_mg", "200")
    assert only(found["tables"]["infusions"], read=1, rejected=1)
    update = ("import", str(folder), "--update", "--format", "json")
    for reason in ([], ["--reason", ""], ["--reason", "  "]):
        unreasoned = command(registry, *update, *reason)
        assert (unreasoned.returncode, unreasoned.stdout) == (2, "")
        assert "--reason" in unreasoned.stderr
    looked = document(command(registry, *update, "--dry-run"))
    assert only(looked["tables"]["infusions"], read=1, updated=1)
    dose = "select trim_scale(dose_mg)::int from clinical.infusion"
    assert ask(registry, dose) == [(150,)]
    updated = command(registry, *update, "--reason", "the chart was right", "--user", "bob")
    assert updated.returncode == 0
    assert looked["changes"] == [
        {
            "file": "infusions.csv",
            "line": 2,
            "table": "infusions",
            "patient_id": "P1",
            "key": {"infused_on": "2018-07-01"},
            "column": "dose_mg",
            "old": "150",
            "new": "200",
        }
    ]
    assert looked["status_changes"] == []
    assert document(updated) == looked | {"committed": True, "status_changes": None}
    assert ask(registry, dose) == [(200,)]
    everything = ", ".join(f"{table}: 1 inserted, 0 updated" for table in VALID)
    assert ask(
        registry,
        "select made_by, command, reason, summary from reference.change_set "
        "where command <> 'db upgrade' order by change_id",
    ) == [
        ("ada", "import", None, everything),
        ("bob", "import", "the chart was right", "infusions: 0 inserted, 1 updated"),
    ]


def test_complaints_of_all_files_at_once(
    registry: Database, command: Command, tmp_path: Path
) -> None:
    write(tmp_path, "patients", [VALID["patients"], row("patients", patient_id="P2", sex="x\ny")])
    names = [row("surgeries", procedure=f"Ada Lovelace {n}", performed_on="") for n in range(50)]
    write(tmp_path, "surgeries", names)
    write(tmp_path, "infusions", [row("infusions", patient_id="P9", product="Ada Lovelace")])
    told = command(registry, "import", str(tmp_path), "--format", "json")
    found = document(told)
    assert told.returncode == 1
    assert len(found["errors"]) == 52
    assert found["errors"][0] == {
        "file": "patients.csv",
        "line": 3,
        "column": "sex",
        "value": "x\ny",
        "problem": "is not one of female, male",
    }
    assert only(found["tables"]["patients"], read=2, inserted=1, rejected=1)
    assert only(found["tables"]["surgeries"], read=50, rejected=50)
    assert only(found["tables"]["infusions"], read=1, rejected=1)
    assert "Ada" not in told.stdout + told.stderr
    shown = command(registry, "import", str(tmp_path))
    assert shown.returncode == 1
    lines = shown.stderr.splitlines()
    assert lines[0] == "patients.csv, line 3: sex 'x\\ny' is not one of female, male"
    assert lines[1].startswith("infusions.csv, line 2: patient_id 'P9' is not a patient")
    assert lines[2] == "surgeries.csv, line 2: performed_on is missing"
    assert len(lines) == 42
    assert lines[40].startswith("... and 12 more")
    assert lines[41] == ("Nothing was imported: 52 complaints. Mend the cells and try again.")
    assert "surgeries" in shown.stdout
    assert "Ada" not in shown.stdout + shown.stderr
    assert set(rows_of(registry).values()) == {0}


# Names that no check knows of, so that only the database can refuse them.
RULES = {
    "a constraint": "alter table clinical.surgery add constraint ck_new check (procedure ~ '^f')",
    "a cast": "create trigger new_cast before insert on clinical.surgery for each row "
    "execute function clinical.new_cast()",
}
CAST = (
    "create function clinical.new_cast() returns trigger language plpgsql as "
    "$$ begin perform new.procedure::date; return new; end $$"
)


def test_an_error_of_the_database_shows_no_cell(
    registry: Database, command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("REGISTRY_DEBUG", raising=False)
    tables = {
        "patients": [VALID["patients"]],
        "surgeries": [row("surgeries", procedure="Ada Lovelace")],
    }
    folder = write_all(tmp_path, tables)
    with registry.engine.begin() as connection:
        connection.execute(text(RULES["a constraint"]))
    refused = command(registry, "import", str(folder), "--format", "json")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "ck_new" in refused.stderr
    assert "Nothing was written" in refused.stderr
    with registry.engine.begin() as connection:
        connection.execute(text("alter table clinical.surgery drop constraint ck_new"))
        connection.execute(text(CAST))
        connection.execute(text(RULES["a cast"]))
    broken = command(registry, "import", str(folder), "--format", "json")
    assert (broken.returncode, broken.stdout) == (1, "")
    assert "DataError" in broken.stderr
    for done in (refused, broken):
        assert "Ada" not in done.stderr
        assert "Traceback" not in done.stderr
        assert len(done.stderr.splitlines()) <= 3
    assert set(rows_of(registry).values()) == {0}


def test_paths_that_are_none(registry: Database, command: Command, tmp_path: Path) -> None:
    absent = command(registry, "import", str(tmp_path / "absent"), "--format", "json")
    assert (absent.returncode, absent.stdout) == (1, "")
    assert absent.stderr == f"Error: There is no file or folder {tmp_path / 'absent'}.\n"
    (tmp_path / "notes.csv").write_text("a\n1\n")
    stranger = command(registry, "import", str(tmp_path))
    assert (stranger.returncode, stranger.stdout) == (1, "")
    assert "notes.csv" in stranger.stderr
    nothing = command(registry, "import")
    assert (nothing.returncode, nothing.stdout) == (2, "")


def test_databases_that_are_none(databases: Databases, command: Command, tmp_path: Path) -> None:
    folder = str(write_all(tmp_path, TABLES))
    empty = settings_for(databases.create()).database_url
    assert empty is not None
    program = ["--database-url", empty, "import", folder, "--format", "json"]
    unmigrated = command(tmp_path, *program)
    assert (unmigrated.returncode, unmigrated.stdout) == (3, "")
    assert "registry db upgrade" in unmigrated.stderr
    program[1] = "postgresql://nobody@127.0.0.1:1/nothing"
    unreachable = command(tmp_path, *program)
    assert (unreachable.returncode, unreachable.stdout) == (3, "")
    for done in (unmigrated, unreachable):
        assert done.stderr.startswith("Error: ")
        assert "Traceback" not in done.stderr
