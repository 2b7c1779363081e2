"""A table of text as it stands in a file, and the tables of a file, whatever its kind."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from registry.parsing.conventions import NOTHING_SAID, Conventions
from registry.records.problems import Problem
from registry.records.source import PATIENT_COLUMN, Row

DELIMITED = (".csv", ".tsv", ".txt")
WORKBOOK = ".xlsx"
ENDINGS = (*DELIMITED, WORKBOOK)


@dataclass(frozen=True)
class Table:
    """One table of text as it stands in a file, nothing interpreted yet.

    `shown` is the name that complaints carry: the file's name, for a sheet "file.xlsx [sheet]".
    `header` holds the names of the columns without the blanks around them; a column without a name
    and without a cell is left out. `rows` yields the rows below the header, their cells aligned
    with it and empty rows left out, and adds to the list it is given what cannot be read; it can be
    called again. `problems` say why there is no header to go by. `notes` say in words what was read
    in another way than one may expect; `rows` adds to them.
    """

    path: Path
    sheet: str | None
    shown: str
    header_line: int
    header: list[str]
    rows: Callable[[list[Problem]], Iterator[Row]]
    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def read_tables(
    path: Path,
    conventions: Conventions = NOTHING_SAID,
    *,
    shown: str | None = None,
    header_names: Collection[str] = (PATIENT_COLUMN,),
) -> list[Table]:
    """The tables of a file: one of a CSV, TSV or text file, one a visible sheet of a workbook.

    `shown` is the file's name in complaints. A row below the first is taken for the header only if
    it holds one of `header_names`. Raises Refused for a file that cannot be opened.
    """
    name = shown or path.name
    if path.suffix.lower() == WORKBOOK:
        from registry.importing.workbook import read_workbook

        return read_workbook(path, name, header_names)
    from registry.importing.delimited import read_delimited

    return [read_delimited(path, name, conventions, header_names)]
