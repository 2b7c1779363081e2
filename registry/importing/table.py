"""The tables of text in a file, whatever its kind."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from registry.importing.delimited import read_delimited
from registry.importing.layout import Table
from registry.parsing.conventions import NOTHING_SAID, Conventions
from registry.records.source import PATIENT_COLUMN

__all__ = ["DELIMITED", "ENDINGS", "WORKBOOK", "Table", "read_tables"]

DELIMITED = (".csv", ".tsv", ".txt")
WORKBOOK = ".xlsx"
ENDINGS = (*DELIMITED, WORKBOOK)


def read_tables(
    path: Path,
    conventions: Conventions = NOTHING_SAID,
    *,
    shown: str | None = None,
    header_names: Collection[str] = (PATIENT_COLUMN,),
    filled_down: Collection[str] = (),
) -> list[Table]:
    """The tables of a file: one of a CSV, TSV or text file, one a visible sheet of a workbook.

    `shown` is the file's name in complaints. A row below the first is taken for the header only if
    it holds one of `header_names`. Under the headers `filled_down` an empty cell takes the one
    above, so that cells merged downwards do no harm there. Raises Refused for a file that cannot be
    opened.
    """
    name = shown or path.name
    if path.suffix.lower() == WORKBOOK:
        # Only a workbook needs its library, which takes a while to load.
        from registry.importing.workbook import read_workbook

        return read_workbook(path, name, header_names, filled_down)
    return [read_delimited(path, name, conventions, header_names)]
