"""Calibration of the prediction at week 14: observed against predicted, by group and horizon."""

from __future__ import annotations

from typing import TYPE_CHECKING

from registry.drawing.numbers import fixed, whole
from registry.drawing.scene import NARROW, Panel, Scale, Scene
from registry.report.tables import Document
from registry.words import in_english, tr

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@in_english()
def calibration_figure(document: Document) -> Figure:
    """The groups as a file, of the document of `registry analyse risk`: a panel a horizon."""
    from registry.drawing.plot import paint

    part = document["validation"]
    scenes = [
        calibration_plot(document, one["at_months"], f"calibration{number}", NARROW)
        for number, one in enumerate(document["cohort"])
    ]
    concordance = part["concordance"]["corrected"]
    slope = part["calibration_slope"]["corrected"]
    subtitle = (
        f"Corrected concordance {fixed(concordance, 2)}, calibration slope {fixed(slope, 2)};"
        f" {document['n']} patients, {document['events']} with loss. Points: groups with"
        " 95 % limits; line: smoothed pseudo-values, by the models made without each patient."
    )
    title = tr("Calibration of the prediction at week 14")
    return paint(*scenes, title=title, subtitle=subtitle, columns=2)


def calibration_plot(document: Document, at_months: float, prefix: str, width: float) -> Scene:
    """Draw the groups at one horizon, on equal axes with the line of agreement."""
    found = [
        (100 * one["predicted"], *_percent(one["observed"], one["lower"], one["upper"]))
        for one in document["validation"]["groups"]
        if one["at_months"] == at_months and one["observed"] is not None
    ]
    heading = tr("Within {months:month|months}", months=whole(at_months))
    said = tr("Predicted and observed share with loss, by group and smoothed.")
    smooth = _smooth(document, at_months)
    scene = Scene(prefix, width, heading, said)
    shown = [number for one in [*found, *smooth] for number in one if number is not None]
    most = max([10.0, *shown])
    step = 20 if most > 50 else 10 if most > 20 else 5
    end = min(100, step * (int(most // step) + 1))
    side, left, top = min(width - 70, 300.0), 48.0, 50.0
    scene.text(0, 12, heading, "first")
    panel = Panel(scene, Scale(0, end, left, left + side), Scale(0, end, top + side, top))
    panel.y_axis(range(0, end + 1, step), tr("Observed, %"))
    panel.x_axis(range(0, end + 1, step), tr("Predicted, %"), 0)
    panel.line((0, 0), (end, end), "threshold")
    panel.path([(x, max(y, 0.0)) for x, y in smooth], "curve c0")
    for predicted, observed, lower, upper in found:
        if lower is not None and upper is not None:
            panel.line((predicted, lower), (predicted, upper), "limit s1")
        panel.dot((predicted, observed or 0), 5, "point s1")
    scene.height = top + side + 44
    return scene


def _smooth(document: Document, at_months: float) -> list[tuple[float, float]]:
    """The curve through the pseudo-values, in percent; none without `curves` in the document."""
    asked = [one["at_months"] for one in document["cohort"]].index(at_months)
    curves = document["validation"].get("smooth") or []
    return [
        (100 * one["predicted"], 100 * one["observed"])
        for one in (curves[asked] if asked < len(curves) else [])
        if one["observed"] is not None
    ]


def _percent(*shares: float | None) -> tuple[float | None, ...]:
    return tuple(None if share is None else 100 * share for share in shares)
