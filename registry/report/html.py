"""Pieces of an HTML page: tables, figures in two sizes, paragraphs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from html import escape
from itertools import groupby

from registry.drawing.scene import NARROW, WIDE, Scene
from registry.drawing.svg import svg
from registry.report.tables import Table
from registry.words import tr

_INDENT = 2
"""Blanks that stand for one step of indentation in the first cell of a row."""
_LONG = 14
"""A table of more rows than this may run over a page of print."""


@dataclass(frozen=True)
class Section:
    """A part of the page under one heading."""

    identity: str
    heading: str
    html: str


def paragraph(words: str, name: str = "") -> str:
    """A paragraph of text; nothing for no words."""
    return f"<p{_class(name)}>{escape(words)}</p>" if words else ""


def bullets(items: Iterable[str], name: str = "") -> str:
    """A list of texts."""
    return f"<ul{_class(name)}>{''.join(f'<li>{escape(one)}</li>' for one in items)}</ul>"


def definitions(entries: Iterable[tuple[str, str]], name: str = "") -> str:
    """A list of names and what belongs to them."""
    rows = "".join(f"<div><dt>{escape(k)}</dt><dd>{escape(v)}</dd></div>" for k, v in entries)
    return f"<dl{_class(name)}>{rows}</dl>"


def folded(summary: str, html: str) -> str:
    """What a reader may open; it needs no script."""
    return f"<details><summary>{escape(summary)}</summary>\n{html}</details>"


def figure(
    caption: Callable[[str], str],
    draw: Callable[[str, float], Scene],
    prefix: str,
    *,
    title: str = "",
    note: str = "",
    data: str = "",
) -> str:
    """A figure in two sizes, of which the page shows the one that fits.

    Args:
        caption: makes of the title what stands under it.
        draw: makes the drawing from a prefix for ids and a width.
        prefix: of the ids; differs between the figures of one page.
        title: where the page calls it otherwise than the drawing does by itself.
        note: what must be known to read it, under the caption.
        data: values for the script that reads a curve, as an escaped attribute.
    """
    drawn = draw(f"{prefix}-w", WIDE)
    wide, narrow = svg(drawn), svg(draw(f"{prefix}-n", NARROW))
    values = f' data-curves="{data}"' if data else ""
    return (
        f'<figure id="{prefix}"{values}>\n<div class="wide">{wide}</div>\n'
        f'<div class="narrow">{narrow}</div>\n'
        f"<figcaption>{escape(caption(title or drawn.title))}{_quiet(note)}</figcaption></figure>\n"
    )


def table(laid_out: Table, identity: str, *, sortable: bool = False) -> str:
    """A table with its caption, and its results and notes under it.

    Args:
        laid_out: of `tables`.
        identity: the id of the table; differs between the tables of one page.
        sortable: whether a script may offer to sort its groups of rows.
    """
    # Columns of words are those that the layout says and those without a single digit.
    numbers = [
        i >= laid_out.left and any(any(map(str.isdigit, row[i])) for row in laid_out.rows)
        for i in range(len(laid_out.header))
    ]
    head = "".join(
        _head(cell, is_number) for cell, is_number in zip(laid_out.header, numbers, strict=True)
    )
    body = "\n".join(_body(group, numbers) for group in _groups(laid_out.rows))
    long = " long" if len(laid_out.rows) > _LONG else ""
    sort = " data-sortable" if sortable and len(laid_out.rows) > 2 else ""
    top = f"<thead><tr>{head}</tr></thead>\n" if any(laid_out.header) else ""
    return (
        f'<div class="table{long}" role="region" aria-labelledby="{identity}-caption"'
        f' tabindex="0">\n<table id="{identity}"{sort}>'
        f'<caption><span id="{identity}-caption">{escape(laid_out.title)}</span></caption>\n'
        f"{top}{body}\n</table></div>\n" + _results(laid_out.lines) + _notes(laid_out.notes)
    )


def _results(lines: Sequence[str]) -> str:
    """Results as paragraphs; those that begin with a dash as a list."""
    parts = []
    for listed, found in groupby(lines, lambda line: line.startswith("- ")):
        if listed:
            parts.append(bullets((line[2:] for line in found), "results"))
        else:
            parts += [paragraph(line, "result") for line in found]
    return "".join(parts)


def _notes(notes: Sequence[str]) -> str:
    if not notes:
        return ""
    return '<div class="notes">' + "".join(map(paragraph, notes)) + "</div>\n"


def _head(cell: str, is_number: bool) -> str:
    if not cell:
        return f'<th scope="col"><span class="unseen">{escape(tr("Item"))}</span></th>'
    return f'<th scope="col"{_class("number" if is_number else "")}>{escape(cell)}</th>'


def _groups(rows: Sequence[Sequence[str]]) -> list[list[Sequence[str]]]:
    """Rows that belong together: those indented or without a name follow the one above."""
    groups: list[list[Sequence[str]]] = []
    for row in rows:
        follows = not row[0] or row[0].startswith(" ")
        if follows and groups:
            groups[-1].append(row)
        else:
            groups.append([row])
    return groups


def _body(group: Sequence[Sequence[str]], numbers: Sequence[bool]) -> str:
    spans = len(group) > 1 and not any(row[0] for row in group[1:])
    lines = []
    for place, row in enumerate(group):
        steps = (len(row[0]) - len(row[0].lstrip())) // _INDENT
        inner = f' class="step{min(steps, 3)}"' if steps else ""
        inner = inner or _class(_kind(row[0]))
        first = f'<th scope="row"{inner}>{escape(row[0].strip())}</th>'
        if spans:
            span = f'<th scope="rowgroup" rowspan="{len(group)}">{escape(row[0])}</th>'
            first = "" if place else span
        cells = "".join(
            f"<td{_class('number' if is_number else _kind(cell))}>{escape(cell)}</td>"
            for cell, is_number in zip(row[1:], numbers[1:], strict=True)
        )
        lines.append(f"<tr>{first}{cells}</tr>")
    return f"<tbody>{''.join(lines)}</tbody>"


def _kind(cell: str) -> str:
    """A short word, such as a change of a gene, is never broken."""
    return "word" if cell and " " not in cell and len(cell) < 24 else ""


def _quiet(words: str) -> str:
    return f' <span class="quiet">{escape(words)}</span>' if words else ""


def _class(name: str) -> str:
    return f' class="{name}"' if name else ""
