"""Reads what an entry is answered from: usual limits, and the bands of a measured value."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import Connection, text

from registry.entry.answers.findings import shown
from registry.words import tr

BAND_COLUMNS = (
    "b.reading, b.source, lower(b.band) as low, upper(b.band) as high, "
    "lower_inc(b.band) as low_included, upper_inc(b.band) as high_included"
)
# A limit of a band may be a share of something: of the earlier weight, say. `held` is a range, so
# that a value known by its limit alone (<28) is in a band only if the limit proves it.
BAND = text(
    f"select {BAND_COLUMNS} from reference.score_band b "
    "where b.measure = :measure and b.sex in ('any', :sex) "
    "and b.years @> cast(:years as integer) and numrange("
    "lower(b.band) * cast(:share as numeric), upper(b.band) * cast(:share as numeric), "
    "case when lower_inc(b.band) then '[' else '(' end "
    "|| case when upper_inc(b.band) then ']' else ')' end) @> cast(:held as numrange)"
)


class Band(NamedTuple):
    """A band of values and how it reads: points of an item, or a name."""

    reading: str
    source: str
    low: Decimal | None
    high: Decimal | None
    low_included: bool
    high_included: bool

    def words(self, unit: str) -> str:
        """The band in words, 28 to below 33 %."""
        low, high = f"{shown(self.low)} {unit}", f"{shown(self.high)} {unit}"
        if self.high is None:
            return tr("{low} or more", low=low) if self.low_included else tr("above {n}", n=low)
        if self.low is None:
            return (
                tr("{high} or less", high=high) if self.high_included else tr("below {n}", n=high)
            )
        low = shown(self.low)
        begin = low if self.low_included else tr("above {n}", n=low)
        end = high if self.high_included else tr("below {n}", n=high)
        return tr("{low} to {high}", low=begin, high=end)


def limits(connection: Connection) -> dict[str, Decimal]:
    """Every limit that an entry is answered by, in its unit."""
    rows = connection.execute(text("select key, value from reference.entry_limit"))
    return {row.key: row.value for row in rows}


def range_of(value: Decimal, comparator: str | None = None) -> str:
    """The values that a measured value may stand for, as PostgreSQL writes a range."""
    match comparator:
        case "<":
            return f"(,{value})"
        case ">":
            return f"({value},)"
        case _:
            return f"[{value},{value}]"


def band_of(
    connection: Connection,
    measure: str,
    held: str,
    *,
    sex: str = "any",
    years: int = 0,
    share: Decimal = Decimal(1),
) -> Band | None:
    """The band of a measure that holds all of the range `held`; None where none does.

    `years` are completed years of age; the band's limits are taken times `share`.
    """
    values = {"measure": measure, "sex": sex, "years": years, "share": share, "held": held}
    row = connection.execute(BAND, values).mappings().one_or_none()
    return None if row is None else Band(**row)
