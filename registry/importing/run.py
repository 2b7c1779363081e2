"""An import from files to tables: all or nothing, in the caller's transaction."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError

from registry.errors import Refused
from registry.importing.cells import FUNCTIONS
from registry.importing.checks import Headers, check
from registry.importing.files import find_files, read_header
from registry.importing.merging import count_without_writing, merge, number_patients
from registry.importing.problems import ImportResult, Problem, TableCounts
from registry.importing.resolving import create_resolved, resolve, resolved
from registry.importing.row_checks import Entity
from registry.importing.staging import copy_rows, create_staging, staged
from registry.models import ENTITIES, Patient

# Imports follow one another: two at once would each miss the other's new rows.
IMPORT_LOCK = 7_202_344_002

# Columns of the temporary tables of whose values the planner must know.
JOINED = ("file", "line", "study_id", "patient_id", "record_id", "known", "differs")

Progress = Callable[[str, int], None]


def import_files(
    connection: Connection,
    paths: list[Path],
    *,
    update: bool = False,
    progress: Progress = lambda _step, _rows: None,
) -> ImportResult:
    """Imports files and folders of files; nothing is written when anything is wrong.

    The caller commits; `committed` is set by it. `progress` hears of a step and of rows done.
    Raises NotFound and Refused where the files themselves are wrong.
    """
    files = find_files(paths)
    connection.execute(text("select pg_advisory_xact_lock(:lock)"), {"lock": IMPORT_LOCK})
    problems: list[Problem] = []
    readable: Headers = []
    for file in files:
        header, wrong = read_header(file)
        problems.extend(wrong)
        if not wrong:
            readable.append((file, header))
    entities = [entity for entity in ENTITIES if any(file.entity is entity for file, _ in readable)]
    result = ImportResult(
        committed=False, tables={file.entity.file_name: TableCounts() for file in files}
    )
    # The planner would cache the values of every row for the next row that is the same.
    connection.execute(text("set local enable_memoize = off"))
    for function in FUNCTIONS:
        connection.exec_driver_sql(function)
    for entity in entities:
        create_staging(connection, entity)
        create_resolved(connection, entity)
    for file, header in readable:
        counts = result.tables[file.entity.file_name]

        def report(rows: int, name: str = file.shown) -> None:
            progress(f"Reading {name}", rows)

        counts.read += copy_rows(connection, file, header, problems, report)
    for entity in entities:
        connection.execute(text(f"analyze {staged(entity)} (file)"))
    for file, header in readable:
        progress(f"Checking {file.shown}", 0)
        resolve(connection, file, header)
    for entity in entities:
        connection.execute(text(f"analyze {resolved(entity)} ({', '.join(JOINED)})"))
    place = {file.shown: number for number, file in enumerate(files)}
    result.errors = sorted(
        check(connection, readable, problems, update=update),
        key=lambda problem: (place[problem.file], problem.line or 0),
    )
    _count_rejected(result, {file.shown: file.entity.file_name for file in files})
    written = {}
    if not result.errors:
        try:
            written = _write(connection, entities, readable, progress)
        except IntegrityError as error:
            raise Refused(
                f"The registry refused the rows: {_reason(error)}",
                cure="Nothing was imported. Mend the rows, or run the import again if someone "
                "else was changing the same patients.",
            ) from None
    for entity in entities:
        counts = result.tables[entity.file_name]
        done = written.get(entity.file_name) or count_without_writing(connection, entity)
        counts.inserted, counts.updated = done.inserted, done.updated
        counts.unchanged = counts.read - counts.inserted - counts.updated - counts.rejected
    return result


def _write(
    connection: Connection,
    entities: list[Entity],
    readable: Headers,
    progress: Progress,
) -> dict[str, TableCounts]:
    # The border between two courses of a drug may move: judge overlaps at the end.
    connection.execute(text("set constraints clinical.ex_medication_overlap deferred"))
    written = {}
    for entity in entities:
        progress(f"Writing {entity.file_name}", 0)
        if entity is Patient:
            number_patients(connection)
        written[entity.file_name] = merge(
            connection, entity, [item for item in readable if item[0].entity is entity]
        )
    connection.execute(text("set constraints clinical.ex_medication_overlap immediate"))
    return written


def _count_rejected(result: ImportResult, tables: dict[str, str]) -> None:
    rejected = {(p.file, p.line) for p in result.errors if p.line is not None and p.line > 1}
    for name, _line in rejected:
        result.tables[tables[name]].rejected += 1


def _reason(error: IntegrityError) -> str:
    """The server's sentence; its detail, which repeats the row, is left out."""
    diagnosis = getattr(error.orig, "diag", None)
    return str(getattr(diagnosis, "message_primary", "a constraint does not hold"))
