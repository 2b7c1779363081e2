"""Each document laid out as the tables of a paper, ready to be printed or put on a page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from registry.covariates import MEASURES, OUTCOMES
from registry.drawing.numbers import (
    MISSING,
    SUPPRESSED,
    count,
    fixed,
    limits,
    number,
    p_equation,
    p_value,
)
from registry.drawing.table import Document, Table, lower_first, notes, plus_minus, share, title
from registry.report.model_tables import name_of
from registry.views.headers import exclusions
from registry.words import spoken, tr

__all__ = ("Document", "Table", "cox", "flow", "lower_first", "outcomes", "table1", "table2", "tdm")


def flow(document: Document) -> Table:
    """Patient flow."""
    eligible, started = document["eligible"], document["started"]
    excluded = document["excluded"]
    total = excluded_together(document)
    rows = [(tr("Registered"), number(document["registered"]), "")]
    if document["no_infliximab"] != 0:
        words = spoken(exclusions()["no_infliximab"])
        rows.append(("  " + words, number(document["no_infliximab"]), ""))
    rows.append((tr("Started infliximab"), number(started), ""))
    rows.append(("  " + tr("Excluded"), number(total), share(total, started)))
    rows += [("    " + spoken(one["label"]), number(one["n"]), "") for one in excluded]
    rows.append((tr("In the cohort"), number(eligible), share(eligible, started)))
    rows.append(
        (
            "  " + spoken(OUTCOMES["lor"]),
            number(document["events"]),
            share(document["events"], eligible),
        )
    )
    rows.append(
        (
            "  " + spoken(OUTCOMES["responder"]),
            number(document["responders"]),
            share(document["responders"], eligible),
        )
    )
    return Table(
        title=title(tr("Patient flow"), document),
        header=("", "n", "%"),
        rows=tuple(rows),
        notes=notes(document),
    )


def excluded_together(document: Document) -> int | None:
    """Those who started and are not in the cohort; None where one of the two is suppressed."""
    started, eligible = document["started"], document["eligible"]
    return None if started is None or eligible is None else started - eligible


def table1(document: Document) -> Table:
    """Baseline characteristics."""
    rows = []
    for row in document["rows"]:
        decimals = 2 if row["id"] in ("haz", "baz") else 1
        if "percent" in row:
            label = tr("{label}, n (%)", label=spoken(row["label"]))
            shown = number(row["n"])
            if row["percent"] is not None or not row.get("suppressed"):
                shown += f" ({fixed(row['percent'], 1)})"
        elif "mean" in row:
            label = tr("{label}, mean ± SD", label=spoken(row["label"]))
            shown = _or_suppressed(row, "mean", plus_minus(row["mean"], row["sd"], decimals))
        else:
            label = tr("{label}, median (quartiles)", label=spoken(row["label"]))
            shown = _or_suppressed(row, "median", MISSING)
            if row.get("bounds"):
                shown = _between(row["bounds"])
            elif row["median"] is not None and row["q1"] is None:
                shown = fixed(row["median"], 1)
            elif row["median"] is not None:
                shown = tr(
                    "{median:.1f} ({q1:.1f} to {q3:.1f})",
                    median=row["median"],
                    q1=row["q1"],
                    q3=row["q3"],
                )
        rows.append((label, shown, "" if row["missing"] == 0 else number(row["missing"])))
    return Table(
        title=title(tr("Table 1. Patients at the first infusion"), document),
        header=(tr("Characteristic"), f"n = {document['n']}", tr("missing")),
        rows=tuple(rows),
        notes=notes(document),
    )


def _between(bounds: Mapping[str, Any]) -> str:
    """A median and its quartiles, each by what is known to lie below and above it."""

    def told(name: str) -> str:
        low, high = bounds[name]
        if low is None:
            return tr("below {high:g}", high=high) if high is not None else MISSING
        if high is None:
            return tr("{low:g} or more", low=low)
        return tr("{low:g} to {high:g}", low=low, high=high)

    return tr("{median} ({q1}; {q3})", median=told("median"), q1=told("q1"), q3=told("q3"))


def _or_suppressed(row: Mapping[str, Any], key: str, shown: str) -> str:
    """The sign of a suppressed cell, where it is one."""
    return SUPPRESSED if row.get("suppressed") and row[key] is None else shown


def table2(document: Document) -> Table:
    """Univariate log-rank tests; percentages are of the patients with that outcome."""
    rows = []
    marked = []
    # Columns that a table needs only now and then, and whether this one does.
    holm, permuted = tr("P, Holm"), tr("P, permuted")
    extra = {
        holm: bool(document.get("show_holm")),
        permuted: any(row.get("p_permutation") is not None for row in document["rows"]),
        tr("missing"): any(row["missing"] for row in document["rows"]),
    }
    for row in document["rows"]:
        hidden = row["events_true"] is None
        lost = None if hidden else row["events_true"] + row["events_false"]
        kept = None if hidden else row["n_true"] + row["n_false"] - lost
        kept_true, kept_false = (
            None if hidden else row[f"n_{level}"] - row[f"events_{level}"]
            for level in ("true", "false")
        )
        mark = ""
        if row["note"]:
            marked.append(
                "* " + tr("{label}. {note}", label=spoken(row["label"]), note=spoken(row["note"]))
            )
            mark = " *"
        rows.append(
            (
                tr("{label}: {level}", label=spoken(row["label"]), level=spoken(row["level"]))
                + mark,
                count(row["events_true"], lost),
                count(kept_true, kept),
                SUPPRESSED if hidden else fixed(row["chi2"], 3),
                SUPPRESSED if hidden else p_value(row["p"]),
                *_chosen(
                    extra,
                    p_value(row.get("p_holm")),
                    "" if row.get("p_permutation") is None else p_value(row["p_permutation"]),
                    "" if row["missing"] == 0 else number(row["missing"]),
                ),
            )
        )
        rows.append(
            (
                "    " + spoken(row["other_level"]),
                count(row["events_false"], lost),
                count(kept_false, kept),
                "",
                "",
                *_chosen(extra, "", "", ""),
            )
        )
    if extra[holm]:
        marked.append(
            tr("P, Holm: adjusted for the {number} tests of this table.", number=document["tests"])
        )
    if extra[permuted]:
        marked.append(
            tr(
                "P, permuted: over {number} random permutations (seed {seed}), where a group "
                "expects fewer than {fewest:g} losses.",
                number=document["permutations"],
                seed=document["permutation_seed"],
                fewest=document["permuted_below_expected_events"],
            )
        )
    header = (tr("Covariate"), tr("Loss, n (%)"), tr("No loss, n (%)"), tr("Chi-square"), "P")
    events = document["events"]
    return Table(
        title=title(tr("Table 2. Loss of response by each covariate alone"), document),
        header=(*header, *_chosen(extra, *extra)),
        rows=tuple(rows),
        lines=(
            tr(
                "{n} patients, {events} with loss of response, {kept} without.",
                n=document["n"],
                events=events,
                kept=document["n"] - events,
            ),
        ),
        notes=(*marked, *notes(document)),
    )


def cox(document: Document) -> Table:
    """Cox regression."""
    rows = tuple(
        (
            name_of(term),
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
        title=title(_cox_title(document), document),
        header=(tr("Covariate"), "B", "SE", "Wald", "HR", tr("95 % limits"), "P"),
        rows=rows,
        lines=(
            tr(
                "{n} patients{dropped}, {events} with loss of response, {ratio} for each "
                "covariate; ties: {ties}.",
                n=number(document["n"]),
                dropped=dropped,
                events=number(document["events"]),
                ratio=fixed(document["events_per_term"], 1),
                ties=document["ties"].capitalize(),
            ),
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
    return tr("Cox regression") if more or varies else tr("Table 3. Cox regression")


def _cox_lines(document: Document) -> list[str]:
    """How well the model tells patients apart, and whether its hazards are proportional."""
    lines = []
    if document.get("concordance") is not None:
        lines.append(
            tr("Concordance {concordance}.", concordance=fixed(document["concordance"], 3))
        )
    for test in document.get("proportional_hazards", [])[:1]:
        each = tr(", ").join(f"{one['covariate']} {p_value(one['p'])}" for one in test["terms"])
        lines.append(
            tr(
                "Proportional hazards, score test over {scale}: {p}; {each}.",
                scale=spoken(test["transform_in_words"]),
                p=p_equation(test["p"]),
                each=each,
            )
        )
    return lines


def tdm(document: Document) -> Table:
    """Week-14 troughs by outcome."""
    return Table(
        title=title(spoken(MEASURES["week14_trough"].in_unit), document),
        header=("", "n", tr("outside the range"), tr("mean ± SD")),
        rows=tuple(
            (
                spoken(group["label"]),
                number(group["n"]),
                number(group["censored"]),
                plus_minus(group["mean"], group["sd"], 2),
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
        )
        if document["t"] is not None
        else (),
        notes=notes(document),
    )


def outcomes(document: Document) -> Table:
    """What followed the loss of response."""
    lor, optimised = document["lor"], document["optimised"]
    rows = [
        (spoken(OUTCOMES["lor"]), number(lor), ""),
        (
            "  " + tr("Infliximab stopped"),
            number(document["stopped"]),
            share(document["stopped"], lor),
        ),
        ("  " + tr("Infliximab optimised"), number(optimised), share(optimised, lor)),
        (
            "    " + tr("Response regained"),
            number(document["regained"]),
            share(document["regained"], optimised),
        ),
        (
            "    " + tr("Response not regained"),
            number(document["not_regained"]),
            share(document["not_regained"], optimised),
        ),
    ]
    if document["regained_unknown"] != 0:
        unknown = document["regained_unknown"]
        rows.append(("    " + tr("Not known"), number(unknown), share(unknown, optimised)))
    if document["neither"] != 0:
        rows.append(
            ("  " + tr("Neither"), number(document["neither"]), share(document["neither"], lor))
        )
    return Table(
        title=title(tr("After the loss of response"), document),
        header=("", "n", "%"),
        rows=tuple(rows),
        notes=notes(document),
    )


def _chosen(shown: Mapping[str, bool], *cells: str) -> tuple[str, ...]:
    """The cells of the columns that are shown."""
    return tuple(cell for cell, wanted in zip(cells, shown.values(), strict=True) if wanted)
