"""The target trial, its protocol and weights, as tables and as rows of a CSV file."""

from __future__ import annotations

from registry.drawing.numbers import MISSING, fixed, limits, p_value, percent
from registry.drawing.table import Document, Table, hundredfold, notes, title
from registry.report.rows import Rows
from registry.words import spoken, tr


def all_tables(document: Document) -> list[Table]:
    """The answers, the risks, the weights and the protocol."""
    return [_answers(document), _risks(document), _weights(document), _protocol(document)]


def rows(document: Document) -> Rows:
    """A row per answer, then per risk and contrast."""
    keys = ("hr", "lower", "upper", "p")
    found = [
        {"of": one["id"], "measure": "hazard_ratio", "at_months": None, "estimate": one["hr"],
         **{key: one[key] for key in keys[1:]}, "reason": one["reason"]}
        for one in document["answers"]
    ]  # fmt: skip
    measures = {
        "without": "risk",
        "combined": "risk",
        "difference": "risk_difference",
        "ratio": "risk_ratio",
    }
    found += [
        {"of": name, "measure": measure, "at_months": one["at_months"], "estimate": one[name],
         "lower": one[f"{name}_lower"], "upper": one[f"{name}_upper"], "p": None, "reason": None}
        for one in document["risks"]
        for name, measure in measures.items()
    ]  # fmt: skip
    return found


def _answers(document: Document) -> Table:
    return Table(
        title=title(
            tr(
                "Target trial: {strategy} against none",
                strategy=spoken(document["arms"][1]["strategy"]),
            ),
            document,
        ),
        header=(
            tr("Answer"),
            "n",
            tr("Losses"),
            tr("HR"),
            tr("95 % limits"),
            "P",
        ),
        rows=tuple(
            (
                spoken(one["answer"]),
                MISSING if one["n"] is None else str(one["n"]),
                MISSING if one["events"] is None else str(one["events"]),
                fixed(one["hr"], 2),
                limits(one["lower"], one["upper"], 2),
                p_value(one["p"]),
            )
            for one in document["answers"]
        ),
        lines=(
            *(spoken(one["reason"]) for one in document["answers"] if one["reason"]),
            *(
                tr(
                    "E-value of the {of}: {e_value:.2f}, of its limit {e_value_of_limit:.2f}.",
                    of=spoken(one["of"]),
                    e_value=one["e_value"],
                    e_value_of_limit=one["e_value_of_limit"],
                )
                for one in document["e_values"]
            ),
        ),
        notes=notes(document),
    )


def _risks(document: Document) -> Table:
    names = {
        "without": tr("without, %"),
        "combined": tr("combined, %"),
        "difference": tr("difference, %"),
        "ratio": tr("ratio"),
    }
    rows = []
    for one in document["risks"]:
        rows.append((tr("{months:g} months", months=one["at_months"]), "", ""))
        for name, words in names.items():
            ends = (one[name], one[f"{name}_lower"], one[f"{name}_upper"])
            if name == "ratio":
                rows.append(("  " + words, fixed(ends[0], 2), limits(ends[1], ends[2], 2)))
            else:
                lower, upper = map(hundredfold, ends[1:])
                rows.append(("  " + words, percent(ends[0]), limits(lower, upper, 1)))
    return Table(
        title=tr("Risk of a loss under either strategy"),
        header=(tr("From week 14"), tr("Estimate"), tr("95 % limits")),
        rows=tuple(rows),
    )


def _weights(document: Document) -> Table:
    names = {
        "least": tr("least"),
        "q1": tr("quartile 1"),
        "median": tr("median"),
        "mean": tr("mean"),
        "q3": tr("quartile 3"),
        "greatest": tr("greatest"),
        "greatest_untruncated": tr("greatest before the cut"),
    }
    arms = document["arms"]
    counts = (
        (tr("Clones"), [one["clones"] for one in arms]),
        (tr("Departures"), [one["departures"] for one in arms]),
        (tr("Losses seen"), [one["losses"] for one in arms]),
        (
            tr("Clones after the grace period"),
            [one["weights"]["clones_after_grace"] for one in arms],
        ),
        (
            "  " + tr("as many as, by weight"),
            [round(one["weights"]["effective_clones"]) for one in arms],
        ),
        (tr("Months whose weight was cut"), [one["weights"]["truncated"] for one in arms]),
    )
    return Table(
        title=tr("Clones and weights"),
        header=("", *(spoken(one["strategy"]) for one in arms)),
        rows=(
            *((name, *map(str, values)) for name, values in counts),
            *(
                (
                    tr("Weight, {which}", which=words),
                    *(fixed(one["weights"][key], 2) for one in arms),
                )
                for key, words in names.items()
            ),
        ),
    )


def _protocol(document: Document) -> Table:
    return Table(
        title=tr("Protocol of the target trial"),
        header=(tr("Part: what it says"),),
        rows=tuple(
            (tr("{part}: {says}.", part=spoken(one["part"]), says=spoken(one["says"])),)
            for one in document["protocol"]
        ),
    )
