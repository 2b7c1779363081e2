"""The report as one HTML page that needs nothing else: no scripts, no fonts, no files beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

from registry.report import figure
from registry.report.tables import LAYOUTS, Document, Table, lower_first
from registry.words import in_english

_ORDER = ("flow", "table1", "km", "table2", "cox", "tdm", "outcomes")
_HEADINGS = {
    "flow": "Patients",
    "table1": "At the first infusion",
    "km": "Loss of response over time",
    "table2": "One covariate at a time",
    "cox": "Several covariates together",
    "tdm": "Drug levels at week 14",
    "outcomes": "After the loss of response",
}

_STYLE = """
:root { color-scheme: light; }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 54rem; padding: 1.5rem 1rem 4rem;
  background: #fff; color: #1a1a1a;
  font: 1rem/1.5 system-ui, "Segoe UI", "Helvetica Neue", Arial, sans-serif; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 .5rem; }
h2 { font-size: 1.15rem; margin: 2.5rem 0 .5rem; border-top: 1px solid #ccc; padding-top: 1rem; }
p { margin: .4rem 0; max-width: 46rem; overflow-wrap: anywhere; }
.nature { background: #fff6dd; border-left: .3rem solid #c8641b; padding: .6rem .8rem; }
.note, figcaption, dl { color: #444; font-size: .9rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: .92rem; margin: .5rem 0; min-width: 60%;
  border-top: 2px solid #1a1a1a; border-bottom: 2px solid #1a1a1a;
  font-variant-numeric: tabular-nums; }
figcaption { padding-bottom: .1rem; }
th, td { padding: .18rem .7rem .18rem 0; text-align: right; white-space: nowrap;
  vertical-align: top; }
th:last-child, td:last-child { padding-right: 0; }
thead th { border-bottom: 1px solid #1a1a1a; font-weight: 600; }
tbody th { font-weight: 400; white-space: normal; min-width: 11rem; }
th:first-child { text-align: left; }
figure { margin: 1rem 0; }
figure svg { display: block; width: 100%; max-width: 46rem; min-width: 34rem; height: auto; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .1rem 1rem; }
dt { font-weight: 600; } dd { margin: 0; overflow-wrap: anywhere; }
@media (max-width: 40rem) { table { font-size: .85rem; } th, td { padding-right: .5rem; }
  tbody th { min-width: 8rem; } }
@media print { body { max-width: none; padding: 0; } h2 { break-after: avoid; }
  table, figure { break-inside: avoid; } figure svg { min-width: 0; } }
"""


@dataclass(frozen=True)
class Facts:
    """What the page says about itself.

    `nature` says what the data are, for example that they are synthetic; `versions` names each
    piece of software, and whatever else is worth keeping, with its version; nothing on the page
    depends on the clock, so a date stands there only if it is among them. `time_zero` is what the
    months of the curves are counted from.
    """

    title: str
    definition: str
    definition_hash: str
    nature: str
    versions: Mapping[str, str]
    time_zero: str = "the first infusion"


@in_english()
def page(
    documents: Mapping[str, Document | str],
    facts: Facts,
    *,
    curves_by: Sequence[Document | str] = (),
) -> str:
    """The report of one definition.

    Args:
        documents: by the names of the `registry analyse` commands (`flow`, `table1`, `table2`,
            `km`, `cox`, `tdm`, `outcomes`), each a document, or a sentence that says why there is
            none; one that is absent is left out. `km` has curves (`to_json(curves=True)`).
        facts: what the page says about itself.
        curves_by: further Kaplan-Meier documents, by a covariate, with curves; or sentences.

    Returns:
        A whole HTML document; the same input gives the same text.
    """
    parts = [
        "<!DOCTYPE html>",
        '<html lang="en"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{escape(facts.title)}</title>",
        f"<style>{_STYLE}</style></head><body>",
        f"<h1>{escape(facts.title)}</h1>",
        f'<p class="nature">{escape(facts.nature)}</p>',
    ]
    for name in _ORDER:
        if name not in documents:
            continue
        parts.append(f"<section><h2>{_HEADINGS[name]}</h2>")
        parts.append(_section(name, documents[name], name, facts))
        if name == "km":
            parts += [
                _section("km", one, f"km{i}", facts) for i, one in enumerate(curves_by, start=1)
            ]
        parts.append("</section>")
    parts.append(_about(facts))
    parts.append("</body></html>")
    return "\n".join(parts) + "\n"


def _section(name: str, document: Document | str, prefix: str, facts: Facts) -> str:
    if isinstance(document, str):
        return f'<p class="note">{escape(document)}</p>'
    table = html_table(LAYOUTS[name](document))
    return _figure(document, prefix, facts) + table if name == "km" else table


def _figure(document: Document, prefix: str, facts: Facts) -> str:
    by = f" by {lower_first(document['by_label'])}" if document["by"] else ""
    drawing = figure.inline_svg(
        figure.cumulative_incidence(document, time_zero=facts.time_zero),
        prefix,
        f"Kaplan-Meier curve: cumulative incidence of loss of response{by}; numbers in the table"
        " that follows",
    )
    return f'<figure><div class="wide" tabindex="0">{drawing}</div></figure>\n'


def html_table(table: Table) -> str:
    """A table with its caption, results and notes as HTML."""
    head = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in table.header)
    body = "\n".join(f"<tr>{_cells(row)}</tr>" for row in table.rows)
    lines = "".join(f"<p>{escape(line)}</p>" for line in table.lines)
    notes = "".join(f'<p class="note">{escape(note)}</p>' for note in table.notes)
    return (
        f"<figure><figcaption>{escape(table.title)}</figcaption>\n"
        f'<div class="wide" tabindex="0"><table aria-label="{escape(table.title)}">\n'
        f"<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody></table></div></figure>\n"
        f"{lines}{notes}"
    )


def _cells(row: tuple[str, ...]) -> str:
    indent = (len(row[0]) - len(row[0].lstrip())) / 2
    style = f' style="padding-left:{indent:g}em"' if indent else ""
    first = f'<th scope="row"{style}>{escape(row[0].strip())}</th>'
    return first + "".join(f"<td>{escape(cell)}</td>" for cell in row[1:])


def _about(facts: Facts) -> str:
    entries = {
        "Definition": facts.definition,
        "Hash of the definition": facts.definition_hash,
        **facts.versions,
    }
    rows = "".join(f"<dt>{escape(k)}</dt><dd>{escape(v)}</dd>" for k, v in entries.items())
    return f"<section><h2>How this was made</h2><dl>{rows}</dl></section>"
