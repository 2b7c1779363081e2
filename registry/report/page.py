"""The report as one HTML page that needs nothing else: no fonts, no files beside it.

Its script, small and inline, sorts tables and reads values off curves; without it the page is
whole. A policy in the page forbids it to fetch anything.
"""

from __future__ import annotations

from html import escape
from importlib import resources

from registry.drawing.styles import style_sheet
from registry.records.registry_setting import data_cut_of
from registry.report import sections
from registry.report.html import definitions
from registry.report.preamble import Facts
from registry.report.telling import Content
from registry.words import in_english, tr

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'"


@in_english()
def page(content: Content, facts: Facts) -> str:
    """The report of one definition.

    Args:
        content: documents with their curves (`to_json(curves=True)`), and how each is told.
        facts: what the page says about itself.

    Returns:
        A whole HTML document; the same input gives the same text.
    """
    made = sections.build(content, facts)
    contents = "".join(
        f'<li><a href="#{one.identity}">{escape(one.heading)}</a></li>' for one in made
    )
    body = "".join(
        f'<section id="{one.identity}" aria-labelledby="{one.identity}-heading">'
        f'<h2 id="{one.identity}-heading">{escape(one.heading)}</h2>\n{one.html}</section>\n'
        for one in made
    )
    nature = f'<p class="nature">{escape(facts.nature)}</p>' if facts.nature else ""
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{_POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(facts.title)}</title>
<style>
{_asset("page.css")}{style_sheet()}</style>
</head>
<body>
<a class="skip" href="#content">{escape(tr("Skip to the content"))}</a>
<header>
<h1>{escape(facts.title)}</h1>
<p class="lead">{escape(_lead(facts))}</p>
{nature}
</header>
<div class="layout">
<nav aria-labelledby="contents-heading"><h2 id="contents-heading">{escape(tr("Contents"))}</h2>
<ol>{contents}</ol></nav>
<main id="content">
{body}</main>
</div>
{_footer(facts)}
<script>
{_asset("page.js")}</script>
</body>
</html>
"""


def _asset(name: str) -> str:
    return (resources.files("registry.report") / name).read_text(encoding="utf-8")


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
