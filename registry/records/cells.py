"""How the text of a cell is read as a value, in SQL, and what must hold inside one row.

The rows' own checks (`row_checks`) are the limits of each cell and the rules between its columns: a
condition is SQL over `r`, the row as values, and `s`, the row as text, and holds where the row is
wrong. The limits come from the variables' declarations. The database holds the same rules; here
they are said cell by cell before it has to refuse.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from decimal import Decimal
from typing import NamedTuple

from registry.database.roles import literal
from registry.models import LabResult, Patient, PcdaiVisit, end_of_period
from registry.models.lab_result import ALLOWED_PAIRS
from registry.models.missing_reason import SUFFIX, reason_of
from registry.models.patient import STUDY_ID
from registry.models.pcdai_visit import ITEMS, SUM_OF_ALL_ITEMS
from registry.parsing.numbers import LONGEST_NUMBER
from registry.parsing.stops import UNKNOWN
from registry.parsing.text import NARROW, NOT_OF_KIND, WIDE
from registry.records.rows import PATIENT_COLUMN, Entity, file_columns
from registry.variables import KNOWN_LETTERS, Kind, Variable
from registry.vocabulary import ANALYTE_UNITS, ANALYTES, UNITS
from registry.words import spoken, tr

# A blank is whatever a spreadsheet or a web page leaves around a value.
BLANKS = r"E' \t\r\n\u00a0'"
YEAR = r"(18|19|20|21)[0-9]{2}"
MONTH = rf"{YEAR}-(0[1-9]|1[0-2])"
DAY = rf"{MONTH}-(0[1-9]|[12][0-9]|3[01])"

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


def cleaned(staged_row: str, columns: Iterable[str], *, plain: bool = False) -> str:
    """The cells of a staged row without the blanks around them, null where nothing is left.

    As the columns of a select; whoever reads cells calls its row `s`.
    """
    held = f'{staged_row}."{{}}"' if plain else f'btrim({staged_row}."{{}}", {BLANKS})'
    return ", ".join(f"nullif({held.format(column)}, '') as \"{column}\"" for column in columns)


def cell(column: str) -> str:
    """A cell of the cleaned row, as SQL."""
    return f's."{column}"'


_KNOWN_BY_LENGTH = " ".join(f"when {n} then '{name}'" for name, n in KNOWN_LETTERS.items())


def casts(column: str, variable: Variable, *, plain: bool = False) -> dict[str, str]:
    """Column of the table -> SQL that reads it from the staged cell."""
    text = cell(column)
    if plain and (found := _plain_casts(column, text, variable)):
        return found
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
            # All reasons of a row make one column: records.staging puts it together.
            return {}
        case Kind.FLAG:
            return {column: f"case {text} when 'yes' then true when 'no' then false end"}
        case _:
            return {column: text}


def _plain_casts(column: str, text: str, variable: Variable) -> dict[str, str]:
    """The same of the SQL of a plain cell (`parsing.cells`); empty where that is no other."""
    match variable.kind:
        case Kind.DATE:
            return {column: f"{text}::date"}
        case Kind.PARTIAL_DATE:
            return {
                column: f"({text} || substr('-01-01', length({text}) - 3))::date",
                f"{column}_precision": f"case length({text}) {_KNOWN_BY_LENGTH} end",
            }
        case Kind.NUMBER:
            return {column: f"{text}::numeric"}
        case Kind.INTEGER:
            return {column: f"{text}::integer"}
        case Kind.MEASURED:
            return {column: f"{text}::numeric", f"{column}_comparator": "null::text"}
        case _:
            return {}


def spelled(row: str, column: str, variable: Variable) -> str:
    """A column of `row` as a file spells it, as SQL of type text; null where it is empty."""
    value = f'{row}."{column}"'
    match variable.kind:
        case Kind.PARTIAL_DATE:
            known = f"rules.as_known({value}, {row}.{column}_precision)"
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


# A share of a whole, which no value exceeds: in the analyte's own unit.
ANALYTE_WHOLE = {"HCT": Decimal(100)}

# HGVS is read in Python, before the database has the row.
READ_BEFORE = ("hgvs_c", "hgvs_p")

# An entry of an index holds some 2,700 bytes.
LONGEST_INDEXED_TEXT = 500
INDEXED_TEXTS = ("centre",)


class RowCheck(NamedTuple):
    """A condition that makes a row wrong, the column at fault and the complaint, as SQL text.

    `by_text` is one that no plain row can meet (`parsing.cells.plain_row`).
    """

    column: str
    condition: str
    problem: str
    by_text: bool = False


def place(name: str) -> str:
    """Where in a sentence `spliced` puts the value of that name."""
    return f"\0{name}\0"


def spliced(words: str, **values: str) -> str:
    """A sentence as an SQL expression, with the value of an SQL expression in each place."""
    parts = words.split("\0")
    return " || ".join(
        values[part] if number % 2 else literal(part) for number, part in enumerate(parts)
    )


def row_checks(entity: Entity, header: Collection[str], *, plain: bool = False) -> list[RowCheck]:
    """Every check that a file with these columns is held to, or what its plain rows can fail."""
    cells = (one for one in _cells(entity, header) if not (plain and one.by_text))
    return [*_patient_column(plain), *cells, *_between(entity, header)]


def _patient_column(plain: bool) -> Iterator[RowCheck]:
    yield RowCheck(PATIENT_COLUMN, "r.study_id is null", literal(tr("is missing")))
    if plain:
        return
    yield RowCheck(
        PATIENT_COLUMN,
        f"r.study_id !~ '{STUDY_ID.pattern}'",
        literal(tr("is not a study id: 1 to 32 of A-Z a-z 0-9 _ -")),
    )


def _cells(entity: Entity, header: Collection[str]) -> Iterator[RowCheck]:
    for column, variable in file_columns(entity).items():
        if column not in header:
            continue
        if variable.required:
            yield RowCheck(column, f"{cell(column)} is null", literal(tr("is missing")), True)
        if variable.kind in NOT_OF_KIND:
            read = f"{column}_precision" if variable.kind is Kind.PARTIAL_DATE else column
            yield RowCheck(
                column,
                f"r.{read} is null and {cell(column)} is not null",
                literal(spoken(NOT_OF_KIND[variable.kind])),
                True,
            )
        value = f"r.{column}"
        if variable.kind is Kind.REASON:
            value = f"({spelled('r', column, variable)})"
            yield RowCheck(
                column,
                f"{value} is not null and r.{column.removesuffix(SUFFIX)} is not null",
                literal(tr("is a reason for a missing value, but the value is there")),
            )
        limit = variable.check(value)
        if limit is not None and column not in READ_BEFORE:
            is_code = variable.codes is not None
            yield RowCheck(column, f"not ({limit})", literal(_outside(variable)), is_code)
        if column in INDEXED_TEXTS or (variable.kind is Kind.TEXT and column in entity.natural_key):
            yield RowCheck(
                column,
                f"length(r.{column}) > {LONGEST_INDEXED_TEXT}",
                literal(tr("is longer than {number} characters", number=LONGEST_INDEXED_TEXT)),
            )


def _outside(variable: Variable) -> str:
    if variable.is_past:
        return tr("lies in the future")
    if variable.codes is not None:
        return tr("is not {limits}", limits=variable.limits())
    if words := variable.limits_with_unit():
        return tr("is outside {limits}", limits=words)
    return tr("is not valid: {meaning}", meaning=spoken(variable.meaning))


def _between(entity: Entity, header: Collection[str]) -> Iterator[RowCheck]:
    """The rules between the columns of one row."""
    for one in entity.in_order:
        yield RowCheck(
            one.later, f"{one.held('r.')} < r.{one.earlier}", literal(spoken(one.complaint))
        )
    if entity is Patient:
        for later, earlier, words, other_words in (
            ("onset_on", "birth_date", tr("lies before the birth"), tr("lies after the onset")),
            (
                "diagnosed_on",
                "birth_date",
                tr("lies before the birth"),
                tr("lies after the diagnosis"),
            ),
            (
                "diagnosed_on",
                "onset_on",
                tr("lies before the onset"),
                tr("lies after the diagnosis"),
            ),
        ):
            # Without the later column the registry's own value stands, and the earlier is at fault.
            yield RowCheck(
                later if later in header else earlier,
                f"{end_of_period(f'r.{later}')} < r.{earlier}",
                literal(words if later in header else other_words),
            )
    elif entity is LabResult:
        yield _unit_of_analyte()
        yield from _share_of_whole()
    elif entity is PcdaiVisit:
        yield from _pcdai(header)


def _unit_of_analyte() -> RowCheck:
    """An analyte or a unit that is none at all has a complaint of its own."""
    complaints = {
        analyte: tr("is not a unit of {analyte}: {units}", analyte=analyte, units=", ".join(units))
        for analyte, units in ANALYTE_UNITS.items()
    }
    words = " ".join(
        f"when {literal(analyte)} then {literal(complaint)}"
        for analyte, complaint in complaints.items()
    )
    return RowCheck(
        "unit",
        f"(r.analyte, r.unit) not in ({ALLOWED_PAIRS}) "
        f"and r.analyte in ({', '.join(map(literal, ANALYTES))}) "
        f"and r.unit in ({', '.join(map(literal, UNITS))})",
        f"case r.analyte {words} end",
    )


def _share_of_whole() -> Iterator[RowCheck]:
    """Per cent in a field of fractions: 34 L/L is no haematocrit."""
    for analyte, whole in ANALYTE_WHOLE.items():
        for unit, factor in ANALYTE_UNITS[analyte].items():
            most = whole / factor
            yield RowCheck(
                "value",
                f"r.analyte = {literal(analyte)} and r.unit = {literal(unit)} and r.value > {most}",
                literal(tr("is outside {limits}", limits=f"0 to {most} {unit}")),
            )


def _pcdai(header: Collection[str]) -> Iterator[RowCheck]:
    def of_row(expression: str) -> str:
        return re.sub("|".join(rf"\b{item}\b" for item in ITEMS), r"r.\g<0>", expression)

    # A cell with something unreadable in it has a complaint of its own.
    empty = {
        item: f"(r.{item} is null and {cell(item)} is null)" for item in ITEMS if item != "height"
    }
    missing = ", ".join(
        f"case when {is_empty} then '{item}' end" for item, is_empty in empty.items()
    )
    yield RowCheck(
        "total",
        f"r.total is null and {cell('total')} is null and ({' or '.join(empty.values())})",
        spliced(
            tr(
                "is missing, and so are the items to compute it from: {items}", items=place("items")
            ),
            items=f"array_to_string(array[{missing}], ', ')",
        ),
    )
    total = of_row(SUM_OF_ALL_ITEMS)
    if "total" in header:
        column = "total"
        words = tr("is not the sum of the items, {total}", total=place("sum"))
    else:
        column = next((item for item in ITEMS if item in header), PATIENT_COLUMN)
        words = tr(
            "makes the sum of the items {sum}, which is not the total in the registry, {total}",
            sum=place("sum"),
            total=place("total"),
        )
    problem = spliced(words, sum=f"trim_scale({total})", total="trim_scale(r.total)")
    yield RowCheck(column, f"r.total <> {total}", problem)
