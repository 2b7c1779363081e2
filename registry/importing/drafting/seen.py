"""What the cells of a column look like, in numbers and codes; no value of a patient is kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache

from registry.importing.drafting.names import missing_words
from registry.importing.files.table import Table
from registry.parsing.conventions import Conventions, DateOrder
from registry.parsing.dates import read_date
from registry.parsing.numbers import read_measured
from registry.parsing.text import AmbiguousDate, NotOfKind, Unreadable
from registry.records.rows import Problem
from registry.words import tr

# More different cells than this are no list of codes that a draft may show.
MOST_SHOWN = 12
# More than this are none at all.
_MOST_CODES = 400
_REMEMBERED = 1 << 14
# So many numbers show what unit they are in.
_SAMPLE = 1000


@dataclass
class Seen:
    """The filled cells of one column: how many are dates, numbers, words for nothing.

    `codes` are the different cells in their order, None when they are too many to be codes.
    `sample` are the first numbers, to tell their unit; a draft shows none of them.
    """

    cells: int = 0
    dates: int = 0
    numbers: int = 0
    unclear_dates: int = 0
    unclear_numbers: int = 0
    orders: Counter[DateOrder] = field(default_factory=Counter)
    missing: Counter[str] = field(default_factory=Counter)
    codes: dict[str, None] | None = field(default_factory=dict)
    sample: list[float] = field(default_factory=list)

    def add(self, cell: str) -> None:
        """Counts one cell."""
        text = cell.strip()
        if not text:
            return
        self.cells += 1
        if text in missing_words():
            self.missing[text] += 1
            return
        kind, order, number = _kind(text)
        if number is not None and len(self.sample) < _SAMPLE:
            self.sample.append(number)
        self.dates += kind in ("date", "unclear date")
        self.unclear_dates += kind == "unclear date"
        self.numbers += kind in ("number", "unclear number")
        self.unclear_numbers += kind == "unclear number"
        if order is not None:
            self.orders[order] += 1
        if self.codes is not None:
            self.codes[text] = None
            if len(self.codes) > _MOST_CODES:
                self.codes = None


def in_words(columns: Iterable[Seen]) -> str:
    """What the cells of some columns are, in a few words for a comment."""
    listed = list(columns)
    filled = sum(seen.cells - seen.missing.total() for seen in listed)
    if not filled:
        return tr("empty")
    if sum(seen.dates for seen in listed) == filled:
        return tr("dates: {number}", number=filled)
    if sum(seen.numbers for seen in listed) == filled:
        return tr("numbers: {number}", number=filled)
    return tr("cells: {number}", number=filled)


def look_at(table: Table) -> list[Seen]:
    """What each column of the table looks like."""
    columns = [Seen() for _ in table.header]
    problems: list[Problem] = []
    for row in table.rows(problems):
        for seen, cell in zip(columns, row.cells or (), strict=False):
            seen.add(cell)
    return columns


def order_of(columns: Iterable[Seen]) -> tuple[DateOrder | None, bool]:
    """The order of day and month that the dates show, if they do, and whether it must be said."""
    orders: Counter[DateOrder] = Counter()
    unclear = 0
    for seen in columns:
        orders.update(seen.orders)
        unclear += seen.unclear_dates
    return (next(iter(orders)) if len(orders) == 1 else None), unclear > 0


@lru_cache(_REMEMBERED)
def _kind(text: str) -> tuple[str, DateOrder | None, float | None]:
    """Date, number or neither; the order of day and month that a date shows; the number."""
    try:
        return "number", None, float(read_measured(text).lstrip("<> "))
    except NotOfKind:
        pass
    except Unreadable:
        try:
            read_measured(text, Conventions(decimal=","))
        except Unreadable:
            return "text", None, None
        return "unclear number", None, None
    try:
        return "date", read_date(text, partial=True).order, None
    except AmbiguousDate:
        return "unclear date", None, None
    except Unreadable:
        return "text", None, None
