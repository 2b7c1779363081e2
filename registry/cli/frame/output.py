"""Prints a result as a table for people, as JSON or as CSV."""

from __future__ import annotations

import csv
import io
import json
import math
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from enum import StrEnum
from itertools import islice
from textwrap import indent
from typing import Annotated, Any, TypeVar

import typer

from registry.cli.frame.terminal import clear_line, rewrite_line
from registry.steps import heard_by
from registry.terminal_width import aligned
from registry.terminal_width import columns as columns_of

Item = TypeVar("Item")
# Of rows that are printed as they come so many are held at a time.
_HELD = 1000


class Format(StrEnum):
    """How a result is printed."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


FormatOption = Annotated[
    Format, typer.Option("--format", help="How to print: for people, or for programs.")
]


def print_json(document: Any) -> None:
    """One JSON document on standard output; dates in ISO 8601, a missing value null."""
    typer.echo(_json(document, indent=2))


def print_csv(rows: Sequence[Mapping[str, Any]], columns: Sequence[str] | None = None) -> None:
    """CSV with a header on standard output; a missing value is an empty cell.

    A text that a spreadsheet would run has an apostrophe before it, as in a file; JSON has none.
    """
    names = list(columns or (rows[0] if rows else ()))
    _print_parts(_csv_lines(names, [rows]))


def print_table(rows: Sequence[Mapping[str, Any]], columns: Sequence[str] | None = None) -> None:
    """Aligned columns on standard output, numbers to the right."""
    names = list(columns or (rows[0] if rows else ()))
    _print_parts(_table_lines(names, [rows]))


def print_stream(rows: Iterable[Sequence[Any]], form: Format, columns: Sequence[str]) -> None:
    """The rows in the asked form as they come, few held at a time.

    Of a table the first so many give the widths of the columns.
    """
    named = (dict(zip(columns, row, strict=True)) for row in rows)
    batches = iter(lambda: list(islice(named, _HELD)), [])
    match form:
        case Format.JSON:
            _print_parts(_json_lines(batches))
        case Format.CSV:
            _print_parts(_csv_lines(columns, batches))
        case Format.TABLE:
            _print_parts(_table_lines(columns, batches))


def print_rows(
    rows: Sequence[Mapping[str, Any]], form: Format, columns: Sequence[str] | None = None
) -> None:
    """The rows in the asked form."""
    match form:
        case Format.JSON:
            print_json(list(rows))
        case Format.CSV:
            print_csv(rows, columns)
        case Format.TABLE:
            print_table(rows, columns)


def print_one(
    document: Mapping[str, Any], form: Format, columns: Sequence[str] | None = None
) -> None:
    """One thing in the asked form: a document for programs, or a table of one row."""
    if form is Format.JSON:
        print_json(document)
    else:
        print_rows([document], form, columns)


def on_terminal() -> bool:
    """Whether progress may be drawn: only where a person looks at standard error."""
    return sys.stderr.isatty()


def _show(said: str, number: int, of: int) -> None:
    """Which step it is, and of how many, on the one line of standard error."""
    rewrite_line(f"{number}/{of} {said}" if of else said)


def counted(
    items: Sequence[Item], named: Callable[[Item], str] = lambda _item: ""
) -> Iterator[Item]:
    """The items; where a person looks at standard error a line counts and names them meanwhile."""
    for number, one in enumerate(items, start=1):
        if on_terminal():
            _show(named(one), number, len(items))
        yield one
    clear_line()


@contextmanager
def steps_shown() -> Iterator[None]:
    """Within it such a line says what long work is doing."""
    if not on_terminal():
        yield
        return
    try:
        with heard_by(_show):
            yield
    finally:
        clear_line()


Batches = Iterable[Sequence[Mapping[str, Any]]]


def _print_parts(parts: Iterable[str]) -> None:
    for part in parts:
        typer.echo(part, nl=False)


def _json_lines(batches: Batches) -> Iterator[str]:
    """The array as `print_json` has it, a batch of its elements at a time."""
    between = "[\n"
    for rows in batches:
        elements = (indent(_json(row, indent=2), "  ") for row in rows)
        yield between + ",\n".join(elements)
        between = ",\n"
    yield "[]\n" if between == "[\n" else "\n]\n"


def _csv_lines(names: Sequence[str], batches: Batches) -> Iterator[str]:
    from registry.parsing.formula import kept_from_running

    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(names)
    for rows in batches:
        writer.writerows(
            [_cell(kept_from_running(row.get(name))) for name in names] for row in rows
        )
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()
    yield buffer.getvalue()


def _table_lines(names: Sequence[str], batches: Batches) -> Iterator[str]:
    each = iter(batches)
    rows = next(each, ())
    right = [
        bool(rows) and all(_is_number(row.get(name)) for row in rows if row.get(name) is not None)
        for name in names
    ]
    cells = [[_cell(row.get(name)) for name in names] for row in rows]
    widths = [max(columns_of(line[i]) for line in [names, *cells]) for i in range(len(names))]
    yield aligned(names, widths, right) + "\n" + "  ".join("-" * width for width in widths) + "\n"
    while rows:
        yield "".join(aligned(line, widths, right) + "\n" for line in cells)
        rows = next(each, ())
        cells = [[_cell(row.get(name)) for name in names] for row in rows]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def _cell(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case Decimal():
            # Every digit and no exponent, but none of the zeros that the server pads with.
            digits = f"{value:f}"
            return digits.rstrip("0").rstrip(".") if "." in digits else digits
        case list() | dict():
            return _json(value)
        case str() | int() | float():
            return str(value)
        case _:
            return str(_plain(value))


def _json(value: Any, indent: int | None = None) -> str:
    return json.dumps(
        _finite(value), ensure_ascii=False, indent=indent, default=_plain, allow_nan=False
    )


def _finite(value: Any) -> Any:
    """The value with words for the numbers that JSON has no way to write: NaN and infinity."""
    match value:
        case dict():
            return {key: _finite(held) for key, held in value.items()}
        case list() | tuple():
            return [_finite(held) for held in value]
        case float() if not math.isfinite(value):
            return str(Decimal(value))
        case _:
            return value


def _plain(value: Any) -> Any:
    match value:
        case date():
            return value.isoformat()
        case Decimal() if not value.is_finite() or math.isinf(float(value)):
            return str(value)
        case Decimal():
            return int(value) if value == value.to_integral_value() else float(value)
        case bytes():
            return value.hex()
        case _:
            return str(value)
