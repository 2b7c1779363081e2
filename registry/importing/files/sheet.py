"""What every reader of workbooks gives: sheets whose rows are read one at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from registry.importing.files.bounds import MOST_COLUMNS, MOST_PLACES, MOST_ROWS
from registry.importing.files.zipped import Unreadably
from registry.words import tr


@dataclass(frozen=True)
class SheetRow:
    """A row that has a filled cell: its texts up to the last of these, and whether it is hidden."""

    line: int
    texts: list[str]
    hidden: bool


@dataclass(frozen=True)
class Area:
    """Cells that are merged into one; lines and columns count from 1."""

    left: int
    top: int
    right: int
    bottom: int


@dataclass(frozen=True)
class Sheet:
    """One sheet. `rows` can be called again; what is merged it adds to the list it is given.

    It raises what reading a damaged file may raise, and Unreadably beyond a bound.
    """

    title: str
    hidden: bool
    rows: Callable[[list[Area]], Iterator[SheetRow]]


def column_within(column: int) -> int:
    """The number of a column, from 1; raises Unreadably for one too far to the right."""
    if not 0 < column <= MOST_COLUMNS:
        raise Unreadably(tr("it has more than {number:,|column|columns}", number=MOST_COLUMNS))
    return column


class Grown:
    """Holds a sheet to its bounds while it is read."""

    def __init__(self) -> None:
        self._places = 0
        self.line = 0

    def next_row(self, line: int) -> None:
        """A row begins; raises Unreadably where it stands above another or too far down."""
        if line <= self.line:
            raise Unreadably(tr("its rows are not in order"))
        if line > MOST_ROWS:
            raise Unreadably(tr("it has more than {number:,|row|rows}", number=MOST_ROWS))
        self.line = line

    def row(self, texts: dict[int, str], hidden: bool) -> SheetRow | None:
        """The row of the filled cells, by their columns from 1; None where there is none."""
        filled = [column for column, text in texts.items() if text and not text.isspace()]
        if not filled:
            return None
        width = max(filled)
        self._places += width
        if self._places > MOST_PLACES:
            raise Unreadably(tr("it has more than {number:,|cell|cells}", number=MOST_PLACES))
        cells = [""] * width
        for column, text in texts.items():
            if column <= width:
                cells[column - 1] = text
        return SheetRow(self.line, cells, hidden)
