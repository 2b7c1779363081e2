"""What the cells of one file show of its decimal mark, and which cells that puts in doubt."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from registry.parsing.numbers import may_be_grouped, shows_decimal_comma
from registry.parsing.typed import NumberText
from registry.records.rows import Problem

Doubts = Callable[[str], Iterator[Problem]]


class DecimalMark:
    """The decimal mark of a file that nobody has named.

    A cell as `12,5` shows that the file has commas. Then `1.234` may be a number of thousands,
    wherever it stands in the file, also above the cell that shows it: so the doubtful cells are
    looked for when all tables of the file have been read, and only in a file that has a comma.
    """

    def __init__(self) -> None:
        self.shown_by: str | None = None
        self._unread = 0
        self._doubts: list[Doubts] = []

    def expect(self, doubts: Doubts) -> None:
        """A table is going to be read; `doubts` reads it again for its doubtful cells."""
        self._unread += 1
        self._doubts.append(doubts)

    def look_at(self, cell: str) -> None:
        """Takes notice of a cell of a column of numbers."""
        if self.shown_by is None and not isinstance(cell, NumberText) and shows_decimal_comma(cell):
            self.shown_by = cell.strip()

    def table_read(self) -> Iterator[Problem]:
        """A table has been read; after the last one the complaints about doubtful cells."""
        self._unread -= 1
        if self._unread == 0 and self.shown_by is not None:
            for doubts in self._doubts:
                yield from doubts(self.shown_by)


def is_doubtful(cell: str) -> bool:
    """Whether a cell of a file with decimal commas has a point that may part thousands."""
    return not isinstance(cell, NumberText) and may_be_grouped(cell)
