"""The tables of text in a file, whatever its kind."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

from registry.importing.files.delimited import read_delimited
from registry.importing.files.layout import Table
from registry.importing.files.regular import check_regular
from registry.parsing.conventions import NOTHING_SAID, Conventions
from registry.records.rows import PATIENT_COLUMN

__all__ = ["DELIMITED", "ENDINGS", "WORKBOOKS", "Table", "read_tables"]

DELIMITED = (".csv", ".tsv", ".txt")
WORKBOOKS = (".xlsx", ".xlsm", ".xls", ".ods")
STATISTICS = (".sav", ".zsav", ".dta", ".xpt")
ENDINGS = (*DELIMITED, *WORKBOOKS, *STATISTICS)


def read_tables(
    path: Path,
    conventions: Conventions = NOTHING_SAID,
    *,
    shown: str | None = None,
    header_names: Collection[str] = (PATIENT_COLUMN,),
    filled_down: Collection[str] = (),
) -> list[Table]:
    """The tables of a file: one a visible sheet of a workbook, one of any other file.

    `shown` is the file's name in complaints. A row below the first is taken for the header only if
    it holds one of `header_names`. Under the headers `filled_down` an empty cell takes the one
    above, so that cells merged downwards do no harm there. Raises NotFound, and Refused for what is
    no regular file and for a file that cannot be opened.
    """
    name = shown or path.name
    check_regular(path)
    said = conventions.patient_id
    known = header_names if said is None else (*header_names, said)
    if path.suffix.lower() in WORKBOOKS:
        # Only a workbook needs its library, which takes a while to load.
        from registry.importing.files.workbook import read_workbook

        tables = read_workbook(path, name, conventions, known, filled_down)
    elif path.suffix.lower() in STATISTICS:
        from registry.importing.files.statistics_file import read_statistics

        tables = [read_statistics(path, name, conventions, known)]
    else:
        tables = [read_delimited(path, name, conventions, known)]
    return tables if said is None else [_with_patient(table, said) for table in tables]


def _with_patient(table: Table, said: str) -> Table:
    """The table whose column of study ids is called as everywhere."""
    header = [PATIENT_COLUMN if name == said else name for name in table.header]
    return replace(table, header=header)
