"""Schoenfeld's residuals over time: where a curve leaves its line, the hazard ratio changes."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING

from registry.drawing.numbers import p_equation
from registry.drawing.scene import LINE, NARROW, Panel, Scale, Scene, month_ticks, wrap
from registry.report.model_tables import name_of
from registry.report.tables import Document
from registry.variables import DAYS_PER_MONTH
from registry.words import in_english, tr

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_SMOOTHED_FROM = 8  # events; a curve through fewer says nothing


@in_english()
def hazards_figure(document: Document) -> Figure:
    """The residuals of every term as a file, of `Cox.to_json(details=True)`."""
    from registry.drawing.plot import paint

    subtitle = (
        f"Definition: {document['definition']}. Points: scaled Schoenfeld residuals, one a loss"
        " of response; dashed: the coefficient of the model; line: smoothed over time (lowess)."
    )
    scenes = [residuals_plot(document, term, NARROW) for term in document["terms"]]
    return paint(*scenes, title=tr("Proportional hazards"), subtitle=subtitle, columns=2)


def residuals_plot(document: Document, term: Document, width: float) -> Scene:
    """Draw the scaled residuals of one term against time, with a smooth curve through them."""
    covariate = term["covariate"]
    tests = document["proportional_hazards"]
    p = {one["covariate"]: one["p"] for one in tests[0]["terms"]} if tests else {}
    test = f", {p_equation(p[covariate])}" if covariate in p else ""
    said = tr("Scaled Schoenfeld residuals against months.")
    scene = Scene(f"hazards-{covariate}", width, name_of(term) + test, said)
    heading = wrap(scene.title, width)
    scene.paragraph(0, 12, heading, "first")
    months = [day / DAYS_PER_MONTH for day in document["schoenfeld"]["days"]]
    scaled = [float(one) for one in document["schoenfeld"]["scaled"][covariate]]
    ticks = month_ticks(max(months, default=0))
    if len(ticks) > 6:
        ticks = ticks[::2]
    top = 12 + LINE * len(heading) + 24
    bottom = top + 150
    low, high, levels = _levels([*scaled, term["coef"]])
    end = max(ticks[-1], max(months, default=0))
    panel = Panel(scene, Scale(0, end, 48, width - 10), Scale(low, high, bottom, top))
    panel.y_axis(levels, tr("log HR at t"), axis=low)
    panel.x_axis(ticks, tr("Months"), low)
    panel.line((0, term["coef"]), (end, term["coef"]), "threshold")
    for at in zip(months, scaled, strict=True):
        panel.dot(at, 4, "faint")
    if len(set(months)) >= _SMOOTHED_FROM:
        from statsmodels.nonparametric.smoothers_lowess import lowess

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            smooth = lowess(scaled, months, frac=0.8, it=0)
        points = [(float(x), min(max(float(y), low), high)) for x, y in smooth]
        panel.path(points, "curve c0")
    scene.height = bottom + 44
    return scene


def _levels(values: Sequence[float]) -> tuple[float, float, list[float]]:
    """Both ends of an axis around the values, and at most eight round places on it."""
    span = max(max(values) - min(values), 1e-9)
    power = 10.0 ** math.floor(math.log10(span / 5))
    step = next(power * s for s in (1, 2, 5, 10) if span / (power * s) <= 6)
    first, last = math.floor(min(values) / step), math.ceil(max(values) / step)
    last = max(last, first + 1)
    return first * step, last * step, [round(i * step, 10) for i in range(first, last + 1)]
