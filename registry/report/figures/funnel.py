"""A funnel plot: each centre's share against its children, and what chance alone would give."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from registry.drawing.scene import LINE, WIDE, Panel, Scale, Scene, wrap
from registry.report.tables import Document
from registry.words import in_english, tr

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_LINES = {"95": "curve c1", "99.8": "curve c0"}


@in_english()
def funnel_figure(document: Document) -> Figure:
    """The funnel as a file, of what one centre is told."""
    from registry.drawing.plot import paint

    scene = funnel_plot(document, "funnel")
    subtitle = tr("Definition {name}.", name=document["definition"])
    return paint(scene, title=scene.title, subtitle=subtitle)


def funnel_plot(document: Document, prefix: str, width: float = WIDE) -> Scene:
    """Draw it.

    Args:
        document: what one centre is told, with a funnel.
    """
    funnel = document["funnel"]
    title = tr("Loss of response within a year, by centre")
    key = tr(
        "Diamond: {centre}; circles: other centres; thin dashes: all together; thick dashes and "
        "lines: control limits of 95 and 99.8 %.",
        centre=document["centre"],
    )
    scene = Scene(prefix, width, title, key)
    lines = wrap(key, width)
    scene.paragraph(0, 14, lines, "quiet")
    top = 14 + LINE * len(lines) + 24
    bottom = top + 260
    most = max(one["upper_99.8"] for one in funnel["limits"])
    most = max([most, *(dot["percent"] for dot in funnel["centres"])])
    high = min(100, 10 * math.ceil(most / 10))
    last = funnel["limits"][-1]["of"]
    step = next((one for one in (1, 2, 5, 10, 20, 50, 100, 200, 500) if last / one <= 8), 1000)
    end = step * (last // step + 1)
    panel = Panel(scene, Scale(0, end, 48, width - 12), Scale(0, high, bottom, top))
    panel.y_axis(range(0, high + 1, 10 if high <= 60 else 20), tr("Lost response, %"))
    panel.x_axis(range(0, end + 1, step), tr("Children followed for a year, or lost before"), 0)
    first = funnel["limits"][0]["of"]
    panel.line((first, funnel["percent"]), (last, funnel["percent"]), "threshold")
    for level, name in _LINES.items():
        for side in ("lower", "upper"):
            panel.path([(one["of"], one[f"{side}_{level}"]) for one in funnel["limits"]], name)
    for dot in sorted(funnel["centres"], key=lambda dot: dot["own"]):
        at = (dot["of"], dot["percent"])
        if dot["own"]:
            panel.diamond(at, 7, "point s0")
        else:
            panel.dot(at, 5, "dot s1")
    scene.height = bottom + 44
    return scene
