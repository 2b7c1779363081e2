"""A text that a spreadsheet would run, from its entry through every way out and back in."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from openpyxl import load_workbook
from sqlalchemy import text

from registry.database.engine import Database
from tests.importing.tables import VALID, write
from tests.programs import Program

ATTACK = "=cmd|'/c calc'!A1"


@pytest.fixture
def attacked(registry: Database, program: Program, tmp_path: Path) -> Database:
    """A child with such an operation, entered by command."""
    known = write(tmp_path / "known", "patients", [VALID["patients"]])
    assert program(registry, "import", str(known)).status == 0
    entered = program(
        registry, "surgery", "add", "P1", "--performed-on", "2019-02-01", "--procedure", ATTACK
    )
    assert entered.status == 0, entered.err
    assert "procedure begins as a formula does" in entered.out + entered.err
    return registry


def cells(written: str) -> set[str]:
    return {cell for row in csv.reader(io.StringIO(written)) for cell in row}


def procedures(database: Database) -> list[str]:
    with database.engine.connect() as connection:
        return list(connection.execute(text("select procedure from clinical.surgery")).scalars())


def test_it_is_a_text_in_every_file(attacked: Database, program: Program, tmp_path: Path) -> None:
    listed = program(attacked, "surgery", "list", "P1", "--format", "csv").out
    assert not listed.startswith("\ufeff")
    path = tmp_path / "surgeries.csv"
    assert program(attacked, "export", "surgeries", "--to", str(path)).status == 0
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    project = tmp_path / "project"
    assert program(attacked, "export", "--redcap", str(project)).status == 0
    data = (project / "data.csv").read_text(encoding="utf-8")
    assert not data.startswith("\ufeff")
    for written in (listed, path.read_text(encoding="utf-8-sig"), data):
        assert f"'{ATTACK}" in cells(written)
        assert ATTACK not in cells(written)
    book = tmp_path / "surgeries.xlsx"
    assert program(attacked, "export", "surgeries", "--to", str(book)).status == 0
    [cell] = [cell for row in load_workbook(book)["surgeries"] for cell in row
              if cell.value == ATTACK]  # fmt: skip
    assert (cell.data_type, cell.quotePrefix) == ("s", True)
    document = program(attacked, "surgery", "list", "P1", "--format", "json").document
    assert document[0]["procedure"] == ATTACK
    # And back in: nothing has changed.
    for again in ([str(path)], [str(book)], ["--redcap", str(project / "data_dictionary.csv"),
                                             str(project / "data.csv")]):  # fmt: skip
        back = program(attacked, "import", *again, "--format", "json")
        assert back.status == 0, back.err
        assert back.document["tables"]["surgeries"]["unchanged"] == 1
    assert procedures(attacked) == [ATTACK]
