"""Tables as plain text for a terminal of 100 columns."""

from __future__ import annotations

from registry.report import model_tables, tables
from registry.report.tables import Document, Table
from registry.terminal_width import aligned, columns, wrapped

WIDTH = 100


def flow(document: Document) -> str:
    """Patient flow as text."""
    return render(tables.flow(document))


def table1(document: Document) -> str:
    """Table 1 as text."""
    return render(tables.table1(document))


def table2(document: Document) -> str:
    """Table 2 as text."""
    return render(tables.table2(document))


def kaplan_meier(document: Document) -> str:
    """Kaplan-Meier estimates as text."""
    return render(tables.kaplan_meier(document))


def cuminc(document: Document) -> str:
    """Cumulative incidence of competing events as text."""
    return render(tables.cuminc(document))


def cox(document: Document) -> str:
    """Table 3 as text."""
    return render(tables.cox(document))


def compare_published(document: Document) -> str:
    """The published beside the sound Cox model as text."""
    return render(model_tables.compare_published(document))


def sensitivity(document: Document) -> str:
    """Every reading as text."""
    return render(model_tables.sensitivity(document))


def tdm(document: Document) -> str:
    """Week-14 troughs as text."""
    return render(tables.tdm(document))


def drug_levels(document: Document) -> str:
    """Everything about drug levels, a table for each part."""
    from registry.report.tdm_tables import all_tables

    return "\n\n".join(render(table) for table in all_tables(document))


def outcomes(document: Document) -> str:
    """Outcomes after loss of response as text."""
    return render(tables.outcomes(document))


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
