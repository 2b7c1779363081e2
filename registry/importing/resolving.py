"""Reads staged text into typed values and finds the record each row means.

One pass a file: every cell is cast where its text allows it and left null where it does not, and
the row is joined to the record with its natural key. Nothing here refuses anything.
"""

from __future__ import annotations

from sqlalchemy import Connection

from registry.importing.files import ImportFile, dictionary_columns
from registry.importing.staging import NORMALISED, staged
from registry.models import GeneFinding, Patient, PatientRecord, table_of
from registry.variables import Kind, Variable

NUMBER = r"[+-]?([0-9]{1,15}(\.[0-9]{0,15})?|\.[0-9]{1,15})"
DAY = r"(18|19|20|21)[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
MONTH = r"(18|19|20|21)[0-9]{2}-(0[1-9]|1[0-2])"
YEAR = r"(18|19|20|21)[0-9]{2}"

# Functions of the session: a cell as a value, null where it is none. Inlined by the planner.
FUNCTIONS = (
    rf"""create or replace function pg_temp.as_number(cell text) returns numeric
    language sql immutable as $$
    select case when cell ~ '^{NUMBER}$' then cell::numeric end $$""",
    rf"""create or replace function pg_temp.as_date(cell text) returns date
    language sql immutable as $$
    select case when cell ~ '^{DAY}$' then
        case when substr(cell, 9, 2)::integer <= extract(
            day from (substr(cell, 1, 8) || '01')::date + interval '1 month - 1 day'
        ) then cell::date end
    end $$""",
    rf"""create or replace function pg_temp.as_first_of_period(cell text) returns date
    language sql immutable as $$
    select case
        when cell ~ '^{YEAR}$' then (cell || '-01-01')::date
        when cell ~ '^{MONTH}$' then (cell || '-01')::date
        else pg_temp.as_date(cell)
    end $$""",
    rf"""create or replace function pg_temp.as_precision(cell text) returns text
    language sql immutable as $$
    select case
        when cell ~ '^{YEAR}$' then 'year'
        when cell ~ '^{MONTH}$' then 'month'
        when pg_temp.as_date(cell) is not null then 'day'
    end $$""",
)


def resolved(entity: type[Patient] | type[PatientRecord]) -> str:
    """Name of the temporary table that holds an entity's rows as values."""
    return f"resolved_{entity.file_name}"


def cell(column: str) -> str:
    """A staged cell without its surrounding blanks, null where nothing is left, as SQL."""
    return f"nullif(btrim(s.\"{column}\", E' \\t\\r\\n\\u00a0'), '')"


def casts(column: str, variable: Variable) -> dict[str, str]:
    """Column of the table -> SQL that reads it from the staged cell."""
    text = cell(column)
    match variable.kind:
        case Kind.DATE:
            return {column: f"pg_temp.as_date({text})"}
        case Kind.PARTIAL_DATE:
            return {
                column: f"pg_temp.as_first_of_period({text})",
                f"{column}_precision": f"pg_temp.as_precision({text})",
            }
        case Kind.NUMBER:
            return {column: f"pg_temp.as_number({text})"}
        case Kind.INTEGER:
            return {column: f"pg_temp.as_number({text})::integer"}
        case Kind.MEASURED:
            return {
                column: f"pg_temp.as_number(ltrim({text}, '<> '))",
                f"{column}_comparator": f"substring({text} from '^[<>]')",
            }
        case Kind.FLAG:
            return {column: f"case {text} when 'yes' then true when 'no' then false end"}
        case _:
            return {column: text}


def create_resolved(connection: Connection, entity: type[Patient] | type[PatientRecord]) -> None:
    """Makes the temporary table: the entity's columns and what the row means to the registry."""
    table = table_of(entity)
    typed = ", ".join(
        f'"{column.name}" {column.type.compile(connection.dialect)}'
        for column in table.columns
        if column.name not in ("patient_id", "record_id") and column.computed is None
    )
    connection.exec_driver_sql(
        f"create temporary table {resolved(entity)} (file integer, line integer, study_id text, "
        f"patient_id bigint, record_id bigint, known boolean, differs boolean, {typed}) "
        "on commit drop"
    )


def given_columns(entity: type[Patient] | type[PatientRecord], header: list[str]) -> list[str]:
    """Columns of the table that a file with this header speaks of."""
    given = [
        target
        for column, variable in dictionary_columns(entity).items()
        if column in header
        for target in casts(column, variable)
    ]
    return [*given, NORMALISED] if entity is GeneFinding and "hgvs_p" in header else given


def resolve(connection: Connection, file: ImportFile, header: list[str]) -> None:
    """Fills the resolved table with one file's rows, each beside the record it means."""
    entity = file.entity
    table = table_of(entity)
    expressions = {
        target: expression
        for column, variable in dictionary_columns(entity).items()
        if column in header
        for target, expression in casts(column, variable).items()
    }
    if entity is GeneFinding:
        expressions[NORMALISED] = cell(NORMALISED)
    listed = ", ".join(f'"{name}"' for name in expressions)
    parsed = ", ".join(f'{sql} as "{name}"' for name, sql in expressions.items())
    compared = [
        name for name in given_columns(entity, header) if name not in entity.natural_key
    ]
    differs = (
        f"({', '.join(f't.{name}' for name in compared)}) is distinct from "
        f"({', '.join(f'p.{name}' for name in compared)})"
        if compared
        else "false"
    )
    same_key = "".join(
        f" and t.{name} is not distinct from p.{name}"
        if table.columns[name].nullable
        else f" and t.{name} = p.{name}"
        for name in entity.natural_key
    )
    record = "null::bigint" if entity is Patient else "t.record_id"
    connection.exec_driver_sql(
        f"""
        insert into {resolved(entity)}
            (file, line, study_id, patient_id, record_id, known, differs, {listed})
        select p.file, p.line, p.study_id, n.patient_id, {record}, t.patient_id is not null,
            t.patient_id is not null and {differs}, {", ".join(f'p."{n}"' for n in expressions)}
        from (
            select s.file, s.line, {cell("patient_id")} as study_id, {parsed}
            from {staged(entity)} s where s.file = {file.number}
        ) p
        left join reference.patient_number n on n.study_id = p.study_id
        left join {table.schema}.{table.name} t on t.patient_id = n.patient_id{same_key}
        """.replace("%", "%%")
    )
