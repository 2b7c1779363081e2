"""Paints scenes for a file, PNG and SVG, by matplotlib, looking as `styles` declares.

Drawn on figures of their own, without `pyplot`, so that nothing of the caller's plotting changes.
"""

from __future__ import annotations

import io
import textwrap
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Circle, Polygon, Rectangle

from registry.drawing.scene import Mark, Scene
from registry.drawing.styles import INK, QUIET, STYLES, WORDS
from registry.whole_file import write_whole

_PER_INCH = 100.0  # pixels of a scene
_POINTS = 72 / _PER_INCH  # typographic, to a pixel
_MARGIN, _GAP = 10.0, 26.0  # pixels around all, and between scenes
_TITLE, _LINE = 24.0, 17.0
_SIZE = 9.0
_FONTS = ("DejaVu Sans", "Arial", "Helvetica")
_OTHER_SCRIPTS = ("Noto Sans CJK SC", "Noto Sans SC", "WenQuanYi Micro Hei", "SimHei")
_RC: dict[Any, Any] = {
    "font.family": "sans-serif",
    "font.size": _SIZE,
    "svg.fonttype": "none",
    "svg.hashsalt": "kaplan-meier",
    "savefig.dpi": 200,
}
_ACROSS = {"start": "left", "middle": "center", "end": "right"}


def paint(*scenes: Scene, title: str, subtitle: str = "", columns: int = 1) -> Figure:
    """The scenes below a heading, from the left to the right and from the top.

    Returns:
        A figure that no window and no global state knows of.
    """
    rows = [scenes[i : i + columns] for i in range(0, len(scenes), columns)]
    width = 2 * _MARGIN + max(sum(one.width for one in row) + _GAP * (len(row) - 1) for row in rows)
    words = textwrap.wrap(subtitle, int((width - 2 * _MARGIN) / 6.9))
    above = _MARGIN + _TITLE + _LINE * len(words) + 4
    tall = [max(one.height for one in row) for row in rows]
    height = above + sum(tall) + _GAP * (len(rows) - 1) + _MARGIN
    with settings():
        figure = Figure(figsize=(width / _PER_INCH, height / _PER_INCH))
        FigureCanvasAgg(figure)
        axes = figure.add_axes((0, 0, 1, 1), xlim=(0, width), ylim=(height, 0))
        axes.set_axis_off()
        axes.text(_MARGIN, _MARGIN + 12, title, fontsize=_SIZE + 2, weight="bold", color=INK)
        for number, line in enumerate(words):
            axes.text(_MARGIN, _MARGIN + _TITLE + 8 + _LINE * number, line, color=QUIET)
        top = above
        for row, inches in zip(rows, tall, strict=True):
            left = _MARGIN
            for scene in row:
                for mark in scene.marks:
                    _paint(axes, mark, left, top)
                left += scene.width + _GAP
            top += inches + _GAP
    return figure


def _paint(axes: Axes, mark: Mark, left: float, top: float) -> None:
    places = [(left + x, top + y) for x, y in mark.places]
    (x, y), (to_x, to_y) = places[0], places[-1]
    if mark.kind == "text":
        look = WORDS.get(mark.name, WORDS[""])
        box = {"facecolor": "white", "edgecolor": "none", "alpha": 0.85, "pad": 1.5}
        axes.text(
            x, y, mark.words, ha=_ACROSS[mark.anchor], va="baseline", parse_math=False,
            weight="bold" if look.bold else "normal", color=look.colour,
            zorder=3, bbox=box if look.ground else None, gid=mark.key or None,
        )  # fmt: skip
        return
    style = STYLES[mark.name]
    dash: Any = (0, [one / style.width for one in style.dash]) if style.dash else "-"
    # What comes later lies on top, whatever it is.
    line: dict[str, Any] = {"zorder": 3, "linewidth": style.width * _POINTS, "linestyle": dash}
    if mark.kind in ("line", "path"):
        line |= {"color": style.stroke, "solid_capstyle": "butt", "dash_capstyle": "butt"}
        axes.add_line(Line2D(*zip(*places, strict=True), clip_on=False, **line))
        return
    line |= {
        "facecolor": mpl.colors.to_rgba(style.fill or "none", style.opacity if style.fill else 0),
        "edgecolor": style.stroke or "none",
    }
    match mark.kind:
        case "box":
            shape: Any = Rectangle((x, y), to_x - x, to_y - y, **line)
        case "dot":
            shape = Circle((x, y), mark.radius, **line)
        case _:
            shape = Polygon(places, closed=True, **line)
    axes.add_patch(shape)


def save(figure: Figure, stem: Path) -> tuple[Path, Path]:
    """Write `stem`.png (200 dots per inch) and `stem`.svg; the same figure gives the same bytes."""
    png, svg = stem.parent / f"{stem.name}.png", stem.parent / f"{stem.name}.svg"
    write(figure, png)
    write(figure, svg)
    return png, svg


def write(figure: Figure, path: Path) -> None:
    """Write one file, an SVG by its ending or else a PNG, whole or not at all."""

    def paint_file(part: Path) -> None:
        if path.suffix.lower() == ".svg":
            part.write_text(svg_text(figure), encoding="utf-8")
            return
        with settings(), warnings.catch_warnings():
            # A sign that no font of the machine has is drawn as a box.
            warnings.filterwarnings("ignore", message="Glyph .* missing")
            figure.savefig(part, format="png", metadata={"Software": None})

    write_whole(path, paint_file, make_folder=True)


def svg_text(figure: Figure) -> str:
    """The figure as an SVG document: text as text, no date, the same bytes every time."""
    out = io.StringIO()
    with settings():
        figure.savefig(
            out, format="svg", metadata=dict.fromkeys(("Date", "Creator", "Format", "Type"))
        )
    return out.getvalue()


@contextmanager
def settings() -> Iterator[None]:
    """Our settings alone, whatever the caller's are, and the caller's back afterwards."""
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(_RC)
        mpl.rcParams["font.sans-serif"] = [*_FONTS, *_fonts_of_other_scripts()]
        yield


@cache
def _fonts_of_other_scripts() -> list[str]:
    """Those of the machine for signs that the others lack, such as in a child's diseases."""
    known = set(font_manager.get_font_names())
    return [name for name in _OTHER_SCRIPTS if name in known]
