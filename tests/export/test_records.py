"""Every table that an export wrote, in every kind of file that an import reads, read back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection

from registry.database.engine import Database
from registry.export.write import write_records, write_view
from registry.importing.run import import_files
from registry.models import ENTITIES
from tests.conftest import COHORT, Databases, opened_for_test
from tests.importing.tables import contents, row, write_all

TABLES = [entity.file_name for entity in ENTITIES]
# What a cell of a file may hold that another program would change.
NOTES = [
    "=cmd|'/c calc'!A1",
    "'=1+1",
    "''@x",
    "'s-Hertogenbosch",
    "+49 30",
    "-5",
    "@sum",
    "two\nlines",
    'say "so"; a, b',
    "_x0041_",
    "007",
    "1e5",
    "true",
    "克罗恩病 Zürich",
]


@pytest.fixture(scope="module")
def registry_of_everything(
    databases: Databases, migrated_template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Database]:
    """The study's children, and one with odd texts, limits, months and reasons."""
    folder = tmp_path_factory.mktemp("odd")
    rows = {table: [row(table, patient_id="-Q-1")] for table in TABLES if table != "patients"}
    rows["patients"] = [row("patients", patient_id="-Q-1", onset_on="2018")]
    rows["surgeries"] = [
        row("surgeries", patient_id="-Q-1", performed_on=f"2019-02-{day:02}", procedure=text)
        for day, text in enumerate(NOTES, start=1)
    ]
    rows["tdm_levels"] = [
        row("tdm_levels", patient_id="-Q-1", ifx_ug_ml="<0.4", assay="-ELISA"),
        row("tdm_levels", patient_id="-Q-1", sampled_on="2018-11-01", ada_au_ml=">200"),
    ]
    rows["phenotypes"] = [row("phenotypes", patient_id="-Q-1", perianal="yes", growth="G1")]
    with opened_for_test(databases.create(migrated_template)) as opened:
        with opened.engine.begin() as connection:
            for path in (COHORT, write_all(folder, rows)):
                assert [str(one) for one in import_files(connection, [path]).errors] == []
        yield opened


@pytest.fixture(scope="module")
def everything(registry_of_everything: Database) -> dict[str, Counter[tuple[str, ...]]]:
    with registry_of_everything.engine.connect() as connection:
        return {table: contents(connection, table) for table in TABLES}


@pytest.mark.parametrize("ending", [".csv", ".xlsx", ".dta", ".sav", ".xpt"])
def test_every_table_comes_back(
    registry_of_everything: Database,
    everything: dict[str, Counter[tuple[str, ...]]],
    database: Connection,
    tmp_path: Path,
    ending: str,
) -> None:
    with registry_of_everything.engine.connect() as connection:
        written = write_records(connection, tmp_path, ending)
    result = import_files(database, [tmp_path])
    assert [str(problem) for problem in result.errors] == []
    assert {name: one.inserted for name, one in result.tables.items()} == written
    for table in TABLES:
        assert contents(database, table) == everything[table]


def test_a_workbook_is_known_by_its_sheet_whatever_its_name(
    registry_of_everything: Database, database: Connection, tmp_path: Path
) -> None:
    with registry_of_everything.engine.connect() as connection:
        rows = write_view(connection, "patients", tmp_path / "children of the ward.xlsx")
    result = import_files(database, [tmp_path])
    assert result.tables["patients"].inserted == rows
