"""Forest plots for a page: ratios with their limits on a logarithmic axis."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from registry.drawing.numbers import fixed, limits
from registry.drawing.svg import LINE, WIDE, Drawing, wrap
from registry.words import tr

_TICKS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100)
_LEAST, _MOST = 0.01, 100.0


@dataclass(frozen=True)
class Ratio:
    """One estimate: `series` numbers the analysis that it is of (0, 1, ...)."""

    label: str
    ratio: float | None
    lower: float | None
    upper: float | None
    series: int = 0


def forest_plot(
    rows: Sequence[Ratio],
    prefix: str,
    width: float = WIDE,
    *,
    title: str,
    series: Sequence[str] = (),
    measure: str = "Hazard ratio",
) -> Drawing:
    """Draw the ratios, those with the same label below each other.

    Args:
        rows: in the order of the drawing; neighbours with one label share it.
        prefix: what the ids begin with.
        width: in pixels, of `drawing.WIDE` or `drawing.NARROW`.
        title: the figure's name.
        series: the names of the analyses, where there are several.
        measure: what the axis shows.
    """
    drawn = Drawing(prefix, width, title, forest_in_words(rows, series))
    axis = _Axis(rows, drawn)
    top = _legend(drawn, series)
    places, bottom = _places(drawn, axis, rows, top + 14)
    # The line of no difference lies under the estimates, so it is drawn first.
    drawn.line(axis.x(1), top, axis.x(1), bottom, "axis")
    for row, label, y in places:
        if drawn.is_narrow:
            drawn.paragraph(0, y, [*label, _written(row)])
            _estimate(drawn, axis, row, y + LINE * (len(label) + 1) - 6)
        else:
            drawn.paragraph(0, y, label)
            drawn.text(drawn.width, y, _written(row), "", "end")
            _estimate(drawn, axis, row, y - 4.5)
    drawn.line(axis.left, bottom, axis.right, bottom, "axis")
    for tick in axis.ticks:
        drawn.line(axis.x(tick), bottom, axis.x(tick), bottom + 5, "axis")
        if tick in axis.labelled:
            drawn.text(axis.x(tick), bottom + 19, f"{tick:g}", "", "middle")
    words = tr("{measure} with 95 % limits, logarithmic", measure=measure)
    drawn.text((axis.left + axis.right) / 2, bottom + 37, words, "quiet", "middle")
    drawn.height = bottom + 44
    return drawn


def forest_in_words(rows: Sequence[Ratio], series: Sequence[str] = ()) -> str:
    """The plot as sentences."""
    said = []
    for row in rows:
        who = row.label + (f", {series[row.series]}" if series else "")
        said.append(f"{who}: {_written(row)}.")
    return " ".join(said)


class _Axis:
    """Ratios to places, between the least and the greatest limit."""

    def __init__(self, rows: Sequence[Ratio], drawn: Drawing) -> None:
        found = [
            value
            for row in rows
            for value in (row.ratio, row.lower, row.upper)
            if value is not None and value > 0 and math.isfinite(value)
        ]
        low = max(_LEAST, min([*found, 0.5]))
        high = min(_MOST, max([*found, 2.0]))
        self.low = max(tick for tick in _TICKS if tick <= low)
        self.high = min(tick for tick in _TICKS if tick >= high)
        self.left = 8.0 if drawn.is_narrow else 268.0
        self.right = drawn.width - (8.0 if drawn.is_narrow else 168.0)
        self.ticks = [tick for tick in _TICKS if self.low <= tick <= self.high]
        few = len(self.ticks) <= 8
        self.labelled = {tick for tick in self.ticks if few or _is_power(tick)}

    def x(self, ratio: float) -> float:
        span = math.log(self.high / self.low)
        held = min(max(ratio, self.low), self.high)
        return self.left + (self.right - self.left) * math.log(held / self.low) / span


def _is_power(tick: float) -> bool:
    return math.log10(tick) == round(math.log10(tick))


def _legend(drawn: Drawing, series: Sequence[str]) -> float:
    """A line for each analysis; returns where it ends."""
    y = 14.0
    for number, name in enumerate(series):
        _mark(drawn, 8, y - 4.5, number)
        lines = wrap(name, drawn.width - 30)
        drawn.paragraph(22, y, lines)
        y += LINE * len(lines)
    return y - LINE + 10 if series else 0.0


Place = tuple[Ratio, list[str], float]


def _places(
    drawn: Drawing, axis: _Axis, rows: Sequence[Ratio], y: float
) -> tuple[list[Place], float]:
    """Each row with the lines of its name, where it is the first of them; and where all end."""
    places: list[Place] = []
    for label, found in groupby(rows, lambda row: row.label):
        lines = wrap(label, drawn.width if drawn.is_narrow else axis.left - 22)
        ends = y
        for number, row in enumerate(found):
            named = [] if number else lines
            places.append((row, named, ends))
            ends += LINE * (len(named) + 2) if drawn.is_narrow else LINE
        y = ends if drawn.is_narrow else max(ends, y + LINE * len(lines))
        y += 2 if drawn.is_narrow else 9
    return places, y - LINE + 4


def _estimate(drawn: Drawing, axis: _Axis, row: Ratio, y: float) -> None:
    """The limits as a line with an arrow where they leave the axis, the ratio as a mark."""
    if row.ratio is None:
        return
    low = 0.0 if row.lower is None else row.lower
    high = math.inf if row.upper is None else row.upper
    drawn.line(axis.x(low), y, axis.x(high), y, f"limit s{row.series % 3}")
    for edge, leaves, back in ((axis.low, low < axis.low, 6), (axis.high, high > axis.high, -6)):
        if leaves:
            x = axis.x(edge)
            head = [(x, y), (x + back, y - 4), (x + back, y + 4)]
            drawn.path(head, f"point s{row.series % 3}", close=True)
    _mark(drawn, axis.x(row.ratio), y, row.series)


def _mark(drawn: Drawing, x: float, y: float, series: int) -> None:
    """A square, a circle or a diamond: the shape says the same as the colour."""
    match series % 3:
        case 0:
            drawn.rectangle(x - 4.5, y - 4.5, 9, 9, "point s0")
        case 1:
            drawn.circle(x, y, 5, "point s1")
        case _:
            drawn.path([(x, y - 6), (x + 6, y), (x, y + 6), (x - 6, y)], "point s2", close=True)


def _written(row: Ratio) -> str:
    if row.ratio is None:
        return tr("not estimated")
    return f"{fixed(row.ratio, 2)} ({limits(row.lower, row.upper, 2)})"
