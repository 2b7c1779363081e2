"""A REDCap project in and out: raw values and labels, instruments that repeat, missing codes."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Connection

from registry.database.engine import Database
from registry.importing.mapped import import_mapped
from registry.importing.redcap import read_dictionary, redcap_mapping
from registry.records.problems import WriteResult
from registry.report.redcap import write_redcap

from .cohort import Contents, all_contents
from .redcap import write_dictionary, write_export


def take(connection: Connection, dictionary: Path, export: Path) -> WriteResult:
    return import_mapped(
        connection, [export], redcap_mapping(), dialect=read_dictionary(dictionary)
    )


@pytest.mark.parametrize("labels", [False, True], ids=["raw", "labels"])
def test_the_cohort_as_a_redcap_export(
    database: Connection, canonical: Contents, tmp_path: Path, labels: bool
) -> None:
    dictionary = write_dictionary(tmp_path / "dictionary.csv")
    result = take(database, dictionary, write_export(tmp_path / "export.csv", labels=labels))
    assert [str(problem) for problem in result.errors] == []
    assert all_contents(database) == canonical


def test_out_and_in_again(
    shared_study: Database, database: Connection, canonical: Contents, tmp_path: Path
) -> None:
    with shared_study.engine.connect() as connection:
        rows = write_redcap(connection, tmp_path)
    assert rows == sum(table.total() for table in canonical.values())
    result = take(database, tmp_path / "data_dictionary.csv", tmp_path / "data.csv")
    assert [str(problem) for problem in result.errors] == []
    assert all_contents(database) == canonical
