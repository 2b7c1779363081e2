"""Tables of the curves: Kaplan-Meier, and the incidence of competing events."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from registry.drawing.numbers import fixed, limits, median_months, p_equation, percent
from registry.drawing.table import Document, Table, hundredfold, lower_first, notes, title
from registry.words import spoken, tr


def km(document: Document) -> Table:
    """Cumulative incidence at fixed months, a block of rows for each group."""
    rows: list[tuple[str, ...]] = []
    for group in document["groups"]:
        label = tr(
            "{label} (n = {n}, {events} with loss)",
            label=spoken(group["label"]),
            n=group["n"],
            events=group["events"],
        )
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
    by = (
        tr(" by {covariate}", covariate=lower_first(spoken(document["by_label"])))
        if document["by"]
        else ""
    )
    header: tuple[str, ...] = (
        "",
        tr("Months"),
        tr("At risk"),
        tr("Incidence, %"),
        tr("95 % limits"),
    )
    intervals = [row for group in document["groups"] for row in _intervals(group)]
    if intervals:
        header = (*header, tr("Interval-censored, %"))
        rows = [(*row, shown) for row, shown in zip(rows, intervals, strict=True)]
    return Table(
        title=title(tr("Cumulative incidence of loss of response{by}", by=by), document),
        header=header,
        rows=tuple(rows),
        lines=tuple(_km_lines(document)),
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


def _km_lines(document: Document) -> list[str]:
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
        between = (group.get("interval_censored") or {}).get("median_between_months")
        if between:
            lines.append(
                tr(
                    "  Interval-censored, the median lies between {first:.1f} and {second:.1f} "
                    "months.",
                    first=between[0],
                    second=between[1],
                )
            )
        lines += _restricted_mean_line(group, who)
    test = document["logrank"]
    if test:
        within = document.get("strata_label")
        strata = tr(", within {covariate}", covariate=lower_first(spoken(within))) if within else ""
        lines.append(
            tr(
                "Log-rank chi-square{strata} {chi2:.3f}, df {df}, {p}.",
                strata=strata,
                chi2=test["chi2"],
                df=test["df"],
                p=p_equation(test["p"]),
            )
        )
    lines += _beside_the_test(document)
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
                shown = tr(", ").join(
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


def _restricted_mean_line(group: Mapping[str, Any], who: str) -> list[str]:
    mean = group.get("restricted_mean")
    if not mean:
        return []
    error = "" if mean["se"] is None else tr(", SE {se}", se=fixed(mean["se"], 2))
    return [
        tr(
            "Mean months without loss up to {horizon:g}{who}: {months}{error} ({limits}).",
            horizon=mean["horizon_months"],
            who=who,
            months=fixed(mean["months"], 2),
            error=error,
            limits=limits(mean["lower"], mean["upper"], 1),
        )
    ]


def _beside_the_test(document: Document) -> list[str]:
    """The P by permutation and the difference of restricted means, where there are any."""
    lines = []
    permuted = document.get("permutation")
    if permuted:
        lines.append(
            tr(
                "By permutation {p} ({number} permutations, seed {seed}; the smallest group "
                "expects {fewest:.1f} losses).",
                p=p_equation(permuted["p"]),
                number=permuted["permutations"],
                seed=permuted["seed"],
                fewest=permuted["smallest_expected_events"],
            )
        )
    difference = document.get("restricted_mean_difference")
    if difference:
        first, second = (spoken(group["label"]) for group in document["groups"])
        lines.append(
            tr(
                "Difference of the means, {first} minus {second}: {months} months ({limits}), {p}.",
                first=first,
                second=second,
                months=fixed(difference["months"], 2),
                limits=limits(difference["lower"], difference["upper"], 1),
                p=p_equation(difference["p"]),
            )
        )
    return lines


def cuminc(document: Document) -> Table:
    """Cumulative incidence of every cause at fixed months, a block of rows for each group."""
    rows = []
    for group in document["groups"]:
        label = tr("{label} (n = {n})", label=spoken(group["label"]), n=group["n"])
        for i, month in enumerate(document["at_months"]):
            for cause in group["causes"]:
                if not cause["events"]:
                    continue
                estimate = cause["estimates"][i]
                rows.append(
                    (
                        label,
                        spoken(cause["label"]),
                        f"{month:g}",
                        str(group["at_risk"][i]),
                        percent(estimate["cumulative_incidence"]),
                        limits(hundredfold(estimate["lower"]), hundredfold(estimate["upper"]), 1),
                    )
                )
                label = ""
    by = (
        tr(" by {covariate}", covariate=lower_first(spoken(document["by_label"])))
        if document["by"]
        else ""
    )
    return Table(
        title=title(tr("Cumulative incidence of competing events{by}", by=by), document),
        header=(
            "",
            tr("Event"),
            tr("Months"),
            tr("At risk"),
            tr("Incidence, %"),
            tr("95 % limits"),
        ),
        rows=tuple(rows),
        left=2,
        lines=tuple(_competing_lines(document)),
        notes=notes(document),
    )


def _competing_lines(document: Document) -> list[str]:
    lines = []
    for group in document["groups"]:
        who = "" if group["group"] == "all" else tr(", {group}", group=spoken(group["label"]))
        counts = tr(", ").join(
            tr("{words} {n}", words=lower_first(spoken(cause["label"])), n=cause["events"])
            for cause in group["causes"]
            if cause["events"]
        )
        lines.append(
            tr(
                "Events{who}: {counts}, censored {number}.",
                who=who,
                counts=counts or tr("none"),
                number=group["censored"],
            )
        )
        naive = [
            tr("{percent} at {months:g}", percent=percent(share), months=month)
            for month, share in zip(
                document["at_months"], group["one_minus_kaplan_meier"], strict=True
            )
            if share is not None
        ]
        if naive:
            lines.append(
                tr(
                    "If nothing competed (one minus Kaplan-Meier){who}, %: {shown} months.",
                    who=who,
                    shown=tr(", ").join(naive),
                )
            )
    lines += [
        tr(
            "Gray's test, {label}: chi-square {chi2:.3f}, df {df}, {p}.",
            label=lower_first(spoken(test["label"])),
            chi2=test["chi2"],
            df=test["df"],
            p=p_equation(test["p"]),
        )
        for test in document["gray"]
    ]
    regression = document["fine_gray"]
    for term in regression["terms"] if regression else ():
        lines.append(
            tr(
                "Subdistribution hazard ratio of loss, {label} against {reference}: {shr} "
                "({limits}), {p}.",
                label=spoken(term["label"]),
                reference=spoken(regression["reference"]),
                shr=fixed(term["shr"], 2),
                limits=limits(term["shr_lower"], term["shr_upper"], 2),
                p=p_equation(term["p"]),
            )
        )
    return lines
