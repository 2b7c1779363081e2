"""The ROC curve of a drug level for a page, with its band and the cut."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from registry.drawing.numbers import fixed, limits
from registry.drawing.svg import WIDE, Drawing
from registry.words import tr


def roc_plot(part: Mapping[str, Any], prefix: str, width: float = WIDE) -> Drawing:
    """Draw the curve.

    Args:
        part: `roc` of the document of `registry analyse tdm`.
        prefix: what the ids begin with.
        width: in pixels, of `drawing.WIDE` or `drawing.NARROW`.
    """
    title = tr("ROC curve of the week-14 trough for a later loss of response")
    drawn = Drawing(prefix, width, title, in_words(part))
    side = min(width - 70, 320.0)
    left, top = 48.0, 12.0

    def x(specificity: float) -> float:
        return left + side * (1 - specificity)

    def y(sensitivity: float) -> float:
        return top + side * (1 - sensitivity)

    for percent in range(0, 101, 20):
        share = percent / 100
        drawn.line(left, y(share), left + side, y(share), "axis" if percent == 0 else "grid")
        drawn.text(left - 6, y(share) + 4.5, str(percent), "", "end")
        drawn.text(x(1 - share), top + side + 19, str(percent), "", "middle")
    drawn.line(x(1), y(0), x(0), y(1), "threshold")
    band = part.get("band") or []
    if band:
        there = [(x(one["specificity"]), y(one["upper"])) for one in band]
        back = [(x(one["specificity"]), y(one["lower"])) for one in reversed(band)]
        drawn.path([*there, *back], "band c0", close=True)
    points = [(x(one["specificity"]), y(one["sensitivity"])) for one in part["points"]]
    drawn.path(points, "curve c0")
    best = part.get("youden")
    below = top + side + 37
    if best:
        drawn.circle(x(best["specificity"]), y(best["sensitivity"]), 5.5, "point s0")
    drawn.text(left + side / 2, below, tr("100 - specificity, %"), "quiet", "middle")
    if drawn.is_narrow:
        drawn.paragraph(0, below + 24, _words(part))
        drawn.height = below + 24 + 17 * 3
    else:
        drawn.paragraph(left + side + 34, top + 20, _words(part))
        drawn.text(left + side + 34, top + 90, tr("Upright axis: sensitivity, %"), "quiet")
        drawn.height = below + 8
    return drawn


def in_words(part: Mapping[str, Any]) -> str:
    """The curve as sentences."""
    return ". ".join(_words(part)) + "."


def _words(part: Mapping[str, Any]) -> list[str]:
    area = f"{fixed(part['auc'], 2)} ({limits(part['lower'], part['upper'], 2)})"
    said = [tr("Area under the curve {area}", area=area)]
    best = part.get("youden")
    if best:
        said.append(
            tr(
                "Dot: cut at {cut}, sensitivity {sensitivity} %,",
                cut=f"{best['cut']:g}",
                sensitivity=fixed(100 * best["sensitivity"], 0),
            )
        )
        said.append(tr("specificity {percent} %", percent=fixed(100 * best["specificity"], 0)))
    return said
