"""Forest plots: ratios with their limits on a logarithmic axis, of one model or of two."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from registry.drawing.numbers import fixed, limits, p_equation
from registry.drawing.numbers import number as told
from registry.drawing.scene import LINE, WIDE, Panel, Scale, Scene, wrap
from registry.report.model_tables import name_of
from registry.report.tables import Document
from registry.words import in_english, tr

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TICKS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100)


@dataclass(frozen=True)
class Ratio:
    """One estimate: `series` numbers the analysis that it is of (0, 1, ...)."""

    label: str
    ratio: float | None
    lower: float | None
    upper: float | None
    series: int = 0
    p: float | None = None


@in_english()
def cox_figure(document: Document) -> Figure:
    """The terms of one model as a file, of `Cox.to_json()`."""
    from registry.drawing.plot import paint

    kind = "profile likelihood" if document["penalty"] == "firth" else "Wald"
    n, events = told(document["n"]), told(document["events"])
    subtitle = (
        f"Definition: {document['definition']}. {n} patients, {events}"
        f" with loss of response; 95 % limits ({kind}); ties: {document['ties'].capitalize()}."
    )
    scene = cox_forest(document, "cox")
    return paint(scene, title=scene.title, subtitle=subtitle)


@in_english()
def compared_figure(document: Document) -> Figure:
    """The published and the sound ratios as a file, of `Comparison.to_json()`."""
    from registry.drawing.plot import paint

    sound = document["models"][-1]["model"]
    n, events = told(sound["n"]), told(sound["events"])
    subtitle = (
        f"Definition: {document['definition']}. {n} patients, {events} with loss"
        " of response. Sound: at risk from week 14, treatment from the day it is reached, Firth's"
        " penalty with limits by the profile likelihood."
    )
    scene = compared_forest(document, "compared")
    return paint(scene, title=scene.title, subtitle=subtitle)


def cox_forest(document: Document, prefix: str, width: float = WIDE) -> Scene:
    """The terms of one model: a scene of this width, whose ids begin with `prefix`."""
    rows = [_ratio(term, term, 0) for term in document["terms"]]
    return forest_plot(rows, prefix, width, title=tr("Hazard ratios of loss of response"))


def compared_forest(document: Document, prefix: str, width: float = WIDE) -> Scene:
    """The published and the sound ratio of each covariate, one below the other."""
    rows = [
        _ratio(one, one[key], number)
        for one in document["covariates"]
        for number, key in enumerate(("published", "sound"))
    ]
    title = tr("Hazard ratios as published and from the sound analysis")
    series = (tr("As published"), tr("Sound"))
    return forest_plot(rows, prefix, width, title=title, series=series)


def _ratio(term: Document, found: Document | None, series: int) -> Ratio:
    numbers = found or {}
    hr, lower, upper = (numbers.get(key) for key in ("hr", "hr_lower", "hr_upper"))
    return Ratio(name_of(term), hr, lower, upper, series, numbers.get("p"))


def forest_plot(
    rows: Sequence[Ratio],
    prefix: str,
    width: float = WIDE,
    *,
    title: str,
    series: Sequence[str] = (),
) -> Scene:
    """Draw the ratios, those with the same label below each other.

    Args:
        rows: in the order of the drawing; neighbours with one label share it.
        title: the figure's name.
        series: the names of the analyses, where there are several.
    """
    scene = Scene(prefix, width, title, _in_words(rows, series))
    scale = ratio_scale(
        [value for row in rows for value in (row.ratio, row.lower, row.upper)],
        8.0 if scene.is_narrow else 268.0,
        width - (8.0 if scene.is_narrow else 232.0),
    )
    top = _legend(scene, series)
    places, bottom = _places(scene, scale, rows, top + 14)
    panel = Panel(scene, scale, None)
    # The line of no difference lies under the estimates, so it is drawn first.
    panel.line((1, top), (1, bottom), "axis")
    for row, label, y in places:
        scene.paragraph(0, y, label)
        written = y + LINE * len(label) if scene.is_narrow else y
        at = 0.0 if scene.is_narrow else width - 74
        scene.text(at, written, _written(row), "", "start" if scene.is_narrow else "end")
        if row.p is not None:
            scene.text(width, written, p_equation(row.p), "quiet", "end")
        _estimate(panel, row, written + LINE - 6 if scene.is_narrow else y - 4.5)
    ticks = [tick for tick in TICKS if scale.low <= tick <= scale.high]
    few = len(ticks) <= 8
    panel.x_axis(
        ticks,
        tr("Hazard ratio with 95 % limits, logarithmic"),
        bottom,
        [tick for tick in ticks if not few and math.log10(tick) != round(math.log10(tick))],
    )
    scene.height = bottom + 44
    return scene


def ratio_scale(values: Sequence[float | None], start: float, end: float) -> Scale:
    """A logarithmic scale from tick to tick around the values, a hundredfold to each side at most.

    It reaches from a half to 2 at least.
    """
    known = [value for value in values if value and value > 0 and math.isfinite(value)]
    low = max(TICKS[0], min([*known, 0.5]))
    high = min(TICKS[-1], max([*known, 2.0]))
    return Scale(
        max(tick for tick in TICKS if tick <= low),
        min(tick for tick in TICKS if tick >= high),
        start,
        end,
        logarithmic=True,
    )


def _in_words(rows: Sequence[Ratio], series: Sequence[str]) -> str:
    """The plot as sentences."""
    said = []
    for row in rows:
        who = row.label + (f", {series[row.series]}" if series else "")
        said.append(f"{who}: {_written(row)}.")
    return " ".join(said)


def _legend(scene: Scene, series: Sequence[str]) -> float:
    """A line for each analysis; returns where it ends."""
    y = 14.0
    for number, name in enumerate(series):
        Panel(scene, None, None).symbol((8, y - 4.5), number)
        lines = wrap(name, scene.width - 30)
        scene.paragraph(22, y, lines)
        y += LINE * len(lines)
    return y - LINE + 10 if series else 0.0


Place = tuple[Ratio, list[str], float]


def _places(
    scene: Scene, scale: Scale, rows: Sequence[Ratio], y: float
) -> tuple[list[Place], float]:
    """Each row with the lines of its name, where it is the first of them; and where all end."""
    places: list[Place] = []
    for label, found in groupby(rows, lambda row: row.label):
        lines = wrap(label, scene.width if scene.is_narrow else scale.start - 22)
        ends = y
        for number, row in enumerate(found):
            named = [] if number else lines
            places.append((row, named, ends))
            ends += LINE * (len(named) + 2) if scene.is_narrow else LINE
        y = ends if scene.is_narrow else max(ends, y + LINE * len(lines))
        y += 2 if scene.is_narrow else 9
    return places, y - LINE + 4


def _estimate(panel: Panel, row: Ratio, y: float) -> None:
    """The limits as a line with an arrow where they leave the axis, the ratio as a mark."""
    if row.ratio is None or panel.x is None:
        return
    edges = panel.x.low, panel.x.high
    low = edges[0] if row.lower is None else row.lower
    high = edges[1] if row.upper is None else row.upper
    name = f"s{row.series % 3}"
    panel.line((low, y), (high, y), f"limit {name}")
    leaves = row.lower is None or low < edges[0], row.upper is None or high > edges[1]
    for edge, beyond, back in zip(edges, leaves, (6, -6), strict=True):
        if beyond:
            shift = [(0.0, 0.0), (back, -4.0), (back, 4.0)]
            panel.mark("area", [(edge, y)] * 3, f"point {name}", shift)
    panel.symbol((row.ratio, y), row.series)


def _written(row: Ratio) -> str:
    if row.ratio is None:
        return tr("not estimated")
    return f"{fixed(row.ratio, 2)} ({limits(row.lower, row.upper, 2)})"
