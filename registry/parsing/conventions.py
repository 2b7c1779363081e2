"""What a person may say about how files are written, where the files alone leave it open."""

from __future__ import annotations

from typing import Literal, NamedTuple

from registry.parsing.missing import NO_WORDS, MissingWords

DateOrder = Literal["ymd", "dmy", "mdy"]
DecimalMark = Literal[",", "."]


class Conventions(NamedTuple):
    """How files and their values are written; None is not said, so what it decides is refused.

    `date_order` is the order of day, month and year in numeric dates, `decimal` the mark before a
    number's fraction, `encoding` the name of the text encoding of CSV files. `missing` are cells
    that mean nothing, or why there is nothing. `patient_id` is the header of the study id where it
    is not patient_id, `sheet` the one sheet that is meant of each workbook. With `skip_hidden` the
    rows that a workbook hides or filters out are left out.
    """

    date_order: DateOrder | None = None
    decimal: DecimalMark | None = None
    encoding: str | None = None
    missing: MissingWords = NO_WORDS
    patient_id: str | None = None
    sheet: str | None = None
    skip_hidden: bool = False


NOTHING_SAID = Conventions()
