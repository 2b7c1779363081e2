"""The options that say how the values of files are written, where the text leaves it open."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from functools import partial
from typing import Annotated, TypeVar

import typer

from registry.errors import WrongUsage
from registry.words import tr

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
    *,
    mapped: bool,
) -> Callable[..., Read]:
    """The reader of files held to the options. Raises WrongUsage where a mapping is to say it."""
    if date_order is None and decimal is None and encoding is None:
        return read
    if mapped:
        raise WrongUsage(
            tr("--date-order, --decimal and --encoding are for files without a mapping."),
            cure=tr("Write date_order, decimal or encoding into the mapping."),
        )
    from registry.parsing.conventions import Conventions

    conventions = Conventions(
        None if date_order is None else date_order.value,
        None if decimal is None else decimal.value,
        encoding,
    )
    return partial(read, conventions=conventions)
