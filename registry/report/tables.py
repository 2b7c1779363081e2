"""Each document laid out as the tables of a paper, ready to be printed or put on a page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from registry.report.curve_tables import cuminc, kaplan_meier
from registry.report.numbers import MISSING, count, fixed, limits, p_equation, p_value
from registry.report.table import (
    Document,
    Table,
    lower_first,
    notes,
    plus_minus,
    share,
    title,
)

__all__ = (
    "LAYOUTS",
    "Document",
    "Table",
    "cox",
    "cuminc",
    "flow",
    "kaplan_meier",
    "lower_first",
    "outcomes",
    "table1",
    "table2",
    "tdm",
)


def flow(document: Document) -> Table:
    """Patient flow."""
    eligible, started = document["eligible"], document["started"]
    excluded = document["excluded"]
    total = sum(one["n"] for one in excluded)
    rows = [("Registered", str(document["registered"]), "")]
    if document["no_infliximab"]:
        rows.append(("  No infliximab", str(document["no_infliximab"]), ""))
    rows.append(("Started infliximab", str(started), ""))
    rows.append(("  Excluded", str(total), share(total, started)))
    rows += [(f"    {one['label']}", str(one["n"]), "") for one in excluded]
    rows.append(("In the cohort", str(eligible), share(eligible, started)))
    rows.append(
        ("  Loss of response", str(document["events"]), share(document["events"], eligible))
    )
    rows.append(
        (
            "  Response maintained",
            str(document["responders"]),
            share(document["responders"], eligible),
        )
    )
    return Table(
        title=title("Patient flow", document),
        header=("", "n", "%"),
        rows=tuple(rows),
        notes=notes(document),
    )


def table1(document: Document) -> Table:
    """Baseline characteristics."""
    rows = []
    for row in document["rows"]:
        decimals = 2 if row["id"] in ("haz", "baz") else 1
        if "percent" in row:
            label = f"{row['label']}, n (%)"
            shown = f"{row['n']} ({fixed(row['percent'], 1)})"
        elif "mean" in row:
            label = f"{row['label']}, mean ± SD"
            shown = plus_minus(row["mean"], row["sd"], decimals)
        else:
            label = f"{row['label']}, median (quartiles)"
            shown = MISSING
            if row["median"] is not None:
                shown = f"{row['median']:.1f} ({row['q1']:.1f} to {row['q3']:.1f})"
        rows.append((label, shown, str(row["missing"]) if row["missing"] else ""))
    return Table(
        title=title("Table 1. Patients at the first infusion", document),
        header=("Characteristic", f"n = {document['n']}", "missing"),
        rows=tuple(rows),
        notes=notes(document),
    )


def table2(document: Document) -> Table:
    """Univariate log-rank tests; percentages are of the patients with that outcome."""
    rows = []
    marked = []
    # Columns that a table needs only now and then, and whether this one does.
    extra = {
        "P, Holm": bool(document.get("show_holm")),
        "P, permuted": any(row.get("p_permutation") is not None for row in document["rows"]),
        "missing": any(row["missing"] for row in document["rows"]),
    }
    for row in document["rows"]:
        lost = row["events_true"] + row["events_false"]
        kept = row["n_true"] + row["n_false"] - lost
        mark = ""
        if row["note"]:
            marked.append(f"* {row['label']}. {row['note']}")
            mark = " *"
        rows.append(
            (
                f"{row['label']}: {row['level']}{mark}",
                count(row["events_true"], lost),
                count(row["n_true"] - row["events_true"], kept),
                fixed(row["chi2"], 3),
                p_value(row["p"]),
                *_chosen(
                    extra,
                    p_value(row.get("p_holm")),
                    "" if row.get("p_permutation") is None else p_value(row["p_permutation"]),
                    str(row["missing"]) if row["missing"] else "",
                ),
            )
        )
        rows.append(
            (
                f"    {row['other_level']}",
                count(row["events_false"], lost),
                count(row["n_false"] - row["events_false"], kept),
                "",
                "",
                *_chosen(extra, "", "", ""),
            )
        )
    if extra["P, Holm"]:
        marked.append(f"P, Holm: adjusted for the {document['tests']} tests of this table.")
    if extra["P, permuted"]:
        marked.append(
            f"P, permuted: over {document['permutations']} random permutations (seed"
            f" {document['permutation_seed']}), where a group expects fewer than"
            f" {document['permuted_below_expected_events']:g} losses."
        )
    header = ("Covariate", "Loss, n (%)", "No loss, n (%)", "Chi-square", "P")
    events = document["events"]
    return Table(
        title=title("Table 2. Loss of response by each covariate alone", document),
        header=(*header, *_chosen(extra, *extra)),
        rows=tuple(rows),
        lines=(
            f"{document['n']} patients, {events} with loss of response, {document['n'] - events}"
            " without.",
        ),
        notes=(*marked, *notes(document)),
    )


def cox(document: Document) -> Table:
    """Cox regression."""
    rows = tuple(
        (
            _term(term),
            fixed(term["coef"], 3),
            fixed(term["se"], 3),
            fixed(term["wald"], 3),
            fixed(term["hr"], 3),
            limits(term["hr_lower"], term["hr_upper"], 3),
            p_value(term["p"]),
        )
        for term in document["terms"]
    )
    dropped = f", {document['dropped']} left out" if document["dropped"] else ""
    return Table(
        title=title(_cox_title(document), document),
        header=("Covariate", "B", "SE", "Wald", "HR", "95 % limits", "P"),
        rows=rows,
        lines=(
            f"{document['n']} patients{dropped}, {document['events']} with loss of response; ties:"
            f" {document['ties'].capitalize()}.",
            *_cox_lines(document),
        ),
        notes=notes(document),
    )


def _cox_title(document: Document) -> str:
    """The published table keeps its number; a model that claims more has none."""
    more = document.get("penalty") == "firth" or any(
        document.get(key) for key in ("landmark_months", "strata", "robust")
    )
    varies = any(term.get("time_dependent") for term in document["terms"])
    return "Cox regression" if more or varies else "Table 3. Cox regression"


def _term(term: Mapping[str, Any]) -> str:
    """'BMI Z-score: <=-1 against >-1'; of a number only its unit."""
    against = f" against {term['other_level']}" if term["other_level"] else ""
    return f"{term['label']}: {term['level']}{against}"


def _cox_lines(document: Document) -> list[str]:
    """How well the model tells patients apart, and whether its hazards are proportional."""
    lines = []
    if document.get("concordance") is not None:
        lines.append(f"Concordance {fixed(document['concordance'], 3)}.")
    for test in document.get("proportional_hazards", [])[:1]:
        each = ", ".join(f"{one['covariate']} {p_value(one['p'])}" for one in test["terms"])
        lines.append(
            f"Proportional hazards, score test over {test['transform_in_words']}:"
            f" {p_equation(test['p'])}; {each}."
        )
    return lines


def tdm(document: Document) -> Table:
    """Week-14 troughs by outcome."""
    return Table(
        title=title(f"Infliximab trough at week 14, {document['unit']}", document),
        header=("", "n", "outside the range", "mean ± SD"),
        rows=tuple(
            (
                group["label"],
                str(group["n"]),
                str(group["censored"]),
                plus_minus(group["mean"], group["sd"], 2),
            )
            for group in document["groups"]
        ),
        lines=(
            f"Welch's t = {document['t']:.3f}, df = {document['df']:.2f},"
            f" {p_equation(document['p'])}.",
        ),
        notes=notes(document),
    )


def outcomes(document: Document) -> Table:
    """What followed the loss of response."""
    lor, optimised = document["lor"], document["optimised"]
    rows = [
        ("Loss of response", str(lor), ""),
        ("  Infliximab stopped", str(document["stopped"]), share(document["stopped"], lor)),
        ("  Infliximab optimised", str(optimised), share(optimised, lor)),
        (
            "    Response regained",
            str(document["regained"]),
            share(document["regained"], optimised),
        ),
        (
            "    Response not regained",
            str(document["not_regained"]),
            share(document["not_regained"], optimised),
        ),
    ]
    if document["regained_unknown"]:
        unknown = document["regained_unknown"]
        rows.append(("    Not known", str(unknown), share(unknown, optimised)))
    if document["neither"]:
        rows.append(("  Neither", str(document["neither"]), share(document["neither"], lor)))
    return Table(
        title=title("After the loss of response", document),
        header=("", "n", "%"),
        rows=tuple(rows),
        notes=notes(document),
    )


LAYOUTS: dict[str, Callable[[Document], Table]] = {
    "flow": flow,
    "table1": table1,
    "table2": table2,
    "km": kaplan_meier,
    "cuminc": cuminc,
    "cox": cox,
    "tdm": tdm,
    "outcomes": outcomes,
}
"""The layout of the document of each `registry analyse` command."""


def _chosen(shown: Mapping[str, bool], *cells: str) -> tuple[str, ...]:
    """The cells of the columns that are shown."""
    return tuple(cell for cell, wanted in zip(cells, shown.values(), strict=True) if wanted)
