"""Forest plots of hazard ratios on a logarithmic axis: of one model, or of two side by side."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from registry.drawing.numbers import MISSING, fixed, limits, p_value
from registry.drawing.plot import STYLES, settings
from registry.report.model_tables import name_of
from registry.report.tables import Document
from registry.words import in_english

_WIDTH = 7.2
_ROW, _ABOVE, _BELOW = 0.21, 0.62, 0.55  # inches
_WORDS = 42  # letters of a label to a line
_LEAST, _MOST = 0.01, 100.0
_TICKS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100)


@dataclass(frozen=True)
class _Line:
    """One line of the plot: words, and an estimate of one of the series."""

    words: str
    numbers: Mapping[str, Any] | None
    series: int = 0
    bold: bool = False
    estimate: bool = False


@in_english()
def forest_plot(document: Document) -> Figure:
    """Draw the terms of a Cox model.

    Args:
        document: `Cox.to_json()`.
    """
    lines = []
    for term in document["terms"]:
        words = textwrap.wrap(name_of(term), _WORDS)
        lines += [_Line(words[0], term), *(_Line(f"   {more}", None) for more in words[1:])]
    kind = "profile likelihood" if document["penalty"] == "firth" else "Wald"
    subtitle = (
        f"Definition: {document['definition']}. {document['n']} patients, {document['events']}"
        f" with loss of response; 95 % limits ({kind}); ties: {document['ties'].capitalize()}."
    )
    return _draw("Cox regression of the loss of response", subtitle, lines)


@in_english()
def paired_forest_plot(document: Document) -> Figure:
    """Draw the published and the sound hazard ratio of each covariate, one below the other.

    Args:
        document: `Comparison.to_json()`.
    """
    lines = []
    for one in document["covariates"]:
        words = textwrap.wrap(name_of(one), _WORDS - 4)
        lines += [_Line(more, None, bold=True) for more in words]
        lines.append(_Line("   as published", one["published"], 1, estimate=True))
        lines.append(_Line("   sound", one["sound"], 0, estimate=True))
    sound = document["models"][-1]["model"]
    subtitle = (
        f"Definition: {document['definition']}. {sound['n']} patients, {sound['events']} with loss"
        " of response. Sound: at risk from week 14, treatment from the day it is reached, Firth's"
        " penalty with limits by the profile likelihood."
    )
    return _draw("The published and the sound Cox model", subtitle, lines)


def _draw(title: str, subtitle: str, lines: Sequence[_Line]) -> Figure:
    with settings():
        under = textwrap.wrap(subtitle, 106)
        above = _ABOVE + 0.17 * len(under)
        height = above + _ROW * len(lines) + _BELOW
        figure = Figure(figsize=(_WIDTH, height))
        FigureCanvasAgg(figure)
        axes = figure.add_axes(
            (0.4, _BELOW / height, 0.31, 1 - (above + _BELOW) / height), facecolor="none"
        )
        figure.text(0.012, 1 - 0.23 / height, title, fontsize=11, weight="bold")
        for i, words in enumerate(under):
            figure.text(0.012, 1 - (0.45 + 0.17 * i) / height, words, color="#444444")
        axes.set_ylim(len(lines), 0)
        ends = _axis(axes, [line.numbers for line in lines if line.numbers])
        top = 1 - (above - 0.1) / height
        figure.text(0.735, top, "HR (95 % limits)", color="#444444")
        figure.text(0.985, top, "P", ha="right", color="#444444")
        for number, line in enumerate(lines):
            _line(figure, axes, number + 0.5, line, ends)
    return figure


def _axis(axes: Axes, shown: Sequence[Mapping[str, Any]]) -> tuple[float, float]:
    """A logarithmic axis around all limits, no wider than a hundredfold to each side."""
    known = [
        min(max(value, _LEAST), _MOST)
        for one in shown
        for value in (one["hr"], one["hr_lower"], one["hr_upper"], 1.0)
        if value
    ]
    low, high = min(known, default=0.5) / 1.15, max(known, default=2.0) * 1.15
    axes.set_xscale("log")
    axes.set_xlim(low, high)
    ticks = [tick for tick in _TICKS if low <= tick <= high]
    # As many labels as the axis has room for.
    if len(ticks) > 8:
        ticks = [tick for tick in ticks if tick in (0.01, 0.05, 0.2, 1, 5, 20, 100)]
    axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.minorticks_off()
    axes.set_yticks([])
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.axvline(1, color="#888888", linewidth=0.8, zorder=0)
    axes.set_xlabel("Hazard ratio (logarithmic)", labelpad=2)
    return low, high


def _line(figure: Figure, axes: Axes, y: float, line: _Line, ends: tuple[float, float]) -> None:
    across = axes.get_yaxis_transform()
    weight = "bold" if line.bold else "normal"
    axes.text(-1.25, y, line.words, transform=across, va="center", weight=weight)
    if line.numbers is None:
        if line.estimate:
            axes.text(1.08, y, "not fitted", transform=across, va="center", color="#444444")
        return
    numbers, style = line.numbers, STYLES[line.series]
    hr, lower, upper = numbers["hr"], numbers["hr_lower"], numbers["hr_upper"]
    low, high = ends
    start = low if lower is None or lower < low else lower
    stop = high if upper is None or upper > high else upper
    axes.plot([start, stop], [y, y], color=style["color"], linewidth=1.5, solid_capstyle="butt")
    for limit, end, beyond in ((lower, low, "<"), (upper, high, ">")):
        if limit is None or limit < low or limit > high:
            axes.plot([end], [y], marker=beyond, color=style["color"], markersize=5, clip_on=False)
        else:
            axes.plot([limit], [y], marker="|", color=style["color"], markersize=6)
    if low <= hr <= high:
        marker = "o" if line.series else "s"
        axes.plot([hr], [y], marker=marker, color=style["color"], markersize=5.5)
    written = f"{fixed(hr, 2)} ({limits(lower, upper, 2)})" if math.isfinite(hr) else MISSING
    axes.text(1.08, y, written, transform=across, va="center")
    axes.text(1.885, y, p_value(numbers["p"]), transform=across, va="center", ha="right")
