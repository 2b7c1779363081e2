"""The parts of the document on drug levels laid out as tables."""

from __future__ import annotations

from collections.abc import Callable

from registry.drawing.numbers import (
    MISSING,
    SUPPRESSED,
    count,
    fixed,
    limits,
    number,
    p_equation,
    p_value,
    percent,
)
from registry.report import tables
from registry.report.tables import Document, Table
from registry.words import spoken, tr


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


def mechanisms(document: Document) -> list[Table]:
    """The table of the mechanisms alone, where there is one."""
    return [_mechanisms(document["mechanisms"])] if document.get("mechanisms") else []


def _groups(document: Document) -> Table:
    first = tables.tdm(document)
    test = document.get("mann_whitney")
    if not test:
        return first
    how = tr("exact") if test["exact"] else tr("normal approximation")
    told = {"p": p_equation(test["p"]), "how": how, "share": percent(test["probability_higher"])}
    line = (
        tr(
            "Mann-Whitney {p} ({how}); in {share} % of pairs the level without loss is the higher.",
            **told,
        )
        if test["u"] is None
        else tr(
            "Mann-Whitney U = {u:g}, {p} ({how}); in {share} % of pairs the level without loss "
            "is the higher.",
            u=test["u"],
            **told,
        )
    )
    return Table(
        first.title, first.header, first.rows, first.left, (*first.lines, line),
        (*first.notes, spoken(test["method"])),
    )  # fmt: skip


def _quartiles(part: Document) -> Table:
    months = [estimate["at_months"] for estimate in part["groups"][0]["estimates"]]
    rows = []
    for group in part["groups"]:
        cells = [_between(group["above"], group["to"]), *map(number, (group["n"], group["events"]))]
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
        exact = tr("; by permutation {p}", p=p_equation(permuted["p"])) if permuted else ""
        lines.append(
            tr(
                "Log-rank chi-square {chi2:.3f}, df {df}, {p}{exact}.",
                chi2=test["chi2"],
                df=test["df"],
                p=p_equation(test["p"]),
                exact=exact,
            )
        )
    elif part["logrank_reason"]:
        lines.append(spoken(part["logrank_reason"]))
    if part["trend"]:
        lines.append(
            tr(
                "Trend: chi-square {chi2:.3f}, df 1, {p}.",
                chi2=part["trend"]["chi2"],
                p=p_equation(part["trend"]["p"]),
            )
        )
    ratio = part["hazard_ratio_per_doubling"]
    if ratio:
        lines.append(
            tr(
                "Hazard ratio of twice the trough: {hr:.2f} (95 % limits {limits}), {p}.",
                hr=ratio["hr"],
                limits=limits(ratio["lower"], ratio["upper"], 2),
                p=p_equation(ratio["p"]),
            )
        )
    elif part["hazard_ratio_reason"]:
        lines.append(spoken(part["hazard_ratio_reason"]))
    return Table(
        title=tr("Loss of response by quartile of the week-14 trough"),
        header=(
            tr("Trough, ug/mL"),
            "n",
            tr("loss"),
            *(tr("% by {months:g} months (95 % limits)", months=month) for month in months),
        ),
        rows=tuple(rows),
        lines=tuple(lines),
        notes=(spoken(part["method"]),),
    )


def _roc(part: Document) -> Table:
    cut = part["youden"]
    area = f"{part['auc']:.3f}"
    rows = [(tr("Area under the curve"), area, limits(part["lower"], part["upper"], 3))]
    rows += (
        []
        if cut is None
        else [
            (
                tr("Exploratory cut, ug/mL"),
                fixed(cut["cut"], 2),
                limits(cut["cut_lower"], cut["cut_upper"], 2),
            ),
            ("  " + tr("Sensitivity below it, %"), percent(cut["sensitivity"]), ""),
            ("  " + tr("Specificity, %"), percent(cut["specificity"]), ""),
            ("  " + tr("Youden's index"), fixed(cut["j"], 3), ""),
            ("  " + tr("corrected for the choice of the cut"), fixed(cut["j_corrected"], 3), ""),
        ]
    )
    return Table(
        title=tr("The week-14 trough as a sign of a later loss of response"),
        header=("", "", tr("95 % limits")),
        rows=tuple(rows),
        lines=(tr("The levels of the groups do not overlap: the area has no limits."),)
        if part["lower"] is None
        else (),
        notes=(spoken(part["method"]),),
    )


def _over_time(part: Document) -> Table:
    rows = tuple(
        (
            spoken(window["label"]),
            number(window["n"]),
            fixed(window["median"], 2),
            limits(window["q1"], window["q3"], 2),
            count(window["censored"], window["n"]),
            count(window["below_threshold"], window["n"]),
        )
        for window in part["windows"]
    )
    beside = tr(
        "Not among them: {after_loss} troughs on or after a loss of response, "
        "{not_troughs} levels that are no troughs.",
        after_loss=number(part["after_loss"]),
        not_troughs=number(part["not_troughs"]),
    )
    return Table(
        title=tr("Troughs over time, ug/mL"),
        header=(
            "",
            "n",
            tr("median"),
            tr("quartiles"),
            tr("outside range, n (%)"),
            tr("too low, n (%)"),
        ),
        rows=rows,
        notes=(spoken(part["method"]), beside),
    )


def _mechanisms(part: Document) -> Table:
    names = {"immunogenic_low_titre": tr("immunogenic, low titre")}
    rows = tuple(
        (
            tr(
                "{mechanism}: {advice}",
                mechanism=names.get(row["mechanism"]) or spoken(row["mechanism"]),
                advice=spoken(row["action"]),
            ),
            *(
                number(row[key])
                for key in ("n", "stopped", "optimised", "regained", "not_regained", "neither")
            ),
        )
        for row in part["rows"]
    )
    return Table(
        title=tr("Why response was lost, and what came of it"),
        header=(
            tr("Mechanism: advice"),
            "n",
            tr("stopped"),
            tr("optimised"),
            tr("regained"),
            tr("not"),
            tr("neither"),
        ),
        rows=rows,
        notes=(spoken(part["method"]),),
    )


def _measured(part: Document) -> Table:
    def shown(told: Document) -> str:
        if "median" not in told:
            return count(told["n"], told["known"])
        if told["median"] is None:
            return SUPPRESSED if told.get("suppressed") else MISSING
        decimals = 0 if told["median"] > 1000 else 1
        median, q1, q3 = (fixed(told[key], decimals) for key in ("median", "q1", "q3"))
        return tr("{median} ({q1} to {q3})", median=median, q1=q1, q3=q3)

    rows = [
        (
            spoken(row["label"]),
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
    rows.append((tr("Loss of response, n (%)"), *loss, "", p_value(p)))
    return Table(
        title=tr("Patients with and without a trough at week 14"),
        header=(
            "",
            tr("measured ({number})", number=part["n_measured"]),
            tr("not ({number})", number=part["n_not_measured"]),
            tr("difference"),
            "P",
        ),
        rows=tuple(rows),
        notes=tuple(map(spoken, filter(None, (part["method"], part["logrank_reason"])))),
    )


def _between(above: float | None, to: float | None) -> str:
    if above is None and to is None:
        return tr("all")
    if above is None:
        return tr("up to {number}", number=fixed(to, 2))
    return (
        tr("above {low}", low=fixed(above, 2))
        if to is None
        else tr("above {low} to {high}", low=fixed(above, 2), high=fixed(to, 2))
    )
