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
from registry.words import spoken, tr

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
    rows = [(tr("Registered"), str(document["registered"]), "")]
    if document["no_infliximab"]:
        rows.append(("  " + tr("No infliximab"), str(document["no_infliximab"]), ""))
    rows.append((tr("Started infliximab"), str(started), ""))
    rows.append(("  " + tr("Excluded"), str(total), _of(total, started)))
    rows += [("    " + spoken(one["label"]), str(one["n"]), "") for one in excluded]
    rows.append((tr("In the cohort"), str(eligible), _of(eligible, started)))
    rows.append(
        (
            "  " + tr("Loss of response"),
            str(document["events"]),
            _of(document["events"], eligible),
        )
    )
    rows.append(
        (
            "  " + tr("Response maintained"),
            str(document["responders"]),
            _of(document["responders"], eligible),
        )
    )
    return Table(
        title=_title(tr("Patient flow"), document),
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
            label = tr("{label}, n (%)", label=spoken(row["label"]))
            shown = f"{row['n']} ({fixed(row['percent'], 1)})"
        elif "mean" in row:
            label = tr("{label}, mean ± SD", label=spoken(row["label"]))
            shown = _plus_minus(row["mean"], row["sd"], decimals)
        else:
            label = tr("{label}, median (quartiles)", label=spoken(row["label"]))
            shown = MISSING
            if row["median"] is not None:
                shown = tr(
                    "{median:.1f} ({q1:.1f} to {q3:.1f})",
                    median=row["median"],
                    q1=row["q1"],
                    q3=row["q3"],
                )
        rows.append((label, shown, str(row["missing"]) if row["missing"] else ""))
    return Table(
        title=_title(tr("Table 1. Patients at the first infusion"), document),
        header=(tr("Characteristic"), f"n = {document['n']}", tr("missing")),
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
        label, mark = spoken(row["label"]), ""
        if row["note"]:
            notes.append(tr("{label}. {note}", label=label, note=spoken(row["note"])))
            mark = " *"
        rows.append(
            (
                tr("{label}: {level}", label=label, level=spoken(row["level"])) + mark,
                count(row["events_true"], lost),
                count(row["n_true"] - row["events_true"], kept),
                fixed(row["chi2"], 3),
                p_value(row["p"]),
                str(row["missing"]) if row["missing"] else "",
            )
        )
        rows.append(
            (
                "    " + spoken(row["other_level"]),
                count(row["events_false"], lost),
                count(row["n_false"] - row["events_false"], kept),
                "",
                "",
                "",
            )
        )
    header = (
        tr("Covariate"),
        tr("Loss, n (%)"),
        tr("No loss, n (%)"),
        tr("Chi-square"),
        "P",
        tr("missing"),
    )
    width = len(header) if any_missing else len(header) - 1
    events = document["events"]
    return Table(
        title=_title(tr("Table 2. Loss of response by each covariate alone"), document),
        header=header[:width],
        rows=tuple(row[:width] for row in rows),
        lines=(
            tr(
                "{n} patients, {events} with loss of response, {kept} without.",
                n=document["n"],
                events=events,
                kept=document["n"] - events,
            ),
        ),
        notes=(*(f"* {note}" for note in notes), *_notes(document)),
    )


def cox(document: Document) -> Table:
    """Cox regression."""
    rows = tuple(
        (
            tr(
                "{label}: {level} against {other_level}",
                label=spoken(term["label"]),
                level=spoken(term["level"]),
                other_level=spoken(term["other_level"]),
            ),
            fixed(term["coef"], 3),
            fixed(term["se"], 3),
            fixed(term["wald"], 3),
            fixed(term["hr"], 3),
            limits(term["hr_lower"], term["hr_upper"], 3),
            p_value(term["p"]),
        )
        for term in document["terms"]
    )
    dropped = tr(", {dropped} left out", dropped=document["dropped"]) if document["dropped"] else ""
    return Table(
        title=_title(tr("Table 3. Cox regression"), document),
        header=(
            tr("Covariate"),
            "B",
            "SE",
            "Wald",
            "HR",
            tr("95 % limits"),
            "P",
        ),
        rows=rows,
        lines=(
            tr(
                "{n} patients{dropped}, {events} with loss of response; ties: {ties}.",
                n=document["n"],
                dropped=dropped,
                events=document["events"],
                ties=document["ties"].capitalize(),
            ),
        ),
        notes=_notes(document),
    )


def kaplan_meier(document: Document) -> Table:
    """Cumulative incidence at fixed months, a block of rows for each group."""
    rows = []
    for group in document["groups"]:
        label = tr(
            "{label} (n = {n}, {events} with loss)",
            label=spoken(group["label"]),
            n=group["n"],
            events=group["events"],
        )
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
    by = (
        tr(" by {covariate}", covariate=lower_first(spoken(document["by_label"])))
        if document["by"]
        else ""
    )
    return Table(
        title=_title(tr("Cumulative incidence of loss of response{by}", by=by), document),
        header=("", tr("Months"), tr("At risk"), tr("Incidence, %"), tr("95 % limits")),
        rows=tuple(rows),
        lines=tuple(_kaplan_meier_lines(document)),
        notes=_notes(document),
    )


def _kaplan_meier_lines(document: Document) -> list[str]:
    lines = []
    for group in document["groups"]:
        who = "" if group["group"] == "all" else tr(", {group}", group=spoken(group["label"]))
        median = median_months(
            group["median_months"], group["median_lower_months"], group["median_upper_months"]
        )
        lines.append(
            tr(
                "Median months to loss of response (95 % limits){who}: {median}.",
                who=who,
                median=median,
            )
        )
    test = document["logrank"]
    if test:
        lines.append(
            tr(
                "Log-rank chi-square {chi2:.3f}, df {df}, {p}.",
                chi2=test["chi2"],
                df=test["df"],
                p=p_equation(test["p"]),
            )
        )
    if document["by"] is None:
        readings = (
            ("time_to_lor_quartiles_months", tr("Time to loss in those who lost response")),
            ("analysis_time_quartiles_months", tr("Time to loss or censoring in all")),
            (
                "kaplan_meier_quartiles_months",
                tr("Months until 25, 50 and 75 % have lost response, by Kaplan-Meier"),
            ),
        )
        for key, words in readings:
            first, median, third = document[key]
            if key.startswith("kaplan"):
                shown = ", ".join(
                    tr("not reached") if m is None else f"{m:.1f}" for m in (first, median, third)
                )
                lines.append(tr("{words}: {shown}.", words=words, shown=shown))
            elif median is not None:
                lines.append(
                    tr(
                        "{words}, median (quartiles), months: {median:.1f} ({first:.1f} to "
                        "{third:.1f}).",
                        words=words,
                        median=median,
                        first=first,
                        third=third,
                    )
                )
    return lines


def tdm(document: Document) -> Table:
    """Week-14 troughs by outcome."""
    return Table(
        title=_title(tr("Infliximab trough at week 14, {unit}", unit=document["unit"]), document),
        header=("", "n", tr("outside the range"), tr("mean ± SD")),
        rows=tuple(
            (
                spoken(group["label"]),
                str(group["n"]),
                str(group["censored"]),
                _plus_minus(group["mean"], group["sd"], 2),
            )
            for group in document["groups"]
        ),
        lines=(
            tr(
                "Welch's t = {t:.3f}, df = {df:.2f}, {p}.",
                t=document["t"],
                df=document["df"],
                p=p_equation(document["p"]),
            ),
        ),
        notes=_notes(document),
    )


def outcomes(document: Document) -> Table:
    """What followed the loss of response."""
    lor, optimised = document["lor"], document["optimised"]
    rows = [
        (tr("Loss of response"), str(lor), ""),
        (
            "  " + tr("Infliximab stopped"),
            str(document["stopped"]),
            _of(document["stopped"], lor),
        ),
        ("  " + tr("Infliximab optimised"), str(optimised), _of(optimised, lor)),
        (
            "    " + tr("Response regained"),
            str(document["regained"]),
            _of(document["regained"], optimised),
        ),
        (
            "    " + tr("Response not regained"),
            str(document["not_regained"]),
            _of(document["not_regained"], optimised),
        ),
    ]
    if document["regained_unknown"]:
        unknown = document["regained_unknown"]
        rows.append(("    " + tr("Not known"), str(unknown), _of(unknown, optimised)))
    if document["neither"]:
        rows.append(("  " + tr("Neither"), str(document["neither"]), _of(document["neither"], lor)))
    return Table(
        title=_title(tr("After the loss of response"), document),
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
    return tr("{words} (definition: {definition})", words=words, definition=document["definition"])


def _notes(document: Document) -> tuple[str, ...]:
    method = [document["method"]] if "method" in document else []
    return tuple(map(spoken, [*method, *document["notes"]]))


def _of(n: int, whole: int) -> str:
    return percent(n / whole if whole else None)


def _plus_minus(mean: float | None, sd: float | None, decimals: int) -> str:
    return MISSING if mean is None else f"{fixed(mean, decimals)} ± {fixed(sd, decimals)}"


def _hundredfold(share: float | None) -> float | None:
    return None if share is None else 100 * share


def lower_first(words: str) -> str:
    """'Sex' to 'sex', but 'BMI Z-score', 'CRP' stay."""
    return words if words[1:2].isupper() else words[:1].lower() + words[1:]
