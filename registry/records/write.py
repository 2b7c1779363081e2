"""Writes rows of text into the tables, all or nothing, in the caller's transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from registry.database.locks import Lock, is_taken, take
from registry.errors import Refused
from registry.models import ENTITIES, Patient
from registry.records.cells import FUNCTIONS
from registry.records.checks import check
from registry.records.differences import differences
from registry.records.merging import count_without_writing, merge, number_patients
from registry.records.problems import Problem, TableCounts, WriteResult
from registry.records.resolving import create_resolved, resolve, resolved
from registry.records.source import Entity, Source
from registry.records.staging import copy_rows, create_staging, staged
from registry.words import tr

# Columns of the temporary tables of whose values the planner must know.
JOINED = ("file", "line", "study_id", "patient_id", "record_id", "known", "differs")

Progress = Callable[[str, int], None]


def write_rows(
    connection: Connection,
    sources: list[Source],
    problems: list[Problem],
    *,
    update: bool = False,
    allow_ids: bool = False,
    changes: int | None = 0,
    progress: Progress = lambda _step, _rows: None,
) -> WriteResult:
    """Writes the sources' rows; nothing is written when anything is wrong.

    `problems` are those met before, in what was read to get the sources. `changes` is how many
    changed cells the result lists, None for all. `allow_ids` takes study ids that look like a
    name or a number of another register. The caller commits; `committed` is set by it.
    `progress` hears of a step and of rows done. Raises Refused where the database itself is
    against the rows.
    """
    if not sources:
        return WriteResult(committed=False, errors=list(problems))
    # Writers follow one another: two at once would each miss the other's new rows.
    if is_taken(connection, Lock.WRITING):
        progress(tr("Waiting for another command that writes"), 0)
    take(connection, Lock.WRITING)
    problems = list(problems)
    entities = [entity for entity in ENTITIES if any(s.entity is entity for s in sources)]
    result = WriteResult(
        committed=False, tables={source.entity.file_name: TableCounts() for source in sources}
    )
    # The planner would cache the values of every row for the next row that is the same.
    connection.execute(text("set local enable_memoize = off"))
    for function in FUNCTIONS:
        connection.exec_driver_sql(function)
    for entity in entities:
        create_staging(connection, entity)
        create_resolved(connection, entity)
    for source in sources:
        counts = result.tables[source.entity.file_name]

        def report(rows: int, name: str = source.shown) -> None:
            progress(tr("Reading {name}", name=name), rows)

        counts.read += copy_rows(connection, source, problems, report)
    for entity in entities:
        connection.execute(text(f"analyze {staged(entity)} (file)"))
    for source in sources:
        progress(tr("Checking {name}", name=source.shown), 0)
        resolve(connection, source)
    for entity in entities:
        connection.execute(text(f"analyze {resolved(entity)} ({', '.join(JOINED)})"))
    result.errors = check(connection, sources, problems, update=update, allow_ids=allow_ids)
    _count_rejected(result, {source.shown: source.entity.file_name for source in sources})
    result.number_of_changes, result.changes = differences(connection, sources, changes)
    written = {}
    if not result.errors:
        try:
            written = _write(connection, entities, sources, progress)
        except IntegrityError as error:
            raise Refused(
                tr("The registry refused the rows: {reason}", reason=refusal_of(error)),
                cure=tr(
                    "Nothing was written. Mend the rows, or try again if someone else "
                    "was changing the same patients."
                ),
            ) from None
    connection.execute(text("set local enable_memoize to default"))
    for entity in entities:
        counts = result.tables[entity.file_name]
        done = written.get(entity.file_name) or count_without_writing(connection, entity)
        counts.inserted, counts.updated = done.inserted, done.updated
        counts.unchanged = counts.read - counts.inserted - counts.updated - counts.rejected
    return result


@contextmanager
def right_rows_written(connection: Connection, sources: list[Source]) -> Iterator[bool]:
    """Within it the rows that no complaint is about stand in the tables; afterwards none does.

    After a `write_rows` that refused, to look at them beside the complaints. Gives whether they
    could be written without the others.
    """
    attempt = connection.begin_nested()
    try:
        written = bool(sources) and _write_right_rows(connection, sources)
    except DBAPIError:
        attempt.rollback()
        yield False
        return
    try:
        yield written
    finally:
        attempt.rollback()


def _write_right_rows(connection: Connection, sources: list[Source]) -> bool:
    entities = [entity for entity in ENTITIES if any(s.entity is entity for s in sources)]
    for entity in entities:
        connection.exec_driver_sql(
            f"delete from {resolved(entity)} r using complaint c "
            "where c.file = r.file and c.line = r.line"
        )
        # Of a child who is not there, nor comes by a row that is right, nothing can be.
        coming = f"select study_id from {resolved(Patient)}" if Patient in entities else "select ''"
        connection.exec_driver_sql(
            f"delete from {resolved(entity)} r where r.study_id is null or "
            f"(r.patient_id is null and r.study_id not in ({coming}))"
        )
    _write(connection, entities, sources, lambda _step, _rows: None)
    return True


def _write(
    connection: Connection, entities: list[Entity], sources: list[Source], progress: Progress
) -> dict[str, TableCounts]:
    # The border between two courses of a drug may move: judge overlaps at the end.
    connection.execute(text("set constraints clinical.ex_medication_overlap deferred"))
    written = {}
    for entity in entities:
        progress(tr("Writing {name}", name=entity.file_name), 0)
        if entity is Patient:
            number_patients(connection)
        written[entity.file_name] = merge(
            connection, entity, [source for source in sources if source.entity is entity]
        )
    connection.execute(text("set constraints clinical.ex_medication_overlap immediate"))
    return written


def _count_rejected(result: WriteResult, tables: dict[str, str]) -> None:
    rejected = {(p.file, p.line) for p in result.errors if p.line is not None and p.line > 1}
    for name, _line in rejected:
        if name in tables:
            result.tables[tables[name]].rejected += 1


def refusal_of(error: IntegrityError) -> str:
    """The server's sentence; its detail, which repeats the row, is left out."""
    diagnosis = getattr(error.orig, "diag", None)
    return str(getattr(diagnosis, "message_primary", tr("a constraint does not hold")))
