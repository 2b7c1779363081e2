"""Rows of the audit as a page for an inspector, in the style of the report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from html import escape
from typing import Any

from registry.drawing.table import Table
from registry.report.html import Section, definitions, paragraph, table
from registry.report.whole_page import whole_page
from registry.words import in_english, tr


@in_english()
def audit_page(
    rows: Sequence[Mapping[str, Any]], asked: Mapping[str, Any], facts: Mapping[str, Any]
) -> str:
    """A whole HTML document.

    Args:
        rows: of `inspection.audit_row`, each with its values in words under `told`.
        asked: what they were chosen by.
        facts: name -> what the page rests on.
    """
    by_change: dict[int, list[Mapping[str, Any]]] = {}
    for row in rows:
        by_change.setdefault(row["change_id"], []).append(row)
    chosen = [(name, str(value)) for name, value in asked.items()] or [
        (tr("rows"), tr("all of them"))
    ]
    sections = [
        Section("asked", tr("What was asked for"), definitions(chosen)),
        Section("changes", tr("Changes"), _changes(by_change)),
        Section("rows", tr("What was changed"), _rows(rows)),
    ]
    lead = tr(
        "{rows:,|row|rows} of the audit in {changes:,|change|changes}.",
        rows=len(rows),
        changes=len(by_change),
    )
    made = [(str(name), str(value)) for name, value in facts.items()]
    footer = (
        f'<footer aria-labelledby="made-heading"><h2 id="made-heading">'
        f"{escape(tr('How this was made'))}</h2>\n{definitions(made)}</footer>"
    )
    return whole_page(tr("Audit"), lead, sections, footer)


def _changes(by_change: Mapping[int, Sequence[Mapping[str, Any]]]) -> str:
    header = ("Change", "When", "Who", "Login", "Command", "Reason", "Rows", "Seal")
    lines = tuple(
        (
            str(number),
            moment(rows[0]["changed_at"]),
            *(_text(rows[0][name]) for name in ("changed_by", "login", "command", "reason")),
            f"{len(rows):,}",
            _text(rows[0]["seal_number"]),
        )
        for number, rows in by_change.items()
    )
    if not lines:
        return paragraph(tr("There is none."), "none")
    title = tr("Each change: who, when, by which command and why")
    return table(Table(title, header, lines, left=6), "changes-table", sortable=True)


def _rows(rows: Sequence[Mapping[str, Any]]) -> str:
    header = ("Change", "Table", "Patient", "Record", "What", "Values")
    lines = tuple(
        (
            str(row["change_id"]),
            _text(row["table_name"]),
            _patient(row),
            _text(row["record_id"] if row["key"] is None else _key(row["key"])),
            _text(row["operation"]),
            row["told"],
        )
        for row in rows
    )
    if not lines:
        return paragraph(tr("There is none."), "none")
    title = tr("Each row, in the order of commits; of an update the value before and after")
    return table(Table(title, header, lines, left=6), "rows-table", sortable=True)


def moment(at: datetime) -> str:
    """To the second, with its offset."""
    return at.isoformat(sep=" ", timespec="seconds")


def _patient(row: Mapping[str, Any]) -> str:
    if row["is_erased"]:
        return tr("erased, number {number}", number=row["patient_number"])
    return _text(row["patient_id"])


def _key(key: Mapping[str, Any]) -> str:
    return ", ".join(str(value) for value in key.values())


def _text(value: Any) -> str:
    return "" if value is None else str(value)
