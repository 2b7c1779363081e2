"""The options that say how the values of files are written, where the text leaves it open."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from registry.cli.frame.signatures import flag, option

if TYPE_CHECKING:
    from registry.parsing.conventions import Conventions


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
    str | None, option("--encoding", "NAME", "Encoding of text files, e.g. gb18030.")
]


MissingOption = Annotated[
    str | None, option("--missing", "CELLS", 'Cells that mean nothing, as "-,ND,未测=NASK".')
]
PatientIdOption = Annotated[
    str | None, option("--patient-id", "HEADER", "The header of the study id.")
]
SheetOption = Annotated[str | None, option("--sheet", "NAME", "The one sheet of each workbook.")]
SkipHiddenOption = Annotated[
    bool, flag("--skip-hidden", "Leave out rows that a workbook hides or filters out.")
]


def conventions_of(
    *,
    date_order: DateOrder | None,
    decimal: DecimalMark | None,
    encoding: str | None,
    missing: str | None,
    patient_id: str | None,
    sheet: str | None,
    skip_hidden: bool,
) -> Conventions:
    """What the options say of how the files are written."""
    from registry.parsing.conventions import Conventions
    from registry.parsing.missing import NO_WORDS, read_missing

    return Conventions(
        date_order=None if date_order is None else date_order.value,
        decimal=None if decimal is None else decimal.value,
        encoding=encoding,
        missing=NO_WORDS if missing is None else read_missing(missing),
        patient_id=patient_id,
        sheet=sheet,
        skip_hidden=skip_hidden,
    )
