"""Cells that were merged: a header in two rows, and cells that fill those below them.

A header with bands that say a week, over the names of what was measured in it,

    ID | Week 0 |      | Week 14 |
       | CRP    | ALB  | CRP     | ALB

is read as ID, CRP Week 0, ALB Week 0, CRP Week 14, ALB Week 14.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from registry.importing.drafting.names import is_band
from registry.records.rows import Row


@dataclass(frozen=True)
class Header:
    """The names of a table's columns, the line of the last row they stand in, and of the first."""

    names: list[str]
    line: int
    first_line: int

    @property
    def banded(self) -> bool:
        """Whether it stands in two rows."""
        return self.first_line < self.line


def read_header(rows: Sequence[Row], found: Row) -> Header:
    """The header in the row found, or in that and its neighbour where one of them has bands."""
    place = next(number for number, row in enumerate(rows) if row is found)
    names = _stripped(found)
    above = _stripped(rows[place - 1]) if place else []
    if any(map(is_band, above)):
        return Header(_joined(above, names), found.line, rows[place - 1].line)
    below = _stripped(rows[place + 1]) if place + 1 < len(rows) else []
    if any(map(is_band, names)) and _names_under(names, below):
        return Header(_joined(names, below), rows[place + 1].line, found.line)
    return Header(names, found.line, found.line)


def _stripped(row: Row) -> list[str]:
    return [cell.strip() for cell in row.cells or ()]


def _names_under(bands: list[str], below: list[str]) -> bool:
    """Whether a row names what stands under the bands, and is no row of data."""
    padded = below + [""] * (len(bands) - len(below))
    return any(padded) and all(
        bool(name) == is_band(band) for band, name in zip(bands, padded, strict=False) if band
    )


def _joined(bands: list[str], names: list[str]) -> list[str]:
    """Each name with its band behind it; a band is no wider than the widest before the last."""
    width = max(len(bands), len(names))
    over = bands + [""] * (width - len(bands))
    under = names + [""] * (width - len(names))
    starts = [place for place, band in enumerate(over) if band]
    widest = max(
        (end - start for start, end in pairwise(starts) if is_band(over[start])), default=width
    )
    joined = list(under)
    for start, end in pairwise([*starts, width]):
        if not is_band(over[start]):
            joined[start] = under[start] or over[start]
            continue
        for place in range(start, min(end, start + widest)):
            if under[place]:
                joined[place] = f"{under[place]} {over[start]}"
    return joined


def filled_down(rows: Iterable[Row], places: list[int]) -> Iterator[Row]:
    """The rows with the empty cells of these places filled by the ones above."""
    above = dict.fromkeys(places, "")
    for row in rows:
        if row.cells is None or not above:
            yield row
            continue
        cells = list(row.cells)
        for place, last in above.items():
            cells[place] = cells[place] if cells[place].strip() else last
            above[place] = cells[place]
        yield Row(row.line, cells)
