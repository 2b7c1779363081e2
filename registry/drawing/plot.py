"""Kaplan-Meier figures: cumulative incidence with limits, and under the axis those at risk.

Drawn on figures of their own, without `pyplot`, so that nothing of the caller's plotting changes.
Layout as readers of such curves asked for in the KMunicate survey (Morris et al., BMJ Open 2019):
limits as a band, and a table of those at risk, censored and with the event under each tick.
"""

from __future__ import annotations

import io
import re
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from registry.drawing.numbers import median_months, p_equation
from registry.drawing.table import Document, lower_first
from registry.drawing.ticks import band, counts_at, month_ticks
from registry.whole_file import write_whole
from registry.words import in_english

# Dark and light enough to stay apart in grey; line style and hatching say the same again.
STYLES: tuple[dict[str, Any], ...] = (
    {"color": "#123f6d", "linestyle": "-", "band": "#9fb6cf", "hatch": None},
    {"color": "#c8641b", "linestyle": (0, (5, 1.6)), "band": "#f0cfae", "hatch": "////"},
    {"color": "#2a7f62", "linestyle": (0, (1.2, 1.2)), "band": "#bfe0d4", "hatch": None},
    {"color": "#7b3f98", "linestyle": (0, (7, 1.5, 1.5, 1.5)), "band": "#dcc8e6", "hatch": None},
    {"color": "#8a1c3b", "linestyle": (0, (3, 1, 1, 1, 1, 1)), "band": "#e6c0cb", "hatch": None},
    {"color": "#5c5c5c", "linestyle": (0, (9, 2)), "band": "#d5d5d5", "hatch": None},
)
_SIZE = 9.0
_WIDTH = 7.2  # inches: two columns of a journal
_LEFT, _PANEL = 0.155, 0.815  # of the width: where the axis begins, and its length
_RC: dict[Any, Any] = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans", "Arial", "Helvetica"],
    "font.size": _SIZE,
    "svg.fonttype": "none",
    "svg.hashsalt": "kaplan-meier",
    "hatch.linewidth": 0.8,
    "savefig.dpi": 200,
}
_COUNTS = (("At risk", "at_risk"), ("Censored", "censored"), ("Events", "events"))


@in_english()
def cumulative_incidence(document: Document, *, time_zero: str = "the first infusion") -> Figure:
    """Draw the curves of a Kaplan-Meier document.

    The table counts, at each tick, those whose time is the tick or later (at risk) and those
    censored or with the event up to and including it, as R's `summary.survfit` does.

    Args:
        document: `KaplanMeier.to_json(curves=True)`.
        time_zero: what the months are counted from, for the axis.

    Returns:
        A figure that no window and no global state knows of.
    """
    with settings():
        groups = document["groups"]
        per_month = float(document["days_per_month"])
        last = max(group["curve"]["days"][-1] for group in groups) / per_month
        ticks = month_ticks(last)
        rows = (len(_COUNTS) + bool(document["by"])) * len(groups)
        # Inches from the top: title and subtitle, legend, curves, axis labels, counts, margin.
        words = textwrap.wrap(_subtitle(document), 106)
        drawn = len(groups) + sum(bool(group.get("interval_censored")) for group in groups)
        above = 0.38 + 0.17 * len(words) + 0.19 * drawn
        plot, labels, counts = 3.3, 0.5, 0.19 * rows
        height = above + plot + labels + counts + 0.06
        figure = Figure(figsize=(_WIDTH, height))
        FigureCanvasAgg(figure)
        axes = figure.add_axes((_LEFT, 1 - (above + plot) / height, _PANEL, plot / height))
        table = figure.add_axes((_LEFT, 0.06 / height, _PANEL, counts / height), sharex=axes)

        for group, style in zip(groups, styles(groups), strict=True):
            _draw_curve(axes, group, style, per_month)
            _draw_intervals(axes, group, style, per_month)
        if document.get("landmark_months"):
            axes.axvline(document["landmark_months"], color="#888888", linewidth=0.8)
        _finish_axes(axes, document, ticks, last, time_zero)
        draw_counts(
            table,
            document,
            ticks,
            _COUNTS,
            lambda curve, key, tick: int(counts_at(curve, tick * per_month)[key]),
        )
        figure.text(0.012, 1 - 0.23 / height, _title(document), fontsize=_SIZE + 2, weight="bold")
        for i, line in enumerate(words):
            figure.text(0.012, 1 - (0.45 + 0.17 * i) / height, line, color="#444444")
    return figure


def save(figure: Figure, stem: Path) -> tuple[Path, Path]:
    """Write `stem`.png (200 dots per inch) and `stem`.svg; the same figure gives the same bytes."""
    png, svg = stem.parent / f"{stem.name}.png", stem.parent / f"{stem.name}.svg"
    with settings():
        write_whole(
            png,
            lambda part: figure.savefig(part, format="png", metadata={"Software": None}),
            make_folder=True,
        )
    write_whole(svg, lambda part: part.write_text(svg_text(figure), encoding="utf-8"))
    return png, svg


def svg_text(figure: Figure) -> str:
    """The figure as an SVG document: text as text, no date, the same bytes every time."""
    out = io.StringIO()
    with settings():
        figure.savefig(
            out, format="svg", metadata=dict.fromkeys(("Date", "Creator", "Format", "Type"))
        )
    return out.getvalue()


def inline_svg(figure: Figure, prefix: str, description: str) -> str:
    """The figure for an HTML page: the `svg` element alone, ids made unique by `prefix`.

    Args:
        figure: from `cumulative_incidence`.
        prefix: letters and digits; differs between the figures of one page.
        description: read out in place of the drawing.
    """
    text = svg_text(figure)
    text = text[text.index("<svg") :]
    text = re.sub(r'\bid="', f'id="{prefix}-', text)
    text = re.sub(r"url\(#", f"url(#{prefix}-", text)
    text = re.sub(r'xlink:href="#', f'xlink:href="#{prefix}-', text)
    safe = description.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")
    return text.replace("<svg", f'<svg role="img" aria-label="{safe}"', 1).strip()


@contextmanager
def settings() -> Iterator[None]:
    """Our settings alone, whatever the caller's are, and the caller's back afterwards."""
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(_RC)
        yield


def styles(groups: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Colour, line and hatching of each group."""
    # A level of yes and no keeps its style when the other has no patients.
    if all(group["group"] in ("all", "true", "false") for group in groups):
        return [STYLES[1] if group["group"] == "false" else STYLES[0] for group in groups]
    return [STYLES[i % len(STYLES)] for i in range(len(groups))]


def _draw_curve(
    axes: Axes, group: Mapping[str, Any], style: Mapping[str, Any], per_month: float
) -> None:
    curve = group["curve"]
    months = np.asarray(curve["days"], dtype=float) / per_month
    incidence = 100 * np.asarray(curve["incidence"], dtype=float)
    limits = np.asarray(band(curve), dtype=float).reshape(-1, 3)
    axes.fill_between(
        limits[:, 0] / per_month,
        100 * limits[:, 1],
        100 * limits[:, 2],
        step="post",
        facecolor=style["band"],
        edgecolor=style["color"] if style["hatch"] else "none",
        hatch=style["hatch"],
        alpha=0.45,
        linewidth=0,
    )
    axes.step(
        months,
        incidence,
        where="post",
        color=style["color"],
        linestyle=style["linestyle"],
        linewidth=1.8,
        label=_label(group),
    )
    censored = np.asarray(curve["censored"]) > 0
    axes.plot(
        months[censored],
        incidence[censored],
        linestyle="none",
        marker="|",
        markersize=6,
        markeredgewidth=0.9,
        color=style["color"],
        clip_on=False,
    )


def _draw_intervals(
    axes: Axes, group: Mapping[str, Any], style: Mapping[str, Any], per_month: float
) -> None:
    """The interval-censored curve: flat where it is known, a slope within an interval."""
    found = group.get("interval_censored")
    if not found or not found["mass"]:
        return
    months, incidence = [0.0], [0.0]
    for left, right, mass in zip(
        found["left_days"], found["right_days"], found["mass"], strict=True
    ):
        months += [left / per_month, right / per_month]
        incidence += [incidence[-1], incidence[-1] + 100 * mass]
    last = max(group["curve"]["days"][-1] / per_month, months[-1])
    axes.plot(
        [*months, last], [*incidence, incidence[-1]], color=style["color"], linewidth=0.9,
        linestyle=(0, (1, 1)), label=f"{group['label']}: interval-censored",
    )  # fmt: skip


def _finish_axes(
    axes: Axes, document: Document, ticks: Sequence[int], last: float, time_zero: str
) -> None:
    tops = [
        value
        for group in document["groups"]
        for key in ("incidence", "upper")
        for value in group["curve"][key]
        if value is not None
    ]
    top = min(100, max(20, 10 * int(np.ceil(10 * max(tops)))))
    axes.set_ylim(0, top)
    axes.set_yticks(range(0, top + 1, 20 if top > 50 else 10 if top > 20 else 5))
    axes.set_xlim(0, max(ticks[-1], last))
    axes.set_xticks(list(ticks), [str(tick) for tick in ticks])
    axes.tick_params(axis="x", labelbottom=True)
    axes.set_xlabel(f"Months from {time_zero}", labelpad=2)
    axes.set_ylabel("Loss of response, %")
    axes.yaxis.grid(True, color="#dddddd", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(
        loc="lower left", bbox_to_anchor=(-0.01, 1.0), frameon=False, handlelength=2.8,
        borderaxespad=0.1, borderpad=0.2, labelspacing=0.3,
    )  # fmt: skip
    test = document["logrank"]
    if test:
        axes.text(
            0.985, 0.05, f"Log-rank {p_equation(test['p'])}", transform=axes.transAxes, ha="right",
            bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.85, "pad": 2},
        )  # fmt: skip


def draw_counts(
    table: Axes,
    document: Document,
    ticks: Sequence[int],
    rows: Sequence[tuple[str, str]],
    count: Callable[[Document, str, int], int],
) -> None:
    """The table: numbers centred under the ticks, at the same months on the same axis.

    `rows` are names and keys, `count` gives a curve's number of a key at a tick.
    """
    table.set_axis_off()
    groups, grouped = document["groups"], bool(document["by"])
    table.set_ylim((len(rows) + grouped) * len(groups), 0)
    line = 0.5
    names = table.get_yaxis_transform()
    for group, style in zip(groups, styles(groups), strict=True):
        if grouped:
            table.text(
                -0.175, line, group["label"], transform=names, va="center", weight="bold",
                color=style["color"],
            )  # fmt: skip
            line += 1
        for name, key in rows:
            table.text(-0.175, line, name, transform=names, va="center")
            for tick in ticks:
                table.text(
                    tick,
                    line,
                    str(count(group["curve"], key, tick)),
                    ha="center",
                    va="center",
                    gid=f"{key}-{group['group']}-{tick}",
                )
            line += 1


def _label(group: Mapping[str, Any]) -> str:
    median = median_months(
        group["median_months"], group["median_lower_months"], group["median_upper_months"]
    )
    return f"{group['label']}: median {median} months".replace("not reached months", "not reached")


def _title(document: Document) -> str:
    if not document["by"]:
        return "Cumulative incidence of loss of response"
    return f"Loss of response by {lower_first(document['by_label'])}"


def _subtitle(document: Document) -> str:
    n = sum(group["n"] for group in document["groups"])
    events = sum(group["events"] for group in document["groups"])
    missing = f", {document['missing']} with the covariate missing" if document["missing"] else ""
    return (
        f"Definition: {document['definition']}. {n} patient{'' if n == 1 else 's'}, {events} with"
        f" loss of response{missing}. Bands, brackets: 95 % limits; ticks: censored."
    )
