"""What a person may say about how values are written, where the text alone leaves it open."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

DateOrder = Literal["ymd", "dmy", "mdy"]
DecimalMark = Literal[",", "."]


@dataclass(frozen=True)
class Conventions:
    """How the values of a file are written; None is not said, so what it would decide is refused.

    `date_order` is the order of day, month and year in numeric dates, `decimal` the mark before a
    number's fraction, `encoding` the name of the text encoding of CSV files.
    """

    date_order: DateOrder | None = None
    decimal: DecimalMark | None = None
    encoding: str | None = None


NOTHING_SAID = Conventions()
