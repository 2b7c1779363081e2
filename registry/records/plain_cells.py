"""Cells of which the text alone shows that a cast will take them, as nearly all of a file are.

A row of plain cells only is known by one regular expression while it is copied; its cells need no
trimming and no test before the cast. What is not plain is not wrong: it is read by the longer way
of `records.cells`, which comes to the same value. Limits are held to either way.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from registry.models.patient import STUDY_ID
from registry.variables import Kind, Variable

YEAR = "(?:18|19|20|21)[0-9]{2}"
MONTH = f"{YEAR}-(?:0[1-9]|1[0-2])"
# The 29 February is for the longer way.
DAY = (
    f"{YEAR}-(?:(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])|(?:0[13-9]|1[0-2])-(?:29|30)"
    "|(?:0[13578]|1[02])-31)"
)
NUMBER = r"[+-]?[0-9]{1,15}(?:\.[0-9]{1,15})?"
PATTERNS = {
    Kind.DATE: DAY,
    Kind.PARTIAL_DATE: f"{DAY}|{MONTH}|{YEAR}",
    Kind.NUMBER: NUMBER,
    Kind.INTEGER: "[+-]?[0-9]{1,9}",
    Kind.MEASURED: NUMBER,
    Kind.FLAG: "yes|no",
}
# Signs of ASCII without the backslash, which COPY takes for more; blanks only within.
TEXT = r"[!-\[\]-~](?:[ -\[\]-~]*[!-\[\]-~])?"


def plain_row(variables: list[Variable]) -> Callable[[str], object]:
    """What tells whether the cells of a row, with tabs between, are all plain or empty."""
    return re.compile("\t".join(f"(?:{_pattern(variable)})?" for variable in variables)).fullmatch


def _pattern(variable: Variable) -> str:
    if variable is STUDY_ID:
        return (variable.pattern or "").strip("^$")
    return PATTERNS.get(variable.kind, TEXT)


def plain_casts(column: str, text: str, variable: Variable) -> dict[str, str]:
    """As `casts` of `records.cells`, of the SQL of a plain cell; empty where that is no other."""
    match variable.kind:
        case Kind.DATE:
            return {column: f"{text}::date"}
        case Kind.PARTIAL_DATE:
            return {
                column: f"({text} || substr('-01-01', length({text}) - 3))::date",
                f"{column}_precision": f"case length({text}) "
                "when 4 then 'year' when 7 then 'month' when 10 then 'day' end",
            }
        case Kind.NUMBER:
            return {column: f"{text}::numeric"}
        case Kind.INTEGER:
            return {column: f"{text}::integer"}
        case Kind.MEASURED:
            return {column: f"{text}::numeric", f"{column}_comparator": "null::text"}
        case _:
            return {}
