"""Brings a file's rows, as text, into a temporary table; memory does not grow with the file."""

from __future__ import annotations

import re
from collections.abc import Callable

from psycopg import sql
from sqlalchemy import Connection

from registry.hgvs import is_coding_change, normalised_protein_change
from registry.models import GeneFinding
from registry.records.rows import (
    NOT_UTF8,
    PATIENT_COLUMN,
    Complaints,
    Entity,
    Problem,
    Source,
    file_columns,
    is_utf8,
    readable,
    too_many,
)
from registry.words import spoken, tr

NORMALISED = "hgvs_p_normalised"

# Control characters but tab and line ends, and what stands for bytes that are not UTF-8.
_UNSTORABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_ESCAPES = str.maketrans({"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"})
_NEEDS_ESCAPE = re.compile(r"[\\\n\r]")
_BATCH_BYTES = 1 << 18


def staged(entity: Entity) -> str:
    """Name of the temporary table that holds an entity's rows as text."""
    return f"staged_{entity.file_name}"


def staged_columns(entity: Entity) -> list[str]:
    """The text columns of the temporary table."""
    columns = [PATIENT_COLUMN, *file_columns(entity)]
    return [*columns, NORMALISED] if entity is GeneFinding else columns


def create_staging(connection: Connection, entity: Entity) -> None:
    """Makes the temporary table: file, line and one text column a column of the dictionary."""
    listed = ", ".join(f'"{column}" text' for column in staged_columns(entity))
    connection.exec_driver_sql(f"drop table if exists pg_temp.{staged(entity)}")
    connection.exec_driver_sql(
        f"create temporary table {staged(entity)} (file integer, line integer, {listed}) "
        "on commit drop"
    )


def copy_rows(
    connection: Connection,
    file: Source,
    problems: list[Problem],
    progress: Callable[[int], None],
) -> int:
    """Streams the file's rows into its staging table; returns how many rows the file has.

    `progress` is called with the number of rows since its last call.
    """
    driver = connection.connection.driver_connection
    assert driver is not None
    genes = file.entity is GeneFinding
    target = sql.SQL("copy {} ({}) from stdin").format(
        sql.Identifier(staged(file.entity)),
        sql.SQL(", ").join(
            sql.Identifier(name)
            for name in ["file", "line", *file.columns, *([NORMALISED] if genes else [])]
        ),
    )
    count = 0
    reported = 0
    with driver.cursor() as cursor, cursor.copy(target) as copy:
        batch: list[str] = []
        size = 0
        complaints = Complaints(problems)
        for row in file.rows(problems):
            count += 1
            if complaints.enough():
                problems.append(too_many(file.shown, row.line))
                break
            if row.cells is None:
                continue
            text = _line(file, row.line, row.cells, problems)
            batch.append(text)
            size += len(text)
            if size > _BATCH_BYTES:
                copy.write("".join(batch))
                batch.clear()
                size = 0
                progress(count - reported)
                reported = count
        copy.write("".join(batch))
        progress(count - reported)
    return count


def _line(file: Source, line: int, cells: list[str], problems: list[Problem]) -> str:
    """A row as a line of COPY's text format."""
    genes = file.entity is GeneFinding
    added = [_protein(file, line, cells, problems)] if genes else []
    joined = "\t".join(cells)
    if _UNSTORABLE.search(joined):
        cells = _storable(file, line, cells, problems)
        joined = "\t".join(cells)
    if added:
        cells = cells + added
        joined = "\t".join(cells)
    if _NEEDS_ESCAPE.search(joined) or joined.count("\t") >= len(cells):
        joined = "\t".join(cell.translate(_ESCAPES) for cell in cells)
    return f"{file.number}\t{line}\t{joined}\n"


def _storable(file: Source, line: int, cells: list[str], problems: list[Problem]) -> list[str]:
    """Complains of each cell that no text of the database can hold, and puts a stand-in there."""
    storable = []
    for column, cell in zip(file.columns, cells, strict=True):
        if _UNSTORABLE.search(cell):
            problem = tr("holds a control character") if is_utf8(cell) else spoken(NOT_UTF8)
            problems.append(Problem(file.shown, line, column, readable(cell), problem))
        storable.append(_UNSTORABLE.sub("\ufffd", cell))
    return storable


def _protein(file: Source, line: int, cells: list[str], problems: list[Problem]) -> str:
    """The protein change in three letters, empty without one; complains of what is no HGVS."""
    values = {
        name: cell
        for name, cell in zip(file.columns, cells, strict=True)
        if not _UNSTORABLE.search(cell)
    }
    coding = values.get("hgvs_c", "")
    if coding.strip() and not is_coding_change(coding.strip()):
        problem = tr("is not a change of coding DNA, as c.664C>T")
        problems.append(Problem(file.shown, line, "hgvs_c", coding, problem))
    protein = values.get("hgvs_p", "")
    if not protein.strip():
        return ""
    try:
        return normalised_protein_change(protein.strip())
    except ValueError:
        problem = tr("is not a change of a protein, as p.Arg222Ter")
        problems.append(Problem(file.shown, line, "hgvs_p", protein, problem))
        return ""
