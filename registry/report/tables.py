"""Each document laid out as the tables of a paper, ready to be printed or put on a page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from registry.report.numbers import (
    MISSING,
    count,
    fixed,
    limits,
    median_months,
    p_equation,
    p_value,
    percent,
)

Document = Mapping[str, Any]


@dataclass(frozen=True)
class Table:
    """A table of texts: the first `left` columns are words, the rest numbers.

    A first cell may begin with two spaces for each step of indentation. `lines` are results that
    stand under the table, `notes` what a reader must know beside them.
    """

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    left: int = 1
    lines: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def flow(document: Document) -> Table:
    """Patient flow."""
    eligible, started = document["eligible"], document["started"]
    excluded = document["excluded"]
    total = sum(one["n"] for one in excluded)
    rows = [("Registered", str(document["registered"]), "")]
    if document["no_infliximab"]:
        rows.append(("  No infliximab", str(document["no_infliximab"]), ""))
    rows.append(("Started infliximab", str(started), ""))
    rows.append(("  Excluded", str(total), _of(total, started)))
    rows += [(f"    {one['label']}", str(one["n"]), "") for one in excluded]
    rows.append(("In the cohort", str(eligible), _of(eligible, started)))
    rows.append(("  Loss of response", str(document["events"]), _of(document["events"], eligible)))
    rows.append(
        (
            "  Response maintained",
            str(document["responders"]),
            _of(document["responders"], eligible),
        )
    )
    return Table(
        title=_title("Patient flow", document),
        header=("", "n", "%"),
        rows=tuple(rows),
        notes=_notes(document),
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
            shown = _plus_minus(row["mean"], row["sd"], decimals)
        else:
            label = f"{row['label']}, median (quartiles)"
            shown = MISSING
            if row["median"] is not None:
                shown = f"{row['median']:.1f} ({row['q1']:.1f} to {row['q3']:.1f})"
        rows.append((label, shown, str(row["missing"]) if row["missing"] else ""))
    return Table(
        title=_title("Table 1. Patients at the first infusion", document),
        header=("Characteristic", f"n = {document['n']}", "missing"),
        rows=tuple(rows),
        notes=_notes(document),
    )


def table2(document: Document) -> Table:
    """Univariate log-rank tests; percentages are of the patients with that outcome."""
    rows = []
    notes = []
    any_missing = any(row["missing"] for row in document["rows"])
    for row in document["rows"]:
        lost = row["events_true"] + row["events_false"]
        kept = row["n_true"] + row["n_false"] - lost
        mark = ""
        if row["note"]:
            notes.append(f"{row['label']}. {row['note']}")
            mark = " *"
        rows.append(
            (
                f"{row['label']}: {row['level']}{mark}",
                count(row["events_true"], lost),
                count(row["n_true"] - row["events_true"], kept),
                fixed(row["chi2"], 3),
                p_value(row["p"]),
                str(row["missing"]) if row["missing"] else "",
            )
        )
        rows.append(
            (
                f"    {row['other_level']}",
                count(row["events_false"], lost),
                count(row["n_false"] - row["events_false"], kept),
                "",
                "",
                "",
            )
        )
    header = ("Covariate", "Loss, n (%)", "No loss, n (%)", "Chi-square", "P", "missing")
    width = len(header) if any_missing else len(header) - 1
    events = document["events"]
    return Table(
        title=_title("Table 2. Loss of response by each covariate alone", document),
        header=header[:width],
        rows=tuple(row[:width] for row in rows),
        lines=(
            f"{document['n']} patients, {events} with loss of response, {document['n'] - events}"
            " without.",
        ),
        notes=(*(f"* {note}" for note in notes), *_notes(document)),
    )


def cox(document: Document) -> Table:
    """Cox regression."""
    rows = tuple(
        (
            f"{term['label']}: {term['level']} against {term['other_level']}",
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
        title=_title("Table 3. Cox regression", document),
        header=("Covariate", "B", "SE", "Wald", "HR", "95 % limits", "P"),
        rows=rows,
        lines=(
            f"{document['n']} patients{dropped}, {document['events']} with loss of response; ties:"
            f" {document['ties'].capitalize()}.",
        ),
        notes=_notes(document),
    )


def kaplan_meier(document: Document) -> Table:
    """Cumulative incidence at fixed months, a block of rows for each group."""
    rows = []
    for group in document["groups"]:
        label = f"{group['label']} (n = {group['n']}, {group['events']} with loss)"
        for estimate in group["estimates"]:
            lower, upper = _hundredfold(estimate["lower"]), _hundredfold(estimate["upper"])
            rows.append(
                (
                    label,
                    f"{estimate['at_months']:g}",
                    str(estimate["at_risk"]),
                    percent(estimate["cumulative_incidence"]),
                    limits(lower, upper, 1),
                )
            )
            label = ""
    by = f" by {lower_first(document['by_label'])}" if document["by"] else ""
    return Table(
        title=_title(f"Cumulative incidence of loss of response{by}", document),
        header=("", "Months", "At risk", "Incidence, %", "95 % limits"),
        rows=tuple(rows),
        lines=tuple(_kaplan_meier_lines(document)),
        notes=_notes(document),
    )


def _kaplan_meier_lines(document: Document) -> list[str]:
    lines = []
    for group in document["groups"]:
        who = "" if group["group"] == "all" else f", {group['label']}"
        median = median_months(
            group["median_months"], group["median_lower_months"], group["median_upper_months"]
        )
        lines.append(f"Median months to loss of response (95 % limits){who}: {median}.")
    test = document["logrank"]
    if test:
        lines.append(
            f"Log-rank chi-square {test['chi2']:.3f}, df {test['df']}, {p_equation(test['p'])}."
        )
    if document["by"] is None:
        readings = (
            ("time_to_lor_quartiles_months", "Time to loss in those who lost response"),
            ("analysis_time_quartiles_months", "Time to loss or censoring in all"),
            (
                "kaplan_meier_quartiles_months",
                "Months until 25, 50 and 75 % have lost response, by Kaplan-Meier",
            ),
        )
        for key, words in readings:
            first, median, third = document[key]
            if key.startswith("kaplan"):
                shown = ", ".join(
                    "not reached" if m is None else f"{m:.1f}" for m in (first, median, third)
                )
                lines.append(f"{words}: {shown}.")
            elif median is not None:
                lines.append(
                    f"{words}, median (quartiles), months: {median:.1f} ({first:.1f} to"
                    f" {third:.1f})."
                )
    return lines


def tdm(document: Document) -> Table:
    """Week-14 troughs by outcome."""
    return Table(
        title=_title(f"Infliximab trough at week 14, {document['unit']}", document),
        header=("", "n", "outside the range", "mean ± SD"),
        rows=tuple(
            (
                group["label"],
                str(group["n"]),
                str(group["censored"]),
                _plus_minus(group["mean"], group["sd"], 2),
            )
            for group in document["groups"]
        ),
        lines=(
            f"Welch's t = {document['t']:.3f}, df = {document['df']:.2f},"
            f" {p_equation(document['p'])}.",
        ),
        notes=_notes(document),
    )


def outcomes(document: Document) -> Table:
    """What followed the loss of response."""
    lor, optimised = document["lor"], document["optimised"]
    rows = [
        ("Loss of response", str(lor), ""),
        ("  Infliximab stopped", str(document["stopped"]), _of(document["stopped"], lor)),
        ("  Infliximab optimised", str(optimised), _of(optimised, lor)),
        ("    Response regained", str(document["regained"]), _of(document["regained"], optimised)),
        (
            "    Response not regained",
            str(document["not_regained"]),
            _of(document["not_regained"], optimised),
        ),
    ]
    if document["regained_unknown"]:
        unknown = document["regained_unknown"]
        rows.append(("    Not known", str(unknown), _of(unknown, optimised)))
    if document["neither"]:
        rows.append(("  Neither", str(document["neither"]), _of(document["neither"], lor)))
    return Table(
        title=_title("After the loss of response", document),
        header=("", "n", "%"),
        rows=tuple(rows),
        notes=_notes(document),
    )


LAYOUTS: dict[str, Callable[[Document], Table]] = {
    "flow": flow,
    "table1": table1,
    "table2": table2,
    "km": kaplan_meier,
    "cox": cox,
    "tdm": tdm,
    "outcomes": outcomes,
}
"""The layout of the document of each `registry analyse` command."""


def _title(words: str, document: Document) -> str:
    return f"{words} (definition: {document['definition']})"


def _notes(document: Document) -> tuple[str, ...]:
    method = (document["method"],) if "method" in document else ()
    return (*method, *document["notes"])


def _of(n: int, whole: int) -> str:
    return percent(n / whole if whole else None)


def _plus_minus(mean: float | None, sd: float | None, decimals: int) -> str:
    return MISSING if mean is None else f"{fixed(mean, decimals)} ± {fixed(sd, decimals)}"


def _hundredfold(share: float | None) -> float | None:
    return None if share is None else 100 * share


def lower_first(words: str) -> str:
    """'Sex' to 'sex', but 'BMI Z-score', 'CRP' stay."""
    return words if words[1:2].isupper() else words[:1].lower() + words[1:]
