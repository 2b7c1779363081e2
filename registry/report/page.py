"""The report as one HTML page that needs nothing else: no fonts, no files beside it."""

from __future__ import annotations

from html import escape

from registry.report import sections
from registry.report.html import definitions
from registry.report.preamble import Facts
from registry.report.telling import Content
from registry.report.whole_page import whole_page
from registry.views.headers import data_cut_of
from registry.words import in_english, tr


@in_english()
def page(content: Content, facts: Facts) -> str:
    """The report of one definition.

    Args:
        content: documents with their curves (`to_json(curves=True)`), and how each is told.
        facts: what the page says about itself.

    Returns:
        A whole HTML document; the same input gives the same text.
    """
    return whole_page(
        facts.title,
        _lead(facts),
        sections.build(content, facts),
        _footer(facts),
        nature=facts.nature,
    )


def _lead(facts: Facts) -> str:
    said = tr("Definition {name}.", name=facts.definition)
    if facts.parameters:
        said += " " + tr("Data cut {cut}.", cut=data_cut_of(facts.parameters))
    return said


def _footer(facts: Facts) -> str:
    words = tr(
        "The same data, definition and versions give the same page. Hashes are SHA-256: the first"
        " of the definition's parameters, the second of the rows of the views that were analysed."
    )
    return (
        f'<footer aria-labelledby="made-heading"><h2 id="made-heading">'
        f"{escape(tr('How this was made'))}</h2>\n<p>{escape(words)}</p>\n"
        f"{definitions(facts.made_of())}</footer>"
    )
