"""A validation as a page and as a Word document: requirements, what was found, who signs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from html import escape
from itertools import groupby
from pathlib import Path
from typing import Any

from registry.drawing.table import Table
from registry.report.html import Section, definitions, table
from registry.report.manuscript import write_tables
from registry.report.whole_page import whole_page
from registry.words import in_english, spoken, tr

Results = Sequence[Mapping[str, Any]]


@in_english()
def write_validation(results: Results, facts: Mapping[str, str], page: Path, word: Path) -> None:
    """Write both; `facts` are versions, the machine and the moment."""
    title = tr("Validation of the registry")
    passed = sum(bool(one["passed"]) for one in results)
    lead = tr("{passed} of {number} requirements hold.", passed=passed, number=len(results))
    tables = _tables(results)
    sections = [
        Section(f"part-{place}", one.title, table(one, f"table-{place}"))
        for place, one in enumerate(tables)
    ]
    footer = (
        f"<footer><h2>{escape(tr('How this was made'))}</h2>\n{definitions(facts.items())}</footer>"
    )
    page.write_text(whole_page(title, lead, sections, footer), encoding="utf-8")
    write_tables(title, lead, tables, facts.items(), word)


def _tables(results: Results) -> list[Table]:
    heads = tr("Requirement"), tr("Done"), tr("Expected"), tr("Found"), tr("Result")
    made = []
    for part, listed in groupby(results, lambda one: one["part"]):
        rows = tuple(
            (
                one["requirement"],
                one["done"],
                _told(one["expected"]),
                _told(one["found"]),
                tr("holds") if one["passed"] else tr("FAILS"),
            )
            for one in listed
        )
        made.append(Table(spoken(part), heads, rows, left=len(heads)))
    people = tr("Carried out by"), tr("Reviewed by"), tr("Approved by")
    fields = "", tr("Name"), tr("Date"), tr("Signature")
    note = tr("Or, with a password: registry sign file FILE --meaning approved")
    blank = tuple((one, " ", " ", " ") for one in people)
    return [*made, Table(tr("Signatures"), fields, blank, left=4, notes=(note,))]


def _told(value: Any) -> str:
    if isinstance(value, str):
        return spoken(value)
    if isinstance(value, dict):
        return ", ".join(f"{name} {_told(one)}" for name, one in value.items())
    return json.dumps(value)
