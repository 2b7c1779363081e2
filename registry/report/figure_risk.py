"""Calibration of the prediction at week 14: observed against predicted, by group and horizon."""

from __future__ import annotations

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from registry.drawing.numbers import fixed
from registry.drawing.plot import settings
from registry.report.tables import Document
from registry.words import in_english

_COLOURS = ("#123f6d", "#c8641b")


@in_english()
def calibration_figure(document: Document) -> Figure:
    """Draw the groups of the document of `registry analyse risk`, a panel per horizon."""
    part = document["validation"]
    years = [one["at_years"] for one in document["cohort"]]
    with settings():
        figure = Figure(figsize=(7.2, 3.6), layout="constrained")
        FigureCanvasAgg(figure)
        panels = figure.subplots(1, len(years), squeeze=False)[0]
        for axes, at, colour in zip(panels, years, _COLOURS, strict=True):
            groups = [one for one in part["groups"] if one["at_years"] == at]
            axes.spines[["top", "right"]].set_visible(False)
            axes.plot([0, 100], [0, 100], color="#666666", linewidth=0.8, linestyle=(0, (4, 3)))
            top = 10.0
            for one in groups:
                if one["observed"] is None:
                    continue
                x = 100 * one["predicted"]
                if one["lower"] is not None:
                    axes.plot([x, x], [100 * one["lower"], 100 * one["upper"]], color=colour)
                axes.plot(x, 100 * one["observed"], "o", color=colour, markersize=6)
                top = max(top, x, 100 * (one["upper"] or one["observed"]))
            axes.set_xlim(0, min(100, 1.1 * top))
            axes.set_ylim(0, min(100, 1.1 * top))
            axes.set_aspect("equal")
            axes.set_xlabel("Predicted, %")
            axes.set_ylabel("Observed, %")
            axes.set_title(f"Within {at:g} year{'' if at == 1 else 's'}", loc="left", fontsize=9)
        concordance = part["concordance"]["corrected"]
        slope = part["calibration_slope"]["corrected"]
        figure.suptitle(
            f"Corrected concordance {fixed(concordance, 2)}, calibration slope {fixed(slope, 2)};"
            f" {document['n']} patients, {document['events']} with loss",
            fontsize=9,
        )
    return figure
