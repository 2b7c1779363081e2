"""The temporary tables of a write: rows as text, then as values, and the complaints of them.

Rows are streamed in, so that memory does not grow with the file. Then one pass a file: every cell
is cast where its text allows it and left null where it does not, the row is joined to the record
with its natural key, and a row that any check of its own cells is against is marked suspect. A
column that the file does not have takes the record's value, so that what is checked is the record
as it would be afterwards. Nothing here refuses anything; `complain` puts a complaint beside the
rows that the checks are against.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from psycopg import sql
from sqlalchemy import Connection, text

from registry.hgvs import is_coding_change, normalised_protein_change
from registry.models import GeneFinding, Patient, table_of
from registry.models.missing_reason import MISSING_REASONS, SUFFIX
from registry.models.patient import STUDY_ID
from registry.parsing.cells import plain_row
from registry.records.cells import FUNCTIONS, casts, cell, cleaned, row_checks
from registry.records.rows import (
    NOT_FROM_A_FILE,
    NOT_UTF8,
    PATIENT_COLUMN,
    Complaints,
    Entity,
    Lines,
    Problem,
    Source,
    file_columns,
    is_utf8,
    readable,
    too_many,
)
from registry.variables import Kind
from registry.words import spoken, tr

NORMALISED = "hgvs_p_normalised"

# Control characters but tab and line ends, and what stands for bytes that are not UTF-8. No plain
# row has one: compiled when another comes.
_UNSTORABLE = r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]"
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


def staging_table(entity: Entity) -> str:
    """What makes the temporary table: file, line and one text column a column of the dictionary."""
    listed = ", ".join(f'"{column}" text' for column in staged_columns(entity))
    return (
        f"drop table if exists pg_temp.{staged(entity)}; create temporary table {staged(entity)} "
        f"(file integer, line integer, plain boolean, {listed}) on commit drop"
    )


def copy_rows(
    connection: Connection,
    file: Source,
    problems: list[Problem],
    progress: Callable[[int], None],
) -> int:
    """Streams the file's rows into its staging table; returns how many rows the file has.

    `progress` is called with the number of rows so far.
    """
    driver = connection.connection.driver_connection
    assert driver is not None
    genes = file.entity is GeneFinding
    target = sql.SQL("copy {} ({}) from stdin").format(
        sql.Identifier(staged(file.entity)),
        sql.SQL(", ").join(
            sql.Identifier(name)
            for name in ["file", "line", "plain", *file.columns, *([NORMALISED] if genes else [])]
        ),
    )
    count = 0
    progress(count)
    with driver.cursor() as cursor, cursor.copy(target) as copy:
        batch: list[str] = []
        size = 0
        complaints = Complaints(problems)
        variables = {PATIENT_COLUMN: STUDY_ID, **file_columns(file.entity)}
        is_plain = plain_row([variables[column] for column in file.columns], STUDY_ID)
        # A protein change is read in each row.
        together = None if genes else file.lines
        for row in together(problems, is_plain) if together else file.rows(problems):
            if complaints.enough():
                count += 1
                problems.append(too_many(file.shown, row.line))
                break
            if isinstance(row, Lines):
                count += len(row.rows)
                text = _plain_lines(file, row)
            else:
                count += 1
                if row.cells is None:
                    continue
                text = _line(file, row.line, row.cells, problems, is_plain)
            batch.append(text)
            size += len(text)
            if size > _BATCH_BYTES:
                copy.write("".join(batch))
                batch.clear()
                size = 0
                progress(count)
        copy.write("".join(batch))
    return count


def _plain_lines(file: Source, lines: Lines) -> str:
    """Plain rows as lines of COPY's text format, of which they hold no special sign."""
    number = file.number
    return "".join(
        [f"{number}\t{line}\tt\t{row}\n" for line, row in enumerate(lines.rows, lines.line)]
    )


def _line(
    file: Source,
    line: int,
    cells: list[str],
    problems: list[Problem],
    is_plain: Callable[[str], object],
) -> str:
    """A row as a line of COPY's text format."""
    joined = "\t".join(cells)
    plain = is_plain(joined)
    added = [_protein(file, line, cells, problems)] if file.entity is GeneFinding else []
    if not plain and re.search(_UNSTORABLE, joined):
        cells = _storable(file, line, cells, problems)
    if added or not plain:
        cells = cells + added
        joined = "\t".join(cells)
        if _NEEDS_ESCAPE.search(joined) or joined.count("\t") >= len(cells):
            joined = "\t".join(held.translate(_ESCAPES) for held in cells)
    return f"{file.number}\t{line}\t{'t' if plain else 'f'}\t{joined}\n"


def _storable(file: Source, line: int, cells: list[str], problems: list[Problem]) -> list[str]:
    """Complains of each cell that no text of the database can hold, and puts a stand-in there."""
    storable = []
    for column, held in zip(file.columns, cells, strict=True):
        if re.search(_UNSTORABLE, held):
            problem = tr("holds a control character") if is_utf8(held) else spoken(NOT_UTF8)
            problems.append(Problem(file.shown, line, column, readable(held), problem))
        storable.append(re.sub(_UNSTORABLE, "\ufffd", held))
    return storable


def _protein(file: Source, line: int, cells: list[str], problems: list[Problem]) -> str:
    """The protein change in three letters, empty without one; complains of what is no HGVS."""
    values = {
        name: held
        for name, held in zip(file.columns, cells, strict=True)
        if not re.search(_UNSTORABLE, held)
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


def resolved(entity: Entity) -> str:
    """Name of the temporary table that holds an entity's rows as values."""
    return f"resolved_{entity.file_name}"


def value_columns(entity: Entity) -> list[str]:
    """The columns of an entity's table that a file can fill."""
    return [
        column.name
        for column in table_of(entity).columns
        if column.name not in NOT_FROM_A_FILE and column.computed is None
    ]


def given_casts(entity: Entity, header: list[str], *, plain: bool = False) -> dict[str, str]:
    """Column of the table that a file with this header speaks of -> SQL that reads it."""
    columns = file_columns(entity)
    given = {
        target: expression
        for column, variable in columns.items()
        if column in header
        for target, expression in casts(column, variable, plain=plain).items()
    }
    if entity is GeneFinding and "hgvs_p" in header:
        given[NORMALISED] = cell(NORMALISED)
    reasons = [name for name, one in columns.items() if name in header and one.kind is Kind.REASON]
    if reasons:
        given[MISSING_REASONS] = _reasons(reasons)
    return given


def _reasons(given: list[str]) -> str:
    """The reasons of a row: those that its cells give, and of the other columns the record's."""
    names = ", ".join(f"'{name.removesuffix(SUFFIX)}'" for name in given)
    pairs = ", ".join(f"'{name.removesuffix(SUFFIX)}', {cell(name)}" for name in given)
    return (
        f"nullif(coalesce(t.{MISSING_REASONS}, '{{}}') - array[{names}] "
        f"|| jsonb_strip_nulls(jsonb_build_object({pairs})), '{{}}')"
    )


def given_columns(entity: Entity, header: list[str]) -> list[str]:
    """Columns of the table that a file with this header speaks of."""
    return list(given_casts(entity, header))


def key_columns(file: Source) -> tuple[str, ...]:
    """The columns by which a row finds its record; none where the record's number is given."""
    return file.entity.natural_key if file.record_id is None else ()


def same_record(entity: Entity) -> str:
    """That `t` is the record which the resolved row `r` was found to mean, as SQL."""
    record = "" if entity is Patient else " and t.record_id = r.record_id"
    return f"t.patient_id = r.patient_id{record}"


def resolved_table(connection: Connection, entity: Entity) -> str:
    """What makes the temporary table: the entity's columns and what the row means to us."""
    columns = table_of(entity).columns
    typed = ", ".join(
        f'"{name}" {columns[name].type.compile(connection.dialect)}'
        for name in value_columns(entity)
    )
    return (
        f"drop table if exists pg_temp.{resolved(entity)}; "
        f"create temporary table {resolved(entity)} (file integer, line integer, study_id text, "
        "patient_id bigint, record_id bigint, known boolean, differs boolean, suspect boolean, "
        f"{typed}) on commit drop"
    )


class Resolved(NamedTuple):
    """Of a file's rows: whether a check is against any, whether any differs from its record."""

    suspect: bool
    differs: bool


def resolve(connection: Connection, file: Source) -> Resolved:
    """Fills the resolved table with one file's rows, each beside the record it means."""
    there = connection.exec_driver_sql(
        f"select distinct plain from {staged(file.entity)} where file = {file.number}"
    ).scalars()
    for plain in there.all():
        if not plain:
            make_functions(connection)
        _resolve(connection, file, plain=plain)
    found = connection.exec_driver_sql(
        "select coalesce(bool_or(suspect), false), coalesce(bool_or(known and differs), false) "
        f"from {resolved(file.entity)} where file = {file.number}"
    )
    return Resolved._make(found.one())


def make_functions(connection: Connection) -> None:
    """Makes those of the session by which cells are read that are not plain."""
    connection.exec_driver_sql("; ".join(FUNCTIONS))


def _resolve(connection: Connection, file: Source, *, plain: bool) -> None:
    entity = file.entity
    table = table_of(entity)
    given = given_casts(entity, file.columns, plain=plain)
    study_id = cell(PATIENT_COLUMN) if plain else f"pg_temp.as_study_id({cell(PATIENT_COLUMN)})"
    key = {
        name: given.get(name, f"null::{table.columns[name].type.compile(connection.dialect)}")
        for name in key_columns(file)
    }
    read_key = "".join(f', {expression} as "{name}"' for name, expression in key.items())
    same_key = "".join(
        f" and t.{name} is not distinct from k.{name}"
        if table.columns[name].nullable
        else f" and t.{name} = k.{name}"
        for name in key
    )
    if file.record_id is not None:
        same_key = f" and t.record_id = {file.record_id}"
    values = {
        name: f"k.{name}" if name in key else given.get(name, f"t.{name}")
        for name in value_columns(entity)
    }
    read = ", ".join(f'{expression} as "{name}"' for name, expression in values.items())
    compared = [name for name in given if name not in key]
    differs = (
        f"({', '.join(f't.{name}' for name in compared)}) is distinct from "
        f"({', '.join(f'r.{name}' for name in compared)})"
        if compared
        else "false"
    )
    suspect = " or ".join(
        f"coalesce({check.condition}, false)"
        for check in row_checks(entity, file.columns, plain=plain)
    )
    record = "null::bigint" if entity is Patient else "t.record_id"
    listed = ", ".join(f'"{name}"' for name in values)
    # With `offset 0` each cell is cleaned and cast once, not once for each use.
    connection.exec_driver_sql(
        f"""
        insert into {resolved(entity)}
            (file, line, study_id, patient_id, record_id, known, differs, suspect, {listed})
        select s.file, s.line, r.study_id, n.patient_id, {record}, t.patient_id is not null,
            t.patient_id is not null and {differs}, {suspect},
            {", ".join(f'r."{name}"' for name in values)}
        from (
            select w.file, w.line, {cleaned("w", staged_columns(entity), plain=plain)}
            from {staged(entity)} w where w.file = {file.number} and w.plain = {plain} offset 0
        ) s
        cross join lateral (
            select {study_id} as study_id{read_key} offset 0
        ) k
        left join reference.patient_number n on n.study_id = k.study_id
        left join {table.schema}.{table.name} t on t.patient_id = n.patient_id{same_key}
        cross join lateral (select k.study_id, {read} offset 0) r
        """.replace("%", "%%")
    )


def create_complaints(
    connection: Connection, files: list[Source], read_problems: list[Problem]
) -> None:
    """Makes the table of complaints; one met when reading has its place there, without words."""
    connection.exec_driver_sql(
        "drop table if exists pg_temp.complaint; create temporary table complaint "
        "(file integer, line integer, column_name text, value text, problem text) on commit drop"
    )
    numbers = {file.shown: file.number for file in files}
    places = [
        {"file": numbers[problem.file], "line": problem.line, "column": problem.column}
        for problem in read_problems
        if problem.file in numbers
    ]
    if places:
        connection.execute(
            text("insert into complaint (file, line, column_name) values (:file, :line, :column)"),
            places,
        )


def complain(
    connection: Connection,
    entity: Entity,
    where: str,
    column: str,
    problem: str,
    beside: str = "",
) -> None:
    """Complains of each row `r` for which `where` holds, showing its cell of `column`.

    `beside` joins what `where` and `problem` need besides.
    """
    connection.exec_driver_sql(
        f"insert into complaint select r.file, r.line, '{column}', "
        f"nullif(w.\"{column}\", ''), {problem} from {resolved(entity)} r "
        f"join {staged(entity)} w on w.file = r.file and w.line = r.line "
        f"cross join lateral (select {cleaned('w', staged_columns(entity))}) s "
        f"{beside} where {where}".replace("%", "%%")
    )
