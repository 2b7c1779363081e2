"""The one reader of TOML: mappings, visits, the plan of the night, the list of names."""

from __future__ import annotations

import re
import tomllib
from decimal import Decimal
from typing import Any

from registry.errors import Refused
from registry.words import spoken, tr

# What the reader finds, for the translators.
FOUND = (
    *("Invalid value", "Invalid statement", "Invalid date or datetime", "Invalid hex value"),
    *("Invalid initial character for a key part", "Expected '=' after a key in a key/value pair"),
    *("Expected ']' at the end of a table declaration", "Cannot overwrite a value"),
    *("Expected ']]' at the end of an array declaration", "Unclosed array"),
    *("Unclosed inline table", "Unescaped '\\' in a string", "Unterminated string"),
    "Expected newline or end of document after a statement",
)
_PLACE = re.compile(r"(.*) \(at line (\d+), column (\d+)\)", re.S)


def parse_toml(text: str, name: str, *, cure: str | None = None) -> dict[str, Any]:
    """The tables of a TOML text; a number with a point is a Decimal, as it was written.

    Raises Refused, with the place, for what is no TOML; `name` is the file's, for the complaint.
    """
    try:
        return tomllib.loads(text.removeprefix("\ufeff"), parse_float=Decimal)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise Refused(
            tr("{file} is not TOML: {why}.", file=name, why=_said(error)), cure=cure
        ) from None


def _said(error: Exception) -> str:
    placed = _PLACE.fullmatch(str(error))
    if placed is None:
        return str(error)
    found, line, column = placed.groups()
    return tr(
        "{found} (at line {line}, column {column})", found=spoken(found), line=line, column=column
    )
