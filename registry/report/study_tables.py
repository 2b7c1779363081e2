"""A study over several hospitals: its results like those of one, and the hospitals beside them."""

from __future__ import annotations

from collections.abc import Mapping
from math import exp
from typing import Any

from registry.drawing.numbers import MISSING, SUPPRESSED, fixed, limits, p_equation, percent
from registry.drawing.table import Document, Table, notes, title
from registry.report import tables
from registry.report.model_tables import name_of
from registry.words import spoken, tr

_Z = 1.959963984540054


def study_tables(body: Mapping[str, Any]) -> list[Table]:
    """Every table of a result, its hospitals first; what there is none of says why."""
    laid_out = {
        "flow": lambda document: [tables.flow(document)],
        "table1": lambda document: [tables.table1(document)],
        "table2": lambda document: [tables.table2(document)],
        "km": lambda document: [_curve(document)],
        "cox": lambda document: [tables.cox(document), _alone(document)],
    }
    made = [_hospitals(body)]
    for name, document in body["documents"].items():
        if isinstance(document, str):
            made.append(Table(title=name, header=("",), rows=(), lines=(spoken(document),)))
        else:
            made += laid_out[name](document)
    return made


def _hospitals(body: Mapping[str, Any]) -> Table:
    model = body["documents"].get("cox")
    within = {} if not isinstance(model, dict) else {one["name"]: one for one in model["hospitals"]}
    rows = []
    said = []
    for one in body["hospitals"]:
        in_model = within.get(one["name"])
        rows.append(
            (
                one["name"],
                _number(one["children"]),
                *(_number(None if in_model is None else in_model[key]) for key in ("n", "events")),
            )
        )
        said += [
            tr(
                "{hospital}, {analysis}: {why}",
                hospital=one["name"],
                analysis=name,
                why=spoken(why),
            )
            for name, why in one["withheld"].items()
        ]
    return Table(
        title=tr(
            "Study {name}: {hospitals:hospital|hospitals}, {rounds:round|rounds}",
            name=body["study"],
            hospitals=len(body["hospitals"]),
            rounds=body["rounds"],
        ),
        header=(tr("Hospital"), tr("children"), tr("in the model"), tr("losses")),
        rows=tuple(rows),
        lines=(body["question"],),
        notes=tuple(said),
    )


def _curve(document: Document) -> Table:
    rows = []
    for one in document["estimates"]:
        told = "incidence" in one
        half = _Z * one["se"] if told else 0.0
        rows.append(
            (
                tr("{months:g} months", months=one["at_months"]),
                str(one["at_risk"]) if told else SUPPRESSED,
                percent(one["incidence"]) if told else SUPPRESSED,
                limits(
                    100 * max(0.0, one["incidence"] - half),
                    100 * min(1.0, one["incidence"] + half),
                    1,
                )
                if told
                else SUPPRESSED,
                str(len(one["hospitals"])),
            )
        )
    return Table(
        title=title(tr("Cumulative incidence of loss of response"), document),
        header=("", tr("at risk"), "%", tr("95 % limits"), tr("hospitals")),
        rows=tuple(rows),
        notes=notes(document),
    )


def _alone(document: Document) -> Table:
    """What each hospital could say of each term alone, and what all say without it."""
    rows: list[tuple[str, ...]] = []
    for place, term in enumerate(document["terms"]):
        together = limits(term["hr_lower"], term["hr_upper"], 2)
        rows.append((name_of(term), fixed(term["hr"], 2), together, MISSING))
        for one in document["hospitals"]:
            own, left = one["alone"], one["without"]
            ratio, within = MISSING, MISSING
            if own is not None:
                coef, half = own["coef"][place], _Z * own["se"][place]
                ratio, within = _ratio(coef), _limits(coef - half, coef + half)
            without = MISSING if left is None else _ratio(left[place])
            rows.append(("  " + one["name"], ratio, within, without))
    lines = [_heterogeneity(tr("All terms"), document["heterogeneity"])]
    lines += [_heterogeneity(name_of(one), one["heterogeneity"]) for one in document["terms"]]
    return Table(
        title=title(tr("What each hospital could say alone"), document),
        header=("", "HR", tr("95 % limits"), tr("HR without it")),
        rows=tuple(rows),
        lines=tuple(lines),
    )


def _number(n: int | None) -> str:
    """A number of a hospital; none where it is not in the model, or masked."""
    return MISSING if n is None else str(n)


def _ratio(coef: float) -> str:
    """A hazard ratio that may be as good as endless."""
    return MISSING if abs(coef) > 20 else fixed(exp(coef), 2)


def _limits(lower: float, upper: float) -> str:
    if max(abs(lower), abs(upper)) > 20:
        return MISSING
    return limits(exp(lower), exp(upper), 2)


def _heterogeneity(words: str, found: Mapping[str, Any]) -> str:
    return tr(
        "Between hospitals, {words}: Q = {q} with {df} df, {p}, I-squared {share} %.",
        words=words,
        q=fixed(found["q"], 2),
        df=found["df"],
        p=p_equation(found["p"]),
        share=percent(found["i_squared"], 0),
    )
