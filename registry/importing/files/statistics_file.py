"""Reads the file of a statistics program: SPSS (.sav), Stata (.dta), SAS transport (.xpt)."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Collection, Iterator
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import pyreadstat

from registry.errors import Refused
from registry.importing.files.bounds import (
    LARGEST_STATISTICS,
    LONGEST_CELL,
    MEGABYTE,
    MOST_COLUMNS,
    MOST_ROWS,
)
from registry.importing.files.cell_text import moment_text, number_text
from registry.importing.files.layout import Table, lay_out
from registry.importing.files.regular import check_regular
from registry.parsing.conventions import Conventions
from registry.parsing.typed import FaultText, LabelledText, NumberTextWithoutDays
from registry.records.rows import Problem, Row
from registry.words import tr

_READERS: dict[str, Callable[..., Any]] = {
    ".sav": pyreadstat.read_sav,
    ".zsav": pyreadstat.read_sav,
    ".dta": pyreadstat.read_dta,
    ".xpt": pyreadstat.read_xport,
}
# What it warns of is complained of cell by cell.
warnings.filterwarnings("ignore", category=UserWarning, module=r"pyreadstat\b")
# Bytes of the rows that are held at once, as the file has them.
_AT_ONCE = 4 * MEGABYTE


def read_statistics(
    path: Path, shown: str, conventions: Conventions, header_names: Collection[str]
) -> Table:
    """The table in the file. A value with a label is the label; what is user-missing is empty.

    Raises Refused for a file that is too large, damaged or of another kind.
    """
    check_regular(path, largest=LARGEST_STATISTICS)
    read = _READERS[path.suffix.lower()]

    def part(**which: Any) -> tuple[dict[str, list[Any]], Any]:
        try:
            columns, meta = read(path, encoding=conventions.encoding, output_format="dict", **which)
        except Exception as error:
            # Of a damaged file the library may raise anything.
            raise Refused(
                tr("The file {file} cannot be read: {reason}.", file=shown, reason=_said(error)),
                cure=tr("Save it anew, or as CSV UTF-8; its --encoding may have to be named."),
            ) from None
        return columns, meta

    _, meta = part(metadataonly=True)
    names = list(meta.column_names)
    if len(names) > MOST_COLUMNS:
        raise Refused(
            tr("{file} has more than {number:,|column|columns}.", file=shown, number=MOST_COLUMNS)
        )
    width = sum(max(8, size) for size in meta.variable_storage_width.values()) or 8
    at_once = max(1, _AT_ONCE // width)
    labels = [meta.variable_value_labels.get(name, {}) for name in names]

    def grid(problems: list[Problem]) -> Iterator[Row]:
        yield Row(1, names)
        done = 0
        while done < MOST_ROWS:
            columns, _ = part(row_offset=done, row_limit=at_once)
            rows = list(zip(*columns.values(), strict=True))
            for line, values in enumerate(rows, start=done + 2):
                texts = [_text(*pair) for pair in zip(values, labels, strict=True)]
                if any(text and not text.isspace() for text in texts):
                    yield Row(line, texts)
            done += len(rows)
            if len(rows) < at_once:
                return
        problem = tr("it has more than {number:,|row|rows}", number=MOST_ROWS)
        problems.append(Problem(shown, done + 1, None, None, problem))
        yield Row(done + 1, None)

    return lay_out(path, None, shown, grid, header_names)


def _said(error: Exception) -> str:
    return " ".join(str(error).split()).rstrip(".") or type(error).__name__


def _text(value: Any, labels: dict[Any, str]) -> str:
    """A value as it would stand in a CSV file."""
    if value is None or value != value:
        return ""
    label = labels.get(value) if labels else None
    match value:
        case str():
            text = value
        case bool():
            text = "true" if value else "false"
        case int() | float():
            try:
                text = number_text(value, None, NumberTextWithoutDays)
            except ValueError:
                text = ""
        case datetime() | date() | time():
            text = moment_text(value)
        case _:
            text = str(value)
    if len(text) > LONGEST_CELL:
        return FaultText(text[:LONGEST_CELL], tr("is too long"))
    return text if not label else LabelledText(label, text)
