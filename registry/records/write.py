"""Writes rows of text into the tables, all or nothing, in the caller's transaction.

What they change, cell by cell, is read before anything is written.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from registry.database.locks import Lock, is_taken, take
from registry.database.statistics import analyse_if_stale
from registry.errors import Refused
from registry.models import ENTITIES, Medication, Patient, table_of
from registry.records.cells import compared, spelled
from registry.records.checks import check
from registry.records.rows import (
    BY_FILE_NAME,
    Change,
    Entity,
    Problem,
    Source,
    TableCounts,
    WriteResult,
    file_columns,
)
from registry.records.staging import (
    copy_rows,
    given_columns,
    key_columns,
    resolve,
    resolved,
    resolved_table,
    same_record,
    staged,
    staging_table,
)
from registry.steps import each, is_heard, step
from registry.words import tr

if TYPE_CHECKING:
    from registry.records.numbered import Numbered

# Columns of the temporary tables of whose values the planner must know, and how well.
JOINED = ("file", "line", "study_id", "patient_id", "record_id", "known", "differs")
ROUGHLY = "set local default_statistics_target = 10"
AS_USUAL = "set local default_statistics_target to default"


def write_rows(
    connection: Connection,
    sources: list[Source],
    problems: list[Problem],
    *,
    update: bool = False,
    allow_ids: bool = False,
    numbered: Numbered | None = None,
    changes: int | None = 0,
) -> WriteResult:
    """Writes the sources' rows; nothing is written when anything is wrong.

    `problems` are those met before, in what was read to get the sources. `changes` is how many
    changed cells the result lists, None for all. `allow_ids` takes study ids that look like a
    name or a number of another register; `numbered` knows the hospital numbers that stand in their
    place. The caller commits; `committed` is set by it. Raises Refused where the database itself is
    against the rows.
    """
    if not sources:
        return WriteResult(committed=False, errors=list(problems))
    # Writers follow one another: two at once would each miss the other's new rows.
    if is_heard() and is_taken(connection, Lock.WRITING):
        step(tr("Waiting for another command that writes"))
    take(connection, Lock.WRITING)
    problems = list(problems)
    entities = [entity for entity in ENTITIES if any(s.entity is entity for s in sources)]
    result = WriteResult(
        committed=False, tables={source.entity.file_name: TableCounts() for source in sources}
    )
    # The planner would cache the values of every row for the next row that is the same.
    made = ["set local enable_memoize = off", *map(staging_table, entities)]
    made += [resolved_table(connection, entity) for entity in entities]
    connection.exec_driver_sql("; ".join(made))
    for number, source in enumerate(sources, start=1):

        def report(rows: int, name: str = source.shown, number: int = number) -> None:
            step(
                tr("Reading {name}: {rows:,|row|rows}", name=name, rows=rows), number, len(sources)
            )

        counts = result.tables[source.entity.file_name]
        counts.read += copy_rows(connection, source, problems, report)
    if numbered is not None:
        problems += numbered.rename(connection, sources)
    analyses = (f"analyze {staged(entity)} (file)" for entity in entities)
    connection.exec_driver_sql("; ".join([ROUGHLY, *analyses]))
    found = {
        source.number: resolve(connection, source)
        for source in each(sources, lambda one: tr("Checking {name}", name=one.shown))
    }
    differing = [source for source in sources if found[source.number].differs]
    analyses = (f"analyze {resolved(entity)} ({', '.join(JOINED)})" for entity in entities)
    connection.exec_driver_sql("; ".join([*analyses, AS_USUAL]))
    result.errors = check(connection, sources, problems, found, update=update, allow_ids=allow_ids)
    _count_rejected(result, {source.shown: source.entity.file_name for source in sources})
    result.number_of_changes, result.changes = differences(connection, differing, changes)
    written = {}
    if not result.errors:
        try:
            written = _write(connection, entities, sources, differing)
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
    _write(connection, entities, sources, sources)
    return True


def _write(
    connection: Connection,
    entities: list[Entity],
    sources: list[Source],
    differing: list[Source],
) -> dict[str, TableCounts]:
    """Writes the resolved rows; those of `differing` may differ from the records they mean."""
    # The border between two courses of a drug may move: judge overlaps at the end.
    overlaps = "set constraints clinical.ex_medication_overlap"
    if Medication in entities:
        connection.exec_driver_sql(f"{overlaps} deferred")
    written = {}
    for entity in each(entities, lambda one: tr("Writing {name}", name=one.file_name)):
        if entity is Patient:
            number_patients(connection)
        written[entity.file_name] = merge(
            connection, entity, [one for one in sources if one.entity is entity], differing
        )
    if Medication in entities:
        connection.exec_driver_sql(f"{overlaps} immediate")
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


def number_patients(connection: Connection) -> None:
    """Gives every new study id its number."""
    made = connection.exec_driver_sql(
        f"insert into reference.patient_number (study_id) select distinct study_id "
        f"from {resolved(Patient)} on conflict do nothing"
    )
    # The views of all children join by this table.
    analyse_if_stale(connection, "reference.patient_number", made.rowcount)
    # Of whom this login sees some centres only: it has not got the number of another's child.
    taken = connection.exec_driver_sql(
        f"select r.study_id from {resolved(Patient)} r where not exists (select "
        "from reference.patient_number n where n.study_id = r.study_id) limit 1"
    ).scalar_one_or_none()
    if taken is not None:
        raise Refused(
            tr("The study id {patient} cannot be given: it is taken.", patient=taken),
            cure=tr("Nothing was written. Give the child another study id."),
        )


def merge(
    connection: Connection,
    entity: Entity,
    files: list[Source],
    differing: list[Source],
) -> TableCounts:
    """Inserts new rows and updates those that differ; `files` are the entity's with their headers.

    A cell that is empty in the file is empty in the registry afterwards; a column that a file
    does not have stays as it is.
    """
    table = table_of(entity)
    name = f"{table.schema}.{table.name}"
    counts = TableCounts()
    for file in files:
        columns = given_columns(entity, file.columns)
        listed = ", ".join(columns)
        changed = [column for column in columns if column not in key_columns(file)]
        if changed and file in differing:
            assignments = ", ".join(f"{column} = r.{column}" for column in changed)
            counts.updated += connection.exec_driver_sql(
                f"update {name} t set {assignments} from {resolved(entity)} r "
                f"where r.file = {file.number} and r.known and r.differs and {same_record(entity)}"
            ).rowcount
        counts.inserted += connection.exec_driver_sql(
            f"insert into {name} (patient_id, {listed}) "
            f"select n.patient_id, {', '.join(f'r.{column}' for column in columns)} "
            f"from {resolved(entity)} r join reference.patient_number n using (study_id) "
            f"where r.file = {file.number} and not r.known order by n.patient_id, r.line"
        ).rowcount
    analyse_if_stale(connection, name, counts.inserted + counts.updated)
    return counts


def count_without_writing(connection: Connection, entity: Entity) -> TableCounts:
    """What a merge would do, by the rows that no complaint is about."""
    row = connection.exec_driver_sql(
        "select count(*) filter (where not r.known), "
        "count(*) filter (where r.known and r.differs) "
        f"from {resolved(entity)} r where not exists (select from complaint c "
        "where c.file = r.file and c.line = r.line)"
    ).one()
    return TableCounts(inserted=row[0], updated=row[1])


def differences(
    connection: Connection, sources: list[Source], limit: int | None
) -> tuple[int, list[Change]]:
    """How many cells of the resolved rows would change their records, and the first `limit`.

    `sources` are those of which any row differs. In their order and that of the lines; None is
    without a limit. Rows that a complaint is about are left out, for they change nothing.
    """
    number = 0
    changes: list[Change] = []
    for source in sources:
        query = _changed_cells(source)
        if query is None:
            continue
        number += connection.execute(text(f"select count(*) from ({query}) c")).scalar_one()
        room = None if limit is None else limit - len(changes)
        rows = connection.execute(
            text(f"{query} order by r.line, c.place limit :room"), {"room": room}
        ).mappings()
        changes.extend(
            Change(file=source.shown, table=source.entity.file_name, **row) for row in rows
        )
    return number, changes


def _changed_cells(source: Source) -> str | None:
    """A row per changed cell, as a query; None where the source has nothing but its key."""
    entity = source.entity
    table = table_of(entity)
    variables = file_columns(entity)
    key = "".join(
        f"'{name}', {spelled('t', name, variables[name])}, " for name in entity.natural_key
    ).removesuffix(", ")
    cells = []
    for place, (column, variable) in enumerate(variables.items()):
        if column not in source.columns or column in entity.natural_key:
            continue
        old, new = (compared(row, column, variable) for row in "tr")
        cells.append(
            f"({place}, '{column}', {spelled('t', column, variable)}, "
            f"{spelled('r', column, variable)}, {old} is distinct from {new})"
        )
    if not cells:
        return None
    return (
        f"select r.line, r.study_id as patient_id, json_build_object({key}) as key, "
        f'c.column_name as "column", c.old, c.new from {resolved(entity)} r '
        f"join {table.schema}.{table.name} t on {same_record(entity)} "
        f"cross join lateral (values {', '.join(cells)}) "
        "as c (place, column_name, old, new, differs) "
        f"where r.file = {source.number} and r.known and r.differs and c.differs "
        "and not exists (select from complaint p where p.file = r.file and p.line = r.line)"
    )


def touched_patients(
    connection: Connection, tables: Iterable[str], enough: int | None = None
) -> list[int]:
    """The registry's numbers of the patients in whom the rows of these tables change something.

    After the rows were written and before the transaction ends; a new patient has his number then.
    Once there are more than `enough`, no further table is looked at.
    """
    touched: set[int] = set()
    limit = "" if enough is None else f" limit {enough + 1}"
    for name in tables:
        touched.update(
            connection.exec_driver_sql(
                "select n.patient_id from reference.patient_number n where n.study_id in "
                f"(select study_id from {resolved(BY_FILE_NAME[name])} where not known or differs)"
                f"{limit}"
            ).scalars()
        )
        if enough is not None and len(touched) > enough:
            break
    return sorted(touched)
