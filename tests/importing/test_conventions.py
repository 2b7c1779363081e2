"""The options that say how values are written, on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sqlalchemy import text

from registry.database.engine import Database
from tests.conftest import Command


@pytest.fixture
def patients(tmp_path: Path) -> Path:
    """A file of Chinese Excel with a date that may be of April or of March."""
    path = tmp_path / "patients.csv"
    lines = "patient_id;centre;sex;birth_date;diagnosis\nP1;北京;male;03/04/2010;cd\n合计;;;;\n"
    path.write_bytes(lines.encode("gb18030"))
    return path


def test_a_date_that_cannot_be_told_is_refused_with_the_option_that_decides(
    registry: Database, command: Command, patients: Path
) -> None:
    refused = command(registry, "import", str(patients), "--format", "json")
    assert refused.returncode == 1
    said = json.loads(refused.stdout)
    assert said["errors"] == [
        {
            "file": "patients.csv",
            "line": 2,
            "column": "birth_date",
            "value": "03/04/2010",
            "problem": "may be 2010-04-03 or 2010-03-04; say which with --date-order dmy or mdy, "
            "or write YYYY-MM-DD",
        }
    ]
    options = ("--date-order", "mdy", "--encoding", "gb18030", "--decimal", ",")
    taken = command(registry, "import", str(patients), *options, "--format", "json")
    assert taken.returncode == 0, taken.stderr
    assert json.loads(taken.stdout)["notes"] == [
        "patients.csv, line 3: 合计 is a row of totals and was left out"
    ]
    assert "合计 is a row of totals" in taken.stderr
    with registry.engine.connect() as connection:
        found = connection.execute(
            text("select birth_date::text, centre, diagnosis from clinical.patient")
        ).all()
    assert found == [("2010-03-04", "北京", "CD")]


def test_an_encoding_that_is_none_is_wrong_usage(
    registry: Database, command: Command, patients: Path
) -> None:
    done = command(registry, "import", str(patients), "--encoding", "martian")
    assert done.returncode == 2
    assert "There is no text encoding martian." in done.stderr
