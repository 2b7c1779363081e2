"""How the text of a cell is read as a value, in SQL."""

from __future__ import annotations

from registry.variables import Kind, Variable

NUMBER = r"[+-]?([0-9]{1,15}(\.[0-9]{0,15})?|\.[0-9]{1,15})"
YEAR = r"(18|19|20|21)[0-9]{2}"
MONTH = rf"{YEAR}-(0[1-9]|1[0-2])"
DAY = rf"{MONTH}-(0[1-9]|[12][0-9]|3[01])"

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


def cell(column: str) -> str:
    """The staged cell `s.column` without surrounding blanks, null where nothing is left, as SQL."""
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
                column: f"pg_temp.as_number(regexp_replace({text}, '^[<>] *', ''))",
                f"{column}_comparator": f"substring({text} from '^[<>]')",
            }
        case Kind.FLAG:
            return {column: f"case {text} when 'yes' then true when 'no' then false end"}
        case _:
            return {column: text}
