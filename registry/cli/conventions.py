"""The options that say how the values of files are written, where the text leaves it open."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from functools import partial
from typing import Annotated, TypeVar

import typer

Read = TypeVar("Read")


class DateOrder(StrEnum):
    """Order of day, month and year in dates of numbers."""

    YMD = "ymd"
    DMY = "dmy"
    MDY = "mdy"


class DecimalMark(StrEnum):
    """The sign before a number's fraction."""

    COMMA = ","
    POINT = "."


DateOrderOption = Annotated[
    DateOrder | None, typer.Option("--date-order", help="What 03/04/2020 means in these files.")
]
DecimalOption = Annotated[
    DecimalMark | None, typer.Option("--decimal", help="The decimal mark in these files.")
]
EncodingOption = Annotated[
    str | None,
    typer.Option("--encoding", metavar="NAME", help="Encoding of text files, e.g. gb18030."),
]


def with_conventions(
    read: Callable[..., Read],
    date_order: DateOrder | None,
    decimal: DecimalMark | None,
    encoding: str | None,
) -> Callable[..., Read]:
    """The reader of files held to the options."""
    if date_order is None and decimal is None and encoding is None:
        return read
    from registry.parsing.conventions import Conventions

    conventions = Conventions(
        None if date_order is None else date_order.value,
        None if decimal is None else decimal.value,
        encoding,
    )
    return partial(read, conventions=conventions)
