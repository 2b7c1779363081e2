"""What every page of ours is: one HTML document that needs nothing beside it.

Its script, small and inline, sorts tables and reads values off curves; without it the page is
whole. A policy in the page forbids it to fetch anything.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from importlib import resources

from registry.drawing.styles import style_sheet
from registry.report.html import Section
from registry.words import tr

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'"


def whole_page(
    title: str, lead: str, sections: Sequence[Section], footer: str, *, nature: str = ""
) -> str:
    """A whole HTML document; `nature` says what the data are, for example that they are made up."""
    contents = "".join(
        f'<li><a href="#{one.identity}">{escape(one.heading)}</a></li>' for one in sections
    )
    body = "".join(
        f'<section id="{one.identity}" aria-labelledby="{one.identity}-heading">'
        f'<h2 id="{one.identity}-heading">{escape(one.heading)}</h2>\n{one.html}</section>\n'
        for one in sections
    )
    told = f'<p class="nature">{escape(nature)}</p>' if nature else ""
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{_POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)}</title>
<style>
{_asset("page.css")}{style_sheet()}</style>
</head>
<body>
<a class="skip" href="#content">{escape(tr("Skip to the content"))}</a>
<header>
<h1>{escape(title)}</h1>
<p class="lead">{escape(lead)}</p>
{told}
</header>
<div class="layout">
<nav aria-labelledby="contents-heading"><h2 id="contents-heading">{escape(tr("Contents"))}</h2>
<ol>{contents}</ol></nav>
<main id="content">
{body}</main>
</div>
{footer}
<script>
{_asset("page.js")}</script>
</body>
</html>
"""


def _asset(name: str) -> str:
    return (resources.files("registry.report") / name).read_text(encoding="utf-8")
