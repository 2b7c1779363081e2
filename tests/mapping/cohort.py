"""The study cohort as its files have it, and what a registry holds, to be compared."""

from __future__ import annotations

import csv
from collections import Counter
from functools import cache
from pathlib import Path

from sqlalchemy import Connection

from tests.conftest import COHORT
from tests.importing.tables import contents
from tests.oracle.records import COLUMNS

Cells = dict[str, str]
Contents = dict[str, Counter[tuple[str, ...]]]


@cache
def cohort_rows(table: str) -> list[Cells]:
    """The rows of one of the study's files; it has none of a table that came later."""
    path = COHORT / f"{table}.csv"
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def all_contents(connection: Connection) -> Contents:
    """Every clinical table, as its file would spell it."""
    return {table: contents(connection, table) for table in COLUMNS}


def write_csv(path: Path, rows: list[Cells], encoding: str = "utf-8") -> Path:
    """Writes rows with the columns of all of them; a cell that a row has not is empty."""
    header = list(dict.fromkeys(name for row in rows for name in row))
    with path.open("w", encoding=encoding, newline="") as stream:
        writer = csv.DictWriter(stream, header, restval="")
        writer.writeheader()
        writer.writerows(rows)
    return path
