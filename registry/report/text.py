"""Tables as plain text for a terminal of 100 columns."""

from __future__ import annotations

from registry.report.tables import Table
from registry.terminal_width import aligned, columns, wrapped

WIDTH = 100


def render(table: Table, width: int = WIDTH) -> str:
    """A table with rules above and below, at most `width` columns wide, no newline at the end.

    Columns of numbers are never broken; words of the first column are, when the row is too wide.
    """
    widths = [
        max(columns(row[i]) for row in (table.header, *table.rows))
        for i in range(len(table.header))
    ]
    others = sum(widths[1:]) + 2 * (len(widths) - 1)
    widths[0] = max(20, min(widths[0], width - others))
    rule = "─" * min(width, widths[0] + others)

    lines = [*wrapped(table.title, width), rule]
    if any(table.header):
        lines += [*_row(table.header, widths, table.left), rule]
    for row in table.rows:
        lines += _row(row, widths, table.left)
    lines.append(rule)
    for paragraph in (*table.lines, *table.notes):
        lines += wrapped(paragraph, width)
    return "\n".join(lines)


def _row(cells: tuple[str, ...], widths: list[int], left: int) -> list[str]:
    indent = " " * (len(cells[0]) - len(cells[0].lstrip()))
    first = wrapped(
        cells[0].strip(), widths[0], first=indent, others=indent + "    ", hyphens=True
    ) or [""]
    right = [i >= max(left, 1) for i in range(len(cells))]
    return [aligned([first[0], *cells[1:]], widths, right), *first[1:]]
