"""The sections of a report, each made of the documents that it shows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from html import escape

from registry.drawing.numbers import MISSING, limits, months, percent
from registry.report import html, methods, strobe
from registry.report.further_tables import TABLES
from registry.report.model_tables import name_of
from registry.report.preamble import Facts
from registry.report.svg_curves import (
    competing_as_curves,
    curves_title,
    incidence_curves,
    readings,
)
from registry.report.svg_flow import flow_diagram
from registry.report.svg_forest import Ratio, forest_plot
from registry.report.svg_roc import roc_plot
from registry.report.svg_specifications import specification_curve
from registry.report.svg_troughs import level_dots
from registry.report.tables import Document, Table
from registry.words import tr


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
    notes: dict[str, str] = field(default_factory=dict)

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
        numbered = replace(laid_out, title=title)
        self.tables.append((identity, numbered))
        shown = replace(numbered, notes=self._new_notes(numbered))
        return html.table(shown, identity, sortable=sortable)

    def _new_notes(self, laid_out: Table) -> tuple[str, ...]:
        """The notes that no table before had; for the others where they stand."""
        own = laid_out.title.partition(".")[0]
        before = dict.fromkeys(self.notes[note] for note in laid_out.notes if note in self.notes)
        new = [note for note in laid_out.notes if note not in self.notes]
        self.notes |= dict.fromkeys(new, own)
        if before:
            new.append(tr("As noted under {tables}.", tables=", ".join(before)))
        return tuple(new)

    def layout(self, name: str, *, sortable: bool = False) -> str:
        """The document's tables, or the sentence in their place."""
        document = self.documents.get(name)
        if document is None:
            return ""
        if isinstance(document, str):
            return html.paragraph(document, "none")
        return self.laid_out(name, document, sortable=sortable)

    def laid_out(
        self, name: str, document: Document, *, identity: str = "", sortable: bool = False
    ) -> str:
        """Every table of one document."""
        stem = f"table-{identity or name}"
        return "".join(
            self.table(one, f"{stem}-{number}" if number else stem, sortable=sortable)
            for number, one in enumerate(TABLES[name](document))
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
        ("competing", tr("What competes with the loss"), _competing),
        ("single", tr("One covariate at a time"), lambda r: r.layout("table2", sortable=True)),
        ("several", tr("Several covariates together"), _several),
        ("sound", tr("The sound analysis beside the published"), _sound),
        ("sensitivity", tr("Every reading of the rules"), _sensitivity),
        ("levels", tr("Drug levels"), _levels),
        ("losses", tr("After the loss of response"), _losses),
        ("genes", tr("Genes"), _genes),
        ("risk", tr("Prediction at week 14"), lambda r: r.layout("risk")),
        (
            "quality",
            tr("Data quality"),
            lambda r: r.layout("missing", sortable=True) + r.layout("quality", sortable=True),
        ),
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
    return drawn + report.laid_out("km", document, identity=identity)


def _competing(report: Report) -> str:
    document = report.found("cuminc")
    if document is None:
        return report.layout("cuminc")
    curves = competing_as_curves(document)
    title = tr("Cumulative incidence of each of the competing events")
    drawn = html.figure(
        report.caption(title),
        lambda prefix, width: incidence_curves(
            curves, prefix, width, time_zero=report.facts.time_zero, title=title
        ),
        "figure-cuminc",
        note=tr("Aalen-Johansen estimates; bands are 95 % limits."),
        data=readings(curves),
    )
    return drawn + report.layout("cuminc")


def _sound(report: Report) -> str:
    document = report.found("compared")
    drawn = ""
    if document is not None:
        rows = [
            _ratio(one, key, number)
            for one in document["covariates"]
            for number, key in enumerate(("published", "sound"))
        ]
        title = tr("Hazard ratios as published and from the sound analysis")
        drawn = html.figure(
            report.caption(title),
            lambda prefix, width: forest_plot(
                rows, prefix, width, title=title, series=(tr("As published"), tr("Sound"))
            ),
            "figure-compared",
        )
    return report.layout("compared", sortable=True) + drawn + report.layout("km_sound")


def _ratio(covariate: Document, key: str, series: int) -> Ratio:
    """The estimate of one analysis of the comparison; empty where it has none."""
    found = covariate[key] or {}
    return Ratio(
        name_of(covariate), found.get("hr"), found.get("hr_lower"), found.get("hr_upper"), series
    )


def _sensitivity(report: Report) -> str:
    document = report.found("sensitivity")
    if document is None:
        return report.layout("sensitivity")
    drawn = ""
    if any(term for one in document["specifications"] for term in one["terms"].values()):
        drawn = html.figure(
            report.caption(tr("Hazard ratios under every reading of the rules")),
            lambda prefix, width: specification_curve(document, prefix, width),
            "figure-sensitivity",
            note=tr("Lines are 95 % limits; the level line is a ratio of 1."),
        )
    return drawn + report.layout("sensitivity", sortable=True)


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
    tdm = report.found("tdm")
    if tdm is None:
        return drawn + report.layout("tdm")
    roc = ""
    if tdm.get("roc"):
        roc = html.figure(
            report.caption(tr("ROC curve of the week-14 trough for a later loss of response")),
            lambda prefix, width: roc_plot(tdm["roc"], prefix, width),
            "figure-roc",
            note=tr("The band holds 95 % of the bootstrap samples."),
        )
    return drawn + report.laid_out("tdm", {**tdm, "mechanisms": None}) + roc


def _losses(report: Report) -> str:
    tdm = report.found("tdm")
    parts = [report.layout("outcomes")]
    if tdm and tdm.get("mechanisms"):
        parts.append(report.laid_out("mechanisms", tdm))
    return "".join([*parts, report.layout("losses")])


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
