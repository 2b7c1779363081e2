"""What was imputed beside what is known: shares of yes-or-no covariates, curves of a trough."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from registry.drawing.numbers import number
from registry.drawing.scene import LINE, WIDE, Panel, Scale, Scene, wrap
from registry.report.imputation_tables import incomplete, mean_of, written
from registry.report.model_tables import name_of
from registry.report.tables import Document
from registry.words import in_english, spoken, tr

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_CURVES = 20
"""More curves of imputed troughs than these hide one another."""
_HIGH = 200.0


@in_english()
def imputed_figure(document: Document) -> Figure:
    """The scene as a file, of `Imputed.to_json(details=True)`."""
    from registry.drawing.plot import paint

    scene = imputed_against_known(document, "imputed")
    subtitle = (
        f"Definition: {document['definition']}. {number(document['n'])} patients,"
        f" {document['imputations']} imputations."
    )
    return paint(scene, title=scene.title, subtitle=subtitle)


def imputed_against_known(document: Document, prefix: str, width: float = WIDE) -> Scene:
    """Draw each incomplete covariate: a dot a completed data set, the mean, and what is known.

    Args:
        document: of `Imputed.to_json(details=True)`.
    """
    found = incomplete(document)
    title = tr("What was imputed beside what is known")
    scene = Scene(prefix, width, title, in_words(found))
    if not found:
        scene.text(0, 14, tr("Nothing is missing, so nothing was imputed."))
        scene.height = 24
        return scene
    y = _legend(scene)
    shares = [one for one in found if one["scale"] == "share"]
    if shares:
        y = _shares(scene, shares, y + 28)
    for one in found:
        if one.get("distribution"):
            y = _curves(scene, one, y + 24)
    scene.height = y
    return scene


def in_words(found: Sequence[Mapping[str, Any]]) -> str:
    """The figure as sentences."""
    return " ".join(
        tr(
            "{name}: {known} where known ({number}), {imputed} where imputed ({others}).",
            name=name_of(one),
            known=written(one, one["known_mean"]),
            number=number(one["known"]),
            imputed=written(one, mean_of(one["imputed_means"])),
            others=number(_imputed(one)),
        )
        for one in found
    )


def _imputed(one: Mapping[str, Any]) -> int | None:
    parts = [one[key] for key in ("missing", "below_limit", "above_limit")]
    return None if None in parts else sum(parts)


def _legend(scene: Scene) -> float:
    panel = Panel(scene, None, None)
    y = 14.0
    for series, words in ((0, tr("known")), (1, tr("imputed, mean of all data sets"))):
        panel.symbol((8, y - 4.5), series)
        scene.text(22, y, words)
        y += LINE
    return y - LINE


def _shares(scene: Scene, found: Sequence[Mapping[str, Any]], y: float) -> float:
    """A line a covariate, from 0 to 100 %."""
    left = 8.0 if scene.is_narrow else 268.0
    scale = Scale(0, 100, left, scene.width - 12)
    panel = Panel(scene, scale, None)
    for one in found:
        lines = wrap(name_of(one), scene.width if scene.is_narrow else left - 22)
        scene.paragraph(0, y, lines)
        known = y + LINE * len(lines) if scene.is_narrow else y
        panel.line((0, known - 4.5), (100, known - 4.5), "grid")
        panel.line((0, known + LINE - 4.5), (100, known + LINE - 4.5), "grid")
        panel.symbol((100 * one["known_mean"], known - 4.5), 0)
        for mean in one["imputed_means"]:
            panel.dot((100 * mean, known + LINE - 4.5), 3, "faint")
        panel.symbol((100 * mean_of(one["imputed_means"]), known + LINE - 4.5), 1)
        y = max(known + LINE, y + LINE * (len(lines) - 1)) + LINE + 8
    panel.x_axis(range(0, 101, 20), tr("With the level, %"), y - LINE)
    return y - LINE + 44


def _curves(scene: Scene, one: Mapping[str, Any], y: float) -> float:
    """The share of troughs up to each level, where known and in each completed data set."""
    heading = wrap(spoken(one["label"]), scene.width)
    scene.paragraph(0, y, heading, "first")
    top = y + LINE * len(heading) + 18
    bottom = top + _HIGH
    found = one["distribution"]
    imputed = found["imputed"][:_CURVES]
    values = [value for own in (found["known"], *imputed) for value in own]
    low, high = math.floor(min(values)), math.ceil(max(values))
    panel = Panel(
        scene, Scale(low, max(high, low + 1), 48, scene.width - 12), Scale(0, 100, bottom, top)
    )
    panel.y_axis(range(0, 101, 25), tr("Up to the level, %"))
    shares = [100 * share for share in found["shares"]]
    for own in imputed:
        panel.path(list(zip(own, shares, strict=True)), "fine c0")
    panel.path(list(zip(found["known"], shares, strict=True)), "curve c1")
    every = 1 if high - low <= 8 else 2
    for tick in range(low, high + 1, every):
        panel.line((tick, 0), (tick, 0), "axis", [(0, 0), (0, 5)])
        panel.text((tick, 0), f"{2.0**tick:g}"[:5], "tick", "middle", (0, 19))
    words = tr("Infliximab, {unit}", unit=tr("ug/mL, logarithmic"))
    scene.text((48 + scene.width - 12) / 2, bottom + 37, words, "quiet", "middle")
    return bottom + 44
