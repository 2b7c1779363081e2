"""Cells that were merged downwards: an empty one takes the one above."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from registry.records.rows import Row


def filled_down(rows: Iterable[Row], places: list[int]) -> Iterator[Row]:
    """The rows with the empty cells of these places filled."""
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
