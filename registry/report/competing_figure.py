"""Figures of competing events: everything that can happen, stacked, or one cause by group."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from registry.drawing.numbers import p_equation
from registry.drawing.plot import draw_counts, settings, styles
from registry.drawing.ticks import band, counts_at, month_ticks
from registry.report.tables import Document, lower_first
from registry.words import in_english

# From the bottom of the stack up: loss, stop, transfer, death; lightness and hatching both differ.
_AREAS: tuple[dict[str, Any], ...] = (
    {"facecolor": "#123f6d", "hatch": None},
    {"facecolor": "#e9a15b", "hatch": "////"},
    {"facecolor": "#c9cdd2", "hatch": "...."},
    {"facecolor": "#6b6b6b", "hatch": "xx"},
)
_COUNTS = (("At risk", "at_risk"), ("Loss", "events"), ("Competing", "competing"))
_WIDTH, _LEFT, _PANEL = 7.2, 0.155, 0.815


@in_english()
def competing_incidence(document: Document, *, time_zero: str = "the first infusion") -> Figure:
    """Draw a document of cumulative incidences.

    Without groups the causes are stacked, so that their sum is the share with any event; with
    groups the incidence of loss of response is drawn for each, with its limits.

    Args:
        document: `CumulativeIncidence.to_json(curves=True)`.
        time_zero: what the months are counted from, for the axis.

    Returns:
        A figure that no window and no global state knows of.
    """
    with settings():
        groups, per_month = document["groups"], float(document["days_per_month"])
        last = max(group["curve"]["days"][-1] for group in groups) / per_month
        ticks = month_ticks(last)
        stacked = document["by"] is None
        shown = sum(bool(cause["events"]) for cause in groups[0]["causes"])
        above = 0.62 + 0.19 * (shown + 1 if stacked else len(groups))
        counts = 0.19 * (len(_COUNTS) + (not stacked)) * len(groups)
        height = above + 3.3 + 0.5 + counts + 0.06
        figure = Figure(figsize=(_WIDTH, height))
        FigureCanvasAgg(figure)
        axes = figure.add_axes((_LEFT, 1 - (above + 3.3) / height, _PANEL, 3.3 / height))
        table = figure.add_axes((_LEFT, 0.06 / height, _PANEL, counts / height), sharex=axes)
        if stacked:
            _draw_stack(axes, groups[0], per_month)
        else:
            for group, style in zip(groups, styles(groups), strict=True):
                _draw_loss(axes, group, style, per_month)
            _write_test(axes, document)
        _finish(axes, ticks, last, time_zero, stacked)
        draw_counts(
            table,
            document,
            ticks,
            _COUNTS,
            lambda curve, key, tick: _count(curve, key, tick * per_month),
        )
        title = "What happened first" if stacked else "Loss of response, others competing"
        by = f", by {lower_first(document['by_label'])}" if document["by"] else ""
        figure.text(0.012, 1 - 0.23 / height, title + by, fontsize=11, weight="bold")
        n = sum(group["n"] for group in groups)
        figure.text(
            0.012,
            1 - 0.45 / height,
            f"Definition: {document['definition']}. {n} patients. Aalen-Johansen"
            f"{'' if stacked else '; bands: 95 % limits'}.",
            color="#444444",
        )
    return figure


def _months(group: Mapping[str, Any], per_month: float) -> Any:
    return np.asarray(group["curve"]["days"], dtype=float) / per_month


def _draw_stack(axes: Axes, group: Mapping[str, Any], per_month: float) -> None:
    months = _months(group, per_month)
    bottom = np.zeros_like(months)
    for cause, area in zip(group["causes"], _AREAS, strict=True):
        if not cause["events"]:
            continue
        top = bottom + 100 * np.asarray(cause["incidence"], dtype=float)
        axes.fill_between(
            months, bottom, top, step="post", edgecolor="white", linewidth=0.3,
            label=f"{cause['label']} ({cause['events']})", **area,
        )  # fmt: skip
        axes.step(months, top, where="post", color="#333333", linewidth=0.8)
        bottom = top
    naive = group["causes"][0]
    alone = _without_competitors(group)
    axes.step(
        months, 100 * alone, where="post", color="#b3001b", linestyle=(0, (2, 1.5)), linewidth=1.4,
        label=f"{naive['label']}, one minus Kaplan-Meier (if nothing competed)",
    )  # fmt: skip


def _without_competitors(group: Mapping[str, Any]) -> Any:
    """One minus Kaplan-Meier of the loss of response, from the counts of the curve."""
    n = np.asarray(group["curve"]["at_risk"], dtype=float)
    d = np.asarray(group["curve"]["events"], dtype=float)
    return 1 - np.cumprod(1 - d / np.where(n > 0, n, 1))


def _draw_loss(
    axes: Axes, group: Mapping[str, Any], style: Mapping[str, Any], per_month: float
) -> None:
    months = _months(group, per_month)
    loss = group["causes"][0]
    limits = np.asarray(band(group["curve"] | loss), dtype=float).reshape(-1, 3)
    axes.fill_between(
        limits[:, 0] / per_month, 100 * limits[:, 1], 100 * limits[:, 2],
        step="post", facecolor=style["band"], alpha=0.45, linewidth=0,
        edgecolor=style["color"] if style["hatch"] else "none", hatch=style["hatch"],
    )  # fmt: skip
    axes.step(
        months, 100 * np.asarray(loss["incidence"], dtype=float), where="post",
        color=style["color"], linestyle=style["linestyle"], linewidth=1.8,
        label=f"{group['label']} (n = {group['n']}, {loss['events']} with loss)",
    )  # fmt: skip


def _write_test(axes: Axes, document: Document) -> None:
    for test in document["gray"]:
        if test["cause"] == "loss_of_response":
            axes.text(
                0.985, 0.95, f"Gray's test {p_equation(test['p'])}", transform=axes.transAxes,
                ha="right", va="top",
                bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.85, "pad": 2},
            )  # fmt: skip


def _finish(axes: Axes, ticks: list[int], last: float, time_zero: str, stacked: bool) -> None:
    top = min(100, max(20, 10 * int(np.ceil(axes.dataLim.y1 / 10))))
    top = 100 if stacked else top
    axes.set_ylim(0, top)
    axes.set_yticks(range(0, top + 1, 20 if top > 50 else 10 if top > 20 else 5))
    axes.set_xlim(0, max(ticks[-1], last))
    axes.set_xticks(ticks, [str(tick) for tick in ticks])
    axes.tick_params(axis="x", labelbottom=True)
    axes.set_xlabel(f"Months from {time_zero}", labelpad=2)
    axes.set_ylabel("Patients, %" if stacked else "Loss of response, %")
    axes.yaxis.grid(True, color="#dddddd", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(
        loc="lower left", bbox_to_anchor=(-0.01, 1.0), frameon=False, handlelength=2.8,
        borderaxespad=0.1, borderpad=0.2, labelspacing=0.3,
    )  # fmt: skip


def _count(curve: Mapping[str, Any], key: str, day: float) -> int:
    if key == "competing":
        pairs = zip(curve["days"], curve["competing"], strict=True)
        return sum(n for d, n in pairs if d <= day)
    return counts_at(curve, day)[key]
