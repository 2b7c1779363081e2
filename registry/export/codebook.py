"""The codebook as a file: a page to read, search and print, a CSV or a spreadsheet."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping, Sequence
from html import escape
from itertools import groupby
from pathlib import Path
from typing import Any

from registry.drawing.formats import FOR_SPREADSHEETS, by_ending
from registry.drawing.sheet import Cells, write_workbook
from registry.vocabulary import NULL_FLAVOUR_MEANINGS
from registry.whole_file import write_whole
from registry.words import language, spoken, tr

Rows = Sequence[Mapping[str, Any]]

COLUMNS = (
    "table",
    "column",
    "label",
    "key",
    "required",
    "written",
    "unit",
    "allowed",
    "meaning",
    "codes",
    "reason",
    "redaction",
)
CODE_COLUMNS = ("table", "column", "code", "meaning")

_STYLE = """
:root { color-scheme: light; }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 64rem; padding: 1.5rem 1rem 4rem;
  background: #fff; color: #1a1a1a;
  font: 1rem/1.5 system-ui, "Segoe UI", "Helvetica Neue", Arial, sans-serif; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 .5rem; }
h2 { font-size: 1.2rem; margin: 2.5rem 0 .2rem; border-top: 1px solid #ccc; padding-top: 1rem; }
h2 a, nav a, .index a { color: inherit; text-decoration-color: #999; }
p { margin: .3rem 0; color: #444; }
code { font: .92em ui-monospace, "Cascadia Mono", Menlo, Consolas, monospace; }
nav ul, .index ul { list-style: none; margin: .5rem 0; padding: 0; columns: 16rem; }
nav li, .index li { padding: .12rem 0; break-inside: avoid; }
nav span, .index span { color: #555; font-size: .88rem; }
table { border-collapse: collapse; width: 100%; table-layout: fixed; font-size: .92rem;
  margin: .6rem 0; }
thead th:nth-child(1) { width: 24%; } thead th:nth-child(2) { width: 17%; }
thead th:nth-child(3) { width: 8%; } thead th:nth-child(4) { width: 28%; }
thead th { border-bottom: 1px solid #1a1a1a; font-weight: 600; }
th, td { padding: .35rem .8rem .35rem 0; text-align: left; vertical-align: top; }
tbody tr { border-bottom: 1px solid #e3e3e3; }
tbody th { font-weight: 400; overflow-wrap: anywhere; }
tbody th code { font-weight: 600; }
tbody th .label { display: block; color: #444; }
tr:target { background: #fff3c4; }
.mark { display: inline-block; border: 1px solid #777; border-radius: .2rem; padding: 0 .3rem;
  font-size: .75rem; line-height: 1.3; white-space: nowrap; }
.key { background: #1a1a1a; border-color: #1a1a1a; color: #fff; }
td p { color: inherit; margin: 0 0 .2rem; }
dl { margin: 0; display: grid; grid-template-columns: max-content 1fr; gap: 0 .8rem; }
dd { margin: 0; color: #444; overflow-wrap: anywhere; }
@media (max-width: 44rem) {
  thead { display: none; }
  table, tbody, tr, th, td { display: block; }
  tbody tr { padding: .6rem 0; }
  th, td { padding: .05rem 0; }
  td:empty { display: none; }
  td[data-label]::before { content: attr(data-label) ": "; color: #666; }
  td[colspan]::before { display: block; }
}
@media print { body { max-width: none; padding: 0; font-size: 10pt; }
  h2 { break-after: avoid; } thead { display: table-header-group; }
  tbody tr { break-inside: avoid; } nav { break-after: page; } .index { display: none; } }
"""


def write_codebook(rows: Rows, descriptions: Mapping[str, str], path: Path) -> None:
    """Writes the codebook to `path`, whole or not at all.

    Args:
        rows: a row a variable, as `registry.models.codebook.codebook` gives them.
        descriptions: what a row of each table is.
        path: ends in .html, .csv or .xlsx.

    Raises WrongUsage for another ending and Refused where the file cannot be written.
    """
    writers: dict[str, Callable[[Path], None]] = {
        ".html": lambda part: _write_text(part, codebook_page(rows, descriptions)),
        ".csv": lambda part: _write_csv(part, rows),
        ".xlsx": lambda part: write_workbook(part, _tables(rows)),
    }
    write_whole(path, by_ending(path, writers))


def codebook_page(rows: Rows, descriptions: Mapping[str, str]) -> str:
    """A whole HTML document without scripts; every variable has the anchor `table.column`."""
    tables = {name: list(found) for name, found in groupby(rows, lambda row: row["table"])}
    contents = "".join(
        f'<li><a href="#{escape(name)}"><code>{escape(name)}</code></a> '
        f"<span>{escape(descriptions[name])}</span></li>"
        for name in tables
    )
    contents += f'<li><a href="#index">{escape(tr("All variables, A to Z"))}</a></li>'
    title = tr("Codebook of the registry")
    parts = [
        "<!DOCTYPE html>",
        f'<html lang="{language()}"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{escape(title)}</title>",
        f"<style>{_STYLE}</style></head><body>",
        f"<h1>{escape(title)}</h1>",
        f"<p>{escape(tr('One import file a table, named after it; columns in any order.'))} "
        f"{_mark_words()}</p>",
        f"<p>{escape(tr('Why a value is missing may stand in a column beside it:'))}</p>",
        _codes({code: spoken(words) for code, words in NULL_FLAVOUR_MEANINGS.items()}),
        f'<nav aria-label="{escape(tr("Tables"))}"><ul>{contents}</ul></nav>',
        *(_section(name, descriptions[name], found) for name, found in tables.items()),
        _index(rows),
        "</body></html>",
    ]
    return "\n".join(parts) + "\n"


def _mark_words() -> str:
    key = escape(tr("names the record, with the others of its table"))
    required = escape(tr("never empty"))
    return f"{_mark('key')} {key}; {_mark('required')} {required}."


def _mark(kind: str) -> str:
    words = {"key": tr("key"), "required": tr("required")}[kind]
    return f'<span class="mark {kind}">{escape(words)}</span>'


def _section(name: str, description: str, rows: Rows) -> str:
    heads = (tr("Column"), tr("Written"), tr("Unit"), tr("Allowed"), tr("Meaning"))
    head = "".join(f'<th scope="col">{escape(words)}</th>' for words in heads)
    body = "\n".join(_row(row, heads) for row in rows)
    return (
        f'<section><h2 id="{escape(name)}"><a href="#{escape(name)}">'
        f"<code>{escape(name)}</code></a></h2>\n<p>{escape(description)}</p>\n"
        f"<table><thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody></table></section>"
    )


def _row(row: Mapping[str, Any], heads: Sequence[str]) -> str:
    _, written, unit, allowed, meaning = heads
    marks = "".join(f" {_mark(kind)}" for kind in ("key", "required") if row[kind])
    words = escape(row["meaning"] or "")
    if row["codes"]:
        # The codes have meanings of their own, so they take the room of both columns.
        last = _cell(allowed, f"<p>{words}</p>" * bool(words) + _codes(row["codes"]), columns=2)
    else:
        is_said = row["allowed"] in (None, row["written"])
        last = _cell(allowed, "" if is_said else escape(row["allowed"])) + _cell(meaning, words)
    reason = f'<span class="label">{escape(row["reason"])}</span>' if row["reason"] else ""
    return (
        f'<tr id="{_anchor(row)}"><th scope="row"><code>{escape(row["column"])}</code>{marks}'
        f'<span class="label">{escape(row["label"])}</span>{reason}</th>'
        f"{_cell(written, escape(row['written']))}{_cell(unit, escape(row['unit'] or ''))}"
        f"{last}</tr>"
    )


def _cell(head: str, html: str, columns: int = 1) -> str:
    span = f' colspan="{columns}"' if columns > 1 else ""
    return f'<td{span} data-label="{escape(head)}">{html}</td>'


def _codes(codes: Mapping[str, str]) -> str:
    listed = "".join(
        f"<dt><code>{escape(code)}</code></dt><dd>{escape('' if code == meaning else meaning)}</dd>"
        for code, meaning in codes.items()
    )
    return f"<dl>{listed}</dl>"


def _index(rows: Rows) -> str:
    """Every variable by its label, the tables it stands in behind it."""
    by_label = sorted(rows, key=lambda row: (row["label"].lower(), row["table"]))
    entries = []
    for label, found in groupby(by_label, lambda row: row["label"]):
        links = ", ".join(
            f'<a href="#{_anchor(row)}"><code>{escape(row["table"])}</code></a>' for row in found
        )
        entries.append(f"<li>{escape(label)} <span>{links}</span></li>")
    return (
        f'<section class="index"><h2 id="index">{escape(tr("All variables, A to Z"))}</h2>\n'
        f"<ul>{''.join(entries)}</ul></section>"
    )


def _anchor(row: Mapping[str, Any]) -> str:
    return escape(f"{row['table']}.{row['column']}")


def _write_text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


def _write_csv(path: Path, rows: Rows) -> None:
    with path.open("w", encoding=FOR_SPREADSHEETS, newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(_plain(row) for row in rows)


def _tables(rows: Rows) -> dict[str, tuple[Sequence[str], Cells]]:
    """Two sheets: the variables, and the codes with their meanings."""
    codes = (
        (row["table"], row["column"], code, meaning)
        for row in rows
        for code, meaning in (row["codes"] or {}).items()
    )
    return {"variables": (COLUMNS, map(_plain, rows)), "codes": (CODE_COLUMNS, codes)}


def _plain(row: Mapping[str, Any]) -> list[str | None]:
    """The row's cells as text, in the order of COLUMNS."""
    codes = row["codes"] or {}
    texts = {
        **row,
        "codes": "; ".join(f"{code} = {meaning}" for code, meaning in codes.items()) or None,
        **{mark: "yes" if row[mark] else "no" for mark in ("key", "required")},
    }
    return [texts[column] for column in COLUMNS]
