"""The sections of a report, each made of the documents that it shows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from html import escape

from registry.drawing.numbers import limits, months, number, percent
from registry.drawing.table import hundredfold, in_steps
from registry.report import html, methods_text, strobe, tdm_tables, tripod
from registry.report.figures.calibration import calibration_plot
from registry.report.figures.curves import competing_as_curves, curves_title, incidence_curves
from registry.report.figures.flow import flow_diagram
from registry.report.figures.forest import compared_forest, cox_forest
from registry.report.figures.imputed import imputed_against_known
from registry.report.figures.performance import auc_plot, brier_plot
from registry.report.figures.readings import readings
from registry.report.figures.roc import roc_plot
from registry.report.figures.specifications import reading_note, specification_curve
from registry.report.figures.troughs import level_dots
from registry.report.preamble import Facts
from registry.report.tables import Document, Table
from registry.report.telling import Content
from registry.words import note, spoken, tr


@dataclass
class Report:
    """What the sections are made from, and the numbers of figures and tables given so far."""

    content: Content
    facts: Facts
    figures: int = 0
    further_tables: int = 0
    there: list[str] = field(default_factory=list)
    tables: list[tuple[str, Table]] = field(default_factory=list)
    notes: dict[str, str] = field(default_factory=dict)

    def found(self, name: str) -> Document | None:
        """The document, where there is one and not a sentence."""
        document = self.content.documents.get(name)
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

    def layout(self, name: str) -> str:
        """The document's tables, or the sentence in their place."""
        document = self.content.documents.get(name)
        if document is None:
            return ""
        if isinstance(document, str):
            return html.paragraph(document, "none")
        return self.laid_out(name, document)

    def laid_out(self, name: str, document: Document, *, identity: str = "") -> str:
        """Every table of one document."""
        told = self.content.tellings[name]
        return "".join(
            self.table(
                one,
                f"table-{identity or name}" + (f"-{number}" if number else ""),
                sortable=told.sortable,
            )
            for number, one in enumerate(told.laid_out(document))
        )

    def caption(self, title: str) -> str:
        """The title with the next number of a figure."""
        self.figures += 1
        return tr("Figure {number}. {title}", number=self.figures, title=title)


def build(content: Content, facts: Facts) -> list[html.Section]:
    """The sections that the documents give, in the order of the page."""
    return _build(Report(content, facts))


def tables(content: Content, facts: Facts) -> list[tuple[str, Table]]:
    """The tables of those sections with their numbers, each with its id."""
    report = Report(content, facts)
    _build(report)
    return report.tables


def _build(report: Report) -> list[html.Section]:
    headings = _headings(report)
    made: list[html.Section] = []
    for identity, write in PAGE.items():
        written = write(report) if write else _documents(report, identity)
        if written:
            made.append(html.Section(identity, headings[identity], written))
            report.there.append(identity)
    return made


def _headings(report: Report) -> dict[str, str]:
    told = {one.section: one.heading for one in report.content.tellings.values() if one.heading}
    return {identity: spoken(words) for identity, words in {**told, **OWN_HEADINGS}.items()}


def _documents(report: Report, section: str) -> str:
    """The tables of every document of a section."""
    tellings = report.content.tellings.values()
    return "".join(report.layout(one.name) for one in tellings if one.section == section)


def _glance(report: Report) -> str:
    flow, km = report.found("flow"), report.found("km")
    entries: list[tuple[str, str]] = []
    if flow:
        lost = number(flow["events"])
        if flow["events"] is not None:
            share = percent(flow["events"] / flow["eligible"] if flow["eligible"] else None)
            lost += f" ({share} %)"
        entries += [
            (
                tr("children in the cohort, of {n}", n=number(flow["registered"])),
                number(flow["eligible"]),
            ),
            (tr("lost response"), lost),
        ]
    if km:
        group = km["groups"][0]
        for one in group["estimates"]:
            if one["cumulative_incidence"] is None:
                continue
            bounds = limits(hundredfold(one["lower"]), hundredfold(one["upper"]), 1)
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
        report.caption,
        lambda prefix, width: flow_diagram(flow, outcomes, prefix, width),
        "figure-flow",
    )
    return drawn + html.folded(tr("The same as a table"), report.layout("flow"))


def _curves(report: Report) -> str:
    parts = [_incidence(report, report.content.documents.get("km"), "km")]
    for place, document in enumerate(report.content.curves, start=1):
        parts.append(_incidence(report, document, f"km{place}"))
    return "".join(parts)


def _incidence(report: Report, document: Document | str | None, identity: str) -> str:
    """A figure of curves with its table."""
    if document is None:
        return ""
    if isinstance(document, str):
        return html.paragraph(document, "none")
    above = f"<h3>{escape(curves_title(document))}</h3>\n" if document["by"] else ""
    drawn = above + html.figure(
        report.caption,
        lambda prefix, width: incidence_curves(
            document, prefix, width, time_zero=report.facts.time_zero
        ),
        f"figure-{identity}",
        note=in_steps(tr("Bands are 95 % limits, ticks are censored patients."), document),
        data=readings(document),
    )
    return drawn + report.laid_out("km", document, identity=identity)


def _competing(report: Report) -> str:
    document = report.found("cuminc")
    if document is None:
        return report.layout("cuminc")
    curves = competing_as_curves(document)
    drawn = html.figure(
        report.caption,
        lambda prefix, width: incidence_curves(
            curves, prefix, width, time_zero=report.facts.time_zero
        ),
        "figure-cuminc",
        note=in_steps(tr("Aalen-Johansen estimates; bands are 95 % limits."), document),
        data=readings(curves),
    )
    return drawn + report.layout("cuminc")


def _sound(report: Report) -> str:
    document = report.found("compare-published")
    drawn = ""
    if document is not None:
        drawn = html.figure(
            report.caption,
            lambda prefix, width: compared_forest(document, prefix, width),
            "figure-compare-published",
        )
    return report.layout("compare-published") + drawn + report.layout("km_sound")


def _sensitivity(report: Report) -> str:
    document = report.found("sensitivity")
    if document is None:
        return report.layout("sensitivity")
    drawn = ""
    if any(term for one in document["specifications"] for term in one["terms"].values()):
        drawn = html.figure(
            report.caption,
            lambda prefix, width: specification_curve(document, prefix, width),
            "figure-sensitivity",
            note=reading_note(document),
        )
    return drawn + report.layout("sensitivity")


def _several(report: Report) -> str:
    document = report.found("cox")
    if document is None:
        return report.layout("cox")
    table = report.layout("cox")
    drawn = html.figure(
        report.caption,
        lambda prefix, width: cox_forest(document, prefix, width),
        "figure-cox",
    )
    return table + drawn + _imputed(report)


def _imputed(report: Report) -> str:
    document = report.found("impute")
    table = report.layout("impute")
    if document is None or not document["imputations"]:
        return table
    return table + html.figure(
        report.caption,
        lambda prefix, width: imputed_against_known(document, prefix, width),
        "figure-impute",
        note=tr("A dot or thin curve is a completed data set."),
    )


def _levels(report: Report) -> str:
    levels = report.found("levels")
    drawn = report.layout("levels")
    if levels is not None and any(group["levels"] for group in levels["groups"]):
        drawn = html.figure(
            report.caption,
            lambda prefix, width: level_dots(levels, prefix, width),
            "figure-levels",
            note=tr("A dot is a patient, a bar the mean; an open dot is a limit of the assay."),
        )
    tdm = report.found("tdm")
    if tdm is None:
        return drawn + report.layout("tdm")
    roc = ""
    if tdm.get("roc") and tdm["roc"]["points"]:
        roc = html.figure(
            report.caption,
            lambda prefix, width: roc_plot(tdm["roc"], prefix, width),
            "figure-roc",
            note=tr("The band holds 95 % of the bootstrap samples."),
        )
    return drawn + report.laid_out("tdm", {**tdm, "mechanisms": None}) + roc


def _losses(report: Report) -> str:
    tdm = report.found("tdm")
    parts = [report.layout("outcomes")]
    if tdm and tdm.get("mechanisms"):
        parts += [report.table(one, "table-mechanisms") for one in tdm_tables.mechanisms(tdm)]
    return "".join([*parts, report.layout("losses")])


def _methods(report: Report) -> str:
    parts: list[str] = []
    if report.facts.parameters:
        for heading, sentences in methods_text.methods(report.facts.parameters):
            parts.append(f"<h3>{escape(heading)}</h3>\n")
            parts += [html.paragraph(one) for one in sentences]
    told = [*report.content.documents.values(), *report.content.curves]
    said = dict.fromkeys(
        one["method"] for one in told if not isinstance(one, str) and one.get("method")
    )
    if said:
        parts.append(f"<h3>{escape(tr('Statistics'))}</h3>\n")
        parts += [html.paragraph(one) for one in said]
    return "".join(parts)


def _definition(report: Report) -> str:
    if not report.facts.parameters:
        return ""
    rows = tuple(methods_text.parameter_rows(report.facts.parameters))
    laid_out = Table(
        title=tr("Parameters of the definition {name}", name=report.facts.definition),
        header=(tr("Parameter"), tr("Value"), tr("Origin")),
        rows=rows,
        left=3,
    )
    return report.table(laid_out, "table-definition")


def _risk(report: Report) -> str:
    document = report.found("risk")
    if document is None:
        return report.layout("risk")
    last = document["cohort"][-1]["at_months"]
    drawn = html.figure(
        report.caption,
        lambda prefix, width: calibration_plot(document, last, prefix, width),
        "figure-calibration",
        note=tr("Points: groups with 95 % limits; line: smoothed pseudo-values."),
    )
    for plot, identity, title in (
        (brier_plot, "figure-brier", tr("Brier score of the prediction, corrected for optimism")),
        (auc_plot, "figure-auc", tr("AUC of the prediction, corrected for optimism")),
    ):
        drawn += html.figure(report.caption, partial(plot, document), identity, title=title)
    return report.layout("risk") + drawn


def _strobe(report: Report) -> str:
    return report.table(strobe.laid_out(_headings(report), report.there), "table-strobe")


def _tripod(report: Report) -> str:
    document = report.found("risk")
    if document is None:
        return html.paragraph(tr("This report has no prediction model."), "none")
    laid_out = tripod.laid_out(document, _headings(report), report.there)
    return report.table(laid_out, "table-tripod")


OWN_HEADINGS = {
    "glance": note("At a glance"),
    "methods": note("Methods"),
    "definition": note("The definition"),
    "strobe": note("STROBE"),
    "tripod": note("TRIPOD+AI"),
}
"""Of the sections that tell no document of their own; the others' are declared with these."""

PAGE: dict[str, Callable[[Report], str] | None] = {
    "glance": _glance,
    "patients": _patients,
    "baseline": None,
    "curves": _curves,
    "competing": _competing,
    "single": None,
    "several": _several,
    "sound": _sound,
    "between": None,
    "trial": None,
    "sensitivity": _sensitivity,
    "levels": _levels,
    "losses": _losses,
    "genes": None,
    "risk": _risk,
    "quality": None,
    "methods": _methods,
    "definition": _definition,
    "strobe": _strobe,
    "tripod": _tripod,
}
"""The sections in the order of the page, and what writes those that are more than tables."""
