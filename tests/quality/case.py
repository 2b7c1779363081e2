"""One case of a rule of plausibility, and what makes those of a kind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

Cells = Mapping[str, str]


@dataclass(frozen=True)
class Case:
    """One rule: the records that are `given`, the one that fails it, and that one just inside.

    `given` and `table` are named as import files; `record` holds the cells of both, which
    `failing` and `inside` complete. `column` is where the rule finds fault, `says` what it says.
    `child` holds cells of the child that are not those of every case's. Where the rule finds fault
    with another record than the one that is written, `told_of` is the table of that.
    """

    rule: str
    table: str
    record: Cells
    failing: Cells
    inside: Cells
    column: str | None
    says: str
    given: tuple[tuple[str, Cells], ...] = ()
    child: Cells = field(default_factory=dict)
    told_of: str | None = None


def lab(
    rule: str,
    analyte: str,
    failing: str,
    inside: str,
    says: str,
    column: str,
    before: tuple[str, str, str] | None = None,
) -> Case:
    """A laboratory value of a day, with its unit behind it."""
    given: tuple[tuple[str, Cells], ...] = ()
    if before is not None:
        earlier, day, measured = before
        cells = {"collected_on": day, "analyte": earlier, **_measured(measured)}
        given = (("lab_results", cells),)
    return Case(
        rule,
        "lab_results",
        {"collected_on": "2022-03-01", "analyte": analyte},
        _measured(failing),
        _measured(inside),
        column,
        says,
        given,
    )


def item(
    name: str, failing: str, inside: str, measured: tuple[str, str], gives: str, day: str
) -> Case:
    """An item of a PCDAI beside a laboratory value of its day."""
    analyte, text = measured
    return Case(
        "pcdai_laboratory_item",
        "pcdai_visits",
        {"visited_on": day, "total": "30"},
        {name: failing},
        {name: inside},
        name,
        f"The item {name} has {failing} points, but {analyte} of {text} on that day gives {gives}.",
        given=(("lab_results", {"collected_on": day, "analyte": analyte, **_measured(text)}),),
    )


def gene(
    rule: str,
    record: Cells,
    failing: Cells,
    inside: Cells,
    column: str,
    says: str,
    child: Cells | None = None,
) -> Case:
    """A gene finding."""
    reported = {"reported_on": "2022-03-01", **record}
    return Case(rule, "gene_findings", reported, failing, inside, column, says, child=child or {})


def ended(reason: str) -> tuple[str, Cells]:
    """The end of a child's follow-up, the same day of every case."""
    return "follow_up_ends", {"ended_on": "2022-04-01", "reason": reason}


def drug_of_the_dead(
    rule: str, failing: Cells, inside: Cells, column: str | None, says: str
) -> Case:
    """A course of a drug of a child who died."""
    record = {"drug": "azathioprine"}
    given = (ended("died"),)
    return Case(rule, "medications", record, failing, inside, column, says, given)


INFUSED = ("infusions", {"infused_on": "2022-03-01", "dose_mg": "150", "weight_kg": "30"})


def _measured(text: str) -> Cells:
    value, unit = text.split()
    return {"value": value, "unit": unit}
