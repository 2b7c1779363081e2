"""How the text of a cell is read as a value, in SQL."""

from __future__ import annotations

from collections.abc import Iterable

from registry.models.missing_reason import reason_of
from registry.parsing.stops import UNKNOWN
from registry.parsing.text import NARROW, WIDE
from registry.variables import Kind, Variable

# A blank is whatever a spreadsheet or a web page leaves around a value.
BLANKS = r"E' \t\r\n\u00a0'"
YEAR = r"(18|19|20|21)[0-9]{2}"
MONTH = rf"{YEAR}-(0[1-9]|1[0-2])"
DAY = rf"{MONTH}-(0[1-9]|[12][0-9]|3[01])"
# Longer numbers are no measurements, and would be slow to compute with.
LONGEST_NUMBER = 32

# Functions of the session: a cell as a value, null where it is none. Stable, as the cast to a date
# is, or the planner would not inline them; without counted repeats, which cost a regular expression
# four times as much.
FUNCTIONS = (
    f"""create or replace function pg_temp.as_study_id(cell text) returns text
    language sql stable as $$ select translate(cell, '{WIDE}', '{NARROW}') $$""",
    rf"""create or replace function pg_temp.as_number(cell text) returns numeric
    language sql stable as $$
    select case when (cell ~ '^[+-]?[0-9]+\.?[0-9]*$' or cell ~ '^[+-]?\.[0-9]+$')
        and length(cell) <= {LONGEST_NUMBER} then cell::numeric end $$""",
    rf"""create or replace function pg_temp.as_date(cell text) returns date
    language sql stable as $$
    select case when cell ~ '^{DAY}$' then
        case when substr(cell, 9, 2) <= '28' or substr(cell, 9, 2)::integer <= extract(
            day from (substr(cell, 1, 8) || '01')::date + interval '1 month - 1 day'
        ) then cell::date end
    end $$""",
    rf"""create or replace function pg_temp.as_first_of_period(cell text) returns date
    language sql stable as $$
    select case
        when cell ~ '^{YEAR}$' then (cell || '-01-01')::date
        when cell ~ '^{MONTH}$' then (cell || '-01')::date
        else pg_temp.as_date(cell)
    end $$""",
    rf"""create or replace function pg_temp.as_precision(cell text) returns text
    language sql stable as $$
    select case
        when cell ~ '^{YEAR}$' then 'year'
        when cell ~ '^{MONTH}$' then 'month'
        when pg_temp.as_date(cell) is not null then 'day'
    end $$""",
)


def cleaned(staged_row: str, columns: Iterable[str]) -> str:
    """The cells of a staged row without the blanks around them, null where nothing is left.

    As the columns of a select; whoever reads cells calls its row `s`.
    """
    return ", ".join(
        f'nullif(btrim({staged_row}."{column}", {BLANKS}), \'\') as "{column}"'
        for column in columns
    )


def cell(column: str) -> str:
    """A cell of the cleaned row, as SQL."""
    return f's."{column}"'


def casts(column: str, variable: Variable) -> dict[str, str]:
    """Column of the table -> SQL that reads it from the staged cell."""
    text = cell(column)
    match variable.kind:
        case Kind.DATE:
            return {column: f"pg_temp.as_date({text})"}
        case Kind.PARTIAL_DATE:
            return {
                column: f"pg_temp.as_first_of_period({text})",
                f"{column}_precision": f"case {text} when '{UNKNOWN}' then '{UNKNOWN}' "
                f"else pg_temp.as_precision({text}) end"
                if variable.may_be_unknown
                else f"pg_temp.as_precision({text})",
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
        case Kind.REASON:
            # All reasons of a row make one column: records.resolving puts it together.
            return {}
        case Kind.FLAG:
            return {column: f"case {text} when 'yes' then true when 'no' then false end"}
        case _:
            return {column: text}


def spelled(row: str, column: str, variable: Variable) -> str:
    """A column of `row` as a file spells it, as SQL of type text; null where it is empty."""
    value = f'{row}."{column}"'
    match variable.kind:
        case Kind.PARTIAL_DATE:
            length = f"case {row}.{column}_precision when 'year' then 4 when 'month' then 7 end"
            known = f"left({value}::text, coalesce({length}, 10))"
            if not variable.may_be_unknown:
                return known
            return (
                f"case {row}.{column}_precision when '{UNKNOWN}' then '{UNKNOWN}' else {known} end"
            )
        case Kind.NUMBER | Kind.INTEGER:
            return f"trim_scale({value}::numeric)::text"
        case Kind.MEASURED:
            return f"coalesce({row}.{column}_comparator, '') || trim_scale({value})::text"
        case Kind.REASON:
            return reason_of(row, column)
        case Kind.FLAG:
            return f"case {value} when true then 'yes' when false then 'no' end"
        case _:
            return f"{value}::text"


def compared(row: str, column: str, variable: Variable) -> str:
    """What two rows have alike where a column of theirs is the same, as SQL."""
    parts = [f'{row}."{name}"' for name in casts(column, variable)]
    return f"({', '.join(parts) or spelled(row, column, variable)})"
