"""Brier score and AUC of the prediction at week 14, month by month."""

from __future__ import annotations

from typing import TYPE_CHECKING

from registry.drawing.scene import LINE, NARROW, Panel, Point, Scale, Scene, month_ticks, wrap
from registry.report.tables import Document
from registry.words import in_english, tr

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@in_english()
def performance_figure(document: Document) -> Figure:
    """Both measures as a file, of `Risk.to_json(curves=True)`."""
    from registry.drawing.plot import paint

    part = document["validation"]
    subtitle = (
        f"Definition: {document['definition']}. {document['n']} patients, {document['events']}"
        f" with loss. Corrected for optimism over {part['fitted']} bootstrap samples; shown from"
        f" {part['fewest']} losses on, while {part['fewest']} are followed."
    )
    scenes = [brier_plot(document, "brier", NARROW), auc_plot(document, "auc", NARROW)]
    return paint(*scenes, title=tr("How good the prediction is"), subtitle=subtitle, columns=2)


def brier_plot(document: Document, prefix: str, width: float) -> Scene:
    """The Brier score of the model and of the incidence told of everybody, against months."""
    model, null = _curve(document, "brier"), _curve(document, "null_brier")
    most = max([0.1, *(y for _, y in [*model, *null])])
    end = next(one for one in (0.1, 0.2, 0.3, 0.5, 1.0) if one >= most)
    said = tr("Brier score of the model and of the cohort's incidence, by month.")
    scene = Scene(prefix, width, tr("Brier score"), said)
    key = tr("line: the model; dashed: the cohort's incidence told of everybody")
    panel = _panel(scene, document, (0, end), [end * k / 4 for k in range(5)], key)
    panel.path(null, "curve c1")
    panel.path(model, "curve c0")
    return scene


def auc_plot(document: Document, prefix: str, width: float) -> Scene:
    """The AUC against months, with its limits at the times asked for and the line of chance."""
    said = tr("AUC by month, with 95 % limits at the times asked for.")
    scene = Scene(prefix, width, tr("AUC"), said)
    curve = _curve(document, "auc")
    found = [one for one in document["validation"]["by_time"] if one["auc"]["lower"] is not None]
    least = min([0.5, *(y for _, y in curve), *(one["auc"]["lower"] for one in found)])
    low = 0.0 if least < 0.25 else 0.25 if least < 0.5 else 0.5
    ticks = [low + (1 - low) * k / 5 for k in range(6)] if low != 0.25 else [0.25, 0.5, 0.75, 1.0]
    panel = _panel(scene, document, (low, 1), ticks, tr("dashed: 0.5, chance"))
    panel.line((0, 0.5), (panel.x.high if panel.x else 0, 0.5), "threshold")
    panel.path(curve, "curve c0")
    for one in found:
        at, of = one["at_months"], one["auc"]
        panel.line((at, of["lower"]), (at, of["upper"]), "limit s1")
        panel.dot((at, min(max(of["corrected"], low), 1)), 5, "point s1")
    return scene


def _curve(document: Document, name: str) -> list[Point]:
    curves = document["validation"]["curves"]
    return [(one["at_months"], one[name]) for one in curves if one[name] is not None]


def _panel(
    scene: Scene, document: Document, ends: tuple[float, float], ticks: list[float], key: str
) -> Panel:
    """The heading, what its lines are, and axes."""
    lines = wrap(key, scene.width)
    scene.text(0, 12, scene.title, "first")
    scene.paragraph(0, 31, lines, "quiet")
    # Both panels stand on one line beside each other.
    top = 31.0 + 2 * LINE + 12
    bottom = top + 190
    last = document["cohort"][-1]["at_months"]
    months = month_ticks(last)
    end = max(last, months[-1])
    low, high = ends
    panel = Panel(scene, Scale(0, end, 48, scene.width - 10), Scale(low, high, bottom, top))
    panel.y_axis([round(one, 6) for one in ticks], axis=low)
    panel.x_axis(months, tr("Months from week 14"), low)
    scene.height = bottom + 44
    return panel
