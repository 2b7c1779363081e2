"""The STROBE items that a report covers, and what its authors still have to write.

STROBE: von Elm et al., Lancet 2007;370:1453-7, the checklist for cohort studies
(doi 10.1016/S0140-6736(07)61602-X).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from registry.drawing.numbers import MISSING
from registry.drawing.table import Table
from registry.words import tr


@dataclass(frozen=True)
class Item:
    """One item: its number, what it asks for, the sections that answer it, and what is left."""

    number: str
    asks: str
    sections: tuple[str, ...] = ()
    left: str = ""


def items() -> tuple[Item, ...]:
    """The checklist for cohort studies, in its order."""
    authors = tr("for the authors to write")
    return (
        Item("1", tr("Title and abstract"), left=authors),
        Item("2-3", tr("Background, rationale, objectives"), left=authors),
        Item("4", tr("Study design"), ("methods",)),
        Item("5", tr("Setting, locations, dates"), ("methods",), tr("places and periods")),
        Item("6", tr("Eligibility, follow-up"), ("methods", "patients")),
        Item("7", tr("Outcomes, exposures, predictors, confounders"), ("methods",)),
        Item("8", tr("Sources of data, measurement"), ("methods",), tr("assays and instruments")),
        Item(
            "9",
            tr("Efforts against bias"),
            ("sound", "between", "trial", "competing", "sensitivity"),
        ),
        Item("10", tr("Study size"), ("patients",), tr("how it was arrived at")),
        Item("11", tr("Quantitative variables, their groups"), ("methods", "definition")),
        Item("12a", tr("Statistical methods, confounding"), ("methods", "several")),
        Item("12b", tr("Subgroups and interactions"), ("curves",)),
        Item("12c", tr("How missing data were handled"), ("several", "quality")),
        Item("12d", tr("How loss to follow-up was handled"), ("methods", "competing")),
        Item("12e", tr("Sensitivity analyses"), ("sensitivity",)),
        Item("13", tr("Participants at each stage, flow diagram"), ("patients",)),
        Item("14a", tr("Characteristics of participants"), ("baseline",)),
        Item("14b", tr("Missing data for each variable"), ("quality",)),
        Item("14c", tr("Follow-up time"), ("curves",)),
        Item("15", tr("Outcome events over time"), ("curves",)),
        Item("16", tr("Unadjusted and adjusted estimates"), ("single", "several")),
        Item(
            "17",
            tr("Other analyses"),
            ("sound", "between", "trial", "sensitivity", "levels", "risk"),
        ),
        Item("18-21", tr("Key results, limitations, interpretation"), left=authors),
        Item("22", tr("Funding"), left=authors),
    )


def laid_out(headings: Mapping[str, str], there: Collection[str]) -> Table:
    """The checklist as a table, of the sections that the report has."""
    return Table(
        title=tr("Items of STROBE for cohort studies, and where this report covers them"),
        header=(tr("Item"), tr("Asks for"), tr("Covered in"), tr("Still to write")),
        rows=rows(items(), headings, there),
        left=4,
        notes=(tr("STROBE: von Elm et al., Lancet 2007;370:1453-7."),),
    )


def rows(
    asked: Sequence[Item], headings: Mapping[str, str], there: Collection[str]
) -> tuple[tuple[str, ...], ...]:
    """A row an item of any checklist, with those of its sections that the report has."""
    made = []
    for item in asked:
        where = ", ".join(headings[one] for one in item.sections if one in there)
        made.append((item.number, item.asks, where or MISSING, item.left))
    return tuple(made)
