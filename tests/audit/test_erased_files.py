"""After an erasure no byte of the child is left: in the server's files, a dump, a report."""

from __future__ import annotations

import csv
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from registry.database.archive import open_archive
from registry.database.engine import Database, open_database
from registry.settings import Settings
from tests.conftest import COHORT
from tests.programs import Program

CHILD = "QZX-917"
# Values that nothing else holds, by their table.
ROWS: dict[str, list[dict[str, str]]] = {
    "patients": [
        {"centre": "BCH", "sex": "male", "birth_date": "2008-02-03", "diagnosis": "CD"},
    ],
    "infusions": [
        {
            "infused_on": f"2019-0{month}-01",
            "dose_mg": "200",
            "weight_kg": "40",
            "product": "Zyxomabqq",
        }
        for month in (1, 2, 4)
    ],
    "lab_results": [
        {"collected_on": "2019-01-01", "analyte": "CRP", "value": "76.54321987", "unit": "mg/L"}
    ],
    "surgeries": [{"performed_on": "2019-03-03", "procedure": "qqvanishing-procedure"}],
    "follow_up_ends": [
        {"ended_on": "2019-06-01", "reason": "lost_to_follow_up", "note": "qqgone-away"}
    ],
}
# As text, and as the server keeps a number: in digits to the base of 10,000.
NEEDLES = {
    **{
        word: word.encode()
        for word in (
            *(CHILD, "Zyxomabqq", "qqvanishing-procedure", "qqgone-away", "76.54321987"),
            *("qqwhy-asked", "qqset-aside", "qqreason-of-hers"),
        )
    },
    "the number": struct.pack("<3h", 76, 5432, 1987),
}


@pytest.fixture
def home(tmp_path: Path) -> Iterator[tuple[Path, Database]]:
    """A registry of its own on a server of its own, which runs meanwhile."""
    folder = tmp_path / "home"
    with open_database(Settings(folder, None, "tester")) as database:
        yield folder, database


def write_files(folder: Path) -> Path:
    """Three children of the study and ours, with a query, an item set aside and a correction."""
    folder.mkdir()
    for file in COHORT.glob("*.csv"):
        with file.open(newline="") as source, (folder / file.name).open("w", newline="") as target:
            reader = csv.DictReader(source)
            writer = csv.DictWriter(target, reader.fieldnames or [], lineterminator="\n")
            writer.writeheader()
            writer.writerows(row for row in reader if row["patient_id"] in ("P001", "P002", "P003"))
            writer.writerows({"patient_id": CHILD, **row} for row in ROWS.get(file.stem, []))
    return folder


def found_in(files: list[Path]) -> set[str]:
    """Which of the values are in the files."""
    found = set()
    for file in files:
        content = file.read_bytes()
        found |= {name for name, needle in NEEDLES.items() if needle in content}
    return found


def files_of(folder: Path) -> list[Path]:
    """All of them."""
    return [file for file in folder.rglob("*") if file.is_file()]


def test_no_byte_is_left(home: Any, program: Program, tmp_path: Path) -> None:
    folder, database = home
    program(folder, "db", "upgrade")
    done = program(folder, "import", str(write_files(tmp_path / "files")))
    assert done.status == 0, done
    statements = f"""
        set local registry.reason = 'qqreason-of-hers {CHILD}';
        insert into reference.query_step (patient_id, query, from_table, state, words)
        select patient_id, '{CHILD}:q', 'infusion', 'new', 'qqwhy-asked'
        from reference.patient_number where study_id = '{CHILD}';
        insert into reference.worklist_dismissal (patient_id, item)
        select patient_id, 'qqset-aside' from reference.patient_number
        where study_id = '{CHILD}';
        update clinical.infusion set dose_mg = 300 where product = 'Zyxomabqq';
        insert into derived.scheduled_run (started_at, made_by, report, report_file, worklist_keys)
        values (now(), 'tester', '{{"name": "n", "new_losses": [{{"patient_id": "{CHILD}"}}]}}',
            '{tmp_path}/n.md', '{{{CHILD}:x}}')
    """
    with database.engine.begin() as connection:
        connection.exec_driver_sql(statements)
    (tmp_path / "n.md").write_text(CHILD)
    program(folder, "derive")
    with database.engine.connect() as connection:
        connection.execute(text("analyze"))
        connection.commit()
    # The search finds what is there; a number's digits as text stand in a dump alone.
    assert found_in(files_of(folder)) == set(NEEDLES) - {"76.54321987"}

    ended = program(folder, "patient", "erase", CHILD, "--reason", "consent withdrawn")
    assert ended.status == 0, ended
    assert found_in(files_of(folder)) == set()
    assert not (tmp_path / "n.md").exists()
    backup = tmp_path / "after.backup"
    assert program(folder, "db", "backup", str(backup)).status == 0
    with open_archive(backup) as archive, archive.reading() as sql:
        dumped = sql.read()
    assert {name for name, needle in NEEDLES.items() if needle in dumped} == set()
    assert found_in([backup, Path(f"{backup}.erasures.json")]) == set()
    assert program(folder, "audit", "verify").status == 0
