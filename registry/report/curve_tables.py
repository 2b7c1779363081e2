"""Tables of the curves: Kaplan-Meier, and the incidence of competing events."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from registry.report.numbers import fixed, limits, median_months, p_equation, percent
from registry.report.table import Document, Table, hundredfold, lower_first, notes, title


def kaplan_meier(document: Document) -> Table:
    """Cumulative incidence at fixed months, a block of rows for each group."""
    rows: list[tuple[str, ...]] = []
    for group in document["groups"]:
        label = f"{group['label']} (n = {group['n']}, {group['events']} with loss)"
        for estimate in group["estimates"]:
            lower, upper = hundredfold(estimate["lower"]), hundredfold(estimate["upper"])
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
    header: tuple[str, ...] = ("", "Months", "At risk", "Incidence, %", "95 % limits")
    intervals = [row for group in document["groups"] for row in _intervals(group)]
    if intervals:
        header = (*header, "Interval-censored, %")
        rows = [(*row, shown) for row, shown in zip(rows, intervals, strict=True)]
    return Table(
        title=title(f"Cumulative incidence of loss of response{by}", document),
        header=header,
        rows=tuple(rows),
        lines=tuple(_kaplan_meier_lines(document)),
        notes=notes(document),
    )


def _intervals(group: Mapping[str, Any]) -> list[str]:
    """'12.1 to 18.0' at each month, from the interval-censored curve of a group."""
    found = group.get("interval_censored")
    if not found:
        return []
    return [
        limits(hundredfold(one["least"]), hundredfold(one["greatest"]), 1)
        for one in found["estimates"]
    ]


def _kaplan_meier_lines(document: Document) -> list[str]:
    lines = []
    for group in document["groups"]:
        who = "" if group["group"] == "all" else f", {group['label']}"
        median = median_months(
            group["median_months"], group["median_lower_months"], group["median_upper_months"]
        )
        lines.append(f"Median months to loss of response (95 % limits){who}: {median}.")
        between = (group.get("interval_censored") or {}).get("median_between_months")
        if between:
            lines.append(
                f"  Interval-censored, the median lies between {between[0]:.1f} and"
                f" {between[1]:.1f} months."
            )
        lines += _restricted_mean_line(group, who)
    test = document["logrank"]
    if test:
        within = document.get("strata_label")
        strata = f", within {lower_first(within)}" if within else ""
        lines.append(
            f"Log-rank chi-square{strata} {test['chi2']:.3f}, df {test['df']},"
            f" {p_equation(test['p'])}."
        )
    lines += _beside_the_test(document)
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


def _restricted_mean_line(group: Mapping[str, Any], who: str) -> list[str]:
    mean = group.get("restricted_mean")
    if not mean:
        return []
    error = "" if mean["se"] is None else f", SE {fixed(mean['se'], 2)}"
    return [
        f"Mean months without loss up to {mean['horizon_months']:g}{who}:"
        f" {fixed(mean['months'], 2)}{error} ({limits(mean['lower'], mean['upper'], 1)})."
    ]


def _beside_the_test(document: Document) -> list[str]:
    """The P by permutation and the difference of restricted means, where there are any."""
    lines = []
    permuted = document.get("permutation")
    if permuted:
        lines.append(
            f"By permutation {p_equation(permuted['p'])} ({permuted['permutations']} permutations,"
            f" seed {permuted['seed']}; the smallest group expects"
            f" {permuted['smallest_expected_events']:.1f} losses)."
        )
    difference = document.get("restricted_mean_difference")
    if difference:
        first, second = (group["label"] for group in document["groups"])
        lines.append(
            f"Difference of the means, {first} minus {second}: {fixed(difference['months'], 2)}"
            f" months ({limits(difference['lower'], difference['upper'], 1)}),"
            f" {p_equation(difference['p'])}."
        )
    return lines


def cuminc(document: Document) -> Table:
    """Cumulative incidence of every cause at fixed months, a block of rows for each group."""
    rows = []
    for group in document["groups"]:
        label = f"{group['label']} (n = {group['n']})"
        for i, month in enumerate(document["at_months"]):
            for cause in group["causes"]:
                if not cause["events"]:
                    continue
                estimate = cause["estimates"][i]
                rows.append(
                    (
                        label,
                        cause["label"],
                        f"{month:g}",
                        str(group["at_risk"][i]),
                        percent(estimate["cumulative_incidence"]),
                        limits(hundredfold(estimate["lower"]), hundredfold(estimate["upper"]), 1),
                    )
                )
                label = ""
    by = f" by {lower_first(document['by_label'])}" if document["by"] else ""
    return Table(
        title=title(f"Cumulative incidence of competing events{by}", document),
        header=("", "Event", "Months", "At risk", "Incidence, %", "95 % limits"),
        rows=tuple(rows),
        left=2,
        lines=tuple(_competing_lines(document)),
        notes=notes(document),
    )


def _competing_lines(document: Document) -> list[str]:
    lines = []
    for group in document["groups"]:
        who = "" if group["group"] == "all" else f", {group['label']}"
        counts = ", ".join(
            f"{lower_first(cause['label'])} {cause['events']}"
            for cause in group["causes"]
            if cause["events"]
        )
        lines.append(f"Events{who}: {counts or 'none'}, censored {group['censored']}.")
        naive = [
            f"{percent(share)} at {month:g}"
            for month, share in zip(
                document["at_months"], group["one_minus_kaplan_meier"], strict=True
            )
            if share is not None
        ]
        if naive:
            lines.append(
                f"If nothing competed (one minus Kaplan-Meier){who}, %: {', '.join(naive)} months."
            )
    lines += [
        f"Gray's test, {lower_first(test['label'])}: chi-square {test['chi2']:.3f}, df"
        f" {test['df']}, {p_equation(test['p'])}."
        for test in document["gray"]
    ]
    regression = document["fine_gray"]
    for term in regression["terms"] if regression else ():
        lines.append(
            f"Subdistribution hazard ratio of loss, {term['label']} against"
            f" {regression['reference']}: {fixed(term['shr'], 2)}"
            f" ({limits(term['shr_lower'], term['shr_upper'], 2)}), {p_equation(term['p'])}."
        )
    return lines
