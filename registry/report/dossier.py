"""The registry described for an authority: each item with its numbers, read from the database."""

from __future__ import annotations

import json
from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, text

from registry import __version__
from registry.drawing.formats import by_ending
from registry.report.dossier_items import ITEMS
from registry.report.html import Section, definitions, paragraph
from registry.report.whole_page import whole_page
from registry.whole_file import write_whole
from registry.words import in_english

TITLE = "Dossier of the registry"
SOURCES = (
    "Guideline on registry-based studies, EMA/426390/2021 (22 October 2021), annex",
    "Registry Evaluation and Quality Standards Tool (REQueST), EUnetHTA JA3 WP5B2, 2019",
)
TO_STATE = "To be stated by the registry's holder"
NONE = "none"
NOT_TOLD = "not told"

Document = dict[str, Any]


def dossier(connection: Connection, definition: str, *, fewest: int | None = None) -> Document:
    """The document: items, each with its facts.

    With `fewest` a number of children between none and that is told as fewer. This is no proof, as
    of tables that `disclosure` publishes: other numbers may tell of it together.
    """
    items = [
        {
            "item": item.key,
            "heading": item.heading,
            "ema": item.ema,
            "request": item.request,
            "facts": _facts(connection, item.sql, definition, fewest) if item.sql else [],
            "to_state": item.to_state or None,
        }
        for item in ITEMS
    ]
    return {
        "document": "dossier",
        "sources": list(SOURCES),
        "definition": definition,
        "fewest_children_told": fewest,
        "program_version": __version__,
        "items": items,
    }


def _facts(
    connection: Connection, sql: str, definition: str, fewest: int | None
) -> list[dict[str, str]]:
    """What the query gives. Where one number is too small the others of its item are not told but
    the greatest, since it could be worked out from them."""
    # Not every query names a definition.
    values = {"definition": definition} if ":definition" in sql else {}
    rows = connection.execute(text(sql), values).mappings().all()
    counts = [int(row["value"] or 0) for row in rows if row["of_children"]]
    few = [count for count in counts if fewest and 0 < count < fewest]
    told = []
    for row in rows:
        value = NONE if row["value"] is None else row["value"]
        count = int(row["value"] or 0) if row["of_children"] else 0
        if count in few:
            value = f"fewer than {fewest}"
        elif few and 0 < count < max(counts):
            value = NOT_TOLD
        told.append({"fact": row["fact"], "value": value})
    return told


def write_dossier(document: Document, path: Path) -> None:
    """Writes it as a page, Markdown or JSON, by its ending; whole or not at all.

    Raises WrongUsage for another ending and Refused where it cannot be written.
    """
    writers: dict[str, Callable[[Document], str]] = {
        ".html": _page,
        ".md": _markdown,
        ".json": lambda told: json.dumps(told, indent=2, ensure_ascii=False) + "\n",
    }
    writer = by_ending(path, writers)
    with in_english():
        text = writer(document)
    write_whole(path, lambda part: part.write_text(text, encoding="utf-8"))


def _markdown(document: Document) -> str:
    lines = [f"# {TITLE}", "", *(f"- {source}" for source in document["sources"]), ""]
    lines += [f"Definition {document['definition']}; program {document['program_version']}.", ""]
    for item in document["items"]:
        lines += [f"## {item['heading']}", "", f"EMA {item['ema']}. REQueST {item['request']}.", ""]
        if item["facts"]:
            lines += ["| fact | value |", "|---|---|"]
            lines += [f"| {_cell(one['fact'])} | {_cell(one['value'])} |" for one in item["facts"]]
            lines.append("")
        if item["to_state"]:
            lines += [f"*{TO_STATE}:* {item['to_state']}", ""]
    return "\n".join(lines)


def _cell(words: str) -> str:
    return words.replace("|", "\\|").replace("\n", " ")


def _page(document: Document) -> str:
    sections = []
    for item in document["items"]:
        html = paragraph(f"EMA {item['ema']}. REQueST {item['request']}.")
        if item["facts"]:
            html += definitions([(one["fact"], one["value"]) for one in item["facts"]])
        if item["to_state"]:
            html += paragraph(f"{TO_STATE}: {item['to_state']}")
        sections.append(Section(item["item"], item["heading"], html))
    lead = f"Definition {document['definition']}; program {document['program_version']}."
    sources = "".join(f"<li>{escape(source)}</li>" for source in document["sources"])
    return whole_page(TITLE, lead, sections, f"<footer><ul>{sources}</ul></footer>")
