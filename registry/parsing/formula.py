"""Texts that a spreadsheet would run: how they are kept from it, and how they come back.

A spreadsheet takes a cell of a CSV file for a formula if it begins with =, +, -, @ or a tab. With
an apostrophe before it, it is a text; and so that every text comes back as it was, one that begins
with apostrophes and then such a sign gets one more. No other text is touched.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

_SIGNS = tuple("=+-@\t\r＝＋－＠")
# A number is none, and a line for nothing is none either.
_NONE = re.compile(r"[+-]?[0-9.]+$|-+$")


def would_run(text: str) -> bool:
    """Whether a spreadsheet would take the text for a formula."""
    return text.startswith(_SIGNS) and _NONE.match(text) is None


def kept_from_running(value: Any) -> Any:
    """A cell as it is written to a CSV file; a number, which is no text, stays as it is."""
    return f"'{value}" if isinstance(value, str) and would_run(value.lstrip("'")) else value


def cells_kept(values: Iterable[Any]) -> list[Any]:
    """The cells of a row as they are written to a CSV file."""
    return [kept_from_running(value) for value in values]


def as_it_was(text: str) -> str:
    """A cell of a CSV file without the apostrophe that kept it from running."""
    return text[1:] if text.startswith("'") and would_run(text.lstrip("'")) else text


def in_workbook(text: str) -> str:
    """A text as a workbook has it, so that none of it is read as an escaped character."""
    # So it writes a character that its XML cannot hold.
    return re.sub("_(?=x[0-9A-Fa-f]{4}_)", "_x005F_", text)
