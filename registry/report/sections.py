"""The sections of a report, each made of the documents that it shows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from html import escape

from registry.report import html, methods, strobe
from registry.report.drawing_curves import curves_title, incidence_curves, readings
from registry.report.drawing_flow import flow_diagram
from registry.report.drawing_forest import Ratio, forest_plot
from registry.report.drawing_levels import level_dots
from registry.report.facts import Facts
from registry.report.further_tables import FURTHER
from registry.report.numbers import MISSING, limits, months, percent
from registry.report.tables import LAYOUTS, Document, Table
from registry.words import tr

NAMES = (
    "flow",
    "table1",
    "km",
    "table2",
    "cox",
    "tdm",
    "levels",
    "outcomes",
    "losses",
    "genes",
    "missing",
)
"""The documents that a page can show; `levels`, `losses`, `genes` are rows beside analyses."""


@dataclass(frozen=True)
class Section:
    """A part of the page under one heading."""

    identity: str
    heading: str
    html: str


@dataclass
class Report:
    """What the sections are made from, and the numbers of figures and tables given so far."""

    documents: Mapping[str, Document | str]
    facts: Facts
    curves_by: Sequence[Document | str] = ()
    figures: int = 0
    further_tables: int = 0
    there: list[str] = field(default_factory=list)
    tables: list[tuple[str, Table]] = field(default_factory=list)

    def found(self, name: str) -> Document | None:
        """The document, where there is one and not a sentence."""
        document = self.documents.get(name)
        return None if isinstance(document, str) else document

    def table(self, laid_out: Table, identity: str, *, sortable: bool = False) -> str:
        """A table with its number; that of a paper has its own."""
        title = laid_out.title.removesuffix(f" (definition: {self.facts.definition})")
        if not title.startswith("Table "):
            self.further_tables += 1
            title = tr("Table S{number}. {title}", number=self.further_tables, title=title)
        laid_out = replace(laid_out, title=title)
        self.tables.append((identity, laid_out))
        return html.table(laid_out, identity, sortable=sortable)

    def layout(self, name: str, *, sortable: bool = False) -> str:
        """The document's tables, or the sentence in their place."""
        document = self.documents.get(name)
        if document is None:
            return ""
        if isinstance(document, str):
            return html.paragraph(document, "none")
        return self.table(
            {**LAYOUTS, **FURTHER}[name](document), f"table-{name}", sortable=sortable
        )

    def caption(self, title: str) -> str:
        """The title with the next number of a figure."""
        self.figures += 1
        return tr("Figure {number}. {title}", number=self.figures, title=title)


def build(
    documents: Mapping[str, Document | str], facts: Facts, curves_by: Sequence[Document | str] = ()
) -> list[Section]:
    """The sections that the documents give, in the order of the page."""
    return _build(Report(documents, facts, curves_by))


def tables(
    documents: Mapping[str, Document | str], facts: Facts, curves_by: Sequence[Document | str] = ()
) -> list[tuple[str, Table]]:
    """The tables of those sections with their numbers, each with its id."""
    report = Report(documents, facts, curves_by)
    _build(report)
    return report.tables


def _build(report: Report) -> list[Section]:
    made: list[Section] = []
    for identity, heading, content in _sections():
        written = content(report)
        if written:
            made.append(Section(identity, heading, written))
            report.there.append(identity)
    return made


def _sections() -> tuple[tuple[str, str, Callable[[Report], str]], ...]:
    return (
        ("glance", tr("At a glance"), _glance),
        ("patients", tr("Patients"), _patients),
        ("baseline", tr("At the first infusion"), lambda r: r.layout("table1")),
        ("curves", tr("Loss of response over time"), _curves),
        ("single", tr("One covariate at a time"), lambda r: r.layout("table2", sortable=True)),
        ("several", tr("Several covariates together"), _several),
        ("levels", tr("Drug levels"), _levels),
        ("losses", tr("After the loss of response"), _losses),
        ("genes", tr("Genes"), _genes),
        ("quality", tr("Data quality"), lambda r: r.layout("missing", sortable=True)),
        ("methods", tr("Methods"), _methods),
        ("definition", tr("The definition"), _definition),
        ("strobe", tr("STROBE"), _strobe),
    )


def _glance(report: Report) -> str:
    flow, km = report.found("flow"), report.found("km")
    entries: list[tuple[str, str]] = []
    if flow:
        share = percent(flow["events"] / flow["eligible"] if flow["eligible"] else None)
        entries += [
            (tr("children in the cohort, of {n}", n=flow["registered"]), str(flow["eligible"])),
            (tr("lost response"), f"{flow['events']} ({share} %)"),
        ]
    if km:
        group = km["groups"][0]
        for one in group["estimates"]:
            if one["cumulative_incidence"] is None:
                continue
            bounds = limits(_hundredfold(one["lower"]), _hundredfold(one["upper"]), 1)
            entries.append(
                (
                    tr(
                        "had lost response by {months} months ({limits})",
                        months=f"{one['at_months']:g}",
                        limits=bounds,
                    ),
                    f"{percent(one['cumulative_incidence'])} %",
                )
            )
        entries.append((tr("median months to the loss"), months(group["median_months"])))
    return html.definitions(entries, "figures") if entries else ""


def _patients(report: Report) -> str:
    flow = report.found("flow")
    if flow is None:
        return report.layout("flow")
    outcomes = report.found("outcomes")
    drawn = html.figure(
        report.caption(tr("Flow of patients")),
        lambda prefix, width: flow_diagram(flow, outcomes, prefix, width),
        "figure-flow",
    )
    return drawn + html.folded(tr("The same as a table"), report.layout("flow"))


def _curves(report: Report) -> str:
    parts = [_incidence(report, report.documents.get("km"), "km")]
    for number, document in enumerate(report.curves_by, start=1):
        parts.append(_incidence(report, document, f"km{number}"))
    return "".join(parts)


def _incidence(report: Report, document: Document | str | None, identity: str) -> str:
    """A figure of curves with its table."""
    if document is None:
        return ""
    if isinstance(document, str):
        return html.paragraph(document, "none")
    above = f"<h3>{escape(curves_title(document))}</h3>\n" if document["by"] else ""
    drawn = above + html.figure(
        report.caption(curves_title(document)),
        lambda prefix, width: incidence_curves(
            document, prefix, width, time_zero=report.facts.time_zero
        ),
        f"figure-{identity}",
        note=tr("Bands are 95 % limits, ticks are censored patients."),
        data=readings(document),
    )
    return drawn + report.table(LAYOUTS["km"](document), f"table-{identity}")


def _several(report: Report) -> str:
    document = report.found("cox")
    if document is None:
        return report.layout("cox")
    rows = [
        Ratio(
            f"{term['label']}: {term['level']} against {term['other_level']}",
            term["hr"],
            term["hr_lower"],
            term["hr_upper"],
        )
        for term in document["terms"]
    ]
    title = tr("Hazard ratios of loss of response")
    table = report.layout("cox", sortable=True)
    drawn = html.figure(
        report.caption(title),
        lambda prefix, width: forest_plot(rows, prefix, width, title=title),
        "figure-cox",
    )
    return table + drawn


def _levels(report: Report) -> str:
    levels = report.found("levels")
    drawn = ""
    if levels is not None and any(group["levels"] for group in levels["groups"]):
        drawn = html.figure(
            report.caption(tr("Trough of infliximab at week 14 by outcome")),
            lambda prefix, width: level_dots(levels, prefix, width),
            "figure-levels",
            note=tr("A dot is a patient, a bar the mean; an open dot is a limit of the assay."),
        )
    return drawn + report.layout("tdm")


def _losses(report: Report) -> str:
    return report.layout("outcomes") + report.layout("losses")


def _genes(report: Report) -> str:
    genes = report.documents.get("genes")
    if isinstance(genes, str):
        return html.paragraph(genes, "none")
    return report.layout("genes")


def _methods(report: Report) -> str:
    parts: list[str] = []
    if report.facts.parameters:
        for heading, sentences in methods.methods(report.facts.parameters):
            parts.append(f"<h3>{escape(heading)}</h3>\n")
            parts += [html.paragraph(one) for one in sentences]
    said = list(dict.fromkeys(_methods_said([*report.documents.values(), *report.curves_by])))
    if said:
        parts.append(f"<h3>{escape(tr('Statistics'))}</h3>\n")
        parts += [html.paragraph(one) for one in said]
    return "".join(parts)


def _methods_said(documents: Iterable[Document | str]) -> Iterable[str]:
    for document in documents:
        if not isinstance(document, str) and document.get("method"):
            yield document["method"]


def _definition(report: Report) -> str:
    if not report.facts.parameters:
        return ""
    rows = tuple(methods.parameter_rows(report.facts.parameters))
    laid_out = Table(
        title=tr("Parameters of the definition {name}", name=report.facts.definition),
        header=(tr("Parameter"), tr("Value"), tr("Origin")),
        rows=rows,
        left=3,
    )
    return report.table(laid_out, "table-definition")


def _strobe(report: Report) -> str:
    headings = {identity: heading for identity, heading, _ in _sections()}
    rows = []
    for item, there in strobe.covered(report.there):
        where = ", ".join(headings[one] for one in there) or MISSING
        rows.append((item.number, item.asks, where, item.left))
    laid_out = Table(
        title=tr("Items of STROBE for cohort studies, and where this report covers them"),
        header=(tr("Item"), tr("Asks for"), tr("Covered in"), tr("Still to write")),
        rows=tuple(rows),
        left=4,
        notes=(tr("STROBE: von Elm et al., Lancet 2007;370:1453-7."),),
    )
    return report.table(laid_out, "table-strobe")


def _hundredfold(share: float | None) -> float | None:
    return None if share is None else 100 * share
