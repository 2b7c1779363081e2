"""Brings the rows of a file, as text, into a temporary table; memory does not grow with the file."""

from __future__ import annotations

import re
from collections.abc import Callable

from psycopg import sql
from sqlalchemy import Connection

from registry.hgvs import is_coding_change, normalised_protein_change
from registry.importing.files import PATIENT_COLUMN, ImportFile, dictionary_columns, read_rows
from registry.importing.problems import Problem
from registry.models import GeneFinding, Patient, PatientRecord

NORMALISED = "hgvs_p_normalised"

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_ESCAPES = str.maketrans({"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"})
_NEEDS_ESCAPE = re.compile(r"[\\\n\r]")
_BATCH_BYTES = 1 << 18


def staged(entity: type[Patient] | type[PatientRecord]) -> str:
    """Name of the temporary table that holds an entity's rows as text."""
    return f"staged_{entity.file_name}"


def create_staging(connection: Connection, entity: type[Patient] | type[PatientRecord]) -> None:
    """Makes the temporary table: file, line and one text column a column of the dictionary."""
    columns = [PATIENT_COLUMN, *dictionary_columns(entity)]
    if entity is GeneFinding:
        columns.append(NORMALISED)
    listed = ", ".join(f'"{column}" text' for column in columns)
    connection.exec_driver_sql(
        f"create temporary table {staged(entity)} (file integer, line integer, {listed}) "
        "on commit drop"
    )


def copy_rows(
    connection: Connection,
    file: ImportFile,
    columns: list[str],
    problems: list[Problem],
    progress: Callable[[int], None],
) -> int:
    """Streams the file's rows into its staging table; returns how many rows the file has.

    `progress` is called with the number of rows since its last call.
    """
    genes = file.entity is GeneFinding
    target = sql.SQL("copy {} ({}) from stdin").format(
        sql.Identifier(staged(file.entity)),
        sql.SQL(", ").join(
            sql.Identifier(name)
            for name in ["file", "line", *columns, *([NORMALISED] if genes else [])]
        ),
    )
    broken_before = len(problems)
    count = 0
    reported = 0
    driver = connection.connection.driver_connection
    assert driver is not None
    with driver.cursor() as cursor, cursor.copy(target) as copy:
        batch: list[str] = []
        size = 0
        for row in read_rows(file, problems):
            cells = row.cells
            joined = "\t".join(cells)
            if _CONTROL.search(joined):
                problem = "holds a control character"
                problems.append(Problem(file.shown, row.line, None, None, problem))
                continue
            if genes:
                cells = [*cells, _protein(file, row.line, columns, cells, problems)]
                joined = "\t".join(cells)
            if _NEEDS_ESCAPE.search(joined) or joined.count("\t") >= len(cells):
                joined = "\t".join(cell.translate(_ESCAPES) for cell in cells)
            text = f"{file.number}\t{row.line}\t{joined}\n"
            batch.append(text)
            size += len(text)
            count += 1
            if size > _BATCH_BYTES:
                copy.write("".join(batch))
                batch.clear()
                size = 0
                progress(count - reported)
                reported = count
        copy.write("".join(batch))
        progress(count - reported)
    unreadable_rows = sum(p.line is not None for p in problems[broken_before:] if p.column is None)
    return count + unreadable_rows


def _protein(
    file: ImportFile, line: int, columns: list[str], cells: list[str], problems: list[Problem]
) -> str:
    """The protein change in three letters, empty without one; complains of what is no HGVS."""
    values = {name: cell.strip() for name, cell in zip(columns, cells, strict=True)}
    coding = values.get("hgvs_c", "")
    if coding and not is_coding_change(coding):
        problems.append(
            Problem(
                file.shown, line, "hgvs_c", coding, "is not a change of coding DNA, as c.664C>T"
            )
        )
    protein = values.get("hgvs_p", "")
    if not protein:
        return ""
    try:
        return normalised_protein_change(protein)
    except ValueError:
        problems.append(
            Problem(
                file.shown, line, "hgvs_p", protein, "is not a change of a protein, as p.Arg222Ter"
            )
        )
        return ""
