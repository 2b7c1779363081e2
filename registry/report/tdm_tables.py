"""The parts of the document on drug levels laid out as tables."""

from __future__ import annotations

from collections.abc import Callable

from registry.report import tables
from registry.report.numbers import (
    MISSING,
    count,
    fixed,
    limits,
    p_equation,
    p_value,
    percent,
)
from registry.report.tables import Document, Table

PARTS = ("groups", "quartiles", "roc", "over_time", "mechanisms", "measured")
"""The tables of the document, in their order."""


def all_tables(document: Document) -> list[Table]:
    """A table for each part that there is; what holds for all stands under the first."""
    made = [_groups(document)]
    layouts: dict[str, Callable[[Document], Table]] = {
        "quartiles": _quartiles,
        "roc": _roc,
        "over_time": _over_time,
        "mechanisms": _mechanisms,
        "measured": _measured,
    }
    made += [layout(document[name]) for name, layout in layouts.items() if document.get(name)]
    return made


def _groups(document: Document) -> Table:
    first = tables.tdm(document)
    test = document.get("mann_whitney")
    if not test:
        return first
    how = "exact" if test["exact"] else "normal approximation"
    line = (
        f"Mann-Whitney U = {test['u']:g}, {p_equation(test['p'])} ({how}); in"
        f" {percent(test['probability_higher'])} % of pairs the level without loss is the higher."
    )
    return Table(
        first.title, first.header, first.rows, first.left, (*first.lines, line),
        (*first.notes, test["method"]),
    )  # fmt: skip


def _quartiles(part: Document) -> Table:
    months = [estimate["at_months"] for estimate in part["groups"][0]["estimates"]]
    rows = []
    for group in part["groups"]:
        cells = [_between(group["above"], group["to"]), str(group["n"]), str(group["events"])]
        for estimate in group["estimates"]:
            lower, upper = (
                None if estimate[key] is None else 100 * estimate[key] for key in ("lower", "upper")
            )
            shown = percent(estimate["cumulative_incidence"])
            cells.append(
                shown if lower is None and upper is None else f"{shown} ({limits(lower, upper, 1)})"
            )
        rows.append(tuple(cells))
    lines = []
    if part["logrank"]:
        test = part["logrank"]
        permuted = part["permutation"]
        exact = f"; by permutation {p_equation(permuted['p'])}" if permuted else ""
        lines.append(
            f"Log-rank chi-square {test['chi2']:.3f}, df {test['df']},"
            f" {p_equation(test['p'])}{exact}."
        )
    elif part["logrank_reason"]:
        lines.append(part["logrank_reason"])
    if part["trend"]:
        lines.append(
            f"Trend: chi-square {part['trend']['chi2']:.3f}, df 1,"
            f" {p_equation(part['trend']['p'])}."
        )
    ratio = part["hazard_ratio_per_doubling"]
    if ratio:
        lines.append(
            f"Hazard ratio of twice the trough: {ratio['hr']:.2f} (95 % limits"
            f" {limits(ratio['lower'], ratio['upper'], 2)}), {p_equation(ratio['p'])}."
        )
    elif part["hazard_ratio_reason"]:
        lines.append(part["hazard_ratio_reason"])
    return Table(
        title="Loss of response by quartile of the week-14 trough",
        header=(
            "Trough, ug/mL",
            "n",
            "loss",
            *(f"% by {month:g} months (95 % limits)" for month in months),
        ),
        rows=tuple(rows),
        lines=tuple(lines),
        notes=(part["method"],),
    )


def _roc(part: Document) -> Table:
    cut = part["youden"]
    area = f"{part['auc']:.3f}"
    rows = (
        ("Area under the curve", area, limits(part["lower"], part["upper"], 3)),
        ("Cut, ug/mL", fixed(cut["cut"], 2), limits(cut["cut_lower"], cut["cut_upper"], 2)),
        ("  Sensitivity below it, %", percent(cut["sensitivity"]), ""),
        ("  Specificity, %", percent(cut["specificity"]), ""),
        ("  Youden's index", fixed(cut["j"], 3), ""),
        ("  corrected for the choice of the cut", fixed(cut["j_corrected"], 3), ""),
    )
    return Table(
        title="The week-14 trough as a sign of a later loss of response",
        header=("", "", "95 % limits"),
        rows=rows,
        lines=("The levels of the groups do not overlap: the area has no limits.",)
        if part["lower"] is None
        else (),
        notes=(part["method"],),
    )


def _over_time(part: Document) -> Table:
    rows = tuple(
        (
            window["label"],
            str(window["n"]),
            fixed(window["median"], 2),
            limits(window["q1"], window["q3"], 2),
            count(window["censored"], window["n"]),
            count(window["below_threshold"], window["n"]),
        )
        for window in part["windows"]
    )
    beside = (
        f"Not among them: {part['after_loss']} troughs on or after a loss of response,"
        f" {part['not_troughs']} levels that are no troughs."
    )
    return Table(
        title="Troughs over time, ug/mL",
        header=("", "n", "median", "quartiles", "outside range, n (%)", "too low, n (%)"),
        rows=rows,
        notes=(part["method"], beside),
    )


def _mechanisms(part: Document) -> Table:
    names = {"immunogenic_low_titre": "immunogenic, low titre"}
    rows = tuple(
        (
            f"{names.get(row['mechanism'], row['mechanism'])}: {row['action']}",
            *(
                str(row[key])
                for key in ("n", "stopped", "optimised", "regained", "not_regained", "neither")
            ),
        )
        for row in part["rows"]
    )
    return Table(
        title="Why response was lost, and what came of it",
        header=("Mechanism: advice", "n", "stopped", "optimised", "regained", "not", "neither"),
        rows=rows,
        notes=(part["method"],),
    )


def _measured(part: Document) -> Table:
    def shown(told: Document) -> str:
        if "median" not in told:
            return count(told["n"], told["known"])
        if told["median"] is None:
            return MISSING
        decimals = 0 if told["median"] > 1000 else 1
        numbers = (f"{told[key]:.{decimals}f}" for key in ("median", "q1", "q3"))
        return "{} ({} to {})".format(*numbers)

    rows = [
        (
            row["label"],
            shown(row["measured"]),
            shown(row["not_measured"]),
            fixed(row["standardised_difference"], 2),
            p_value(row["p"]),
        )
        for row in part["rows"]
    ]
    loss = (
        count(part["events_measured"], part["n_measured"]),
        count(part["events_not_measured"], part["n_not_measured"]),
    )
    p = part["logrank"]["p"] if part["logrank"] else None
    rows.append(("Loss of response, n (%)", *loss, "", p_value(p)))
    return Table(
        title="Patients with and without a trough at week 14",
        header=(
            "",
            f"measured ({part['n_measured']})",
            f"not ({part['n_not_measured']})",
            "difference",
            "P",
        ),
        rows=tuple(rows),
        notes=(part["method"], *([part["logrank_reason"]] if part["logrank_reason"] else [])),
    )


def _between(above: float | None, to: float | None) -> str:
    if above is None and to is None:
        return "all"
    if above is None:
        return f"up to {fixed(to, 2)}"
    return (
        f"above {fixed(above, 2)}" if to is None else f"above {fixed(above, 2)} to {fixed(to, 2)}"
    )
