"""The ROC curve of a drug level, with its band and the cut."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from registry.drawing.numbers import fixed, limits
from registry.drawing.scene import LINE, WIDE, Panel, Scale, Scene
from registry.words import tr


def roc_plot(part: Mapping[str, Any], prefix: str, width: float = WIDE) -> Scene:
    """Draw the curve.

    Args:
        part: `roc` of the document of `registry analyse tdm`.
    """
    title = tr("ROC curve of the week-14 trough for a later loss of response")
    said = _words(part)
    scene = Scene(prefix, width, title, ". ".join(said) + ".")
    side = min(width - 70, 320.0)
    left, top = 48.0, 30.0
    panel = Panel(scene, Scale(0, 100, left, left + side), Scale(0, 100, top + side, top))
    panel.y_axis(range(0, 101, 20), tr("Sensitivity, %"))
    panel.x_axis(range(0, 101, 20), tr("100 - specificity, %"), 0)
    panel.line((0, 0), (100, 100), "threshold")
    band = part.get("band") or []
    panel.area(
        [_place(one["specificity"], one["upper"]) for one in band],
        [_place(one["specificity"], one["lower"]) for one in band],
        "band c0",
    )
    points = [_place(one["specificity"], one["sensitivity"]) for one in part["points"]]
    panel.path(points, "curve c0")
    best = part.get("youden")
    below = top + side + 37
    if best:
        panel.dot(_place(best["specificity"], best["sensitivity"]), 5.5, "point s0")
    if scene.is_narrow:
        scene.paragraph(0, below + 24, said)
        scene.height = below + 24 + LINE * len(said)
    else:
        scene.paragraph(left + side + 34, top + 20, said)
        scene.height = below + 8
    return scene


def _place(specificity: float, sensitivity: float) -> tuple[float, float]:
    return 100 * (1 - specificity), 100 * sensitivity


def _words(part: Mapping[str, Any]) -> list[str]:
    area = f"{fixed(part['auc'], 2)} ({limits(part['lower'], part['upper'], 2)})"
    said = [tr("Area under the curve {area}", area=area)]
    best = part.get("youden")
    if best:
        said.append(tr("Dot: exploratory cut at {cut},", cut=f"{best['cut']:g}"))
        said.append(
            tr(
                "sensitivity {sensitivity} %, specificity {specificity} %",
                sensitivity=fixed(100 * best["sensitivity"], 0),
                specificity=fixed(100 * best["specificity"], 0),
            )
        )
    return said
