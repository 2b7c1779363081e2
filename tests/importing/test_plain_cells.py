"""The short way of reading plain cells comes to what the long way comes to."""

from __future__ import annotations

import re
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection

from registry.importing.run import import_files
from registry.models import ENTITIES
from registry.models.patient import STUDY_ID
from registry.parsing.cells import canonical_pattern, plain_row
from registry.records import staging
from registry.records.cells import FUNCTIONS, casts, cleaned
from registry.records.rows import PATIENT_COLUMN, file_columns
from registry.records.staging import resolved
from registry.synth import write_registry
from registry.variables import Kind, Variable

DAYS = [f"{year}-{month:02}-{day:02}"
        for year in (1799, 1800, 1900, 2017, 2020, 2199, 2200)
        for month in (0, 1, 2, 4, 11, 12, 13) for day in (0, 1, 28, 29, 30, 31, 32)]  # fmt: skip
CELLS = {
    Kind.DATE: [*DAYS, "2017-1-01", "2017-01-01 ", "20170101", "２０17-01-01"],
    Kind.PARTIAL_DATE: [*DAYS, "2017", "2017-00", "2017-02", "2017-13", "1700", "unknown", "17"],
    Kind.NUMBER: ["0", "-0", "+5", "5.", ".5", "1.50", "007", "1e5", "NaN", "1,5", "--1",
                  "1" * 15, "1" * 16, "1" * 40, "0." + "1" * 15, "1.2.3", "9٣"],
    Kind.INTEGER: ["0", "-7", "+12", "999999999", "12 ", "1" * 10],
    Kind.MEASURED: ["5", "<5", "> 5.5", "<<5", "<", "7.25"],
    Kind.FLAG: ["yes", "no", "Yes", "y"],
    Kind.TEXT: ["a b", " a", "a ", "a\\b", "a\u00a0", "\u4e00", "-", "#N/A", "'", '"'],
}  # fmt: skip


ODD = ["", "yes", "CD", "Cd", "CRP", "NI", "10^9/L", "=1+1", "+x", "-x", "#x", "@x", "x=1", "a\tb"]
COLUMNS = {
    f"{entity.file_name}.{name}": variable
    for entity in ENTITIES
    for name, variable in {PATIENT_COLUMN: STUDY_ID, **file_columns(entity)}.items()
}


@pytest.mark.parametrize("column", COLUMNS)
def test_a_plain_cell_is_in_the_import_format(column: str) -> None:
    """Where a point is decimal it needs no second look."""
    variable = COLUMNS[column]
    is_plain = plain_row([variable], STUDY_ID)
    pattern = f"(?:{canonical_pattern(variable)})"
    canonical = re.compile(pattern if variable.required else f"{pattern}?").fullmatch
    cells = {*chain(*CELLS.values()), *ODD, *map(chr, range(256)), *(variable.codes or ())}
    cells |= {f"{sign}{cell}" for sign in map(chr, range(32, 127)) for cell in ("", "1", "a b")}
    plain = {cell for cell in cells if is_plain(cell)}
    assert plain
    assert {cell for cell in plain if not canonical(cell)} == set()
    assert not any("\\" in cell or "\t" in cell for cell in plain)


@pytest.mark.parametrize("kind", CELLS)
def test_a_plain_cell_is_read_alike(kind: Kind, connection: Connection) -> None:
    variable = Variable("v", kind)
    is_plain = plain_row([variable])
    plain = [cell for cell in CELLS[kind] if is_plain(cell)]
    assert 0 < len(plain) < len(CELLS[kind])
    for function in FUNCTIONS:
        connection.exec_driver_sql(function)
    read = []
    for short in (True, False):
        values = ", ".join(casts("v", variable, plain=short).values())
        cells = cleaned("w", ["v"], plain=short)
        query = (
            f"select {values} from unnest(%(cells)s::text[]) with ordinality w (v, place), "
            f"lateral (select {cells}) s order by place"
        )
        read.append(connection.exec_driver_sql(query, {"cells": ["", *plain]}).all())
    assert read[0] == read[1]


def test_files_are_read_alike(
    connection: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_registry(25, 3, tmp_path / "files")
    drug = (tmp_path / "files" / "infusions.csv").read_text()
    (tmp_path / "files" / "infusions.csv").write_text(
        re.sub(r"(\n\w+,[^,]+,)(\d+)", r"\1 \2", drug, count=9)
    )

    def everything() -> list[Any]:
        savepoint = connection.begin_nested()
        found = import_files(connection, [tmp_path / "files"])
        read: list[Any] = [found.errors, found.warnings, found.tables]
        for entity in ENTITIES:
            rows = connection.exec_driver_sql(f"select * from {resolved(entity)}").all()
            read.append(sorted(map(str, rows)))
        savepoint.rollback()
        return read

    short = everything()
    monkeypatch.setattr(staging, "plain_row", lambda *_variables: lambda _row: None)
    assert short == everything()
    assert not short[0]
    assert all(short[3:6])
